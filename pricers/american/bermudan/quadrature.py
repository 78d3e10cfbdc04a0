"""The Bermudan price to some twelve digits, by Gauss-Legendre quadrature from date to date.

The premium of early exercise over the European value is carried backwards. It is smooth on either side of the exercise
boundary, which is found exactly at every date: below it the premium is known in closed form, beyond it at the nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.result import AmericanGreeks
from pricers.american.bermudan.value_differences import differenced
from pricers.curves.rate_curve import Rate, is_curve

NODES = np.polynomial.legendre.leggauss(16)
PANEL = 2.5
"""Deviations of one date's move that a panel of 16 nodes spans."""
REACH = 9.0
"""Deviations of the spot at expiry beyond the boundary from where the premium counts as zero."""
NEAR = 9.0
"""Deviations of one date's move beyond which nothing is reached."""
RELATIVE_STEP, RATE_STEP = 7e-4, 1e-4
DEVIATIONS = 0.01
"""Most that the spot is moved by, in deviations of the log spot at expiry: short options bend within a narrow range."""
MOST_STEPS = 200


def quadrature_greeks(
    *,
    spot: float,
    strike: float,
    expiry: float,
    volatility: float,
    rate: Rate = 0.0,
    dividend_yield: Rate = 0.0,
    is_call: bool = False,
    n_dates: int = 50,
) -> AmericanGreeks:
    """Price a Bermudan call or put by quadrature, with derivatives by differences of the price.

    Parameters
    ----------
    spot, strike, expiry, volatility, rate, dividend_yield, is_call, n_dates
        As for `least_squares_price`.

    Returns
    -------
    AmericanGreeks

    Raises
    ------
    AadValueError
        Where exercise pays between two boundaries (a put with dividend_yield < rate < 0, a call with rate <
        dividend_yield < 0) or under curves at some dates alone, and for what `BermudanOption` refuses.

    Notes
    -----
    The price is good to about 1e-12 of the strike, derivatives to some 1e-6 of their scale (steps of 0.07%, those of
    the spot shorter for short options). With 19 prices for the derivatives some seconds for 50 dates, and minutes for
    hundreds of them.

    Examples
    --------
    >>> put = quadrature_greeks(spot=100.0, strike=100.0, expiry=1.0, volatility=0.2, rate=0.03, n_dates=4)
    >>> round(put.price, 6), round(put.gamma, 5)
    (6.658234, 0.02133)
    """
    option = BermudanOption(
        spot=spot, strike=strike, expiry=expiry, volatility=volatility, rate=rate, dividend_yield=dividend_yield,
        is_call=is_call, n_dates=n_dates,
    )  # fmt: skip
    price, gradient, hessian = differenced(
        quadrature_values,
        option,
        spot_step=min(RELATIVE_STEP, DEVIATIONS * option.volatility * math.sqrt(option.expiry)),
        volatility_step=RELATIVE_STEP,
        rate_step=RATE_STEP,
    )
    return AmericanGreeks(price=price, gradient=gradient, hessian=hessian, exercise="quadrature")


@dataclass(frozen=True)
class _Later:
    """What is known of a date: the boundary, nodes and weights beyond it, and the premium there."""

    boundary: float
    nodes: Floats
    weights: Floats
    premium: Floats


def quadrature_values(option: BermudanOption, spots: Floats) -> Floats:
    """Return the prices at several spots, (n_spots,), from one backward recursion."""
    for date in range(option.n_dates):
        rate, dividend_yield = accumulated_between(option, date, date + 1)
        earned, paid = (dividend_yield, rate) if option.is_call else (rate, dividend_yield)
        if paid < earned < 0.0 or (
            (is_curve(option.rate) or is_curve(option.dividend_yield)) and earned < 0.0
        ):
            raise AadValueError(
                f"rate = {option.rate!r} with dividend_yield = {option.dividend_yield!r}: exercise pays between two "
                "boundaries, or at some dates alone, and the quadrature follows one throughout; use american_greeks or "
                "finite_difference_greeks"
            )
    later: _Later | None = None
    guess = math.log(option.strike)
    for date in range(option.n_dates - 1, 0, -1):
        boundary = _boundary(option, later, date, guess)
        if boundary is None:
            if later is None:
                continue
            raise AadValueError(
                f"n_dates = {option.n_dates}: the exercise boundary left the reach of the quadrature; use "
                "finite_difference_greeks"
            )
        guess = boundary
        nodes, weights = _beyond(option, boundary)
        later = _Later(boundary, nodes, weights, _premium(option, later, date, nodes))
    logs = np.log(np.asarray(spots, dtype=np.float64))
    return european_values(option, logs, 0) + _premium(option, later, 0, logs)


