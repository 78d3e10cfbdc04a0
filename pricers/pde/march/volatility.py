"""The volatility of a march: row by row in numbers, or as a predictor and its weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.number_kinds import is_plain
from pricers.pde.grids.spot_grids import Grid
from pricers.pde.march.operator import Weights, difference_weights, require_direction, volatility_rows
from pricers.pde.march.steps import MarchSteps, laid_steps
from pricers.surfaces.later_volatility import today_and_elapsed
from pricers.surfaces.local_basis import one_weight_a_cell
from pricers.surfaces.spline_volatility import SplineVolatility
from pricers.surfaces.surface import Tabulated, TabulatedSurface


@dataclass(frozen=True, eq=False)
class MarchVolatility:
    """Volatilities at the interior nodes, one row for all steps or one a step in calendar order.

    A surface that can be tabulated, at known times, stays what it is; anything else is its rows from the start.
    """

    grid: Grid
    steps: MarchSteps
    surface: Any
    table: Tabulated | None
    known_rows: list[Any]

    @property
    def numbers(self) -> list[Any]:
        """Every number that the volatility depends on, in arrays and alone."""
        return self.known_rows if self.table is None else self.table.weights

    def rows(self) -> list[Any]:
        """Return the rows: numbers, or (n_interior,) of them."""
        if self.table is None:
            return self.known_rows
        spots = self.grid.spots[1:-1]
        if isinstance(self.surface, SplineVolatility):
            if self.surface.is_static:
                return [self.surface(spots, 0.0)]
        elif is_plain(self.table.weights):
            return list(self._values)
        return [self.surface(spots, time) for time in self.steps.midpoints]

    @cached_property
    def lowest_variance(self) -> Floats:
        """The lowest variance over all steps at each interior node, by value: (n_interior,) or one number."""
        rows = self.known_rows if self.table is None else self._values
        return np.asarray(np.min([np.asarray(values_of(row), dtype=np.float64) ** 2 for row in rows], axis=0))

    @cached_property
    def _values(self) -> Floats:
        """The volatilities of the table by value, (n_rows, n)."""
        assert self.table is not None
        predicted = self.table.predictor.values(np.asarray(values_of(self.table.weights), dtype=np.float64))
        if self.table.link == "log_volatility":
            return np.asarray(np.exp(predicted))
        return np.asarray(predicted if self.table.link == "volatility" else np.sqrt(predicted))

    def weights(self, rates: list[Any], dividend_yields: list[Any]) -> Weights:
        """Return the weights of differences for the steepest drift and the lowest variances: constants of a recording.

        Rates and dividend yields are one for all steps or one a step.
        """
        drifts = np.atleast_1d(np.subtract(values_of(rates), values_of(dividend_yields)).astype(np.float64))
        carry = float(drifts[np.argmax(np.abs(drifts))])
        central = difference_weights(self.grid)
        if carry == 0.0:
            return central
        weights = difference_weights(self.grid, carry=carry, variance=self.lowest_variance)
        if not np.array_equal(weights[1][0], central[1][0]):
            require_direction(rates, dividend_yields, carry)
        return weights

    def tabulated(self) -> Tabulated:
        """Return the predictor, its weights and what it predicts."""
        if self.table is not None:
            return self.table
        n = self.grid.n_nodes - 2
        flat = all(np.ndim(row) == 0 for row in self.known_rows)
        numbers: list[Any] = []
        for row in self.known_rows:
            numbers += [row] if flat else np.broadcast_to(row, (n,)).tolist()
        cells = one_weight_a_cell(len(self.known_rows), n, constant_in_space=flat)
        return Tabulated(cells, numbers, "volatility")


def march_volatility(volatility: Any, grid: Grid, *, expiry: Any, n_steps: int) -> MarchVolatility:
    """Take the volatility in any of the forms of `crank_nicolson`, and lay the steps.

    What depends on time is tabulated at times that are plain numbers only: differentiated in the expiry, its values on
    the grid are.
    """
    steps = laid_steps(
        expiry=expiry,
        n_steps=n_steps,
        seams=getattr(volatility, "seams", ()),
        elapsed=today_and_elapsed(volatility)[1],
    )
    known = is_plain(expiry)
    static = isinstance(volatility, SplineVolatility) and volatility.is_static
    if isinstance(volatility, TabulatedSurface) and (known or static):
        table = volatility.tabulated(grid.spots[1:-1], np.array(steps.midpoints if known else []))
        return MarchVolatility(grid, steps, volatility, table, [])
    rows = volatility_rows(volatility, grid, n_steps, steps.midpoints)
    return MarchVolatility(grid, steps, None, None, rows)
