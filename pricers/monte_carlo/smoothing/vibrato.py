"""Vibrato: pathwise up to the last step, likelihood ratio on the last step alone, antithetic in its normals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.corners import EXACT
from pricers.monte_carlo.payoffs.payoff import HasLastStep, LastStep, Payoff
from pricers.monte_carlo.simulation import Simulation
from pricers.monte_carlo.smoothing.transition import log_density, score_weight, stopped


@dataclass(frozen=True, eq=False)
class VibratoEstimator:
    """E[f | one step before the end] by two opposite draws, less its value at the middle.

    f(S-) is subtracted and added with weight one, which changes no expectation: that of every score is zero.
    """

    part: LastStep

    def paid(self, log_prices: list[Any], discount: Any) -> Any:
        """Return the present value of what the last prices pay, of a path that lived until there."""
        return self.part.payoff.value([[ad.exp(x) for x in log_prices]], [discount], EXACT)

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path."""
        last = simulation.n_steps - 1
        discount = simulation.discounts()[-1]
        survived: Any = 1.0
        if self.part.survival is not None:
            before, survived = self.part.survival.surviving(simulation, last)
        elif last:
            before = simulation.log_prices(last)[-1]
        else:
            before = simulation.dynamics.log_spots()
        means, deviations = simulation.law(before, last)
        shocks = simulation.shocks(last)
        middle = self.paid(stopped(means), discount)
        present = middle
        for sign in (1.0, -1.0):
            moves = zip(means, deviations, shocks, strict=True)
            side = stopped([m + sign * s * shock for m, s, shock in moves])
            weight = score_weight(log_density(side, means, deviations, simulation.factor))
            present = present + 0.5 * ((self.paid(side, discount) - middle) * weight)
        return survived * present


@dataclass(frozen=True, eq=False)
class DifferenceEstimator:
    """A first part less a second, both by vibrato: a knock-in is the option without barrier less the knock-out."""

    first: VibratoEstimator
    second: VibratoEstimator

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path."""
        return self.first(simulation) - self.second(simulation)


@dataclass(frozen=True)
class Vibrato:
    """Differentiate the density of the last step: claims at expiry, and barriers by one-step survival until then.

    References
    ----------
    M. Giles (2009), "Vibrato Monte Carlo sensitivities", in Monte Carlo and Quasi-Monte Carlo Methods 2008, sections 3
    and 4.
    """

    NAME: ClassVar[str] = "vibrato"
    IS_BIASED: ClassVar[bool] = False

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> Any:
        """Bind the method to a payoff; raise where the payoff depends on earlier prices with a corner."""
        if isinstance(payoff, HasLastStep):
            first, second = payoff.last_step(dynamics, expiry, n_steps)
            estimator = VibratoEstimator(first)
            return estimator if second is None else DifferenceEstimator(estimator, VibratoEstimator(second))
        if not payoff.AT_EXPIRY:
            others = "'kernel' or 'conditional_expectation'" if dynamics.IS_EXACT else "or 'kernel'"
            raise AadValueError(
                f"smoothing='vibrato' smooths the last step alone: {type(payoff).__name__} has corners before it; use "
                f"'likelihood_ratio', {others}"
            )
        return VibratoEstimator(LastStep(payoff))
