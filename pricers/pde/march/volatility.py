"""The volatility of a march: row by row in numbers, or as a local basis and its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pricers.pde.grids.spot_grids import Grid
from pricers.pde.march.operator import is_plain, volatility_rows
from pricers.surfaces.local_basis import LocalBasis, one_weight_a_cell
from pricers.surfaces.spline_volatility import SplineVolatility

Link = Literal["volatility", "log_volatility"]


@dataclass(frozen=True, eq=False)
class MarchVolatility:
    """Volatilities at the interior nodes, one row for all steps or one a step in calendar order.

    A `SplineVolatility` at known times stays what it is; anything else is its rows from the start.
    """

    grid: Grid
    n_steps: int
    step: Any
    surface: SplineVolatility | None
    known_rows: list[Any]

    @property
    def numbers(self) -> list[Any]:
        """Every number that the volatility depends on, in arrays and alone."""
        return self.known_rows if self.surface is None else [self.surface.weights]

    def rows(self) -> list[Any]:
        """Return the rows: numbers, or (n_interior,) of them."""
        if self.surface is None:
            return self.known_rows
        spots = self.grid.spots[1:-1]
        if self.surface.is_static:
            return [self.surface(spots, 0.0)]
        return [self.surface(spots, time) for time in self._times()]

    def in_a_basis(self) -> tuple[LocalBasis, list[Any], Link]:
        """Return the basis, its weights and whether they make the volatility or its logarithm."""
        if self.surface is not None:
            basis = self.surface.local_basis(self.grid.spots[1:-1], np.array(self._times()))
            return (
                basis,
                self.surface.flat_weights,
                "log_volatility" if self.surface.logarithmic else "volatility",
            )
        n = self.grid.n_nodes - 2
        flat = all(np.ndim(row) == 0 for row in self.known_rows)
        numbers: list[Any] = []
        for row in self.known_rows:
            numbers += [row] if flat else np.broadcast_to(row, (n,)).tolist()
        return one_weight_a_cell(len(self.known_rows), n, constant_in_space=flat), numbers, "volatility"

    def _times(self) -> list[float]:
        return [] if self.surface is None or self.surface.is_static else _midpoints(self.n_steps, self.step)


def _midpoints(n_steps: int, step: Any) -> list[Any]:
    return [(j + 0.5) * step for j in range(n_steps)]


def march_volatility(volatility: Any, grid: Grid, n_steps: int, step: Any) -> MarchVolatility:
    """Take the volatility in any of the forms of `crank_nicolson`.

    A spline in time is a basis at times that are plain numbers only: differentiated in the expiry, its values on the
    grid are.
    """
    if isinstance(volatility, SplineVolatility) and (volatility.is_static or is_plain(step)):
        return MarchVolatility(grid, n_steps, step, volatility, [])
    return MarchVolatility(grid, n_steps, step, None, volatility_rows(volatility, grid, n_steps, step))
