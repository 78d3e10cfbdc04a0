"""Localized likelihood ratios: pathwise for a payoff without jumps, likelihood ratios for what it leaves out.

    payoff(S) = smooth(S) + [payoff(S) - smooth(S)]

The smooth part, corners and steps convolved with a kernel, is differentiated path by path; the bracket, which is zero
far from every corner and step, by its density. The sum is the payoff itself and its derivatives have no bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.validation import require_positive
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.corners import EXACT
from pricers.monte_carlo.payoffs.payoff import Payoff, Prices
from pricers.monte_carlo.simulation import Simulation
from pricers.monte_carlo.smoothing.kernel import KernelCorner
from pricers.monte_carlo.smoothing.likelihood_ratio import seen_dates
from pricers.monte_carlo.smoothing.transition import log_density, score_weight, stopped
from pricers.monte_carlo.triangular import total


@dataclass(frozen=True)
class LocalizedLikelihoodRatioEstimator:
    """The smooth payoff of the path, and the rest of the payoff on stopped prices times the path's score weight."""

    payoff: Payoff
    surrogate: KernelCorner

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path."""
        simulation = seen_dates(self.payoff, simulation)
        discounts = simulation.discounts()
        moving = before = simulation.dynamics.log_spots()
        logarithms = []
        smooth: Prices = []
        rows: Prices = []
        for step in range(simulation.n_steps):
            shocks = simulation.shocks(step)
            moving = _ends(*simulation.law(moving, step), shocks)
            means, deviations = simulation.law(before, step)
            before = stopped(_ends(means, deviations, shocks))
            logarithms.append(log_density(before, means, deviations, simulation.factor))
            smooth.append([ad.exp(x) for x in moving])
            rows.append([ad.exp(x) for x in before])
        present = self.payoff.value(smooth, discounts, self.surrogate)
        jump = self.payoff.value(rows, discounts, EXACT) - self.payoff.value(rows, discounts, self.surrogate)
        return present + jump * score_weight(total(logarithms))


def _ends(means: list[Any], deviations: list[Any], shocks: list[Any]) -> list[Any]:
    return [m + s * shock for m, s, shock in zip(means, deviations, shocks, strict=True)]


@dataclass(frozen=True)
class LocalizedLikelihoodRatio:
    """Differentiate a smoothed payoff path by path, and what smoothing left out by likelihood ratios: unbiased.

    Parameters
    ----------
    bandwidth : float, currency, > 0
        Standard deviation of the kernel. A narrow one has the variance of a spike in the pathwise part, a wide one that
        of the score; about half the deviation of the prices at the step is near the best.

    References
    ----------
    P. Glasserman (2004), Monte Carlo Methods in Financial Engineering, section 7.3.3; E. Fournie, J.-M. Lasry, J.
    Lebuchoux, P.-L. Lions and N. Touzi (1999), "Applications of Malliavin calculus to Monte Carlo methods in finance",
    Finance and Stochastics 3, section 4.
    """

    bandwidth: float = 10.0

    NAME: ClassVar[str] = "localized_likelihood_ratio"
    IS_BIASED: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_positive("bandwidth", self.bandwidth)

    def estimator(
        self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int
    ) -> LocalizedLikelihoodRatioEstimator:
        """Bind the method to a payoff."""
        return LocalizedLikelihoodRatioEstimator(payoff, KernelCorner(self.bandwidth))
