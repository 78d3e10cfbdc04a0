"""The pathwise estimator: simulate, exponentiate, pay, with the corners of a surrogate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aadlib as ad
from pricers.monte_carlo.payoffs.corners import Surrogate
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.simulation import Simulation


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
