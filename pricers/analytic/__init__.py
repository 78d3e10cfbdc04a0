"""Closed forms: Black-Scholes and Bachelier with their Greeks, and implied volatilities."""

from pricers.analytic import bachelier, black_scholes
from pricers.analytic.implied_volatilities import (
    bachelier_implied_volatility,
    differentiable_implied_volatility,
    implied_volatility,
    strict_implied_volatility,
    vega,
)

__all__ = [
    "bachelier", "bachelier_implied_volatility", "black_scholes", "differentiable_implied_volatility",
    "implied_volatility", "strict_implied_volatility", "vega",
]  # fmt: skip
