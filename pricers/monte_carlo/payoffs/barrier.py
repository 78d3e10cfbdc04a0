"""A barrier option, its barrier watched on every date, and its one-step survival.

Given survival every step is drawn on the right side of the barrier, so that the payoff has no step left to smooth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import one_float, require_choice, require_positive, values_of
from pricers.monte_carlo.conditioning.directions import (
    choose_direction,
    factor_matrix,
    require_same_side,
    take_out,
)
from pricers.monte_carlo.conditioning.lognormal_sum import Term, call, call_above, put, put_below, root
from pricers.monte_carlo.conditioning.truncated_normal import drawn_below
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.basket import BasketOption
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import LastStep, Prices
from pricers.monte_carlo.payoffs.weighted_option import WeightedOption, weighted
from pricers.monte_carlo.simulation import Simulation
from pricers.monte_carlo.triangular import multiply

BARRIER_KINDS = ("up-and-out", "down-and-out", "up-and-in", "down-and-in")


@dataclass(frozen=True, kw_only=True)
class BarrierOption(WeightedOption):
    """A call or put on sum_i w_i S_i(T) that dies or comes to life when the sum crosses a barrier on a date.

    Parameters
    ----------
    strike, barrier : float, currency, > 0
    kind : "up-and-out", "down-and-out", "up-and-in" or "down-and-in"
    weights : (n_assets,) floats; one asset by default
    is_call : bool

    Raises
    ------
    AadValueError
        For an unknown kind, a strike or barrier that is not positive, or bad weights.
    """

    barrier: float
    kind: str = "up-and-out"

    AT_EXPIRY: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("strike", self.strike)
        require_positive("barrier", self.barrier)
        one_float("barrier", self.barrier)
        require_choice("kind", self.kind, BARRIER_KINDS)

    @property
    def is_up(self) -> bool:
        """Whether the barrier is crossed from below."""
        return self.kind.startswith("up")

    @property
    def is_out(self) -> bool:
        """Whether crossing ends the option."""
        return self.kind.endswith("out")

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(S - strike), 0) on paths that stayed inside (out) or did not (in)."""
        alive: Any = 1.0
        for row in prices:
            room = self.barrier - weighted(self.weights, row)
            alive = alive * surrogate.step(room if self.is_up else -room)
        paid = surrogate.positive_part(self.signed(weighted(self.weights, prices[-1])))
        return discounts[-1] * (paid * (alive if self.is_out else 1.0 - alive))

    def conditional_value(self, dynamics: Dynamics, expiry: float, n_steps: int) -> BarrierSurvival:
        """Return the option over surviving paths, its last step integrated."""
        return BarrierSurvival.of(self, dynamics, expiry, n_steps)

    def last_step(self, dynamics: Dynamics, expiry: float, n_steps: int) -> tuple[LastStep, LastStep | None]:
        """Return the knock-out, or the option without barrier less the knock-out."""
        survival = BarrierSurvival.of(self, dynamics, expiry, n_steps)
        if self.is_out:
            return LastStep(self, survival), None
        vanilla = BasketOption(strike=self.strike, weights=self.weights, is_call=self.is_call)
        knock_out = replace(self, kind=self.kind.replace("in", "out"))
        return LastStep(vanilla), LastStep(knock_out, survival)


