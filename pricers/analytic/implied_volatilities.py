"""Implied Black and Bachelier volatilities: arrays at once, one with errors, and one that can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.validation import (
    one_float,
    require_choice,
    require_finite,
    require_non_negative,
    require_numbers,
    require_positive,
    values_of,
)
from pricers.analytic.limit_rows import OnError, as_array, common_shape
from pricers.types import Bools

NEAR = 1e-4


def implied_volatility(
    *,
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    discount: ArrayLike = 1.0,
    is_call: bool | Bools = True,
    on_error: OnError = "raise",
) -> Any:
    """Return the volatilities at which the Black formula gives the prices.

    Parameters
    ----------
    price : float or array, currency today; NaN and unattainable prices are allowed and give NaN
    forward, strike : float or array, currency, > 0
    expiry : float or array, years, >= 0; an expired option has no implied volatility, its row is NaN
    discount : float or array, value today of one unit paid at expiry, > 0
    is_call : bool or array of bool
    on_error : "raise" or "nan"
        What a row gets whose forward, strike, expiry or discount is out of range.

    All broadcast against each other.

    Returns
    -------
    volatility : float or array of the broadcast shape, per square root of a year. A price at its lower bound,
        discount * max(+-(forward - strike), 0), gives 0; below it, or not below discount * forward (call) or
        discount * strike (put), it gives NaN.

    Raises
    ------
    AadValueError
        When forward, strike or discount is not positive or expiry is negative, or one is not finite, and on_error is
        "raise".
    AadTypeError
        When `is_call` is not boolean, or a number being differentiated is passed.

    Notes
    -----
    Fourth-order Householder steps on the logarithm of the out-of-the-money price, started from the implied
    volatility of the normal model: two steps suffice for total deviations below one, four everywhere. The
    relative error is below 1e-14 in the normalised price down to 1e-300; an in-the-money price loses what
    subtracting the intrinsic value loses.

    References
    ----------
    P. Jaeckel (2015), "Let's be rational", Wilmott 75, sections 2 and 6 (the scaled functions and the step).

    Examples
    --------
    >>> from pricers.analytic.implied_volatilities import implied_volatility
    >>> round(float(implied_volatility(price=7.965567455405804, forward=100.0, strike=100.0, expiry=1.0)), 12)
    0.2
    """
    from pricers.analytic.analytic_kernels import implied_volatility_kernel

    market = dict(forward=forward, strike=strike, discount=discount)
    return _solved(implied_volatility_kernel, price, market, expiry, is_call, on_error)


def bachelier_implied_volatility(
    *,
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    expiry: ArrayLike,
    discount: ArrayLike = 1.0,
    is_call: bool | Bools = True,
    on_error: OnError = "raise",
) -> Any:
    """Return the normal volatilities at which the Bachelier formula gives the prices.

    Parameters
    ----------
    price, expiry, discount, is_call, on_error
        As for `implied_volatility`.
    forward, strike : float or array, currency, any sign

    Returns
    -------
    volatility : float or array of the broadcast shape, currency per square root of a year. A price at its lower bound
        gives 0, below it NaN; there is no upper bound.

    Raises
    ------
    AadValueError, AadTypeError
        As for `implied_volatility`.

    Notes
    -----
    Fourth-order Householder steps on the logarithm of the price out of the money as a function of h = |F - K| / s,
    from fits of h accurate to 1e-4: one step or two. The relative error is below 1e-14 down to prices of 1e-300; a
    price in the money loses what subtracting the intrinsic value loses.

    References
    ----------
    P. Jaeckel (2017), "Implied normal volatility", Wilmott 90 (the normalised price over moneyness inverted by fits in
    two zones).

    Examples
    --------
    >>> from pricers.analytic.implied_volatilities import bachelier_implied_volatility
    >>> round(float(bachelier_implied_volatility(price=7.978845608028654, forward=0.0, strike=0.0, expiry=1.0)), 12)
    20.0
    """
    from pricers.analytic.analytic_kernels import normal_volatility_kernel

    market = dict(forward=forward, strike=strike, discount=discount)
    return _solved(
        normal_volatility_kernel, price, market, expiry, is_call, on_error, signed=("forward", "strike")
    )


def _solved(
    kernel: Callable[..., None],
    price: Any,
    market: dict[str, Any],
    expiry: Any,
    is_call: Any,
    on_error: OnError,
    signed: tuple[str, ...] = (),
) -> Any:
    """Check the arguments, run a solver on flat arrays and return its volatilities; `signed` may be of any sign."""
    require_choice("on_error", on_error, ("raise", "nan"))
    if on_error == "raise":
        for name, number in market.items():
            (require_finite if name in signed else require_positive)(name, number)
        require_non_negative("expiry", expiry)
    if np.asarray(is_call).dtype != np.bool_:
        raise AadTypeError(f"is_call = {is_call!r}: must be True (call), False (put) or an array of bools")
    numbers = (price, *market.values(), expiry)
    if any(np.asarray(x).dtype == object for x in numbers):
        raise AadTypeError(
            "implied volatilities take floats: use differentiable_implied_volatility to differentiate"
        )
    values = [values_of(x) for x in (price, market["forward"], market["strike"], expiry, market["discount"])]
    if on_error == "nan":  # a NaN price is a NaN volatility
        bad = np.zeros((), dtype=bool)
        for name, number in market.items():
            bad = bad | ~np.isfinite(values_of(number)) | ((values_of(number) <= 0.0) & (name not in signed))
        bad = bad | ~np.isfinite(values[3]) | (values[3] < 0.0)
        values = [
            np.where(bad, filler, x) for filler, x in zip((np.nan, 1.0, 1.0, 1.0, 1.0), values, strict=True)
        ]
    common_shape(*values, is_call)
    arrays = np.broadcast_arrays(*values, is_call)
    out = np.empty(arrays[0].shape)
    kernel(*(np.ascontiguousarray(x).ravel() for x in arrays), out.reshape(-1))
    return out[()]


def strict_implied_volatility(
    *, price: float, forward: float, strike: float, expiry: float, discount: float = 1.0, is_call: bool = True
) -> float:
    """Return one implied volatility; raise where there is none.

    Parameters
    ----------
    price, forward, strike, expiry, discount, is_call
        As for `implied_volatility`, scalars.

    Returns
    -------
    volatility : float, per square root of a year, > 0

    Raises
    ------
    AadValueError
        As for `implied_volatility`; also when the price is not finite or not strictly between its two
        no-arbitrage bounds (the message states the violated bound).

    Examples
    --------
    >>> from pricers.analytic.implied_volatilities import strict_implied_volatility
    >>> strict_implied_volatility(price=120.0, forward=100.0, strike=100.0, expiry=1.0)
    Traceback (most recent call last):
    aadlib.errors.AadValueError: price = 120.0: must be below its upper bound 100.0; check the quote and forward
    """
    given = {"price": price, "forward": forward, "strike": strike, "expiry": expiry, "discount": discount}
    for name, number in given.items():
        one_float(name, number)
    require_finite("price", price)
    volatility = float(
        implied_volatility(
            price=price, forward=forward, strike=strike, expiry=expiry, discount=discount, is_call=is_call
        )
    )
    if volatility > 0.0:
        return volatility
    lower = discount * max(forward - strike if is_call else strike - forward, 0.0)
    if price <= lower:
        raise AadValueError(
            f"price = {price!r}: must be above its lower bound {lower!r}; check the quote and forward"
        )
    upper = discount * (forward if is_call else strike)
    raise AadValueError(
        f"price = {price!r}: must be below its upper bound {upper!r}; check the quote and forward"
    )


def vega(*, forward: Any, strike: Any, expiry: Any, volatility: Any, discount: Any = 1.0) -> Any:
    """Return the derivative of the Black price with respect to its volatility.

    D F n(d1) sqrt(T), the same for calls and puts; generic in the number type.

    Parameters
    ----------
    forward, strike : float or array, currency, > 0
    expiry : float or array, years, > 0
    volatility : float or array, per square root of a year, > 0 (NaN is passed through)
    discount : float or array, > 0

    Returns
    -------
    vega : currency per unit (not point) of volatility
    """
    given = {
        "forward": forward,
        "strike": strike,
        "expiry": expiry,
        "volatility": volatility,
        "discount": discount,
    }
    for name, number in given.items():
        require_numbers(name, number)
    common_shape(*given.values())
    forward, strike, expiry, volatility, discount = (as_array(x) for x in given.values())
    root = ad.sqrt(expiry)
    deviation = volatility * root
    d1 = ad.log(forward / strike) / deviation + 0.5 * deviation
    return discount * forward * ad.norm_pdf(d1) * root


def differentiable_implied_volatility(
    *, price: Any, forward: Any, strike: Any, expiry: Any, discount: Any = 1.0, is_call: bool = True
) -> Any:
    """Return an implied volatility that carries its first and second derivatives in every argument.

    Parameters
    ----------
    price, forward, strike, expiry, discount
        As for `implied_volatility`; scalars or arrays of numbers, any of them being differentiated.
    is_call : bool

    Returns
    -------
    volatility : per square root of a year. Its derivative in the price is 1 / vega, in another argument x
        -(dPrice/dx) / vega.

    Raises
    ------
    AadValueError
        As for `strict_implied_volatility`, for any entry.

    Notes
    -----
    The root is found on floats; one Halley step from it, written in the numbers passed, moves it by nothing and
    agrees with the inverse function to second order (the error of the step is third order in the distance).
    The root is a constant of a recording, good for replays within 1e-4 of it (the error is 1e-12 there); a replay
    further away raises `BranchChanged`, and `on_branch_change="retrace"` finds the new root.
    """
    price, forward, strike, expiry, discount = (
        as_array(x) for x in (price, forward, strike, expiry, discount)
    )
    known = [values_of(x) for x in (price, forward, strike, expiry, discount)]
    root = implied_volatility(
        price=known[0], forward=known[1], strike=known[2], expiry=known[3], discount=known[4], is_call=is_call
    )
    if not np.all(root > 0.0):
        bad = float(np.broadcast_to(known[0], np.shape(root))[~(root > 0.0)].ravel()[0])
        raise AadValueError(f"price = {bad!r}: outside its no-arbitrage bounds; drop the quote")
    deviation = root * ad.sqrt(expiry)
    d1 = ad.log(forward / strike) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    if is_call:
        model = forward * ad.norm_cdf(d1) - strike * ad.norm_cdf(d2)
    else:
        model = strike * ad.norm_cdf(-d2) - forward * ad.norm_cdf(-d1)
    first = discount * forward * ad.norm_pdf(d1) * ad.sqrt(expiry)
    newton = (price - discount * model) / first
    for step, level in zip(np.ravel(newton), np.ravel(root), strict=True):
        if not -NEAR * level <= step <= NEAR * level:  # true here; in a recording it stays as a guard
            raise AadValueError(f"price = {price!r}: the root {level!r} is not its implied volatility")
    # f'' / f' = d1 d2 / sigma; the value of `newton` is round-off, only its derivatives matter
    return root + newton / (1.0 + 0.5 * newton * d1 * d2 / root)
