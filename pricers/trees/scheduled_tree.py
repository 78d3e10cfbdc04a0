"""Binomial trees under curves and volatilities that change with time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.types import Floats
from aadlib.validation import require_increasing
from pricers.curves.rate_curve import Rate, accumulated
from pricers.trees.flat_tree import require_finite_price
from pricers.trees.scheduled_tree_kernel import Schedule
from pricers.trees.tree import Tree

ACTIVE = (0, 2, 3, 4)
"""Positions of spot and the three shifts among the arguments of a kernel."""
INSTANT = 1e-7
"""Share of the expiry over which the rate of one moment is taken."""


@dataclass(frozen=True, eq=False)
class ScheduledTree(Tree):
    """An option under curves: steps of equal variance, laid anew where the volatility is moved.

    Parameters
    ----------
    expiries, volatilities : (n,) float, implied
    pairs : (n_dividends, 2) float, times and amounts of cash dividends before the expiry
    """

    lattice: str
    n_steps: int
    spot: float
    strike: float
    expiry: float
    rate: Rate
    dividend_yield: Rate
    expiries: Floats
    volatilities: Floats
    pairs: Floats
    is_call: bool
    american: bool

    @property
    def kernel(self) -> Any:
        """The compiled tree."""
        from pricers.trees import scheduled_tree_kernel

        return getattr(scheduled_tree_kernel, f"{self.lattice}_tree_kernel")

    @property
    def point(self) -> Floats:
        """The spot, and no shift."""
        return np.array([self.spot, 0.0, 0.0, 0.0])

    @property
    def spacing(self) -> float:
        """What neighbouring nodes differ by, as a factor of the spot."""
        return float(np.exp(2.0 * np.sqrt(self.schedule(0.0).variance[0] / self.n_steps)))

    @property
    def lowest_volatility(self) -> float:
        """The least implied volatility."""
        return float(self.volatilities.min())

    def schedule(self, shift: float) -> Schedule:
        """Return the steps at a shift of the implied volatilities."""
        implied = self.volatilities + shift
        knots = np.concatenate([[0.0], self.expiries])
        variance, slope = (np.concatenate([[0.0], x * self.expiries]) for x in (implied**2, 2.0 * implied))
        if self.expiry > knots[-1]:  # the last interval has no end
            knots, variance, slope = (
                np.append(x, x[-1] + (x[-1] - x[-2]) * (self.expiry - knots[-1]) / (knots[-1] - knots[-2]))
                for x in (knots, variance, slope)
            )
        require_increasing("variance of the bumped volatilities", variance)
        total, moved = (float(np.interp(self.expiry, knots, x)) for x in (variance, slope))
        shares = np.arange(self.n_steps + 1) / self.n_steps
        times = np.interp(shares * total, variance, knots)
        times[-1] = self.expiry
        interval = np.clip(np.searchsorted(knots, times, side="left") - 1, 0, knots.size - 2)
        here = (np.diff(variance) / np.diff(knots))[interval]
        moves = (shares * moved - np.interp(times, knots, slope)) / here
        moves[[0, -1]] = 0.0
        dates, amounts = (np.ascontiguousarray(self.pairs[:, k]) for k in (0, 1))
        return Schedule(
            times, moves, sums(self.rate, times), sums(self.dividend_yield, times),
            self._there(self.rate, times), self._there(self.dividend_yield, times),
            np.array([total, moved, self.expiry]), dates, sums(self.rate, dates), amounts,
        )  # fmt: skip

    def _there(self, rate: Rate, times: Floats) -> Floats:
        half = INSTANT * self.expiry
        return (sums(rate, times + half) - sums(rate, np.maximum(times - half, 0.0))) / (
            half + np.minimum(times, half)
        )

    def at(self, point: Floats) -> tuple[Any, ...]:
        """Return the kernel's arguments at a point; the schedule holds the volatility's shift, the kernel none."""
        spot, rate, dividend_yield, volatility = point.tolist()
        return (
            spot, self.strike, rate, dividend_yield, 0.0, self.schedule(volatility), self.n_steps, self.is_call,
            self.american,
        )  # fmt: skip

    def value(self, point: Floats) -> float:
        """Return the price."""
        return require_finite_price(float(self.kernel(*self.at(point))[0]))

    def value_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """Return the price and its gradient."""
        from aadlib.compiled_duals import derivatives

        (value, gradient), _ = derivatives(self.kernel, order=1, active=ACTIVE)(*self.at(point))
        return require_finite_price(value), np.asarray(gradient)

    def spot_row(self, point: Floats) -> Floats:
        """Return the derivatives of the likelihood-ratio delta."""
        from aadlib.compiled_duals import derivatives

        return np.asarray(derivatives(self.kernel, order=1, active=ACTIVE)(*self.at(point))[1][1])


def sums(rate: Rate, times: Floats) -> Floats:
    """Return the integral of a rate from today to each time."""
    return np.asarray(accumulated(rate, times), dtype=np.float64)
