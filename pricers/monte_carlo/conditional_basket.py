"""A weighted sum of lognormals along one normal direction: where it meets a strike, and what a claim on it is worth.

Along the direction x, standard normal given everything else,

    U(x) = sum over terms of  weight * exp(level + slope * x),   weight * slope > 0 for every term,

so U increases and meets the strike once. Levels and slopes may be numbers being differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from pricers.monte_carlo.triangular import total

BRACKET = 40.0
"""Beyond this many standard deviations the normal distribution is 0 or 1 in doubles."""

ROOM = 1e-6

SAFE_STEPS = 10
"""Newton steps (bisections where they leave the bracket) to the root's value; without derivatives, they cost little."""


@dataclass(frozen=True)
class Term:
    """weight * exp(level + slope * x)."""

    weight: float
    level: Any
    slope: Any

    def at(self, x: Any) -> Any:
        """Return the size of the term, without the sign of its weight."""
        return abs(self.weight) * ad.exp(self.level + self.slope * x)

    def stopped(self) -> Term:
        """Return the term without its derivatives."""
        return Term(self.weight, ad.stop_gradient(self.level), ad.stop_gradient(self.slope))


def _gap(terms: list[Term], strike: float, x: Any) -> tuple[Any, Any]:
    """Return ln(rising side) - ln(falling side) of U(x) = strike, and its slope: nearly linear in x."""
    rising = [(term.at(x), term.slope) for term in terms if term.weight > 0.0]
    falling = [(term.at(x), term.slope) for term in terms if term.weight < 0.0]
    above = total([size for size, _ in rising] + ([-strike] if strike < 0.0 else []))
    below = total([size for size, _ in falling] + ([strike] if strike > 0.0 else []))
    slope: Any = 0.0
    if rising:
        slope = total([size * b for size, b in rising]) / above
    if falling:
        slope = slope - total([size * b for size, b in falling]) / below
    return ad.log(above) - ad.log(below), slope


def has_root(terms: list[Term] | list[float], strike: float) -> bool:
    """Say whether both sides of U(x) = strike have something on them."""
    weights = [term.weight if isinstance(term, Term) else term for term in terms]
    return (max(weights) > 0.0 or strike < 0.0) and (min(weights) < 0.0 or strike > 0.0)


def root(terms: list[Term], strike: float) -> Any:
    """Return x with U(x) = strike, with exact first and second derivatives.

    Notes
    -----
    One term: a logarithm. More: Newton's method on the logarithms of the two sides, kept in a bracket, on stopped
    numbers; then two Newton steps that are differentiated. Each doubles the number of derivatives that are right, from
    none to the first to the first two (and all up to the third).
    """
    if len(terms) == 1 and terms[0].weight > 0.0:
        term = terms[0]
        return (float(np.log(strike / term.weight)) - term.level) / term.slope
    stopped = [term.stopped() for term in terms]
    low: Any = -BRACKET
    high: Any = BRACKET
    x: Any = 0.0
    for _ in range(SAFE_STEPS):
        gap, slope = _gap(stopped, strike, x)
        low = ad.where(gap < 0.0, x, low)
        high = ad.where(gap < 0.0, high, x)
        newton = x - gap / slope
        # A little room at the ends: at the root itself, round-off must not look like leaving the bracket.
        x = ad.where((newton > low - ROOM) & (newton < high + ROOM), newton, 0.5 * (low + high))
    for _ in range(2):
        gap, slope = _gap(terms, strike, x)
        x = x - gap / slope
    return x


def call_above(terms: list[Term], strike: float, x: Any) -> Any:
    """Return E[(U - strike) 1{X > x}]."""
    return total(
        [
            term.weight * ad.exp(term.level + 0.5 * term.slope * term.slope) * ad.norm_cdf(term.slope - x)
            for term in terms
        ]
    ) - strike * ad.norm_cdf(-x)


def put_below(terms: list[Term], strike: float, x: Any) -> Any:
    """Return E[(strike - U) 1{X < x}]."""
    return strike * ad.norm_cdf(x) - total(
        [
            term.weight * ad.exp(term.level + 0.5 * term.slope * term.slope) * ad.norm_cdf(x - term.slope)
            for term in terms
        ]
    )
