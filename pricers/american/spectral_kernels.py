"""The exercise boundary of an American put by spectral collocation, and the premium it is worth.

With t the time left, the boundary is B(t) = X exp(-sqrt(H(t))), X = K min(1, r / q), and H is smooth in sqrt(t): it is
interpolated at Chebyshev points of sqrt(t / T). The boundary solves B = K exp(-(r - q) t) N(t, B) / D(t, B) with

    N = Phi(d-(t, B / K)) + r int_0^t exp(r u) Phi(d-(t - u, B(t) / B(u))) du
    D = Phi(d+(t, B / K)) + q int_0^t exp(q u) Phi(d+(t - u, B(t) / B(u))) du

and the premium is int_0^T [r K exp(-r u) Phi(-d-(u, S / B(T - u))) - q S exp(-q u) Phi(-d+(u, S / B(T - u)))] du.
Integrals are Gauss-Legendre in y with t - u = t (1 + y)^2 / 4, so the points of H they need, as shares of T, are
constants: the interpolation is one matrix for all options.

References
----------
L. Andersen, M. Lake and D. Offengenden (2016), "High-performance American option pricing", J. Comput. Finance 20(1),
sections 4 and 5 (system B); G. Barone-Adesi and R. Whaley (1987), "Efficient analytic approximation of American option
values", J. Finance 42(2), eq. 20 (the start).
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS
from pricers.types import Bools

N_NODES = 8  # of the boundary, today's included, expiry's (where H = 0) not
N_POINTS = 12  # of the integrals of the boundary's equation
N_PRICE_POINTS = 24
N_SWEEPS = 6  # of the boundary's equation
ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def _interpolation(shares: Floats) -> Floats:
    """Return the matrix from H at the nodes to H at shares of T, (..., N_NODES)."""
    nodes = np.cos(np.pi * np.arange(N_NODES + 1) / N_NODES)
    weights = (-1.0) ** np.arange(N_NODES + 1)
    weights[[0, -1]] *= 0.5
    z = 2.0 * np.sqrt(shares) - 1.0
    gaps = z[..., None] - nodes
    hit = np.abs(gaps) < 1e-14
    terms = weights / np.where(hit, 1.0, gaps)
    matrix = terms / terms.sum(axis=-1, keepdims=True)
    matrix = np.where(hit.any(axis=-1, keepdims=True), hit, matrix)
    return np.ascontiguousarray(matrix[..., :-1])  # the last node is expiry, where H is zero


TIMES = (0.5 * (1.0 + np.cos(np.pi * np.arange(N_NODES) / N_NODES))) ** 2
"""Times left at the nodes as shares of T, (N_NODES,), T itself first."""
_Y, _W = np.polynomial.legendre.leggauss(N_POINTS)
ELAPSED = 0.25 * (1.0 + _Y) ** 2
"""(t - u) / t at the points, (N_POINTS,)."""
WEIGHTS = 0.5 * (1.0 + _Y) * _W
"""Weights of f(u) / t at the points."""
TO_POINTS = _interpolation(TIMES[:, None] * (1.0 - ELAPSED))
_Y, _W = np.polynomial.legendre.leggauss(N_PRICE_POINTS)
PRICE_ELAPSED = 0.25 * (1.0 + _Y) ** 2
PRICE_WEIGHTS = 0.5 * (1.0 + _Y) * _W
TO_PRICE_POINTS = _interpolation(1.0 - PRICE_ELAPSED)


@nb.njit(**OPTIONS, inline="always")
def _cdf(x: float) -> float:
    return 0.5 * math.erfc(-x * ROOT_HALF)


@nb.njit(**OPTIONS, inline="always")
def _pdf(x: float) -> float:
    return math.exp(-0.5 * x * x) / ROOT_TWO_PI


@nb.njit(**OPTIONS)
def _start_kernel(time: float, rate: float, dividend: float, volatility: float, guess: float) -> float:
    """Return the boundary over the strike in the quadratic approximation, by Newton steps from `guess`."""
    variance = volatility * volatility
    shrink = 1.0 - math.exp(-rate * time)
    shift = 2.0 * (rate - dividend) / variance - 1.0
    power = 0.5 * (-shift - math.sqrt(shift * shift + 8.0 * rate / (variance * shrink)))
    asset, cash = math.exp(-dividend * time), 1.0 - shrink
    deviation = volatility * math.sqrt(time)
    level = guess
    for _ in range(12):
        d1 = (math.log(level) + (rate - dividend) * time) / deviation + 0.5 * deviation
        tail = asset * _cdf(-d1)
        put = cash * _cdf(deviation - d1) - level * tail
        gap = 1.0 - level - put + level * (1.0 - tail) / power
        slope = -1.0 + tail + (1.0 - tail + asset * _pdf(d1) / deviation) / power
        moved = level - gap / slope
        if not 0.5 * level < moved < 1.5 * level:
            moved = 0.5 * level if moved < level else 1.5 * level
        moved = min(moved, guess)
        if abs(moved - level) <= 1e-5 * level:
            return moved
        level = moved
    return level


@nb.njit(**OPTIONS)
def _boundary_kernel(
    expiry: float, rate: float, dividend: float, volatility: float, root: Floats, factors: Floats
) -> float:
    """Fill `root` (N_NODES,) with sqrt(H) for a strike of one and return X; factors is (2, N_NODES, N_POINTS)."""
    highest = 1.0 if dividend <= rate else rate / dividend
    level = highest
    for i in range(N_NODES - 1, -1, -1):
        level = _start_kernel(TIMES[i] * expiry, rate, dividend, volatility, level)
        root[i] = math.log(highest / level)
    for i in range(N_NODES):
        time = TIMES[i] * expiry
        for k in range(N_POINTS):
            factors[0, i, k] = time * WEIGHTS[k] * rate * math.exp(rate * time * (1.0 - ELAPSED[k]))
            factors[1, i, k] = time * WEIGHTS[k] * dividend * math.exp(dividend * time * (1.0 - ELAPSED[k]))
    height = np.empty(N_NODES)
    carry, half = rate - dividend, 0.5 * volatility * volatility
    for _ in range(N_SWEEPS):
        for i in range(N_NODES):
            height[i] = root[i] * root[i]
        for i in range(N_NODES):
            time, here = TIMES[i] * expiry, root[i]
            level = highest * math.exp(-here)
            deviation = volatility * math.sqrt(time)
            up = (math.log(level) + (carry + half) * time) / deviation
            down = up - deviation
            number, divisor = _cdf(down), _cdf(up)
            for k in range(N_POINTS):
                h = 0.0
                for j in range(N_NODES):
                    h += TO_POINTS[i, k, j] * height[j]
                elapsed = time * ELAPSED[k]
                spread = volatility * math.sqrt(elapsed)
                up = (math.sqrt(max(h, 0.0)) - here + (carry + half) * elapsed) / spread
                down = up - spread
                number += factors[0, i, k] * _cdf(down)
                divisor += factors[1, i, k] * _cdf(up)
            image = math.exp(-carry * time) * number / divisor
            root[i] = math.log(highest / min(max(image, 1e-3 * level), highest))
    return highest


@nb.njit(**OPTIONS)
def put_premium_kernel(
    spot: float,
    strike: float,
    expiry: float,
    rate: float,
    dividend: float,
    volatility: float,
    root: Floats,
    factors: Floats,
) -> float:
    """Return what early exercise adds to a European put; all positive but the dividend yield, any sign."""
    highest = strike * _boundary_kernel(expiry, rate, dividend, volatility, root, factors)
    carry, half = rate - dividend, 0.5 * volatility * volatility
    moneyness = math.log(spot / highest)
    deviation = volatility * math.sqrt(expiry)
    if moneyness <= -root[0]:  # exercised now
        d1 = (math.log(spot / strike) + (carry + half) * expiry) / deviation
        put = strike * math.exp(-rate * expiry) * _cdf(deviation - d1)
        return strike - spot - put + spot * math.exp(-dividend * expiry) * _cdf(-d1)
    total = 0.0
    for k in range(N_PRICE_POINTS):
        h = 0.0
        for j in range(N_NODES):
            h += TO_PRICE_POINTS[k, j] * root[j] * root[j]
        elapsed = expiry * PRICE_ELAPSED[k]
        spread = volatility * math.sqrt(elapsed)
        up = (moneyness + math.sqrt(max(h, 0.0)) + (carry + half) * elapsed) / spread
        paid = rate * strike * math.exp(-rate * elapsed) * _cdf(spread - up)
        given = dividend * spot * math.exp(-dividend * elapsed) * _cdf(-up)
        total += PRICE_WEIGHTS[k] * (paid - given)
    return max(total * expiry, 0.0)


@nb.njit(**OPTIONS)
def premium_kernel(
    spot: Floats,
    strike: Floats,
    expiry: Floats,
    rate: Floats,
    dividend: Floats,
    volatility: Floats,
    is_call: Bools,
    out: Floats,
) -> None:
    """Fill `out` (n,) with early-exercise premiums; 0 where the rate an exercise would earn is not positive."""
    root, factors = np.empty(N_NODES), np.empty((2, N_NODES, N_POINTS))
    for n in range(out.size):
        s, k, r, q = spot[n], strike[n], rate[n], dividend[n]
        if is_call[n]:  # C(S, K, r, q) = P(K, S, q, r)
            s, k, r, q = k, s, q, r
        out[n] = 0.0
        if r > 0.0:
            out[n] = put_premium_kernel(s, k, expiry[n], r, q, volatility[n], root, factors)
