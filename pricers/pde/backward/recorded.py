"""The backward march recorded as one operation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from pricers.pde.march.composite import applied_march
from pricers.pde.march.operator import Weights
from pricers.pde.march.plan import MarchPlan
from pricers.pde.march.steps import MarchSteps
from pricers.pde.march.substeps import Substep
from pricers.pde.march.volatility import MarchVolatility
from pricers.surfaces.surface import Tabulated


def recorded_march(
    *,
    weights: Weights,
    rates: list[Any],
    dividend_yields: list[Any],
    volatility: MarchVolatility,
    initial: list[Any],
    substeps: list[Substep],
    exercise: list[Any] | None,
    exercised_at_top: bool,
) -> Any:
    """Return the node values today (n_nodes,) as results of one operation, or None where it cannot follow.

    Rates and dividend yields are one for all steps or one a step in calendar order. It cannot where an American option
    is exercised elsewhere than at one end of the grid.
    """
    (slope_below, slope_above), (drift_below, drift_above) = weights
    steps, table = volatility.steps, volatility.tabulated()
    rows_differ = steps.ends is not None or len(rates) > 1 or len(dividend_yields) > 1
    predictor, operands = by_step(table, steps.n_steps) if rows_differ else (table.predictor, table.weights)
    n_rows = predictor.shape[0]
    stencil = np.array([slope_below, slope_above, drift_below, drift_above])
    lower, upper = [s.lower for s in substeps], [s.upper for s in substeps]
    mirrored = exercise is not None and exercised_at_top  # the floor is to bind at the low end
    if mirrored:
        stencil = np.ascontiguousarray(stencil[[1, 0, 3, 2], ::-1])
        predictor = predictor.mirrored()
        lower, upper, initial = upper, lower, initial[::-1]
    floor = [] if exercise is None else exercise[::-1] if mirrored else exercise
    quarter = 0.25 * steps.step
    drifts, discounts = drifts_and_discounts(steps, rates, dividend_yields, n_rows)
    numbers = [*operands, quarter, *drifts, *discounts, *lower, *upper, *initial, *floor]
    plan = MarchPlan(
        stencil=stencil,
        row=np.array([s.row if n_rows > 1 else 0 for s in substeps], dtype=np.int64),
        damped=np.array([s.damped for s in substeps]),
        last=np.array([len(substeps) - 1]),
        predictor=predictor,
        link=table.link,
        row_scale=steps.relative if n_rows > 1 else np.ones(1),
        american=exercise is not None,
    )
    values = applied_march(plan, numbers)
    return values[::-1] if mirrored and values is not None else values


def by_step(table: Tabulated, n_steps: int) -> tuple[Any, list[Any]]:
    """Return predictor and weights with a row for every step."""
    basis = table.predictor
    if basis.shape[0] == n_steps:
        return basis, table.weights
    return replace(basis, lines=csr_array(vstack([basis.lines] * n_steps))), table.weights


def drifts_and_discounts(
    steps: MarchSteps, rates: list[Any], dividend_yields: list[Any], n_rows: int
) -> tuple[list[Any], list[Any]]:
    """Return a quarter of each row's step times its carry, and times its rate; equal steps share their numbers."""
    if len(rates) == len(dividend_yields) == 1 and steps.ends is None:
        quarter = 0.25 * steps.step
        return [quarter * (rates[0] - dividend_yields[0])] * n_rows, [quarter * rates[0]] * n_rows
    rates, dividend_yields = (
        given if len(given) == n_rows else given * n_rows for given in (rates, dividend_yields)
    )
    rows = list(zip(steps.lengths, rates, dividend_yields, strict=True))
    return [(0.25 * h) * (r - q) for h, r, q in rows], [(0.25 * h) * r for h, r, _ in rows]
