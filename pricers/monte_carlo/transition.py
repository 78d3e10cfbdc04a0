"""The normal density of a step's log prices, as the likelihood ratio and vibrato estimators need it."""

from __future__ import annotations

from typing import Any

import aadlib as ad
from pricers.monte_carlo.triangular import Factor, solve, total


def log_density(log_prices: list[Any], means: list[Any], deviations: list[Any], factor: Factor) -> Any:
    """Return the logarithm of the step's density at log prices, up to a constant without parameters."""
    residuals = [(y - m) / s for y, m, s in zip(log_prices, means, deviations, strict=True)]
    independent = solve(factor, residuals)
    scales = list(deviations) if factor is None else [*deviations, *(row[i] for i, row in enumerate(factor))]
    return -0.5 * total([u * u for u in independent]) - total([ad.log(s) for s in scales])


def stopped(numbers: list[Any]) -> list[Any]:
    """Return numbers without their derivatives."""
    return [ad.stop_gradient(x) for x in numbers]


def score_weight(logarithm: Any) -> Any:
    """Return p / stop(p): the value 1, the first derivative p'/p, the second p''/p."""
    return ad.exp(logarithm - ad.stop_gradient(logarithm))