def accumulated_between(option: BermudanOption, first: int, last: int) -> tuple[float, float]:
    """Return what rate and dividend yield add up to between two dates, 0 being today."""
    step = option.expiry / option.n_dates
    sums = option.growth_between(step * first, step * last)
    return float(sums[0]), float(sums[1])


def european_values(option: BermudanOption, logs: Floats, date: int) -> Floats:
    """Return European values at log spots on a date, 0 being today."""
    sign = option.sign
    rates, yields = accumulated_between(option, date, option.n_dates)
    v = option.volatility * math.sqrt(option.expiry * (1.0 - date / option.n_dates))
    d1 = (logs - math.log(option.strike) + (rates - yields)) / v + 0.5 * v
    asset = np.exp(logs - yields) * ndtr(sign * d1)
    return sign * (asset - option.strike * math.exp(-rates) * ndtr(sign * (d1 - v)))


def _panels(low: float, high: float, width: float) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre nodes and weights on panels of about `width` between two ends."""
    edges = np.linspace(low, high, max(1, math.ceil((high - low) / width)) + 1)
    half = 0.5 * np.diff(edges)[:, None]
    middle = 0.5 * (edges[:-1] + edges[1:])[:, None]
    return (middle + half * NODES[0]).ravel(), (half * NODES[1]).ravel()


def _move(option: BermudanOption, date: int) -> tuple[float, float, float]:
    """Return mean and deviation of the log spot's move to the date after, and the discount factor."""
    rates, yields = accumulated_between(option, date, date + 1)
    variance = option.volatility**2 * option.expiry / option.n_dates
    return rates - yields - 0.5 * variance, math.sqrt(variance), math.exp(-rates)


def _beyond(option: BermudanOption, boundary: float) -> tuple[Floats, Floats]:
    """Return nodes and weights on the side of the boundary where the option is held."""
    reach = REACH * option.volatility * math.sqrt(option.expiry)
    low, high = (boundary - reach, boundary) if option.is_call else (boundary, boundary + reach)
    return _panels(low, high, PANEL * _move(option, 0)[1])


def _premium(option: BermudanOption, later: _Later | None, date: int, logs: Floats) -> Floats:
    """Return the premium of holding on at log spots on a date."""
    if later is None:
        return np.zeros_like(logs)
    mean, deviation, discount = _move(option, date)
    sign = option.sign

    def density(nodes: Floats) -> Floats:
        z = (nodes[None, :] - logs[:, None] - mean) / deviation
        return np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * deviation)

    held = density(later.nodes) @ (later.weights * later.premium)
    # Exercised at the next date: what it pays in closed form, less the European value it gives up.
    d = sign * (logs + mean - later.boundary) / deviation
    paid = sign * (
        np.exp(logs + mean + 0.5 * deviation**2) * ndtr(d + sign * deviation) - option.strike * ndtr(d)
    )
    near = NEAR * deviation
    if option.is_call:
        low, high = later.boundary, max(later.boundary, float(logs.max()) + mean) + near
    else:
        low, high = min(later.boundary, float(logs.min()) + mean) - near, later.boundary
    nodes, weights = _panels(low, high, PANEL * deviation)
    given_up = density(nodes) @ (weights * european_values(option, nodes, date + 1))
    return discount * (held + paid - given_up)


def _boundary(option: BermudanOption, later: _Later | None, date: int, guess: float) -> float | None:
    """Return the log spot where holding and exercise are worth the same, or None where exercise never pays."""
    # scipy.optimize takes long to import: only here, where it is used.
    from scipy.optimize import brentq

    sign, strike = option.sign, math.log(option.strike)

    def excess(log: float) -> float:
        at = np.array([log])
        held = european_values(option, at, date) + _premium(option, later, date, at)
        return float(held[0]) - sign * (math.exp(log) - option.strike)

    pace = sign * _move(option, date)[1]
    inside = guess - 0.01 * pace if later is not None else strike
    if sign * (inside - strike) < 0.0:
        inside = strike
    while (
        excess(inside) < 0.0 and sign * (inside - strike) > 0.0
    ):  # under curves the boundary moves either way
        inside = max(inside - pace, strike) if option.is_call else min(inside - pace, strike)
    for _ in range(MOST_STEPS):
        outside = inside + pace
        if excess(outside) < 0.0:
            return float(brentq(excess, inside, outside, xtol=1e-15, rtol=1e-14))
        inside = outside
    return None
