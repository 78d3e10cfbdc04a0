"""An autocallable note and its one-step survival: steps drawn given that it is not called, redemptions integrated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.validation import one_float, require_finite, require_positive
from pricers.monte_carlo.conditioning.truncated_normal import drawn_below
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate, minimum
from pricers.monte_carlo.payoffs.payoff import Prices, check_weights, require_length
from pricers.monte_carlo.simulation import Simulation


@dataclass(frozen=True, kw_only=True)
class Autocallable:
    """Redeemed early, with coupons for the time passed, on the first date the worst performance reaches a level.

    On date k the note pays notional (1 + k coupon) and ends when the worst S_i / reference_i is at or above
    `call_level`. If it never is, the holder gets the notional where the worst performance at expiry is at or above
    `protection`, and notional times the worst performance otherwise.

    Parameters
    ----------
    references : (n_assets,) floats, currency, > 0
    call_level, protection : float, > 0, protection not above call_level; 1.0 is the reference
    coupon : float, per date, >= 0
    notional : float, currency, > 0; softened steps measure notional times performance, so their width is in currency
    """

    references: Any
    coupon: float
    call_level: float = 1.0
    protection: float = 0.7
    notional: float = 100.0

    AT_EXPIRY: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "references", check_weights("references", self.references))
        for name in ("coupon", "call_level", "protection", "notional"):
            one_float(name, getattr(self, name))
        require_finite("coupon", self.coupon)
        for name in ("references", "call_level", "protection", "notional"):
            require_positive(name, getattr(self, name))
        if self.protection > self.call_level:
            raise AadValueError(
                f"protection = {self.protection!r}: must not be above call_level = {self.call_level!r}"
            )

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there is one reference per asset."""
        require_length("references", self.references, n_assets)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return the present value of the redemption."""
        alive: Any = 1.0
        present: Any = 0.0
        worst: Any = 0.0
        for k, (row, discount) in enumerate(zip(prices, discounts, strict=True)):
            scaled = [
                price * (self.notional / reference)
                for price, reference in zip(row, self.references, strict=True)
            ]
            worst = minimum(surrogate, scaled)
            called = alive * surrogate.step(worst - self.call_level * self.notional)
            present = present + discount * (self.notional * (1.0 + self.coupon * (k + 1)) * called)
            alive = alive - called
        safe = surrogate.step(worst - self.protection * self.notional)
        return present + discounts[-1] * (alive * (worst + safe * (self.notional - worst)))

    def conditional_value(self, dynamics: Dynamics, expiry: float, n_steps: int) -> AutocallSurvival:
        """Return the note over paths on which it is not called, its redemptions integrated."""
        return AutocallSurvival.of(self, dynamics)


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
