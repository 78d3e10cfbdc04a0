"""Corners and steps of the payoff convolved with a Gaussian kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.validation import require_positive
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.smoothing.pathwise import PathwiseEstimator


@dataclass(frozen=True)
class KernelCorner:
    """Convolution with the normal density of standard deviation h: h (u Phi(u) + phi(u)) and Phi(u), u = x / h.

    Prices move by h^2 / 2 times the discounted density at the corner, to leading order.
    """

    bandwidth: float

    def __post_init__(self) -> None:
        require_positive("bandwidth", self.bandwidth)

    def positive_part(self, x: Any) -> Any:
        """Return E[max(x + h N, 0)] for a standard normal N."""
        u = x / self.bandwidth
        return x * ad.norm_cdf(u) + self.bandwidth * ad.norm_pdf(u)

    def step(self, x: Any) -> Any:
        """Return P(x + h N > 0) for a standard normal N."""
        return ad.norm_cdf(x / self.bandwidth)


@dataclass(frozen=True)
class Kernel:
    """Convolve corners and steps with a Gaussian kernel; see `KernelCorner` for the bias.

    Parameters
    ----------
    bandwidth : float, currency, > 0
    """

    bandwidth: float = 1.0

    NAME: ClassVar[str] = "kernel"
    IS_BIASED: ClassVar[bool] = True

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> PathwiseEstimator:
        """Bind the method to a payoff and a model."""
        return PathwiseEstimator(payoff, KernelCorner(self.bandwidth))
