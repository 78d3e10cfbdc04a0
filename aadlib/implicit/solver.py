"""Solvers on floats, and how far Newton's last steps and inverse Jacobians are apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.types import Floats

Solver = Callable[[Callable[[Any], Any], Any], Any]


def by_powell(function: Callable[[Any], Any], start: Any) -> Any:
    """Solve by Powell's hybrid method of MINPACK, in any number of unknowns."""
    from scipy.optimize import root

    shape = np.shape(start)

    def flat(x: Floats) -> Floats:
        return np.ravel(function(x.reshape(shape) if shape else float(x[0])))

    with np.errstate(all="ignore"):
        found = root(flat, np.ravel(start), tol=1e-12).x
    return found.reshape(shape) if shape else float(found[0])


def by_iteration(function: Callable[[Any], Any], start: Any, most: int = 200) -> Any:
    """Solve x = g(x), given x - g(x), by iteration, and where that does not settle by Powell's method."""
    x = start
    for _ in range(most):
        step = function(x)
        if not np.isfinite(step).all():
            return by_powell(function, start)
        x = x - step
        if np.max(np.abs(step), initial=0.0) <= 1e-10 * np.max(np.abs(x), initial=0.0):
            return x
    return by_powell(function, x)


def share_of_step(step: Any, x: Floats, start: Any) -> float:
    """Return the largest step as a share of what is large for its unknown: the unknown or where it started."""
    if not np.ndim(start):
        return abs(float(step)) / max(abs(x.item(0)), abs(start), 1e-300)
    size = np.maximum(np.abs(x), np.abs(start).ravel())
    return float(np.max(np.abs(step) / np.maximum(size, max(1e-6 * float(size.max()), 1e-300))))


def change_of(one: Any, other: Any) -> float:
    """Return by how much two inverse Jacobians at all but the same point differ, as a share."""
    if not np.ndim(one):
        return abs(one - other) / abs(one)
    return float(np.max(np.abs(one - other)) / max(float(np.max(np.abs(one))), 1e-300))
