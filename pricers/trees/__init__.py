"""Binomial trees: one source for floats and for dual numbers."""

from pricers.trees.binomial import LATTICES, TreeGreeks, greeks, price

__all__ = ["LATTICES", "TreeGreeks", "greeks", "price"]
