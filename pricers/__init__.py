"""Pricing engines as functions generic in the number type.

Import the engine that is needed (`from pricers import black_scholes`); importing the package alone loads
nothing heavy.
"""
