"""The forward march recorded as one operation: the backward march's own, with other numbers in it.

A step of length dt and implicitness theta solves (1/2)(1 - theta dt v L) W = c and goes on from W / 2 (theta = 1) or
W - c (theta = 1/2): no drift, no discount, and a scale of theta dt / 2 on each row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.types import Floats
from pricers.pde.grids.moneyness_grid import ForwardGrid
from pricers.pde.march.composite import applied_march
from pricers.pde.march.plan import MarchPlan, Predictor
from pricers.surfaces.local_basis import one_weight_a_cell
from pricers.surfaces.moved_variance import MovedVariance
from pricers.surfaces.surface import Link


def recorded_forward_march(*, grid: ForwardGrid, variance: Callable[[int], Sequence[Any]]) -> Any:
    """Return the calls at every node after each expiry, (n_expiries, n_nodes), as results of one operation.

    None where the variances are duals, for which the operation has no rule.
    """
    n_steps, n_nodes = grid.shape
    predictor: Predictor
    if isinstance(variance, MovedVariance):
        predictor, numbers = variance.predictor, variance.numbers
    else:
        predictor = one_weight_a_cell(n_steps, n_nodes - 2)
        numbers = [number for step in range(n_steps) for number in variance(step)[1:-1]]
    if any(hasattr(number, "partials") for number in numbers):
        return None
    plan, others = forward_plan(grid, predictor, "variance")
    calls = applied_march(plan, [*numbers, *others.tolist()])
    return calls.reshape(grid.expiries.size, n_nodes)


def forward_plan(grid: ForwardGrid, predictor: Predictor, link: Link) -> tuple[MarchPlan, Floats]:
    """Return the plan of a forward march, and its operands after the weights of the predictor."""
    n_steps, n_nodes = grid.shape
    plan = MarchPlan(
        stencil=np.array([grid.below[1:-1], grid.above[1:-1], *np.zeros((2, n_nodes - 2))]),
        row=np.arange(n_steps),
        damped=grid.implicitness == 1.0,
        last=grid.last_step,
        predictor=predictor,
        link=link,
        row_scale=0.5 * grid.steps * grid.implicitness,
        american=False,
    )
    ends = np.repeat(grid.initial[[0, -1]], n_steps)
    return plan, np.concatenate([[1.0], np.zeros(2 * n_steps), ends, grid.initial])
