"""Pricing engines as functions generic in the number type.

Import the engine that is needed (`from pricers import black_scholes`, `from pricers.pde import backward`); importing
the package alone loads nothing heavy.
"""

from pricers.analytic import bachelier, black_scholes

__all__ = ["bachelier", "black_scholes"]
