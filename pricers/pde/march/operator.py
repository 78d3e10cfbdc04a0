"""The pricing operator on a grid: from volatilities to the bands of an implicit step."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_non_negative
from pricers.number_kinds import is_plain
from pricers.pde.grids.spot_grids import Grid
from pricers.pde.march.steps import MarchSteps
from pricers.pde.march.substeps import Bands


def volatility_rows(volatility: Any, grid: Grid, n_steps: int, midpoints: list[Any]) -> list[Any]:
    """Return volatilities at the interior nodes: one entry for all steps, or one a step in calendar order."""
    interior = grid.spots[1:-1]
    if callable(volatility):
        rows = [volatility(interior, time) for time in midpoints]
        for row in rows:
            if np.ndim(row) and np.shape(row) != interior.shape:
                raise AadValueError(
                    f"volatility(spots, time) has shape {np.shape(row)}: must return a number or one for each of "
                    f"the {interior.size} spots it is given"
                )
    elif np.ndim(volatility) == 0:
        rows = [volatility]
    elif np.shape(volatility) == (grid.n_nodes,):
        rows = [volatility[1:-1]]
    elif np.shape(volatility) == (n_steps, grid.n_nodes):
        rows = [volatility[j][1:-1] for j in range(n_steps)]
    else:
        raise AadValueError(
            f"volatility has shape {np.shape(volatility)}: must be a number, ({grid.n_nodes},) or "
            f"({n_steps}, {grid.n_nodes}) for this grid and number of steps"
        )
    for row in rows:
        require_non_negative("volatility", row)
    return rows


Weights = tuple[tuple[Floats, Floats], tuple[Floats, Floats]]
"""Weights (below, above), each (n_interior,), of the diffusion per unit of variance and of the drift."""


def difference_weights(grid: Grid, *, carry: float = 0.0, variance: Any = 0.0) -> Weights:
    """Return the weights of `Operator` without its factor of a quarter of the step.

    Central differences, and of the drift as much of the one-sided difference against it as keeps every weight of a
    neighbour from being negative: where a cell carries further than it diffuses, central differences oscillate.

    Parameters
    ----------
    carry : float, the steepest; zero asks for central differences
    variance : float or (n_interior,), the lowest at each node

    Notes
    -----
    The share of the one-sided difference is 1 - 1 / P at a cell Peclet number P = |carry| gap / (variance S) above one,
    and none below: second order where the grid resolves the profile, and without negative values where it does not.

    References
    ----------
    A. M. Il'in (1969), "Differencing scheme for a differential equation with a small parameter affecting the highest
    derivative", Math. Notes 6: the share is coth(P) - 1 / P there, the same for large P.
    """
    x = grid.positions
    gap = np.diff(x)
    left, right, both = gap[:-1], gap[1:], gap[:-1] + gap[1:]
    down, up = -right / (left * both), left / (right * both)
    if grid.coordinate == "spot":
        scale = x[1:-1]
        slopes = scale**2 / (left * both), scale**2 / (right * both)
    else:
        scale = np.ones(x.size - 2)
        slopes = 1.0 / (left * both) - 0.5 * down, 1.0 / (right * both) - 0.5 * up
    drifts = scale * down, scale * up
    if carry == 0.0:
        return slopes, drifts
    behind = 0 if carry > 0.0 else 1
    diffusing, carried = variance * slopes[behind], np.abs(carry * drifts[behind])
    share = np.maximum(1.0 - diffusing / carried, 0.0)
    against = np.zeros(x.size - 2), scale / right
    if behind:
        against = -scale / left, np.zeros(x.size - 2)
    below, above = (central + share * (one - central) for central, one in zip(drifts, against, strict=True))
    return slopes, (below, above)


def require_direction(rates: list[Any], dividend_yields: list[Any], carry: float) -> None:
    """Compare recorded drifts with the direction that one-sided differences were taken for: guards of a recording."""
    for rate in rates:
        for dividend_yield in dividend_yields:
            drift = rate - dividend_yield
            if not is_plain(drift) and not (drift >= 0.0 if carry > 0.0 else drift <= 0.0):
                raise AadValueError("the drift has two directions: give rates that keep one, or a finer grid")


class Operator:
    """The matrices A = (I - step L / 2) / 2 of one grid, for any variance.

    L has the weights v c / (left * both) and v c / (right * both) from (1/2) v c V'' and -right / (left * both),
    left / (right * both) from V', where left, right are the gaps beside a node and both is their sum; c is S^2 with
    drift r - q in the spot, 1 with drift r - q - v / 2 in its logarithm.

    Parameters
    ----------
    weights : `difference_weights`
    rate, dividend_yield : per year, numbers of any kind
    step : years, a number of any kind
    """

    def __init__(self, weights: Weights, rate: Any, dividend_yield: Any, step: Any) -> None:
        slopes, drifts = weights
        carry, quarter = rate - dividend_yield, 0.25 * step
        self.slopes = tuple(_scaled(weights, quarter) for weights in slopes)
        self.offsets = tuple(_scaled(weights, carry * quarter) for weights in drifts)
        self.middle = 0.5 + quarter * rate
        self.no_drift = is_plain(carry) and float(carry) == 0.0

    def bands(self, variance: Any) -> Bands:
        """Return one row of bands, (n_interior,) each, from a variance or one for each interior node.

        At most six operations a node: the constants are multiplied out before numbers are touched.
        """
        n = len(self.slopes[0])
        v = _listed(variance) if np.ndim(variance) else [variance] * n
        if self.no_drift:
            below, above = ([a * b for a, b in zip(v, slope, strict=True)] for slope in self.slopes)
        else:
            below, above = (
                [a * b + c for a, b, c in zip(v, slope, offset, strict=True)]
                for slope, offset in zip(self.slopes, self.offsets, strict=True)
            )
        diagonal = [low + high + self.middle for low, high in zip(below, above, strict=True)]
        return Bands(below, diagonal, above)


def step_operators(
    weights: Weights, steps: MarchSteps, rates: list[Any], dividend_yields: list[Any]
) -> list[Operator]:
    """Return the operator of all steps, or one for each of them in calendar order."""
    if steps.ends is None and len(rates) == len(dividend_yields) == 1:
        return [Operator(weights, rates[0], dividend_yields[0], steps.step)]
    n = steps.n_steps
    rates, dividend_yields = (given if len(given) == n else given * n for given in (rates, dividend_yields))
    return [
        Operator(weights, rate, dividend_yield, length)
        for rate, dividend_yield, length in zip(rates, dividend_yields, steps.lengths, strict=True)
    ]


def plain_bands(
    weights: Weights,
    steps: MarchSteps,
    rates: list[float],
    dividend_yields: list[float],
    variances: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Return below, diagonal and above, (n_rows, n_interior) each, from float variances, one row or one a step."""
    slopes, drifts = weights
    lengths = np.array(steps.lengths if len(variances) > 1 else steps.lengths[:1])
    quarter = (0.25 * lengths)[:, None]
    rate, carry = np.array(rates)[:, None], np.array(rates)[:, None] - np.array(dividend_yields)[:, None]
    below = variances * (slopes[0] * quarter) + drifts[0] * (carry * quarter)
    above = variances * (slopes[1] * quarter) + drifts[1] * (carry * quarter)
    return below, below + above + (0.5 + quarter * rate), above


def _scaled(weights: Floats, factor: Any) -> list[Any]:
    """Return weights * factor as plain Python numbers, which operate with recorded ones fastest."""
    return [weight * factor for weight in weights.tolist()]


def _listed(array: Any) -> list[Any]:
    return list(array.tolist()) if isinstance(array, np.ndarray) else list(array)
