"""Corners of the payoff rounded by softplus, steps by the logistic function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.validation import require_positive
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.smoothing.pathwise import PathwiseEstimator


@dataclass(frozen=True)
class SoftplusCorner:
    """log(1 + exp(a x)) / a and its derivative, the logistic function.

    Mollified by the logistic density of scale 1 / a, whose variance is pi^2 / (3 a^2): prices move by
    pi^2 / (6 a^2) times the discounted density at the corner, to leading order.
    """

    sharpness: float

    def __post_init__(self) -> None:
        require_positive("sharpness", self.sharpness)

    def positive_part(self, x: Any) -> Any:
        """Return softplus(x)."""
        return ad.softplus(x, self.sharpness)

    def step(self, x: Any) -> Any:
        """Return the logistic function of a x."""
        return ad.sigmoid(self.sharpness * x)


@dataclass(frozen=True)
class Softplus:
    """Round corners by softplus and steps by the logistic function; see `SoftplusCorner` for the bias.

    Parameters
    ----------
    sharpness : float, per unit of currency, > 0
    """

    sharpness: float = 30.0

    NAME: ClassVar[str] = "softplus"
    IS_BIASED: ClassVar[bool] = True

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> PathwiseEstimator:
        """Bind the method to a payoff and a model."""
        return PathwiseEstimator(payoff, SoftplusCorner(self.sharpness))
