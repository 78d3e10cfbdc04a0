"""What the published numbers are of: contracts with their markets, as functions to differentiate."""
