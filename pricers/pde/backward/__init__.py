"""The backward equation: European, American and barrier options by Crank-Nicolson."""

from pricers.pde.backward.extrapolation import extrapolated_price
from pricers.pde.backward.pricing import crank_nicolson, price

__all__ = ["crank_nicolson", "extrapolated_price", "price"]
