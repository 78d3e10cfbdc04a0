"""Transition densities: the normal density of a step's log prices, and score weights from it."""

from __future__ import annotations

from typing import Any

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.validation import values_of
from pricers.monte_carlo.triangular import Factor, inverse_matrix, is_float_matrix, solve, total


def require_risk(deviations: list[Any]) -> None:
    """Raise where a step of some asset has no density."""
    if not all(float(values_of(s)) > 0.0 for s in deviations):
        raise AadValueError(
            "volatilities: one is zero, and a price without risk has no density, which this estimator differentiates; "
            "use smoothing='kernel', or leave the asset out"
        )


def log_density(log_prices: list[Any], means: list[Any], deviations: list[Any], factor: Factor) -> Any:
    """Return the logarithm of the step's density at log prices, up to a constant without parameters."""
    require_risk(deviations)
    residuals = [(y - m) / s for y, m, s in zip(log_prices, means, deviations, strict=True)]
    scales = list(deviations) if factor is None else [*deviations, *(row[i] for i, row in enumerate(factor))]
    return -_half_square(residuals, factor) - total([ad.log(s) for s in scales])


def _half_square(residuals: list[Any], factor: Factor) -> Any:
    """Return r' C^-1 r / 2.

    With plain correlations the inverse is a matrix of numbers: one product a row, whose one side is a single residual,
    leaves the Hessian sparser than the squares of L^-1 r do.
    """
    if factor is None or not is_float_matrix(factor):
        return 0.5 * total([u * u for u in solve(factor, residuals)])
    precision = inverse_matrix(factor, len(residuals))
    rows = []
    for i, r in enumerate(residuals):
        before = [precision[i][j] * residuals[j] for j in range(i) if precision[i][j] != 0.0]
        rows.append(r * total([(0.5 * precision[i][i]) * r, *before]))
    return total(rows)


def stopped(numbers: list[Any]) -> list[Any]:
    """Return numbers without their derivatives."""
    return [ad.stop_gradient(x) for x in numbers]


def score_weight(logarithm: Any) -> Any:
    """Return p / stop(p): the value 1, the first derivative p'/p, the second p''/p."""
    return ad.exp(logarithm - ad.stop_gradient(logarithm))
