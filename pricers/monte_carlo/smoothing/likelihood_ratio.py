"""Likelihood ratios: the density of reaching the prices is differentiated, the prices are passive.

    payoff(stop(S)) * p(stop(S); parameters) / stop(p)

is the payoff itself in value; its first and second derivatives are payoff times p'/p and p''/p, the score weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.corners import EXACT
from pricers.monte_carlo.payoffs.payoff import Payoff
from pricers.monte_carlo.simulation import Simulation
from pricers.monte_carlo.smoothing.transition import log_density, score_weight, stopped
from pricers.monte_carlo.triangular import total


def seen_dates(payoff: Payoff, simulation: Simulation) -> Simulation:
    """Return the simulation over the dates the payoff looks at: one exact step where only the last prices count."""
    return simulation.merged() if payoff.AT_EXPIRY and simulation.dynamics.IS_EXACT else simulation


@dataclass(frozen=True)
class LikelihoodRatioEstimator:
    """The payoff on stopped prices times the density of the whole path over its stopped self."""

    payoff: Payoff

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path."""
        simulation = seen_dates(self.payoff, simulation)
        log_prices = simulation.dynamics.log_spots()
        prices, logarithms = [], []
        for step in range(simulation.n_steps):
            means, deviations = simulation.law(log_prices, step)
            moves = zip(means, deviations, simulation.shocks(step), strict=True)
            log_prices = stopped([m + s * shock for m, s, shock in moves])
            logarithms.append(log_density(log_prices, means, deviations, simulation.factor))
            prices.append([ad.exp(x) for x in log_prices])
        paid = self.payoff.value(prices, simulation.discounts(), EXACT)
        return paid * score_weight(total(logarithms))


@dataclass(frozen=True)
class LikelihoodRatio:
    """Differentiate the density in place of the payoff: any payoff, unbiased, with a large variance over short steps.

    The first and second derivatives' standard errors grow like 1 / sqrt(h) and 1 / h where the first date h is near.

    References
    ----------
    M. Broadie and P. Glasserman (1996), "Estimating security price derivatives using simulation", Management Science
    42(2); P. Glasserman (2004), Monte Carlo Methods in Financial Engineering, section 7.3.
    """

    NAME: ClassVar[str] = "likelihood_ratio"
    IS_BIASED: ClassVar[bool] = False

    def estimator(
        self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int
    ) -> LikelihoodRatioEstimator:
        """Bind the method to a payoff."""
        return LikelihoodRatioEstimator(payoff)
