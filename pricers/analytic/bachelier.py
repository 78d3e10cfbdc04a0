"""The Bachelier (normal) formula and its closed-form Greeks to third order.

`price` is generic in the number type; `greeks` works on floats and arrays. Forward and strike may be negative.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.validation import require_finite, require_positive, values_of
from pricers.analytic.market_units import in_units
from pricers.types import Bools


def price(
    *,
    forward: Any,
    strike: Any,
    expiry: Any,
    rate: Any = 0.0,
    volatility: Any,
    is_call: bool | Bools = True,
) -> Any:
    """Price a European option on a normally distributed forward.

    V = exp(-r T) s [n(d) + w d N(w d)],   d = (F - K) / s,   s = sigma sqrt(T),   w = 1 (call), -1 (put).

    Parameters
    ----------
    forward, strike : float, currency, any sign
    expiry : float, years, > 0
    rate : float, per year, continuously compounded; discounts only
    volatility : float, currency per square root of a year, > 0
    is_call : bool, or array of bool that broadcasts against the other arguments

    All but `is_call` may be floats, arrays that broadcast, or numbers being differentiated.

    Returns
    -------
    price : currency, of the broadcast shape

    Raises
    ------
    AadValueError
        When expiry or volatility is not positive, or anything is NaN or infinite.
    AadTypeError
        When `is_call` is neither a bool nor an array of bools.

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
    _require_market(forward, strike, expiry, rate, volatility, is_call)
    deviation = volatility * ad.sqrt(expiry)
    distance = (forward - strike) / deviation
    if np.ndim(is_call) == 0:
        if not is_call:
            distance = -distance
    else:
        distance = np.where(is_call, 1.0, -1.0) * distance
    unit = deviation * (ad.norm_pdf(distance) + distance * ad.norm_cdf(distance))
    return unit * ad.exp(-rate * expiry)


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
    rate: ArrayLike = 0.0,
    volatility: ArrayLike,
    is_call: bool | Bools = True,
    units: str = "raw",
) -> Greeks:
    """Return the price and all closed-form Greeks to third order.

    Parameters
    ----------
    forward, strike, expiry, rate, volatility, is_call
        As for `price`, floats or arrays that broadcast against each other.
    units : "raw", or "market": per volatility point, basis point of a rate and calendar day, as of `greeks2.greeks`

    Returns
    -------
    greeks : Greeks, each field of the broadcast shape (a float when every argument is a scalar)

    Raises
    ------
    AadValueError, AadTypeError
        As for `price`; also when a number being differentiated is passed: differentiate `price` instead.

    Examples
    --------
    >>> from pricers import bachelier
    >>> bachelier.greeks(forward=100.0, strike=100.0, expiry=1.0, volatility=20.0).delta.item()
    0.5
    """
    _require_market(forward, strike, expiry, rate, volatility, is_call)
    if any(np.asarray(x).dtype == object for x in (forward, strike, expiry, rate, volatility)):
        raise AadTypeError("greeks takes floats; to differentiate further, differentiate bachelier.price")
    f, k, t, r, vol = (values_of(x) for x in (forward, strike, expiry, rate, volatility))
    w = np.where(is_call, 1.0, -1.0)
    root = np.sqrt(t)
    deviation = vol * root
    d = (f - k) / deviation
    discount = np.exp(-r * t)
    tail = ad.norm_cdf(w * d)
    density = discount * ad.norm_pdf(d)

    value = deviation * (density + w * d * discount * tail)
    vega = density * root
    gamma = density / deviation
    values = Greeks(
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
    shape = np.broadcast_shapes(*(np.shape(x) for x in (f, k, t, r, vol, w)))
    raw = Greeks(**{x.name: np.broadcast_to(getattr(values, x.name), shape)[()] for x in fields(Greeks)})
    return in_units(raw, units)


def _require_market(forward: Any, strike: Any, expiry: Any, rate: Any, volatility: Any, is_call: Any) -> None:
    require_finite("forward", forward)
    require_finite("strike", strike)
    require_positive("expiry", expiry)
    require_finite("rate", rate)
    require_positive("volatility", volatility)
    if np.asarray(is_call).dtype != np.bool_:
        raise AadTypeError(f"is_call = {is_call!r}: must be True (call), False (put) or an array of bools")
