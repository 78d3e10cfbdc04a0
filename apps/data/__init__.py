"""The option chain that ships with the package."""
