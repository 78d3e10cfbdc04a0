"""The article's least-squares Monte Carlo: a put whose derivatives go through the regression, floats or duals."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from aadlib.compiled_duals import zeros
from aadlib.kernel_cache import CACHE


@njit(cache=CACHE)
def least_squares_put_kernel(
    spot: Any, strike: float, expiry: float, rate: float, volatility: Any, brownian: Any
) -> Any:
    """Return the put's price on paths that are both regressed on and priced, as in Longstaff and Schwartz (2001).

    `brownian` (n_steps, n_paths) are Brownian motions; one, moneyness and its square are the basis.
    """
    n_steps, n_paths = brownian.shape
    step = expiry / n_steps
    discount = math.exp(-rate * step)
    drift = rate - 0.5 * volatility * volatility
    prototype = spot * volatility
    cash, moneyness = zeros(n_paths, like=prototype), zeros(n_paths, like=prototype)
    for i in range(n_paths):
        cash[i] = max(strike - spot * math.exp(drift * expiry + volatility * brownian[n_steps - 1, i]), 0.0)
    for k in range(n_steps - 2, -1, -1):
        zero = 0.0 * prototype
        s0, s1, s2, s3, s4, t0, t1, t2 = 0, zero, zero, zero, zero, zero, zero, zero
        for i in range(n_paths):
            cash[i] = discount * cash[i]
            x = spot / strike * math.exp(drift * ((k + 1) * step) + volatility * brownian[k, i])
            moneyness[i] = x
            if x < 1.0:
                square = x * x
                s0, s1, s2, s3, s4 = s0 + 1, s1 + x, s2 + square, s3 + square * x, s4 + square * square
                t0, t1, t2 = t0 + cash[i], t1 + cash[i] * x, t2 + cash[i] * square
        if s0 < 4:
            continue
        # Elimination by hand of the three normal equations.
        a11, a12, a22 = s2 - s1 * s1 / s0, s3 - s1 * s2 / s0, s4 - s2 * s2 / s0
        b1, b2 = t1 - s1 * t0 / s0, t2 - s2 * t0 / s0
        c2 = (b2 - a12 * b1 / a11) / (a22 - a12 * a12 / a11)
        c1 = (b1 - a12 * c2) / a11
        c0 = (t0 - s1 * c1 - s2 * c2) / s0
        for i in range(n_paths):
            x = moneyness[i]
            if x < 1.0 and strike * (1.0 - x) > c0 + x * (c1 + x * c2):
                cash[i] = strike * (1.0 - x)
    total = 0.0 * prototype
    for i in range(n_paths):
        total += cash[i]
    return discount * total / n_paths
