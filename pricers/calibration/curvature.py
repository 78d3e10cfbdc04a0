"""Second derivatives of a recorded price along directions, the moving boundary of early exercise included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import aadlib as ad
from aadlib.types import Floats

RATE_STEP = 0.005
MOVE_STEP = 0.01  # of the smile along the logarithm of the spot
WEIGHT_STEP = 0.05  # of the logarithm of the local volatility
"""Steps of differences of gradients, over which the boundary of early exercise moves."""


def along_directions(
    program: ad.Program, point: Floats, directions: Floats, steps: Sequence[float] = (MOVE_STEP,)
) -> tuple[float, Floats, Floats]:
    """Return value, gradient and the product of the Hessian with directions.

    Parameters
    ----------
    program : Program of one price
    point : (n,) float
        The spot or its logarithm, with the smile where it is, then a move of the smile or rates, then the surface.
    directions : (n, n_directions) float
    steps : longest ones of differences, of the numbers between spot and surface

    Returns
    -------
    value : float
    gradient : (n,) float
    products : (n, n_directions) float

    Notes
    -----
    Exact, but for prices with early exercise: second derivatives of their recordings hold the exercised nodes where
    they are, so that an at-the-money volga can have the wrong sign. There all but the spot's row and column, which the
    boundary does not enter, are central differences of exact gradients, to about a per cent.
    """
    if not program.kinks:
        value, gradient, hessian = program.derivatives(point)
        return float(value), gradient, hessian @ directions
    value, gradient = program.value_and_gradient(point)
    of_spot = program.hvp(point, np.eye(1, point.size)[0])
    longest = np.full(point.size, WEIGHT_STEP)
    longest[1 : 1 + len(steps)] = steps
    products = np.outer(of_spot, directions[0])
    for k, direction in enumerate(directions.T):
        rest = direction.copy()
        rest[0] = 0.0
        if not rest.any():
            continue
        step = 1.0 / float((np.abs(rest) / longest).max())
        up, down = (program.gradient(point + h * rest) for h in (step, -step))
        products[1:, k] += (up - down)[1:] / (2.0 * step)
        products[0, k] += of_spot @ rest
    return float(value), gradient, products
