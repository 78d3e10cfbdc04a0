"""The program `train`: a twin network that stands in for a pricer, trained on simulated payoffs and their gradients."""
