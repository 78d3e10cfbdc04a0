"""The payoff as it is, its corners and steps exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.corners import EXACT
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.smoothing.pathwise import PathwiseEstimator


@dataclass(frozen=True)
class Exact:
    """No smoothing: right for prices and for first derivatives of payoffs without steps, not for second ones."""

    NAME: ClassVar[str] = "none"
    IS_BIASED: ClassVar[bool] = False

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> PathwiseEstimator:
        """Bind the method to a payoff and a model."""
        return PathwiseEstimator(payoff, EXACT)
