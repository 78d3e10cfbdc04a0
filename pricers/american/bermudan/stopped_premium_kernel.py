"""What early exercise adds to a European option at one stop of one path, with derivatives in the market.

Stopped at time t with the Brownian motion at w, discounted to today:

    premium = e^(-r t) (E(S_t) - P(S_t, expiry - t)),   S_t = S exp((r - q - sigma^2 / 2) t + sigma w)

E is what exercise pays, P the European value. The path depends on the market through w alone, so derivatives in (S,
sigma, r, q) at fixed t and w are closed forms; the discounted European value is e^(-r T) B(m, v) with the forward's
logarithm m = ln S + (r - q) T - sigma^2 t / 2 + sigma w and the deviation v = sigma sqrt(T - t). Expected premiums
add up to the American minus the European price, as the discounted European value is a martingale that any stop leaves
at its mean.

References
----------
N. Rasmussen (2005), "Control variates for Monte Carlo valuation of American options", J. Comput. Finance 9(1).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS

ROOT_HALF = 0.7071067811865476
PER_ROOT_2PI = 0.3989422804014327

KERNEL_INPUTS = ("spot", "volatility", "rate", "dividend_yield")
"""What kernels differentiate in, in their order."""
N_INPUTS = len(KERNEL_INPUTS)
N_OUTPUTS = 15
"""Value, four first and the ten second derivatives of the upper triangle, row by row."""


class Terms(NamedTuple):
    """The market and contract as kernels take them; `sign` is 1 for a call and -1 for a put."""

    spot: float
    volatility: float
    rate: float
    dividend_yield: float
    strike: float
    expiry: float
    sign: float
    log_moneyness: float
    """ln(spot / strike)"""
    bond: float
    """Strike discounted from expiry."""
    beyond_mean: Floats
    """(2, n_dates + 1) what rate and dividend yield add up to at the dates, today the first, beyond their means to
    expiry times the time: zeros in a flat market."""


@njit(**OPTIONS)
def beyond_mean_kernel(which: int, time: float, terms: Terms) -> float:
    """Return what the rate (0) or the dividend yield (1) has added up to beyond its mean, linear between dates."""
    n = terms.beyond_mean.shape[1] - 1
    place = time / terms.expiry * n
    k = min(int(place), n - 1)
    share = place - k
    return (1.0 - share) * terms.beyond_mean[which, k] + share * terms.beyond_mean[which, k + 1]


@njit(**OPTIONS)
def normal_cdf(x: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * math.erfc(-x * ROOT_HALF)


@njit(**OPTIONS)
def stopped_parts_kernel(time: float, brownian: float, terms: Terms) -> tuple[float, ...]:
    """Return discounted stock and strike, the European value's two legs, its density term, d1, d2 and v."""
    sigma = terms.volatility
    moved = sigma * brownian - 0.5 * sigma * sigma * time
    paid = beyond_mean_kernel(1, time, terms)
    stock = terms.spot * math.exp(moved - terms.dividend_yield * time - paid)
    cash = terms.strike * math.exp(-terms.rate * time - beyond_mean_kernel(0, time, terms))
    left = terms.expiry - time
    v = sigma * math.sqrt(left)
    asset = stock * math.exp(-terms.dividend_yield * left + paid)
    carried = (terms.rate - terms.dividend_yield) * terms.expiry
    d1 = (terms.log_moneyness + carried + moved) / v + 0.5 * v
    d2 = d1 - v
    density = asset * PER_ROOT_2PI * math.exp(-0.5 * d1 * d1)
    return (
        stock,
        cash,
        asset * normal_cdf(terms.sign * d1),
        terms.bond * normal_cdf(terms.sign * d2),
        density,
        d1,
        d2,
        v,
    )


@njit(**OPTIONS)
def stopped_value_kernel(time: float, brownian: float, terms: Terms) -> float:
    """Return the premium alone."""
    stock, cash, asset, bond, _, _, _, _ = stopped_parts_kernel(time, brownian, terms)
    return terms.sign * ((stock - cash) - (asset - bond))


@njit(**OPTIONS)
def stopped_gradient_kernel(
    time: float, brownian: float, terms: Terms
) -> tuple[float, float, float, float, float]:
    """Return the premium and its derivatives in spot, volatility, rate and dividend yield."""
    stock, cash, asset, bond, density, _, _, _ = stopped_parts_kernel(time, brownian, terms)
    per_volatility = brownian - terms.volatility * time
    sign, expiry = terms.sign, terms.expiry
    return (
        sign * ((stock - cash) - (asset - bond)),
        sign * (stock - asset) / terms.spot,
        sign * (stock - asset) * per_volatility - density * math.sqrt(expiry - time),
        sign * (cash * time - bond * expiry),
        sign * (asset * expiry - stock * time),
    )


@njit(**OPTIONS)
def stopped_hessian_kernel(time: float, brownian: float, terms: Terms, out: Floats) -> None:
    """Write the premium, its gradient and the upper triangle of its Hessian into `out` (15,)."""
    stock, cash, asset, bond, density, d1, d2, v = stopped_parts_kernel(time, brownian, terms)
    sign, expiry, spot = terms.sign, terms.expiry, terms.spot
    left = math.sqrt(expiry - time)
    per_volatility = brownian - terms.volatility * time
    difference = sign * (stock - asset)
    # Second derivatives of the discounted European value in (m, m), (m, v), (v, v).
    mm = sign * asset + density / v
    mv = density * (1.0 - d1 / v)
    vv = density * d1 * d2 / v
    out[0] = sign * ((stock - cash) - (asset - bond))
    out[1] = difference / spot
    out[2] = difference * per_volatility - density * left
    out[3] = sign * (cash * time - bond * expiry)
    out[4] = sign * (asset * expiry - stock * time)
    out[5] = -density / v / (spot * spot)
    out[6] = (sign * stock * per_volatility - mm * per_volatility - mv * left) / spot
    out[7] = -density / v * expiry / spot
    out[8] = (mm * expiry - sign * stock * time) / spot
    out[9] = (
        sign * stock * (per_volatility * per_volatility - time)
        - mm * per_volatility * per_volatility
        - 2.0 * mv * per_volatility * left
        - vv * left * left
        + sign * asset * time
    )
    # The discount takes T times the derivative of the undiscounted value off every derivative in the rate.
    cross = mm * per_volatility + mv * left
    out[10] = -cross * expiry + expiry * (sign * asset * per_volatility + density * left)
    out[11] = cross * expiry - sign * stock * per_volatility * time
    out[12] = -sign * cash * time * time - (mm * expiry * expiry - expiry * expiry * sign * (asset + bond))
    out[13] = mm * expiry * expiry - sign * asset * expiry * expiry
    out[14] = sign * stock * time * time - mm * expiry * expiry
