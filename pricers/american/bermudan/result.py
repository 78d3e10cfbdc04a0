"""What the pricers of this package return."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import LABELS
from pricers.american.bermudan.stopped_premium_kernel import KERNEL_INPUTS

TWO_SIDED_95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True, eq=False)
class LeastSquaresPrice:
    """A price by least-squares Monte Carlo, between two bounds.

    Parameters
    ----------
    price : float, currency
        Under the fitted policy, on paths it was not fitted to: its mean is not above the true price.
    stderr : float, currency, from independent batches, each with a policy of its own
    upper_bound, upper_bound_stderr : float, currency
        Dual estimate, whose mean is not below the true price; NaN where it was not asked for.
    european : float, currency, the price without early exercise
    n_paths : int, paths in each pass, all batches together
    reduced_dates : int
        Regressions, over all batches, whose data could not tell all basis functions apart and took fewer.
    carried_dates : int
        Ends of exercise, over all batches, with too few paths near them, taken over from the date after.
    """

    price: float
    stderr: float
    upper_bound: float = math.nan
    upper_bound_stderr: float = math.nan
    european: float = math.nan
    n_paths: int
    reduced_dates: int = 0
    carried_dates: int = 0

    @property
    def lower_bound(self) -> float:
        """The price: in the mean a lower bound, as no fitted policy is better than the best one."""
        return self.price

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound, each with its two-sided 95% margin: currency."""
        return (
            self.price - TWO_SIDED_95 * self.stderr,
            self.upper_bound + TWO_SIDED_95 * self.upper_bound_stderr,
        )


def _nothing(shape: tuple[int, ...]) -> Floats:
    return np.full(shape, np.nan)


@dataclass(frozen=True, kw_only=True, eq=False)
class AmericanGreeks:
    """Price, gradient and Hessian of an option with early exercise; raw units, per 1.00 of volatility and rate.

    Parameters
    ----------
    price, stderr : float, currency
    gradient, gradient_stderr : (n,)
    hessian, hessian_stderr : (n, n), symmetric
    labels : n names of what was differentiated in, in this order
    exercise : str, how exercise was treated
    biased_in_second_order : bool, whether the Hessian leaves something out that does not vanish with more paths
    upper_bound, upper_bound_stderr : float, currency, as in `LeastSquaresPrice`
    n_paths : int, 0 where nothing was simulated

    Notes
    -----
    Standard errors are NaN where nothing was simulated.
    """

    price: float
    gradient: Floats
    hessian: Floats
    exercise: str
    labels: tuple[str, ...] = LABELS
    stderr: float = math.nan
    gradient_stderr: Floats = field(default_factory=lambda: _nothing((len(LABELS),)))
    hessian_stderr: Floats = field(default_factory=lambda: _nothing((len(LABELS), len(LABELS))))
    biased_in_second_order: bool = False
    upper_bound: float = math.nan
    upper_bound_stderr: float = math.nan
    n_paths: int = 0

    @property
    def lower_bound(self) -> float:
        """The price: where it was simulated, in the mean a lower bound."""
        return self.price

    def first(self, name: str) -> float:
        """Return the derivative in one input, by its label."""
        return float(self.gradient[self.labels.index(name)])

    def second(self, one: str, other: str) -> float:
        """Return the second derivative in two inputs, by their labels."""
        return float(self.hessian[self.labels.index(one), self.labels.index(other)])

    @property
    def delta(self) -> float:
        """DV / dS."""
        return self.first("spot")

    @property
    def gamma(self) -> float:
        """D2V / dS2, per currency unit of spot squared."""
        return self.second("spot", "spot")

    @property
    def vega(self) -> float:
        """DV / dsigma, per 1.00 of volatility."""
        return self.first("volatility")

    @property
    def vanna(self) -> float:
        """D2V / dS dsigma."""
        return self.second("spot", "volatility")

    @property
    def volga(self) -> float:
        """D2V / dsigma2."""
        return self.second("volatility", "volatility")

    @property
    def rho(self) -> float:
        """DV / dr, per 1.00 of rate."""
        return self.first("rate")

    @property
    def dividend_rho(self) -> float:
        """DV / dq, per 1.00 of dividend yield."""
        return self.first("dividend_yield")


def unpacked(packed: Floats, n: int) -> tuple[float, Floats, Floats]:
    """Return value, gradient (n,) and symmetric Hessian (n, n) from one row: value, gradient, upper triangle."""
    hessian = np.zeros((n, n))
    rows, columns = np.triu_indices(n)
    hessian[rows, columns] = packed[1 + n :]
    hessian[columns, rows] = packed[1 + n :]
    return float(packed[0]), packed[1 : 1 + n].copy(), hessian


def in_order(packed: Floats) -> tuple[float, Floats, Floats]:
    """Return value, gradient and Hessian in the order of `LABELS` from a row in that of `KERNEL_INPUTS`."""
    value, gradient, hessian = unpacked(packed, len(LABELS))
    order = [KERNEL_INPUTS.index(label) for label in LABELS]
    return value, gradient[order], hessian[np.ix_(order, order)]
