"""One-step survival of an autocallable: steps drawn given that the note is not called, its redemption integrated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.monte_carlo.conditioning.truncated_normal import drawn_below
from pricers.monte_carlo.payoffs.autocallable import Autocallable
from pricers.monte_carlo.simulation import Dynamics, Simulation


@dataclass(frozen=True, eq=False)
class AutocallSurvival:
    """An autocallable on one asset as the sum over dates of probability times redemption.

    References
    ----------
    T. Alm, B. Harrach, D. Harrach and M. Keller (2013), "A Monte Carlo pricing algorithm for autocallables that allows
    for stable differentiation", J. Computational Finance 17(1).
    """

    payoff: Autocallable

    @staticmethod
    def of(payoff: Autocallable, dynamics: Dynamics) -> AutocallSurvival:
        """Bind the method to a note; raise for several assets, whose worst one has corners of its own."""
        if dynamics.n_assets != 1:
            raise AadValueError(
                f"smoothing='conditional_expectation' takes autocallables on one asset, not on {dynamics.n_assets}: "
                "use 'kernel', 'softplus' or 'likelihood_ratio'"
            )
        return AutocallSurvival(payoff)

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path."""
        note = self.payoff
        (reference,) = note.references
        called_above = math.log(note.call_level * reference)
        safe_above = math.log(note.protection * reference)
        log_prices = simulation.dynamics.log_spots()
        alive: Any = 1.0
        present: Any = 0.0
        last = simulation.n_steps - 1
        discounts = simulation.discounts()
        for step, discount in enumerate(discounts):
            (mean,), (deviation,) = simulation.law(log_prices, step)
            edge = (called_above - mean) / deviation
            redeemed = note.notional * (1.0 + note.coupon * (step + 1))
            present = present + (discount * redeemed) * (alive * ad.norm_cdf(-edge))
            if step < last:
                survives = ad.norm_cdf(edge)
                (shock,) = simulation.shocks(step)
                log_prices = [mean + deviation * drawn_below(shock, survives)]
                alive = alive * survives
        floor = (safe_above - mean) / deviation
        protected = note.notional * (ad.norm_cdf(edge) - ad.norm_cdf(floor))
        forward = ad.exp(mean + 0.5 * (deviation * deviation)) * (note.notional / reference)
        return present + discounts[-1] * (alive * (protected + forward * ad.norm_cdf(floor - deviation)))
