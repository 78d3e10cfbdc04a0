"""Tridiagonal systems in numbers of any kind, written for few operations: each one is a node of a recording.

The matrix has `diagonal` on the diagonal, minus `below` under and minus `above` over it: off-diagonals of an
implicit step are negative, and storing them positive saves a negation for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aadlib as ad


def thomas(
    below: Sequence[Any],
    diagonal: Sequence[Any],
    above: Sequence[Any],
    right: Sequence[Any],
    floor: Sequence[Any] | None = None,
) -> list[Any]:
    """Solve -below[i] x[i-1] + diagonal[i] x[i] - above[i] x[i+1] = right[i].

    Parameters
    ----------
    below, diagonal, above, right : (n,) numbers of any kind; below[0] and above[n-1] are not used
    floor : (n,) numbers or None
        With a floor the complementarity problem x >= floor is solved instead: exactly so when the floor binds on
        a set {0, ..., k} of leading unknowns.

    Returns
    -------
    x : list of n numbers

    Notes
    -----
    Eight operations an unknown. No pivoting: the matrix must be diagonally dominant, as that of an implicit step is.

    References
    ----------
    M. Brennan and E. Schwartz (1977), "The valuation of American put options", J. Finance 32(2), for the floor.

    Examples
    --------
    >>> [round(float(x), 12) for x in thomas([0.0, 1.0], [2.0, 2.0], [1.0, 0.0], [1.0, 1.0])]
    [1.0, 1.0]
    """
    # Elimination runs from the last unknown, so that substitution starts where the floor binds.
    last = len(right) - 1
    pivot = diagonal[last]
    ratios = [below[last] / pivot if last else 0.0] * (last + 1)
    values = [right[last] / pivot] * (last + 1)
    for i in range(last - 1, -1, -1):
        pivot = diagonal[i] - above[i] * ratios[i + 1]
        values[i] = (right[i] + above[i] * values[i + 1]) / pivot
        if i:
            ratios[i] = below[i] / pivot
    return _substitute(ratios, values, floor)


@dataclass(frozen=True)
class Factors:
    """The elimination of one matrix, for many right-hand sides: five operations an unknown each."""

    above: Sequence[Any]
    inverse_pivots: Sequence[Any]
    ratios: Sequence[Any]

    def solve(self, right: Sequence[Any], floor: Sequence[Any] | None = None) -> list[Any]:
        """Return the solution for one right-hand side, as `thomas` does."""
        above, inverse = self.above, self.inverse_pivots
        last = len(right) - 1
        value = right[last] * inverse[last]
        values = [value] * (last + 1)
        for i in range(last - 1, -1, -1):
            value = (right[i] + above[i] * value) * inverse[i]
            values[i] = value
        return _substitute(self.ratios, values, floor)


def factorise(below: Sequence[Any], diagonal: Sequence[Any], above: Sequence[Any]) -> Factors:
    """Eliminate the matrix of `thomas` once."""
    last = len(diagonal) - 1
    inverse = [1.0 / diagonal[last]] * (last + 1)
    ratios = [below[last] * inverse[last] if last else 0.0] * (last + 1)
    for i in range(last - 1, -1, -1):
        inverse[i] = 1.0 / (diagonal[i] - above[i] * ratios[i + 1])
        if i:
            ratios[i] = below[i] * inverse[i]
    return Factors(above, inverse, ratios)


def _substitute(ratios: Sequence[Any], values: list[Any], floor: Sequence[Any] | None) -> list[Any]:
    """Overwrite `values` with the solution, from the first unknown on."""
    if floor is None:
        for i in range(1, len(values)):
            values[i] = values[i] + ratios[i] * values[i - 1]
    else:
        values[0] = ad.maximum(values[0], floor[0])
        for i in range(1, len(values)):
            values[i] = ad.maximum(values[i] + ratios[i] * values[i - 1], floor[i])
    return values