@dataclass(frozen=True, eq=False)
class BarrierSurvival:
    """A barrier option as an expectation over surviving paths times the probability of surviving.

    Parameters
    ----------
    payoff : BarrierOption, positive weights
    direction : (n_assets,) unit vector
        The direction of each step's normals that is drawn afresh, truncated at the barrier; in the last step it is
        integrated out.
    """

    payoff: BarrierOption
    direction: Floats

    @staticmethod
    def of(payoff: BarrierOption, dynamics: Dynamics, expiry: float, n_steps: int) -> BarrierSurvival:
        """Choose the direction at the model's own numbers."""
        weights = np.array(payoff.weights)
        if (weights < 0.0).any():
            raise AadValueError(
                f"weights = {payoff.weights!r}: a conditional expectation of a barrier option needs weights that are "
                "not negative; use smoothing='likelihood_ratio' or 'kernel'"
            )
        log_prices = dynamics.log_spots()
        _, deviations = dynamics.law(log_prices, 0.0, expiry / n_steps)
        claim = LinearClaim(weights[None, :], payoff.barrier)
        direction = choose_direction(
            claim,
            forwards=np.exp(values_of(log_prices))[None, :],
            deviations=values_of(deviations),
            factor=factor_matrix(dynamics.factor(), len(weights)),
        )
        return BarrierSurvival(payoff, direction[0])

    def terms(
        self, simulation: Simulation, log_prices: list[Any], step: int
    ) -> tuple[Any, list[Any], list[Any], list[Term]]:
        """Return the step's normal along the direction, levels and slopes of all assets, and the underlying's terms."""
        means, deviations = simulation.law(log_prices, step)
        one_step = replace(simulation, normals=[simulation.normals[step]])
        share, rest = take_out(self.direction[None, :], one_step)
        levels = [m + d * shock for m, d, shock in zip(means, deviations, rest.normals[0], strict=True)]
        along = multiply(simulation.factor, self.direction.tolist())
        require_same_side(self.payoff.weights, along)
        slopes = [d * b for d, b in zip(deviations, along, strict=True)]
        terms = [
            Term.weighted(w, a, b)
            for w, a, b in zip(self.payoff.weights, levels, slopes, strict=True)
            if w != 0.0
        ]
        return share, levels, slopes, terms

    def surviving(self, simulation: Simulation, until: int) -> tuple[list[Any], Any]:
        """Return log prices after `until` steps drawn given survival, and the probability of it along the way."""
        log_prices = simulation.dynamics.log_spots()
        weight: Any = 1.0
        for step in range(until):
            share, levels, slopes, terms = self.terms(simulation, log_prices, step)
            edge = root(terms, self.payoff.barrier)
            if self.payoff.is_up:
                probability = ad.norm_cdf(edge)
                drawn = drawn_below(share, probability)
            else:
                probability = ad.norm_cdf(-edge)
                drawn = -drawn_below(-share, probability)
            weight = weight * probability
            log_prices = [a + b * drawn for a, b in zip(levels, slopes, strict=True)]
        return log_prices, weight

    def last(self, terms: list[Term]) -> Any:
        """Return the expected payoff of the last step, of paths that survive it."""
        payoff = self.payoff
        strike, barrier = payoff.strike, payoff.barrier
        edge = root(terms, barrier)
        if payoff.is_up and payoff.is_call:
            return call(terms, strike) - call_above(terms, strike, edge) if strike < barrier else 0.0
        if payoff.is_up:
            return put(terms, strike) if strike <= barrier else put_below(terms, strike, edge)
        if payoff.is_call:
            return call(terms, strike) if strike >= barrier else call_above(terms, strike, edge)
        return put(terms, strike) - put_below(terms, strike, edge) if strike > barrier else 0.0

    def vanilla(self, terms: list[Term]) -> Any:
        """Return the expected payoff of the last step without a barrier."""
        return (call if self.payoff.is_call else put)(terms, self.payoff.strike)

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value of one path; knock-in is the same path without barrier less knock-out."""
        last = simulation.n_steps - 1
        discount = simulation.discounts()[-1]
        log_prices, weight = self.surviving(simulation, last)
        *_, terms = self.terms(simulation, log_prices, last)
        out = weight * self.last(terms)
        if self.payoff.is_out:
            return discount * out
        free = simulation.log_prices(last)[-1] if last else simulation.dynamics.log_spots()
        *_, terms = self.terms(simulation, free, last)
        return discount * (self.vanilla(terms) - out)
