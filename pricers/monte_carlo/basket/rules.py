"""The scalar steps of a smoothed basket call under correlated geometric Brownian motion.

One source for every device: the CPU kernel (`kernels`) and the CUDA kernel (`kernels_cuda`) call these very
functions, and numba compiles them for the one and for the other. With a normal z, weight w, spot S, volatility s,
rate r and expiry T, an asset's part of the basket and its derivatives are

    A = w S exp(g),    g = (r - s^2 / 2) T + s sqrt(T) z,    S dA/dS = A,    dA/ds = A u,    u = sqrt(T) z - s T,
    S d2A/(dS ds) = A u,    d2A/ds2 = A (u^2 - T),    d2A/dS2 = 0.

Callers validate.
"""

from __future__ import annotations

import math

from numba import njit

from pricers.kernel_options import CACHE


@njit(cache=CACHE, error_model="numpy")
def log_growth(normal: float, volatility: float, rate: float, expiry: float, root_expiry: float) -> float:
    """Return g, the logarithm of the terminal over the initial spot."""
    return (rate - 0.5 * volatility * volatility) * expiry + volatility * root_expiry * normal


@njit(cache=CACHE, error_model="numpy")
def asset_part(
    weighted_spot: float, growth: float, normal: float, volatility: float, expiry: float, root_expiry: float
) -> tuple[float, float, float]:
    """Return A, dA/ds and d2A/ds2 from exp(g)."""
    part = weighted_spot * growth
    log_slope = root_expiry * normal - volatility * expiry
    slope = part * log_slope
    return part, slope, slope * log_slope - expiry * part


@njit(cache=CACHE, error_model="numpy")
def smooth_payoff(excess: float, sharpness: float) -> tuple[float, float, float]:
    """Return softplus(x, k) = log(1 + exp(k x)) / k and its first and second derivatives, without overflow."""
    scaled = sharpness * excess
    small = math.exp(-abs(scaled))
    value = (max(scaled, 0.0) + math.log1p(small)) / sharpness
    slope = (1.0 if scaled >= 0.0 else small) / (1.0 + small)
    return value, slope, sharpness * small / ((1.0 + small) * (1.0 + small))
