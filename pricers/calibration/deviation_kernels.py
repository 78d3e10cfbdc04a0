"""Implied deviations of normalised prices and their slopes, compiled."""

from __future__ import annotations

import math

import numba as nb

from aadlib.types import Floats
from pricers.analytic.householder_kernels import deviation_kernel
from pricers.kernel_options import CACHE

PRICE_FLOOR = 1e-13
"""Lowest price, over its upper bound, that is inverted: a first guess may price a far wing at nothing."""


@nb.njit(cache=CACHE, nogil=True, error_model="numpy")
def implied_deviation_kernel(
    price: Floats,
    log_moneyness: Floats,
    deviation: Floats,
    slope: Floats,
) -> None:
    """Fill deviation = sigma sqrt(T) and slope = d deviation / d price for out-of-the-money price / forward."""
    for i in range(price.size):
        x = log_moneyness[i]
        bound = min(1.0, math.exp(x))
        p = min(max(price[i], PRICE_FLOOR * bound), (1.0 - 1e-12) * bound)
        unit = math.exp(0.5 * x)
        s = deviation_kernel(abs(x), p / unit, (bound - p) / unit)
        d1 = 0.5 * s - x / s
        deviation[i] = s
        slope[i] = math.sqrt(2.0 * math.pi) * math.exp(0.5 * d1 * d1)
