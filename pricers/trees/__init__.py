"""Trees: one source for floats and for dual numbers, under numbers, curves and volatility surfaces."""

from pricers.trees.binomial import LATTICES, greeks, price
from pricers.trees.tree_greeks import TreeGreeks

__all__ = ["LATTICES", "TreeGreeks", "greeks", "price"]
