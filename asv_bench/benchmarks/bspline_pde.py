"""The function most benchmarks differentiate: a call under a cubic B-spline local volatility, by Crank-Nicolson.

Spot and strike 100, rate 5%, one year, uniform spots on [0, 300], sigma(S) = sum of w_i B_i(S). Written as a quant
would write it first, over Python numbers, with the tridiagonal system eliminated afresh in every step: on 201 spots
and 100 steps that is about 300,000 scalar operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import BSpline

SPOT, STRIKE, RATE, EXPIRY, HIGHEST_SPOT = 100.0, 100.0, 0.05, 1.0, 300.0
DEGREE = 3


def weights(n_weights: int) -> npt.NDArray[np.float64]:
    """Return weights that make a skew: 30% at spot 0 down to 15% at the highest spot; (n_weights,)."""
    return np.linspace(0.30, 0.15, n_weights)


def basis(spots: npt.NDArray[np.float64], n_weights: int) -> npt.NDArray[np.float64]:
    """Return the clamped cubic basis functions at the spots, (n_spots, n_weights)."""
    breaks = np.linspace(0.0, HIGHEST_SPOT, n_weights - DEGREE + 1)
    knots = np.r_[[breaks[0]] * DEGREE, breaks, [breaks[-1]] * DEGREE]
    return np.asarray(BSpline.design_matrix(spots, knots, DEGREE).toarray())


def price(x: Sequence[Any], n_spots: int = 201, n_steps: int = 100) -> Any:
    """Return the price for the weights `x`, in the number type of `x`."""
    spots = np.linspace(0.0, HIGHEST_SPOT, n_spots)
    rows = basis(spots, len(x))
    step = EXPIRY / n_steps
    inner = range(1, n_spots - 1)
    lower, diagonal, upper = [], [], []
    for i in inner:
        volatility = sum(float(rows[i, k]) * x[k] for k in np.flatnonzero(rows[i]))
        diffusion = 0.25 * step * i * i * volatility * volatility
        drift = 0.25 * step * RATE * i
        lower.append(diffusion - drift)
        diagonal.append(-2.0 * diffusion - 0.5 * step * RATE)
        upper.append(diffusion + drift)
    values = [max(float(spot) - STRIKE, 0.0) for spot in spots]
    for n in range(1, n_steps + 1):
        top = HIGHEST_SPOT - STRIKE * float(np.exp(-RATE * step * n))
        right = [
            lower[i - 1] * values[i - 1] + (1.0 + diagonal[i - 1]) * values[i] + upper[i - 1] * values[i + 1]
            for i in inner
        ]
        right[-1] = right[-1] + upper[-1] * top
        values = [0.0, *solve(lower, diagonal, upper, right), top]
    return values[round(SPOT / HIGHEST_SPOT * (n_spots - 1))]


def solve(lower: list[Any], diagonal: list[Any], upper: list[Any], right: list[Any]) -> list[Any]:
    """Solve (I - A) v = right for the tridiagonal A by elimination and back substitution."""
    pivots, reduced = [1.0 - diagonal[0]], [right[0]]
    for i in range(1, len(right)):
        factor = lower[i] / pivots[-1]
        pivots.append(1.0 - diagonal[i] - factor * upper[i - 1])
        reduced.append(right[i] + factor * reduced[-1])
    solution = [reduced[-1] / pivots[-1]]
    for i in range(len(right) - 2, -1, -1):
        solution.append((reduced[i] + upper[i] * solution[-1]) / pivots[i])
    return solution[::-1]
