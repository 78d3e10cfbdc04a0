"""Smoothings: the contract of a way to differentiate payoffs with corners and steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.simulation import Simulation


class Smoothing(Protocol):
    """A way to differentiate payoffs with corners and steps."""

    NAME: ClassVar[str]
    IS_BIASED: ClassVar[bool]

    def estimator(
        self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int
    ) -> Callable[[Simulation], Any]:
        """Return the present value of one path as a function of its simulation.

        It is bound to the payoff and the model at the model's own numbers; raises where it has no formula for them.
        """
