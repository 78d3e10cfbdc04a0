"""Payoffs: one file each, or each family that shares its formula."""

from pricers.monte_carlo.payoffs.asian import AsianOption, GeometricAsianOption
from pricers.monte_carlo.payoffs.autocallable import Autocallable
from pricers.monte_carlo.payoffs.barrier import BarrierOption
from pricers.monte_carlo.payoffs.basket import BasketOption, GeometricBasketOption
from pricers.monte_carlo.payoffs.digital import DigitalOption
from pricers.monte_carlo.payoffs.extreme import BestOfOption, WorstOfOption
from pricers.monte_carlo.payoffs.himalaya import HimalayaOption
from pricers.monte_carlo.payoffs.spread import SpreadOption

__all__ = [
    "AsianOption", "Autocallable", "BarrierOption", "BasketOption", "BestOfOption", "DigitalOption",
    "GeometricAsianOption", "GeometricBasketOption", "HimalayaOption", "SpreadOption", "WorstOfOption",
]  # fmt: skip
