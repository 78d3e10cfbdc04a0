"""Volatility surfaces: spline bases and the local-volatility surface built on them."""
