"""The Bachelier (normal) formula and its closed-form Greeks to third order.

`price` is generic in the number type; `greeks` works on floats and arrays. Forward and strike may be negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.validation import values_of
from pricers.analytic.curve_means import as_time_passes, drift_of_means, mean_rate_until
from pricers.analytic.limit_rows import (
    OnError,
    by_kind,
    fields_by_kind,
    kinds_of_rows,
    limit_of_payoff,
    rows_without_value,
)
from pricers.analytic.market_units import in_units
from pricers.curves.rate_curve import Rate
from pricers.types import Bools


def price(
    *,
    forward: Any,
    strike: Any,
    expiry: Any,
    rate: Any = 0.0,
    volatility: Any,
    is_call: bool | Bools = True,
    on_error: OnError = "raise",
) -> Any:
    """Price a European option on a normally distributed forward.

    V = exp(-r T) s [n(d) + w d N(w d)],   d = (F - K) / s,   s = sigma sqrt(T),   w = 1 (call), -1 (put).

    Parameters
    ----------
    forward, strike : float, currency, any sign
    expiry : float, years, >= 0
    rate : float or RateCurve, per year, continuously compounded; discounts only
    volatility : float, currency per square root of a year, >= 0
    is_call : bool, or array of bool that broadcasts against the other arguments
    on_error : "raise" or "nan"
        What a row gets that holds a negative expiry or volatility, or a NaN or infinite number.

    All but the flags may be floats, arrays that broadcast, or numbers being differentiated.

    Returns
    -------
    price : currency, of the broadcast shape

    Raises
    ------
    AadValueError
        When expiry or volatility is negative, or anything is NaN or infinite, and on_error is "raise".
    AadTypeError
        When `is_call` is neither a bool nor an array of bools.

    Notes
    -----
    Rows with expiry or volatility zero are their limit, the discounted payoff.

    References
    ----------
    L. Bachelier (1900), Theorie de la speculation; W. Schachermayer and J. Teichmann (2008), "How close are the
    option pricing formulas of Bachelier and Black-Merton-Scholes?", Math. Finance 18(1), eq. 1.

    Examples
    --------
    >>> from pricers import bachelier
    >>> round(float(bachelier.price(forward=100.0, strike=100.0, expiry=1.0, volatility=20.0)), 6)
    7.978846
    """
    _require_bool(is_call)
    rate = mean_rate_until("rate", rate, expiry)
    kinds = _kinds(on_error, forward, strike, expiry, rate, volatility)
    market = (forward, strike, expiry, rate, volatility)
    if np.ndim(is_call) == 0:  # one kind of option stays a bool, whose formula has fewer operations
        formulas = partial(_formula, is_call=is_call), partial(_limit_of_price, is_call=is_call)
        return by_kind(kinds, formulas, market)
    return by_kind(kinds, (_formula, _limit_of_price), (*market, is_call))


def _formula(forward: Any, strike: Any, expiry: Any, rate: Any, volatility: Any, is_call: Any) -> Any:
    deviation = volatility * ad.sqrt(expiry)
    distance = (forward - strike) / deviation
    if np.ndim(is_call) == 0:
        if not is_call:
            distance = -distance
    else:
        distance = np.where(is_call, 1.0, -1.0) * distance
    unit = deviation * (ad.norm_pdf(distance) + distance * ad.norm_cdf(distance))
    return unit * ad.exp(-rate * expiry)


def _limit_of_price(forward: Any, strike: Any, expiry: Any, rate: Any, volatility: Any, is_call: Any) -> Any:
    payoff = np.where(is_call, 1.0, -1.0) * (forward - strike) * ad.exp(-rate * expiry)
    return limit_of_payoff(payoff, expiry * volatility)


@dataclass(frozen=True, kw_only=True)
class Greeks:
    """Price and closed-form partial derivatives; t is calendar time, so d/dt = -d/d(expiry).

    The underlying is the forward. Raw units: per unit of forward, of volatility and of rate, per year.
    """

    price: Any  # V
    delta: Any  # dV/dF
    vega: Any  # dV/dsigma
    theta: Any  # dV/dt
    rho: Any  # dV/dr
    dual_delta: Any  # dV/dK
    gamma: Any  # d2V/dF2
    vanna: Any  # d2V/dF dsigma
    volga: Any  # d2V/dsigma2
    charm: Any  # d2V/dF dt
    veta: Any  # d2V/dsigma dt
    dual_gamma: Any  # d2V/dK2
    speed: Any  # d3V/dF3
    zomma: Any  # d3V/dF2 dsigma
    color: Any  # d3V/dF2 dt
    ultima: Any  # d3V/dsigma3


def greeks(
    *,
    forward: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: Rate = 0.0,
    volatility: ArrayLike,
    is_call: bool | Bools = True,
    on_error: OnError = "raise",
    units: str = "raw",
) -> Greeks:
    """Return the price and all closed-form Greeks to third order.

    Parameters
    ----------
    forward, strike, expiry, rate, volatility, is_call, on_error
        As for `price`, floats or arrays that broadcast against each other.
    units : "raw", or "market": per volatility point, basis point of a rate and calendar day, as of `greeks2.greeks`

    Returns
    -------
    greeks : Greeks, each field of the broadcast shape (a float when every argument is a scalar)

    Raises
    ------
    AadValueError, AadTypeError
        As for `price`; also when a number being differentiated is passed: differentiate `price` instead.

    Notes
    -----
    Under a curve the derivatives in calendar time leave it where it stands in the calendar.

    Rows with expiry or volatility zero are the limits: step functions of the forward away from the money; at it what
    the limit in volatility (in expiry where that is zero) gives, infinite for gamma, NaN where both are zero and the
    limit depends on the way there.

    Examples
    --------
    >>> from pricers import bachelier
    >>> bachelier.greeks(forward=100.0, strike=100.0, expiry=1.0, volatility=20.0).delta.item()
    0.5
    """
    _require_bool(is_call)
    mean = mean_rate_until("rate", rate, expiry)
    drift, rate = drift_of_means(rate, mean, expiry), mean
    if any(np.asarray(x).dtype == object for x in (forward, strike, expiry, rate, volatility)):
        raise AadTypeError("greeks takes floats; to differentiate further, differentiate bachelier.price")
    kinds = _kinds(on_error, forward, strike, expiry, rate, volatility)
    market = [values_of(x) for x in (forward, strike, expiry, rate, volatility)]
    columns = [*market, np.where(is_call, 1.0, -1.0)]
    table = fields_by_kind(kinds, (_regular_greeks, _limits_of_greeks), columns)
    if np.any(drift):  # the rate discounts alone: each derivative in it is -T times what it discounts
        t = values_of(expiry)
        for later, now in (("theta", "price"), ("charm", "delta"), ("veta", "vega"), ("color", "gamma")):
            table[later] = as_time_passes(table[later], (-t * table[now], drift))
    return in_units(Greeks(**table), units)


def _regular_greeks(f: Any, k: Any, t: Any, r: Any, vol: Any, w: Any) -> dict[str, Any]:
    """Return every field of `Greeks`; w is 1 for a call, -1 for a put."""
    root = np.sqrt(t)
    deviation = vol * root
    d = (f - k) / deviation
    discount = np.exp(-r * t)
    tail = ad.norm_cdf(w * d)
    density = discount * ad.norm_pdf(d)

    value = deviation * (density + w * d * discount * tail)
    vega = density * root
    gamma = density / deviation
    return dict(
        price=value,
        delta=w * discount * tail,
        vega=vega,
        theta=r * value - 0.5 * density * vol / root,
        rho=-t * value,
        dual_delta=-w * discount * tail,
        gamma=gamma,
        vanna=-density * d / vol,
        volga=vega * d * d / vol,
        charm=w * r * discount * tail + 0.5 * density * d / t,
        veta=vega * (r - 0.5 * (1.0 + d * d) / t),
        dual_gamma=gamma,
        speed=-gamma * d / deviation,
        zomma=gamma * (d * d - 1.0) / vol,
        color=gamma * (r + 0.5 * (1.0 - d * d) / t),
        ultima=vega * d * d * (d * d - 3.0) / vol**2,
    )


def _limits_of_greeks(f: Any, k: Any, t: Any, r: Any, vol: Any, w: Any) -> dict[str, Any]:
    """Return the limit of every field of `Greeks` as the volatility, or at positive volatility the expiry, vanishes."""
    discount, gap, zero, inf = np.exp(-r * t), w * (f - k), np.zeros_like(t), np.full_like(t, np.inf)
    share = np.heaviside(gap, 0.5)
    value = discount * np.maximum(gap, 0.0)
    at_money = gap == 0.0
    vega = discount * np.sqrt(t) / math.sqrt(2.0 * math.pi)

    def density_term(in_volatility: Any, in_expiry: Any) -> Any:
        limit = np.where(t > 0.0, in_volatility, np.where(vol > 0.0, in_expiry, np.nan))
        return np.where(at_money, limit, 0.0)

    with np.errstate(divide="ignore", invalid="ignore"):
        veta = vega * (r - 0.5 / t)
    return dict(
        price=value,
        delta=w * discount * share,
        vega=np.where(at_money, vega, 0.0),
        theta=r * value + density_term(zero, -inf),
        rho=-t * value,
        dual_delta=-w * discount * share,
        gamma=np.where(at_money, inf, 0.0),
        vanna=density_term(zero, zero),
        volga=density_term(zero, zero),
        charm=w * r * discount * share,
        veta=density_term(veta, -inf),
        dual_gamma=np.where(at_money, inf, 0.0),
        speed=zero,
        zomma=np.where(at_money, -inf, 0.0),
        color=density_term(np.where(r * t > -0.5, inf, -inf), inf),
        ultima=density_term(zero, zero),
    )


def _kinds(
    on_error: OnError, forward: Any, strike: Any, expiry: Any, rate: Any, volatility: Any
) -> NDArray[np.int8]:
    finite = {"forward": forward, "strike": strike, "rate": rate}
    without_value = rows_without_value(
        on_error, non_negative={"expiry": expiry, "volatility": volatility}, finite=finite
    )
    return kinds_of_rows(without_value, expiry, volatility)


def _require_bool(is_call: Any) -> None:
    if np.asarray(is_call).dtype != np.bool_:
        raise AadTypeError(f"is_call = {is_call!r}: must be True (call), False (put) or an array of bools")
