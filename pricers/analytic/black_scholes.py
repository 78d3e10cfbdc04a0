"""The Black-Scholes-Merton formula and its closed-form Greeks to third order.

This is the oracle the other engines are measured against. `price` is generic in the number type;
`greeks` works on floats and arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.validation import values_of
from pricers.analytic.black_scholes_limits import limits_of_greeks
from pricers.analytic.curve_means import (
    as_time_passes,
    drift_of_means,
    drift_of_volatility,
    mean_rate_until,
    mean_volatility_until,
)
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
    spot: Any,
    strike: Any,
    expiry: Any,
    rate: Any,
    dividend_yield: Any = 0.0,
    volatility: Any,
    is_call: bool | Bools = True,
    on_error: OnError = "raise",
) -> Any:
    """Price a European option on a log-normal spot.

    call = S exp(-q T) N(d1) - K exp(-r T) N(d2),   put = K exp(-r T) N(-d2) - S exp(-q T) N(-d1),
    d1 = [ln(S / K) + (r - q) T] / s + s / 2,   d2 = d1 - s,   s = sigma sqrt(T).

    Parameters
    ----------
    spot, strike : float, currency, >= 0
    expiry : float, years, >= 0
    rate, dividend_yield : float or RateCurve, per year, continuously compounded
        Of a curve the mean up to each expiry counts.
    volatility : float, per square root of a year, >= 0, FlatVolatility or TermVolatility
    is_call : bool, or array of bool that broadcasts against the other arguments
    on_error : "raise" or "nan"
        What a row gets that holds a negative, NaN or infinite number.

    All but the flags may be floats, arrays that broadcast, or numbers being differentiated.

    Returns
    -------
    price : currency, of the broadcast shape

    Raises
    ------
    AadValueError
        When spot, strike, expiry or volatility is negative, or anything is NaN or infinite, and on_error is "raise".
    AadTypeError
        When `is_call` is neither a bool nor an array of bools, the volatility is a local one, or an expiry is being
        differentiated that a curve is taken at.

    Notes
    -----
    Rows with a zero among spot, strike, expiry and volatility are their limit, the discounted payoff of the forward;
    a recording of one holds for the side of the money it was recorded on.

    The normal distribution enters through its tails, so out-of-the-money prices keep their relative accuracy:
    1e-13 where the elasticities to spot and volatility are below 20, and 1e-13 times the elasticities beyond.

    References
    ----------
    R. Merton (1973), "Theory of rational option pricing", Bell J. Econ. 4(1), section 6.

    Examples
    --------
    >>> from pricers import black_scholes
    >>> round(float(black_scholes.price(spot=60.0, strike=65.0, expiry=0.25, rate=0.08, volatility=0.3)), 4)
    2.1334
    """
    _require_bool("is_call", is_call)
    rate, dividend_yield, volatility = _means(expiry, rate, dividend_yield, volatility)
    kinds = _kinds(on_error, spot, strike, expiry, rate, dividend_yield, volatility)
    market = (spot, strike, expiry, rate, dividend_yield, volatility)
    if np.ndim(is_call) == 0:  # one kind of option stays a bool, whose formula has fewer operations
        formulas = partial(_formula, is_call=is_call), partial(_limit_of_price, is_call=is_call)
        return by_kind(kinds, formulas, market)
    return by_kind(kinds, (_formula, _limit_of_price), (*market, is_call))


def _formula(
    spot: Any, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any, is_call: Any
) -> Any:
    one_kind = np.ndim(is_call) == 0
    if one_kind and not is_call:  # a put is a call that pays strike for spot: the roles change places
        spot, strike, rate, dividend_yield = strike, spot, dividend_yield, rate
    deviation = volatility * ad.sqrt(expiry)
    d1 = (ad.log(spot / strike) + (rate - dividend_yield) * expiry) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    asset = spot / ad.exp(dividend_yield * expiry)
    cash = strike / ad.exp(rate * expiry)
    if one_kind:
        return asset * ad.norm_cdf(d1) - cash * ad.norm_cdf(d2)
    sign = np.where(is_call, 1.0, -1.0)
    return sign * (asset * ad.norm_cdf(sign * d1) - cash * ad.norm_cdf(sign * d2))


def _limit_of_price(
    spot: Any, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any, is_call: Any
) -> Any:
    forward_payoff = spot / ad.exp(dividend_yield * expiry) - strike / ad.exp(rate * expiry)
    payoff = np.where(is_call, 1.0, -1.0) * forward_payoff
    return limit_of_payoff(payoff, spot * strike * expiry * volatility)


@dataclass(frozen=True, kw_only=True)
class Greeks:
    """Price and closed-form partial derivatives; t is calendar time, so d/dt = -d/d(expiry).

    Raw units: derivatives per unit of spot, per unit (not point) of volatility and rate, per year.
    """

    price: Any  # V
    delta: Any  # dV/dS
    vega: Any  # dV/dsigma
    theta: Any  # dV/dt
    rho: Any  # dV/dr
    dividend_rho: Any  # dV/dq
    dual_delta: Any  # dV/dK
    gamma: Any  # d2V/dS2
    vanna: Any  # d2V/dS dsigma
    volga: Any  # d2V/dsigma2
    charm: Any  # d2V/dS dt
    veta: Any  # d2V/dsigma dt
    delta_rho: Any  # d2V/dS dr
    vera: Any  # d2V/dsigma dr
    rho_convexity: Any  # d2V/dr2
    dual_gamma: Any  # d2V/dK2
    speed: Any  # d3V/dS3
    zomma: Any  # d3V/dS2 dsigma
    color: Any  # d3V/dS2 dt
    vanna_volatility: Any  # d3V/dS dsigma2
    ultima: Any  # d3V/dsigma3


def greeks(
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    rate: Rate,
    dividend_yield: Rate = 0.0,
    volatility: Any,
    is_call: bool | Bools = True,
    on_error: OnError = "raise",
    units: str = "raw",
) -> Greeks:
    """Return the price and all closed-form Greeks to third order.

    Parameters
    ----------
    spot, strike, expiry, rate, dividend_yield, volatility, is_call, on_error
        As for `price`, floats or arrays that broadcast against each other, or curves.
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
    All follow from the density term S exp(-q T) n(d1) = K exp(-r T) n(d2) and from
    dd1/dsigma = -d2 / sigma, dd2/dsigma = -d1 / sigma.

    Under curves rho, dividend_rho and vega are derivatives in the means, parallel shifts that is, and those in calendar
    time leave the curves where they stand in the calendar: theta satisfies the Black-Scholes equation with the rates
    and the volatility of today.

    Rows with a zero among spot, strike, expiry and volatility are the limits: step functions of the forward away from
    the money; at it what the limit in volatility (in expiry where that is zero) gives, infinite for gamma, NaN where
    volatility and expiry are both zero and the limit depends on the way there.

    References
    ----------
    E. Haug (2007), The Complete Guide to Option Pricing Formulas, 2nd ed., chapter 2.

    Examples
    --------
    >>> from pricers import black_scholes
    >>> g = black_scholes.greeks(spot=100.0, strike=100.0, expiry=1.0, rate=0.03, volatility=0.15)
    >>> round(float(g.delta), 6), round(float(g.gamma), 6)
    (0.608342, 0.025609)
    """
    _require_bool("is_call", is_call)
    means = _means(expiry, rate, dividend_yield, volatility)
    drifts = (
        drift_of_means(rate, means[0], expiry), drift_of_means(dividend_yield, means[1], expiry),
        drift_of_volatility(volatility, means[2], expiry),
    )  # fmt: skip
    rate, dividend_yield, volatility = means
    if any(np.asarray(x).dtype == object for x in (spot, strike, expiry, rate, dividend_yield, volatility)):
        raise AadTypeError("greeks takes floats; to differentiate further, differentiate black_scholes.price")
    kinds = _kinds(on_error, spot, strike, expiry, rate, dividend_yield, volatility)
    market = [values_of(x) for x in (spot, strike, expiry, rate, dividend_yield, volatility)]
    columns = [*market, np.where(is_call, 1.0, -1.0)]
    table = fields_by_kind(kinds, (_regular_greeks, limits_of_greeks), columns)
    if any(np.any(drift) for drift in drifts):
        with np.errstate(invalid="ignore"):  # at expiry, where infinite Greeks drift by nothing
            table |= _under_curves(table, values_of(spot), values_of(expiry), *drifts)
    return in_units(Greeks(**table), units)


def _under_curves(
    table: dict[str, Any], s: Any, t: Any, rate: Any, dividend_yield: Any, vol: Any
) -> dict[str, Any]:
    """Return the Greeks in calendar time where the means of curves drift: by the chain rule from the flat ones."""
    delta, gamma, vanna, speed = (table[name] for name in ("delta", "gamma", "vanna", "speed"))
    return {
        "theta": as_time_passes(
            table["theta"], (table["rho"], rate), (table["dividend_rho"], dividend_yield), (table["vega"], vol)
        ),
        "charm": as_time_passes(
            table["charm"], (table["delta_rho"], rate), (-t * (delta + s * gamma), dividend_yield), (vanna, vol)
        ),
        "veta": as_time_passes(
            table["veta"], (table["vera"], rate), (-t * s * vanna, dividend_yield), (table["volga"], vol)
        ),
        "color": as_time_passes(
            table["color"], (t * (gamma + s * speed), rate), (-t * (2.0 * gamma + s * speed), dividend_yield),
            (table["zomma"], vol),
        ),
    }  # fmt: skip


def _means(expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> tuple[Any, Any, Any]:
    """Return what curves come to up to each expiry; numbers as they are."""
    return (
        mean_rate_until("rate", rate, expiry),
        mean_rate_until("dividend_yield", dividend_yield, expiry),
        mean_volatility_until(volatility, expiry),
    )


def _regular_greeks(s: Any, k: Any, t: Any, r: Any, q: Any, vol: Any, w: Any) -> dict[str, Any]:
    """Return every field of `Greeks`; w is 1 for a call, -1 for a put."""
    carry = r - q
    root = np.sqrt(t)
    deviation = vol * root
    d1 = (np.log(s / k) + carry * t) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    asset, cash = np.exp(-q * t), k * np.exp(-r * t)
    n1, n2 = ad.norm_cdf(w * d1), ad.norm_cdf(w * d2)
    density = asset * ad.norm_pdf(d1)

    vega = s * density * root
    gamma = density / (s * deviation)
    vanna = -density * d2 / vol
    volga = vega * d1 * d2 / vol
    d1_expiry = carry / deviation - d2 / (2.0 * t)  # dd1/dT
    rho = w * t * cash * n2
    return dict(
        price=w * (s * asset * n1 - cash * n2),
        delta=w * asset * n1,
        vega=vega,
        theta=w * (q * s * asset * n1 - r * cash * n2) - 0.5 * s * density * vol / root,
        rho=rho,
        dividend_rho=-w * t * s * asset * n1,
        dual_delta=-w * np.exp(-r * t) * n2,
        gamma=gamma,
        vanna=vanna,
        volga=volga,
        charm=w * q * asset * n1 - density * d1_expiry,
        veta=vega * (q + d1 * d1_expiry - 0.5 / t),
        delta_rho=density * root / vol,
        vera=-t * vega * d1 / deviation,
        rho_convexity=t * (s * density * root / vol - rho),
        dual_gamma=s * density / (k * k * deviation),
        speed=-gamma / s * (d1 / deviation + 1.0),
        zomma=gamma * (d1 * d2 - 1.0) / vol,
        color=gamma * (q + d1 * d1_expiry + 0.5 / t),
        vanna_volatility=density / vol**2 * (d1 + d2 - d1 * d2 * d2),
        ultima=vega / vol**2 * (d1 * d2 * (d1 * d2 - 1.0) - d1 * d1 - d2 * d2),
    )


def _kinds(
    on_error: OnError, spot: Any, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any
) -> NDArray[np.int8]:
    domain = {"spot": spot, "strike": strike, "expiry": expiry, "volatility": volatility}
    finite = {"rate": rate, "dividend_yield": dividend_yield}
    without_value = rows_without_value(on_error, non_negative=domain, finite=finite)
    return kinds_of_rows(without_value, *domain.values())


def _require_bool(name: str, flag: Any) -> None:
    if np.asarray(flag).dtype != np.bool_:
        raise AadTypeError(f"{name} = {flag!r}: must be True (call), False (put) or an array of bools")
