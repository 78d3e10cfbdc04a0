"""A weighted sum of lognormals along one normal direction: where it equals a strike, and what a claim on it is worth.

Along the direction x, standard normal given everything else,

    U(x) = sum over terms of  sign * exp(level + slope * x),   sign * slope > 0 for every term,

so U increases and equals the strike once. Levels and slopes may be numbers being differentiated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import aadlib as ad
from pricers.monte_carlo.triangular import total

BRACKET = 40.0
"""Beyond this many standard deviations the normal distribution is 0 or 1 in doubles."""

ROOM = 1e-6

SAFE_STEPS = 10
"""Newton steps (bisections where they leave the bracket) to the root's value; without derivatives, they cost little."""


@dataclass(frozen=True)
class Term:
    """sign * exp(level + slope * x)."""

    sign: float
    level: Any
    slope: Any

    @staticmethod
    def weighted(weight: float, level: Any, slope: Any) -> Term:
        """Return weight * exp(level + slope * x)."""
        return Term(
            math.copysign(1.0, weight), level + math.log(abs(weight)) if abs(weight) != 1.0 else level, slope
        )

    def stopped(self) -> Term:
        """Return the term without its derivatives."""
        return Term(self.sign, ad.stop_gradient(self.level), ad.stop_gradient(self.slope))


def _side(terms: list[Term], sign: float, strike: float, x: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """Return one side of U(x) = strike, and its terms' sizes with their slopes."""
    sized = [(ad.exp(term.level + term.slope * x), term.slope) for term in terms if term.sign == sign]
    constant = [-sign * strike] if sign * strike < 0.0 else []
    return total([size for size, _ in sized] + constant), sized


def _gap(terms: list[Term], strike: float, x: Any) -> tuple[Any, Any, Any]:
    """Return ln(rising side) - ln(falling side) of U(x) = strike with its first two derivatives: nearly linear in x."""
    gap: Any = 0.0
    slope: Any = 0.0
    bend: Any = 0.0
    for sign in (1.0, -1.0):
        side, sized = _side(terms, sign, strike, x)
        gap = gap + sign * ad.log(side)
        if sized:
            moments = [size * b for size, b in sized]
            first = total(moments) / side
            second = total([moment * b for moment, (_, b) in zip(moments, sized, strict=True)]) / side
            slope = slope + sign * first
            bend = bend + sign * (second - first * first)
    return gap, slope, bend


def has_root(weights: list[float], strike: float) -> bool:
    """Say whether both sides of U(x) = strike have something on them."""
    return (max(weights) > 0.0 or strike < 0.0) and (min(weights) < 0.0 or strike > 0.0)


def _log_root(term: Term, strike: float) -> Any:
    return (math.log(strike) - term.level) / term.slope


def stopped_root(terms: list[Term], strike: float) -> Any:
    """Return x with U(x) = strike, without derivatives.

    One term: a logarithm. More: Newton's method on the logarithms of the two sides, kept in a bracket.
    """
    stopped = [term.stopped() for term in terms]
    if len(stopped) == 1 and stopped[0].sign > 0.0:
        return _log_root(stopped[0], strike)
    low: Any = -BRACKET
    high: Any = BRACKET
    x: Any = 0.0
    for _ in range(SAFE_STEPS):
        gap, slope, _ = _gap(stopped, strike, x)
        low = ad.where(gap < 0.0, x, low)
        high = ad.where(gap < 0.0, high, x)
        newton = x - gap / slope
        # A little room at the ends: at the root itself, round-off must not look like leaving the bracket.
        x = ad.where((newton > low - ROOM) & (newton < high + ROOM), newton, 0.5 * (low + high))
    return x


def root(terms: list[Term], strike: float) -> Any:
    """Return x with U(x) = strike, with exact first and second derivatives.

    Notes
    -----
    At the stopped root y the gap g between the logarithms of the sides is zero in value but not in its derivatives, and

        x = y - g / g' - g'' g^2 / (2 g'^3)

    is the inverse function's series, right up to second order in the parameters (two Newton steps on the tape give the
    same with twice the exponentials).
    """
    if len(terms) == 1 and terms[0].sign > 0.0:
        return _log_root(terms[0], strike)
    here = stopped_root(terms, strike)
    gap, slope, bend = _gap(terms, strike, here)
    step = gap / slope
    return here - step - (0.5 * ad.stop_gradient(bend / slope)) * (step * step)


def _corner(terms: list[Term], strike: float, here: Any) -> Any:
    """Return what moving the edge of the integral from the stopped root to the root adds, right to second order.

    The integrand is zero at the root, so the edge adds phi(y) (U(y) - strike)^2 / (2 U'(y)): nothing to the value and
    the gradient, one square to the Hessian, and the terms' own curvatures stay apart from each other.
    """
    sizes = [term.sign * ad.exp(term.level + term.slope * here) for term in terms]
    slope = total([ad.stop_gradient(size * term.slope) for size, term in zip(sizes, terms, strict=True)])
    gap = total(sizes) - strike
    return (0.5 * ad.norm_pdf(here) / slope) * (gap * gap)


def call(terms: list[Term], strike: float) -> Any:
    """Return E[max(U - strike, 0)], its first two derivatives exact."""
    here = stopped_root(terms, strike)
    return call_above(terms, strike, here) + _corner(terms, strike, here)


def put(terms: list[Term], strike: float) -> Any:
    """Return E[max(strike - U, 0)], its first two derivatives exact."""
    here = stopped_root(terms, strike)
    return put_below(terms, strike, here) + _corner(terms, strike, here)


def call_above(terms: list[Term], strike: float, x: Any) -> Any:
    """Return E[(U - strike) 1{X > x}]."""
    return total(
        [
            term.sign * ad.exp(term.level + 0.5 * term.slope * term.slope) * ad.norm_cdf(term.slope - x)
            for term in terms
        ]
    ) - strike * ad.norm_cdf(-x)


def put_below(terms: list[Term], strike: float, x: Any) -> Any:
    """Return E[(strike - U) 1{X < x}]."""
    return strike * ad.norm_cdf(x) - total(
        [
            term.sign * ad.exp(term.level + 0.5 * term.slope * term.slope) * ad.norm_cdf(x - term.slope)
            for term in terms
        ]
    )
