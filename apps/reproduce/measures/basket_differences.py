"""Second differences of the mean over given paths: prices in long doubles by plain NumPy, extrapolated to step zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aadlib.differences import extrapolated_difference
from aadlib.types import Floats
from apps.reproduce.contracts.basket_call import EXPIRY, RATE, STRIKE, dynamics

Wide = np.longdouble

REACH = 0.3
"""Longest steps move the basket by about this much of 1 / alpha, the width of the rounded corner."""
MOVED_BY_VOLATILITY = 400.0
"""How far a unit of volatility moves an asset on the paths far out."""
LEVELS = 5


def mean_price(parameters: Any, normals: Any, alpha: float) -> Any:
    """Return exp(-r T) mean(softplus(basket - strike)) over paths that end in one step, in the numbers' precision.

    Parameters
    ----------
    parameters : (2 n,), spots, then volatilities
    normals : (n_paths, n), correlated
    """
    n = normals.shape[1]
    spots, volatilities = parameters[:n], parameters[n:]
    grown = np.exp((RATE - volatilities * volatilities / 2) * EXPIRY + volatilities * normals * EXPIRY**0.5)
    basket = grown @ (spots / n)
    paid = np.logaddexp(0, alpha * (basket - STRIKE)).mean() / alpha
    return np.exp(-Wide(RATE) * EXPIRY) * paid


def longest_steps(n_assets: int, alpha: float) -> Floats:
    """Return the first steps of the extrapolation for spots and volatilities, (2 n,)."""
    step = REACH * n_assets / alpha
    return np.repeat([step, step / MOVED_BY_VOLATILITY], n_assets)


def difference_hessian(normals: Floats, alpha: float, *, levels: int = LEVELS) -> tuple[Floats, Floats]:
    """Return the Hessian in spots and volatilities at the market, and the extrapolation's estimate of its error.

    Parameters
    ----------
    normals : (n_paths, n), correlated
    alpha : float, > 0
    levels : int, >= 2, step sizes that are extrapolated
    """
    n_assets = normals.shape[1]
    market = dynamics(n_assets)
    point = np.array([*market.spots, *market.volatilities], dtype=Wide)
    wide = normals.astype(Wide)
    steps = longest_steps(n_assets, alpha)
    units = np.eye(point.size, dtype=Wide)

    def entry(i: int, j: int) -> tuple[NDArray[Any], NDArray[Any]]:
        ratio = Wide(steps[j]) / Wide(steps[i])

        def slope(h: float) -> Any:
            """Return the central difference in input j where input i is bumped by h."""
            other = Wide(h) * ratio
            here = point + Wide(h) * units[i]
            up, down = (mean_price(here + side * other * units[j], wide, alpha) for side in (1, -1))
            return np.atleast_1d((up - down) / (2 * other))

        return extrapolated_difference(slope, float(steps[i]), levels)

    hessian = np.zeros((point.size, point.size))
    errors = np.zeros_like(hessian)
    for i in range(point.size):
        for j in range(i + 1):
            value, error = entry(i, j)
            hessian[i, j] = hessian[j, i] = float(value[0])
            errors[i, j] = errors[j, i] = float(error[0])
    return hessian, errors


def plain_difference_hessian(normals: Floats, alpha: float, step: float) -> Floats:
    """Return central differences with one step, a share of every input, not extrapolated: what bumping alone gives."""
    n_assets = normals.shape[1]
    market = dynamics(n_assets)
    point = np.array([*market.spots, *market.volatilities])
    h = step * point
    rows, columns = np.tril_indices(point.size)
    hessian = np.zeros((point.size, point.size))
    for i, j in zip(rows, columns, strict=True):
        total = 0.0
        for a, b in ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)):
            corner = point.copy()
            corner[i] += a * h[i]
            corner[j] += b * h[j]
            total += a * b * float(mean_price(corner, normals, alpha))
        hessian[i, j] = hessian[j, i] = total / (4.0 * h[i] * h[j])
    return hessian
