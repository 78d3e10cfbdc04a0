"""The readable form of the compiled passes."""
