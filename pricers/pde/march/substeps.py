"""The backward march in numbers of any kind: damped start, then Crank-Nicolson steps.

One step solves with A = (I - M) / 2, where M = dt L / 2 and L is the pricing operator. With W = A^-1 V,

    implicit half step:    V <- W / 2                  (I - M) V_new = V
    Crank-Nicolson step:   V <- W - V                  (I - M) V_new = (I + M) V

so both kinds of step share one matrix, and the explicit half of Crank-Nicolson costs one subtraction a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pricers.pde.march.tridiagonal import Factors, factorise, thomas


@dataclass(frozen=True)
class Bands:
    """Interior rows of A for one step or for all: -below, diagonal, -above, each (n_interior,)."""

    below: Sequence[Any]
    diagonal: Sequence[Any]
    above: Sequence[Any]

    def reversed(self) -> Bands:
        """Return the same system with its unknowns in reverse order."""
        return Bands(self.above[::-1], self.diagonal[::-1], self.below[::-1])


@dataclass(frozen=True)
class Substep:
    """One solve: the row of bands it uses, its kind, and the boundary values at its end."""

    row: int
    damped: bool
    lower: Any
    upper: Any


def march(
    initial: Sequence[Any],
    bands: Sequence[Bands],
    substeps: Sequence[Substep],
    exercise: Sequence[Any] | None,
    exercised_at_top: bool,
) -> list[Any]:
    """Return the node values after all substeps.

    Parameters
    ----------
    initial : (n_nodes,) payoff, boundary nodes included
    bands : one for all substeps (factorised once), or one for each row that the substeps name
    substeps : in marching order, from expiry to today
    exercise : (n_nodes,) or None, value of immediate exercise; the price is held at or above it
    exercised_at_top : bool, whether exercise happens at the high end (calls) or the low end (puts)
    """
    if exercised_at_top:  # solve in reverse order, so that substitution starts in the exercise region
        mirrored = [Substep(s.row, s.damped, s.upper, s.lower) for s in substeps]
        floor = None if exercise is None else exercise[::-1]
        reversed_bands = [band.reversed() for band in bands]
        return march(initial[::-1], reversed_bands, mirrored, floor, exercised_at_top=False)[::-1]
    factors = factorise(bands[0].below, bands[0].diagonal, bands[0].above) if len(bands) == 1 else None
    lower, *values, upper = initial
    floor = None if exercise is None else exercise[1:-1]
    for substep in substeps:
        band = bands[substep.row]
        ends = (
            (substep.lower + substep.lower, substep.upper + substep.upper)
            if substep.damped
            else (substep.lower + lower, substep.upper + upper)
        )
        right = list(values)
        right[0] = _add_end(right[0], band.below[0], ends[0])
        right[-1] = _add_end(right[-1], band.above[-1], ends[1])
        if floor is None:
            held = None
        elif substep.damped:
            held = [level + level for level in floor]
        else:
            held = [level + value for level, value in zip(floor, values, strict=True)]
        doubled = _solve(factors, band, right, held)
        if substep.damped:
            values = [0.5 * x for x in doubled]
        else:
            values = [x - value for x, value in zip(doubled, values, strict=True)]
        lower, upper = substep.lower, substep.upper
    return [lower, *values, upper]


def _solve(factors: Factors | None, band: Bands, right: list[Any], floor: list[Any] | None) -> list[Any]:
    if factors is None:
        return thomas(band.below, band.diagonal, band.above, right, floor)
    return factors.solve(right, floor)


def _add_end(value: Any, coefficient: Any, end: Any) -> Any:
    """Add coefficient * end, and record nothing where the boundary value is the plain number zero."""
    if isinstance(end, int | float) and end == 0.0:
        return value
    return value + coefficient * end
