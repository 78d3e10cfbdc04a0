"""The backward march recorded as one operation."""

from __future__ import annotations

from typing import Any

import numpy as np

from pricers.pde.grids.spot_grids import Grid
from pricers.pde.march.composite import applied_march
from pricers.pde.march.operator import difference_weights
from pricers.pde.march.plan import MarchPlan
from pricers.pde.march.substeps import Substep
from pricers.pde.march.volatility import MarchVolatility


def recorded_march(
    *,
    grid: Grid,
    rate: Any,
    dividend_yield: Any,
    step: Any,
    volatility: MarchVolatility,
    initial: list[Any],
    substeps: list[Substep],
    exercise: list[Any] | None,
    exercised_at_top: bool,
) -> Any:
    """Return the node values today (n_nodes,) as results of one operation, or None where it cannot follow.

    It cannot where an American option is exercised elsewhere than at one end of the grid.
    """
    (slope_below, slope_above), (drift_below, drift_above) = difference_weights(grid)
    basis, weights, link = volatility.in_a_basis()
    stencil = np.array([slope_below, slope_above, drift_below, drift_above])
    lower, upper = [s.lower for s in substeps], [s.upper for s in substeps]
    mirrored = exercise is not None and exercised_at_top  # the floor is to bind at the low end
    if mirrored:
        stencil = np.ascontiguousarray(stencil[[1, 0, 3, 2], ::-1])
        basis = basis.mirrored()
        lower, upper, initial = upper, lower, initial[::-1]
    floor = [] if exercise is None else exercise[::-1] if mirrored else exercise
    quarter = 0.25 * step
    numbers = [
        *weights, quarter, quarter * (rate - dividend_yield), quarter * rate, *lower, *upper, *initial, *floor
    ]  # fmt: skip
    plan = MarchPlan(
        stencil=stencil,
        row=np.array([s.row if basis.shape[0] > 1 else 0 for s in substeps], dtype=np.int64),
        damped=np.array([s.damped for s in substeps]),
        last=np.array([len(substeps) - 1]),
        predictor=basis,
        link=link,
        row_scale=np.ones(basis.shape[0]),
        american=exercise is not None,
    )
    values = applied_march(plan, numbers)
    return values[::-1] if mirrored and values is not None else values
