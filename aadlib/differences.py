"""Extrapolated differences, and the comparison of a derivative with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aadlib.errors import AadError
from aadlib.types import Floats


class GradientMismatch(AadError, AssertionError):
    """A derivative disagrees with the differences of the function; names the entry."""


def extrapolated_difference(
    function: Callable[[float], Floats], step: float, levels: int = 5
) -> tuple[Floats, Floats]:
    """Return the derivative of `function` at 0 and its error estimate by Ridders' extrapolation.

    Central differences at step, step / 1.6, ... are extrapolated in even powers of the step; the one of them all
    with the smallest estimated error wins.

    References
    ----------
    C.J.F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Adv. Eng. Software 4 (1982).
    """
    shrink = 1.6
    previous: list[Floats] = []
    best = np.zeros(0)
    error = np.zeros(0)
    for level in range(levels):
        h = step / shrink**level
        row = [(function(h) - function(-h)) / (2.0 * h)]
        factor = shrink * shrink
        for k, older in enumerate(previous):
            row.append((row[k] * factor - older) / (factor - 1.0))
            factor *= shrink * shrink
            change = np.maximum(np.abs(row[k + 1] - row[k]), np.abs(row[k + 1] - older))
            better = change <= error if error.size else np.ones(change.shape, dtype=bool)
            if not error.size:
                best, error = row[k + 1].copy(), change
            else:
                best = np.where(better, row[k + 1], best)
                error = np.where(better, change, error)
        previous = row
    return best, error


def compare(what: str, derivative: Floats, expected: Floats, tolerance: float) -> None:
    """Raise `GradientMismatch` where two arrays differ by more than `tolerance` of the largest entry."""
    scale = max(
        1e-300, float(np.max(np.abs(expected), initial=0.0)), float(np.max(np.abs(derivative), initial=0.0))
    )
    error = np.abs(derivative - expected) / scale
    if error.size and not (error <= tolerance).all():
        worst = np.unravel_index(int(np.nanargmax(np.where(np.isnan(error), np.inf, error))), error.shape)
        index = tuple(int(i) for i in worst)
        raise GradientMismatch(
            f"{what} at {index} is {derivative[index]!r}, expected {expected[index]!r}: off by {error[index]:.3g} of "
            f"the largest entry, tolerance {tolerance:g}. A kink at this point, or a rule of your own, can be the cause"
        )
