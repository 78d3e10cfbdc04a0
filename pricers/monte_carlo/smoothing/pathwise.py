"""Payoffs along the path as it is: their corners exact, rounded by softplus, or by a Gaussian kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aadlib as ad
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.simulation import Dynamics, Simulation
from pricers.monte_carlo.smoothing.kernel import KernelCorner
from pricers.monte_carlo.smoothing.softplus import SoftplusCorner


@dataclass(frozen=True)
class PathwiseEstimator:
    """Simulate, exponentiate, pay."""

    payoff: Payoff
    surrogate: Surrogate

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path."""
        if self.payoff.AT_EXPIRY:
            rows = simulation.log_prices()[-1:]
        else:
            rows = simulation.log_prices()
        prices = [[ad.exp(x) for x in row] for row in rows]
        return self.payoff.value(prices, simulation.discounts()[-len(prices) :], self.surrogate)


@dataclass(frozen=True)
class Exact:
    """No smoothing: right for prices and for first derivatives of payoffs without steps, not for second ones."""

    IS_BIASED = False

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> PathwiseEstimator:
        """Bind the method to a payoff and a model."""
        return PathwiseEstimator(payoff, EXACT)


@dataclass(frozen=True)
class Softplus:
    """Round corners by softplus and steps by the logistic function; see `SoftplusCorner` for the bias.

    Parameters
    ----------
    sharpness : float, per unit of currency, > 0
    """

    sharpness: float = 30.0

    IS_BIASED = True

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> PathwiseEstimator:
        """Bind the method to a payoff and a model."""
        return PathwiseEstimator(payoff, SoftplusCorner(self.sharpness))


@dataclass(frozen=True)
class Kernel:
    """Convolve corners and steps with a Gaussian kernel; see `KernelCorner` for the bias.

    Parameters
    ----------
    bandwidth : float, currency, > 0
    """

    bandwidth: float = 1.0

    IS_BIASED = True

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> PathwiseEstimator:
        """Bind the method to a payoff and a model."""
        return PathwiseEstimator(payoff, KernelCorner(self.bandwidth))
