"""Prices that need no simulation: geometric means, exchange options, digitals. Generic in the number type.

They are control variates for the payoffs beside them and oracles for the estimators; their Greeks are derivatives of
these functions (`greeks2.greeks`, `greeks2.hessian`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.validation import require_positive, values_of
from pricers.analytic.limit_rows import limit_of_payoff
from pricers.curves.rate_curve import discount_factor, is_curve, log_growth
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.payoff import check_call, check_weights, require_length
from pricers.monte_carlo.triangular import total


def lognormal_claim(
    *, mean: Any, variance: Any, discount: Any, strike: float, is_call: bool, is_digital: bool = False
) -> Any:
    """Price a call, put or unit digital on a lognormal number whose logarithm has this mean and variance.

    References
    ----------
    F. Black (1976), "The pricing of commodity contracts", J. Financial Economics 3.
    """
    if float(values_of(variance)) <= 0.0:  # riskless, or assets that cancel
        return _without_risk(mean, variance, discount, strike, 1.0 if is_call else -1.0, is_digital)
    deviation = ad.sqrt(variance)
    d2 = (mean - float(np.log(strike))) / deviation
    sign = 1.0 if is_call else -1.0
    if is_digital:
        return discount * ad.norm_cdf(sign * d2)
    forward = ad.exp(mean + 0.5 * variance)
    return (sign * discount) * (
        forward * ad.norm_cdf(sign * (d2 + deviation)) - strike * ad.norm_cdf(sign * d2)
    )


def _without_risk(
    mean: Any, variance: Any, discount: Any, strike: float, sign: float, is_digital: bool
) -> Any:
    """Return the limit of zero variance: the discounted payoff of the forward."""
    gap = sign * (ad.exp(mean + 0.5 * variance) - strike)
    if not is_digital:
        return limit_of_payoff(discount * gap, variance)
    if gap == 0.0:
        return 0.5 * discount
    return discount if gap > 0.0 else 0.0 * discount


def geometric_claim(*, claim: LinearClaim, dynamics: GeometricBrownianMotion, expiry: Any) -> Any:
    """Price a claim on a geometric mean over dates and assets.

    Parameters
    ----------
    claim : LinearClaim with `geometric`, over equally spaced dates up to the expiry
    dynamics : GeometricBrownianMotion, numbers of any kind
    expiry : number, years, > 0

    Returns
    -------
    number, currency

    Notes
    -----
    With weights w over dates t_k, the logarithm is normal with mean sum w_ki (ln S_i + (r - q_i - sigma_i^2 / 2) t_k)
    and variance sum w_ki w_lj sigma_i sigma_j rho_ij min(t_k, t_l).

    References
    ----------
    A. Kemna and A. Vorst (1990), "A pricing method for options based on average asset values", J. Banking and Finance
    14(1).
    """
    if not claim.geometric:
        raise AadTypeError("geometric_claim prices geometric means: the arithmetic mean has no closed form")
    require_positive("expiry", expiry)
    weights = claim.weights
    n_dates, n_assets = weights.shape
    of_spot = weights.sum(axis=0)
    of_drift = (np.arange(1, n_dates + 1) / n_dates) @ weights
    later = np.cumsum(weights[::-1], axis=0)[::-1]
    overlap = later.T @ later / n_dates
    volatilities, matrix = dynamics.volatilities, dynamics.correlation
    mean: Any = 0.0
    for i, log_spot in enumerate(dynamics.log_spots()):
        drift, growth = -0.5 * volatilities[i] * volatilities[i], 0.0
        rates = dynamics.rate, dynamics.dividend_yields[i]
        if any(is_curve(rate) for rate in rates):
            dates = [expiry * ((k + 1) / n_dates) for k in range(n_dates)]
            growth = total([float(weights[k, i]) * log_growth(*rates, date) for k, date in enumerate(dates)])
        else:
            drift = rates[0] - rates[1] - 0.5 * volatilities[i] * volatilities[i]
        mean = mean + float(of_spot[i]) * log_spot + float(of_drift[i]) * (drift * expiry) + growth
    terms = []
    for i in range(n_assets):
        terms.append(float(overlap[i, i]) * (volatilities[i] * volatilities[i]))
        if matrix is not None:
            terms += [
                2.0 * float(overlap[i, j]) * (volatilities[i] * volatilities[j] * matrix[i][j])
                for j in range(i)
            ]
    return lognormal_claim(
        mean=mean,
        variance=total(terms) * expiry,
        discount=dynamics.discount(expiry),
        strike=claim.strike,
        is_call=claim.is_call,
    )


def geometric_basket(
    *, dynamics: GeometricBrownianMotion, weights: Any, strike: float, expiry: Any, is_call: bool = True
) -> Any:
    """Price a call or put on prod_i S_i(T)^w_i: see `geometric_claim`."""
    row = check_weights("weights", weights)
    require_length("weights", row, dynamics.n_assets)
    require_positive("strike", strike)
    check_call(is_call)
    claim = LinearClaim(np.array([row]), strike, is_call, geometric=True)
    return geometric_claim(claim=claim, dynamics=dynamics, expiry=expiry)


def geometric_asian(
    *,
    dynamics: GeometricBrownianMotion,
    strike: float,
    expiry: Any,
    n_dates: int,
    weights: Any = (1.0,),
    is_call: bool = True,
) -> Any:
    """Price a call or put on the geometric mean over n_dates equally spaced dates: see `geometric_claim`."""
    row = check_weights("weights", weights)
    require_length("weights", row, dynamics.n_assets)
    require_positive("strike", strike)
    check_call(is_call)
    if n_dates < 1:
        raise AadValueError(f"n_dates = {n_dates!r}: must be at least 1")
    claim = LinearClaim(np.tile(np.array(row) / n_dates, (n_dates, 1)), strike, is_call, geometric=True)
    return geometric_claim(claim=claim, dynamics=dynamics, expiry=expiry)


def digital(*, dynamics: GeometricBrownianMotion, strike: float, expiry: Any, is_call: bool = True) -> Any:
    """Price one unit of currency paid where one asset ends above (call) or below (put) the strike."""
    if dynamics.n_assets != 1:
        raise AadValueError(f"digital is priced for one asset: the model has {dynamics.n_assets}")
    require_positive("strike", strike)
    require_positive("expiry", expiry)
    check_call(is_call)
    volatility = dynamics.volatilities[0]
    variance = volatility * volatility * expiry
    drift = log_growth(dynamics.rate, dynamics.dividend_yields[0], expiry)
    return lognormal_claim(
        mean=dynamics.log_spots()[0] + drift - 0.5 * variance,
        variance=variance,
        discount=dynamics.discount(expiry),
        strike=strike,
        is_call=is_call,
        is_digital=True,
    )


def exchange(*, dynamics: GeometricBrownianMotion, expiry: Any) -> Any:
    """Price the right to give the second asset for the first at expiry: a spread call at strike zero.

    References
    ----------
    W. Margrabe (1978), "The value of an option to exchange one asset for another", J. Finance 33(1), eq. 7.

    Examples
    --------
    >>> market = GeometricBrownianMotion(spots=[100.0, 100.0], volatilities=[0.3, 0.4])
    >>> round(float(exchange(dynamics=market, expiry=1.0)), 4)
    19.7413
    """
    if dynamics.n_assets != 2:
        raise AadValueError(f"exchange is priced for two assets: the model has {dynamics.n_assets}")
    require_positive("expiry", expiry)
    first, second = dynamics.volatilities
    variance = first * first + second * second
    if dynamics.correlation is not None:
        variance = variance - 2.0 * (first * second * dynamics.correlation[1][0])
    given, received = (
        spot * discount_factor(dividend_yield, expiry)
        for spot, dividend_yield in zip(dynamics.spots[::-1], dynamics.dividend_yields[::-1], strict=True)
    )
    if float(values_of(variance)) <= 0.0:  # two perfectly correlated assets of one volatility
        return limit_of_payoff(received - given, variance)
    deviation = ad.sqrt(variance * expiry)
    d1 = ad.log(received / given) / deviation + 0.5 * deviation
    return received * ad.norm_cdf(d1) - given * ad.norm_cdf(d1 - deviation)
