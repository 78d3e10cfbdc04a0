"""Levenberg-Marquardt steps of many small least-squares problems side by side, each with a damping of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from aadlib.types import Floats
from pricers.types import Longs

TOLERANCE = 1e-9
FIRST_DAMPING = 1e-3


class Minima(NamedTuple):
    """What `minimise_side_by_side` returns."""

    parameters: Floats
    cost: Floats
    n_evaluations: int


def minimise_side_by_side(
    residuals: Callable[[Floats, Longs], Floats],
    jacobian: Callable[[Floats, Longs], Floats],
    start: Floats,
    *,
    max_evaluations: int,
) -> Minima:
    """Minimise half the sum of squares of every problem on its own.

    Parameters
    ----------
    residuals : function from parameters (m, n) and the numbers of m problems to their residuals (m, n_residuals)
    jacobian : the same to the derivatives, (m, n_residuals, n)
    start : (n_problems, n) float
    max_evaluations : int
        Most evaluations of the residuals of a problem.

    Returns
    -------
    parameters : (n_problems, n) float
    cost : (n_problems,) float
    n_evaluations : int
        Of all problems together.

    Notes
    -----
    A problem is done where a step promises and brings less than 1e-9 of its cost, or moves every parameter by less than
    1e-9 of the largest. The damping follows the share of the promise that was kept.

    References
    ----------
    H. B. Nielsen (1999), "Damping parameter in Marquardt's method", IMM-REP-1999-05, section 2.
    """
    at = start.copy()
    error = residuals(at, np.arange(len(at)))
    cost = 0.5 * np.einsum("mr,mr->m", error, error)
    damping, growth, scale = np.full(len(at), FIRST_DAMPING), np.full(len(at), 2.0), np.zeros_like(at)
    open_ones, n_evaluations = np.arange(len(at)), len(at)
    for _ in range(max_evaluations - 1):
        here = open_ones
        slopes = jacobian(at[here], here)
        transposed = slopes.transpose(0, 2, 1)
        normal, gradient = transposed @ slopes, (transposed @ error[here][..., None])[..., 0]
        scale[here] = np.maximum(scale[here], np.einsum("mii->mi", normal))
        held = damping[here, None] * np.where(scale[here] > 0.0, scale[here], 1.0)
        np.einsum("mii->mi", normal)[:] += held
        step = -np.linalg.solve(normal, gradient[..., None])[..., 0]
        moved = residuals(at[here] + step, here)
        found = 0.5 * np.einsum("mr,mr->m", moved, moved)
        n_evaluations += here.size
        decrease, promised = cost[here] - found, 0.5 * np.sum(step * (held * step - gradient), axis=1)
        better = decrease > 0.0
        largest = np.abs(at[here]).max(axis=1)
        done = (np.abs(decrease) <= TOLERANCE * cost[here]) & (promised <= TOLERANCE * cost[here])
        done |= np.abs(step).max(axis=1) <= TOLERANCE * largest
        kept = here[better]
        at[kept] += step[better]
        error[kept], cost[kept] = moved[better], found[better]
        share = decrease[better] / promised[better]
        damping[kept] *= np.clip(1.0 - (2.0 * share - 1.0) ** 3, 1.0 / 3.0, 2.0)
        growth[kept] = 2.0
        lost = here[~better]
        damping[lost] *= growth[lost]
        growth[lost] *= 2.0
        open_ones = here[~done]
        if not open_ones.size:
            break
    return Minima(at, cost, n_evaluations)
