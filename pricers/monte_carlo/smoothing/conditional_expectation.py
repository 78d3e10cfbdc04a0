"""Conditional expectations: one normal direction of a path integrated out in closed form, given all the others.

What is left is smooth in every parameter, unbiased, and has less variance than the payoff itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.monte_carlo.conditioning.directions import (
    choose_direction,
    factor_matrix,
    require_same_side,
    take_out,
)
from pricers.monte_carlo.conditioning.lognormal_sum import Term, call, has_root, put, root
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.payoff import HasClaim, HasConditionalValue, Payoff
from pricers.monte_carlo.simulation import Simulation
from pricers.monte_carlo.triangular import multiply, total


def claim_value(claim: LinearClaim, terms: list[Term]) -> Any:
    """Return the expectation of a claim on U(x) over the direction x."""
    if claim.is_digital:
        x = root(terms, claim.strike)
        return claim.payout * ad.norm_cdf(-x if claim.is_call else x)
    return call(terms, claim.strike) if claim.is_call else put(terms, claim.strike)


@dataclass(frozen=True, eq=False)
class ClaimEstimator:
    """Integrate one direction of the normals out of a claim on weighted prices.

    Parameters
    ----------
    claim : LinearClaim over the dates at which the steps end
    direction : (n_steps, n_assets), unit length
    """

    claim: LinearClaim
    direction: Floats

    def __call__(self, simulation: Simulation) -> Any:
        """Return the present value given the other directions."""
        factor = simulation.factor
        _, rest = take_out(self.direction, simulation)
        levels = rest.log_prices()
        _, deviations = simulation.law(
            levels[-2] if len(levels) > 1 else simulation.dynamics.log_spots(), len(levels) - 1
        )
        moved: list[Any] = [0.0] * len(deviations)
        slopes = []
        for weights, row in zip(self.claim.weights, self.direction, strict=True):
            if row.any():
                steps = multiply(factor, row.tolist())
                moved = [m + s for m, s in zip(moved, steps, strict=True)]
            if not self.claim.geometric:
                require_same_side(weights.tolist(), moved)
            slopes.append([d * m for d, m in zip(deviations, moved, strict=True)])
        cells = [
            (float(w), level, slope)
            for weights, of_levels, of_slopes in zip(self.claim.weights, levels, slopes, strict=True)
            for w, level, slope in zip(weights, of_levels, of_slopes, strict=True)
            if w != 0.0
        ]
        if self.claim.geometric:
            terms = [Term(1.0, total([w * a for w, a, _ in cells]), total([w * b for w, _, b in cells]))]
        else:
            terms = [Term.weighted(*cell) for cell in cells]
        return simulation.discounts()[-1] * claim_value(self.claim, terms)


@dataclass(frozen=True)
class ConditionalExpectation:
    """Integrate one normal direction out of a call, put, digital, barrier option or autocallable.

    Parameters
    ----------
    last_step : bool
        Integrate a direction of the last step alone, as the last-step conditional expectation does; otherwise one of
        the whole path, which takes more of the variance. Barriers and models without exact steps always use the last.

    Notes
    -----
    Barriers and autocallables: every step is drawn given that it survives, and the path carries the probability of
    that, so that the payoff has no step left (Glasserman and Staum 2001). Exact in the discretised model, in first and
    second order.

    References
    ----------
    P. Glasserman (2004), Monte Carlo Methods in Financial Engineering, section 7.2.3.
    P. Glasserman and J. Staum (2001), "Conditioning on one-step survival for barrier option simulations", Operations
    Research 49(6).
    """

    last_step: bool = False

    NAME: ClassVar[str] = "conditional_expectation"
    IS_BIASED: ClassVar[bool] = False

    def estimator(self, payoff: Payoff, dynamics: Dynamics, expiry: float, n_steps: int) -> Any:
        """Bind the method to a payoff and a model; raise where it has no closed form for them."""
        if isinstance(payoff, HasConditionalValue):
            return payoff.conditional_value(dynamics, expiry, n_steps)
        if not isinstance(payoff, HasClaim):
            raise AadValueError(
                f"smoothing='conditional_expectation' knows claims on weighted prices, barriers and autocallables, not "
                f"{type(payoff).__name__}: use 'kernel', 'softplus' or 'likelihood_ratio'"
            )
        claim = payoff.claim(n_steps)
        last = self.last_step or not dynamics.IS_EXACT
        if last and not payoff.AT_EXPIRY:
            instead = (
                "ConditionalExpectation(last_step=False) or 'kernel'"
                if dynamics.IS_EXACT
                else (
                    "'kernel', or no smoothing here and smoothing='kink' in expectation (the model has no exact steps)"
                )
            )
            raise AadValueError(
                f"{type(payoff).__name__}: a conditional expectation over the last step leaves a corner at the earlier "
                f"dates; use {instead}"
            )
        if not claim.geometric and not has_root([float(w) for w in claim.weights.ravel() if w], claim.strike):
            raise AadValueError(
                f"strike = {claim.strike!r}: the option is always in or always out of the money with these weights; "
                "price the forward instead"
            )
        return claim_estimator(claim, dynamics, expiry, first_step=n_steps - 1 if last else 0)


def claim_estimator(
    claim: LinearClaim, dynamics: Dynamics, expiry: float, *, first_step: int
) -> ClaimEstimator:
    """Choose a direction at the model's own numbers and bind it to a claim."""
    n_steps, n_assets = claim.weights.shape
    factor = factor_matrix(dynamics.factor(), n_assets)
    forwards, deviations = forward_prices(dynamics, expiry, n_steps)
    direction = choose_direction(
        claim, forwards=forwards, deviations=deviations, factor=factor, first_step=first_step
    )
    return ClaimEstimator(claim, direction)


def forward_prices(dynamics: Dynamics, expiry: float, n_steps: int) -> tuple[Floats, Floats]:
    """Return prices along the path without shocks, (n_steps, n_assets), and the deviations of a step there."""
    rows = []
    log_prices = dynamics.log_spots()
    for k in range(n_steps):
        log_prices, deviations = dynamics.law(log_prices, expiry * k / n_steps, expiry / n_steps)
        rows.append(values_of(log_prices))
    return np.exp(np.array(rows)), values_of(deviations)
