"""The grid of the forward march: nodes in log-moneyness, time steps that hit every expiry."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    one_float,
    require_finite,
    require_increasing,
    require_instance,
    require_positive,
    require_shape,
    whole_number,
)
from pricers.types import Longs


@dataclass(frozen=True)
class ForwardGrid:
    """Nodes, steps and the fixed part of the operator.

    Attributes
    ----------
    nodes : (n_nodes,) float
        x = ln(strike / forward), increasing, one of them 0.
    below, above : (n_nodes,) float
        Off-diagonals of L = (k^2 / 2) d2/dk2 per unit of local variance, k = exp(x); zero in the end rows, which
        hold the boundary values. The diagonal is minus their sum: the scheme is exact for linear functions of k,
        so put-call parity holds to round-off.
    initial : (n_nodes,) float
        max(1 - k, 0), averaged over the cell of the kink.
    steps : (n_steps,) float
        Length of each step, years.
    implicitness : (n_steps,) float
        1 (implicit Euler) or 1/2 (Crank-Nicolson).
    midpoints : (n_steps,) float
        Time at which a step takes its local variance.
    expiries : (n_expiries,) float
        Years, increasing.
    last_step : (n_expiries,) int
        Index of the step that ends at each expiry, the last of all steps at the last one.

    Raises
    ------
    AadValueError
        When nodes, expiries or last steps do not increase, a step is not positive, an implicitness is another number,
        or the shapes differ.
    """

    nodes: Floats
    below: Floats
    above: Floats
    initial: Floats
    steps: Floats
    implicitness: Floats
    midpoints: Floats
    expiries: Floats
    last_step: Longs

    def __post_init__(self) -> None:
        for name in (
            "nodes",
            "below",
            "above",
            "initial",
            "steps",
            "implicitness",
            "midpoints",
            "expiries",
            "last_step",
        ):
            require_instance(name, getattr(self, name), np.ndarray, "an array")
        for name in ("nodes", "expiries", "last_step"):
            require_increasing(name, getattr(self, name))
        require_positive("steps", self.steps)
        for name in ("below", "above", "initial"):
            require_shape(name, getattr(self, name), self.nodes.shape)
        for name in ("implicitness", "midpoints"):
            require_shape(name, getattr(self, name), self.steps.shape)
        require_shape("last_step", self.last_step, self.expiries.shape)
        if not np.isin(self.implicitness, (0.5, 1.0)).all():
            raise AadValueError(f"implicitness = {self.implicitness.tolist()}: each must be 1 or 1/2")
        if self.last_step[0] < 0 or self.last_step[-1] != self.steps.size - 1:
            raise AadValueError(
                f"last_step = {self.last_step.tolist()}: must be among {self.steps.size} steps and end with the last"
            )

    @property
    def moneyness(self) -> Floats:
        """k = exp(x)."""
        return np.asarray(np.exp(self.nodes), dtype=np.float64)

    @property
    def shape(self) -> tuple[int, int]:
        """(number of steps, number of nodes)."""
        return self.steps.size, self.nodes.size

    def later(self, elapsed: float) -> ForwardGrid:
        """Return the grid `elapsed` years later: the steps to the first expiry that is to come are shorter.

        Raises
        ------
        AadValueError
            When the last expiry would be past.
        """
        if not 0.0 <= elapsed < self.expiries[-1]:
            raise AadValueError(
                f"elapsed = {elapsed!r}: must be at least 0 and below the last expiry, {float(self.expiries[-1])!r}"
            )
        coming = int(np.searchsorted(self.expiries, elapsed, side="right"))
        first, last_step = float(self.expiries[coming]), self.last_step[coming:]
        steps = self.steps.copy()
        steps[: last_step[0] + 1] *= (first - elapsed) / first
        ends = np.cumsum(steps)
        return replace(
            self,
            steps=steps,
            midpoints=ends - 0.5 * steps,
            expiries=self.expiries[coming:] - elapsed,
            last_step=last_step,
        )


def forward_grid(
    *,
    expiries: Floats,
    first_deviation: float,
    lower: float,
    upper: float,
    n_nodes: int = 300,
    nodes_per_deviation: float = 24.0,
    first_steps: int = 32,
    later_steps: int = 60,
    smoothing_steps: int = 4,
) -> ForwardGrid:
    """Lay out the grid of a forward march.

    Parameters
    ----------
    expiries : (n_expiries,) float, years, increasing, > 0
    first_deviation : float
        At-the-money standard deviation sigma sqrt(T) of the first expiry: the narrowest thing to resolve.
    lower, upper : float
        Ends of the domain in x; below and above zero.
    n_nodes : int
        Nodes x = a sinh(b j), j integer, so that x = 0 is a node.
    nodes_per_deviation : float
        Spacing at the money is `first_deviation` over this.
    first_steps : int
        Steps to the first expiry, quadratic from 0.
    later_steps : int
        Steps after the first expiry, equally spaced in log time; every interval gets at least one.
    smoothing_steps : int
        First steps replaced by two implicit halves each (Rannacher).

    Raises
    ------
    AadValueError
        If expiries are out of order or not positive, the domain does not hold 0, or the sizes are too small.

    References
    ----------
    R. Rannacher, Numer. Math. 43 (1984), 309-327.
    """
    require_increasing("expiries", expiries)
    require_positive("expiries", expiries)
    if not np.size(expiries):
        raise AadValueError("expiries is empty: give at least one")
    require_positive("first_deviation", one_float("first_deviation", first_deviation))
    require_finite("lower", one_float("lower", lower))
    require_finite("upper", one_float("upper", upper))
    if not lower < 0.0 < upper:
        raise AadValueError(f"lower, upper = {lower!r}, {upper!r}: the domain must hold 0; widen it")
    for name, size, least in (("n_nodes", n_nodes, 16), ("first_steps", first_steps, 1)):
        whole_number(name, size, least)
    if smoothing_steps > first_steps:
        raise AadValueError(
            f"smoothing_steps = {smoothing_steps!r}: must not exceed first_steps = {first_steps}"
        )
    nodes = _sinh_nodes(lower, upper, n_nodes, first_deviation / nodes_per_deviation)
    moneyness = np.exp(nodes)
    below, above = _second_difference(moneyness)
    ends, last_step, implicitness = _step_ends(
        np.asarray(expiries, dtype=np.float64), first_steps, later_steps, smoothing_steps
    )
    steps = np.diff(ends)
    arrays = (nodes, below, above, _kinked(moneyness), steps, implicitness, 0.5 * (ends[1:] + ends[:-1]))
    return ForwardGrid(*arrays, np.array(expiries, dtype=np.float64), last_step)


def _sinh_nodes(lower: float, upper: float, n_nodes: int, spacing: float) -> Floats:
    """Return nodes spacing/b * sinh(b j) over about [lower, upper]."""
    if spacing * (n_nodes - 1) >= upper - lower:
        j_zero = max(2, round((n_nodes - 1) * -lower / (upper - lower)))
        return np.asarray((upper - lower) / (n_nodes - 1) * (np.arange(n_nodes) - j_zero))

    # asinh(upper b / spacing) + asinh(-lower b / spacing) = (n_nodes - 1) b: Newton steps fall to the root from above.
    b, ends = 10.0, (upper / spacing, -lower / spacing)
    while True:
        excess = sum(math.asinh(end * b) for end in ends) - (n_nodes - 1) * b
        slope = sum(end / math.hypot(1.0, end * b) for end in ends) - (n_nodes - 1)
        moved = b - excess / slope
        if not moved < b * (1.0 - 1e-15):
            break
        b = moved
    j_zero = round(math.asinh(-lower * b / spacing) / b)
    return np.asarray(spacing / b * np.sinh(b * (np.arange(n_nodes) - j_zero)))


def _second_difference(moneyness: Floats) -> tuple[Floats, Floats]:
    gap = np.diff(moneyness)
    below, above = np.zeros_like(moneyness), np.zeros_like(moneyness)
    half_square = 0.5 * moneyness[1:-1] ** 2
    below[1:-1] = half_square * 2.0 / (gap[:-1] * (gap[:-1] + gap[1:]))
    above[1:-1] = half_square * 2.0 / (gap[1:] * (gap[:-1] + gap[1:]))
    return below, above


def _kinked(moneyness: Floats) -> Floats:
    values = np.maximum(1.0 - moneyness, 0.0)
    kink = int(np.argmin(np.abs(moneyness - 1.0)))
    left = 0.5 * (moneyness[kink] - moneyness[kink - 1])
    right = 0.5 * (moneyness[kink + 1] - moneyness[kink])
    values[kink] = 0.5 * left**2 / (left + right)
    return values


def _step_ends(
    expiries: Floats, first_steps: int, later_steps: int, smoothing_steps: int
) -> tuple[Floats, Longs, Floats]:
    first = expiries[0] * (np.arange(first_steps + 1) / first_steps) ** 2
    smooth = np.sort(
        np.concatenate([first[: smoothing_steps + 1], 0.5 * (first[1:] + first[:-1])[:smoothing_steps]])
    )
    pieces = [smooth, first[smoothing_steps + 1 :]]
    last_step = [first_steps + smoothing_steps - 1]
    log_step = math.log(expiries[-1] / expiries[0]) / later_steps if expiries.size > 1 else 1.0
    for start, end in itertools.pairwise(expiries):
        n_steps = max(1, round(math.log(end / start) / log_step))
        inside = start * (end / start) ** (np.arange(1, n_steps + 1) / n_steps)
        inside[-1] = end
        pieces.append(inside)
        last_step.append(last_step[-1] + n_steps)
    ends = np.concatenate(pieces)
    implicitness = np.full(ends.size - 1, 0.5)
    implicitness[: 2 * smoothing_steps] = 1.0
    return ends, np.array(last_step), implicitness
