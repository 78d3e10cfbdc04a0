"""The compiled solver behind `implied_volatility`: Householder steps on the log of the out-of-the-money price.

With a = |ln(F / K)|, s = sigma sqrt(T), h = -a / s and t = s / 2 the out-of-the-money price over D sqrt(F K) is

    b = n(h) exp(-t^2 / 2) [Y(h + t) - Y(h - t)],    Y(z) = N(z) / n(z),

so ln b costs two scaled complementary error functions and one logarithm, and d(ln b)/ds = 1 / [Y(h+t) - Y(h-t)]
comes free. Close to the upper bound exp(-a / 2) the same holds for the complement with a plus sign.
The start is the implied volatility of the normal model: at fixed h the two prices differ by O(s^2), so two
fourth-order steps reach machine accuracy for every price seen in practice.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.polynomial import chebyshev, polynomial
from scipy.special import erfcx

from aadlib.types import Floats
from pricers.kernel_options import CACHE
from pricers.types import Bools

ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
LOG_ROOT_TWO_PI = math.log(ROOT_TWO_PI)
ROOT_HALF = math.sqrt(0.5)
ROOT_HALF_PI = math.sqrt(0.5 * math.pi)

SMALL_DEVIATION = 0.05  # below this t, the difference of two Y cancels and its Taylor series in t converges
STOP = 3e-5  # a step this small, relative to s, leaves an error of its fourth power
MAX_ITERATIONS = 40
SPLIT_H = 1.0  # the two fits of the normal model's volatility join where |h| = 1
ERFCX_SCALE = 3.0


def _scaled_tail_coefficients() -> Floats:
    """Fit (1 + 2 z) erfcx(z) on 0 <= z < inf as a polynomial in y = (z - c) / (z + c)."""

    y = np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    z = ERFCX_SCALE * (1.0 + y) / (1.0 - y)
    series = chebyshev.chebfit(y, (1.0 + 2.0 * z) * erfcx(z), 23)
    return np.asarray(chebyshev.cheb2poly(series), dtype=np.float64)


def _normal_model_fits() -> tuple[float, Floats, Floats]:
    """Fit h as a function of rho = (n(h) - h N(-h)) / h, the normal model's price over moneyness."""

    def ratio(h: Floats) -> Floats:
        slope = 1.0 - h * ROOT_HALF_PI * erfcx(h * ROOT_HALF)
        return np.asarray(np.exp(-0.5 * h * h) / ROOT_TWO_PI * slope / h, dtype=np.float64)

    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(60) + 0.5) / 60)
    split = float(ratio(np.array([SPLIT_H]))[0])
    near_h = SPLIT_H * nodes
    near_x = 1.0 / (0.5 + ratio(near_h))
    far_h = SPLIT_H + (30.0 - SPLIT_H) * nodes
    far_v = np.sqrt(SPLIT_H**2 - 2.0 * np.log(ratio(far_h) / split))
    near = polynomial.polyfit(near_x, near_h / near_x, 6)
    far = polynomial.polyfit(1.0 / far_v, far_h / far_v, 7)
    return split, np.asarray(near, dtype=np.float64), np.asarray(far, dtype=np.float64)


TAIL = _scaled_tail_coefficients()
SPLIT_RATIO, NEAR, FAR = _normal_model_fits()


@nb.njit(cache=CACHE, inline="always")
def _y_kernel(z: float) -> float:
    """Return N(z) / n(z) for z <= 0."""
    x = -z * ROOT_HALF
    y = (x - ERFCX_SCALE) / (x + ERFCX_SCALE)
    y2 = y * y
    y4 = y2 * y2
    p0, p1, p2, p3 = TAIL[20], TAIL[21], TAIL[22], TAIL[23]
    for k in range(16, -1, -4):  # four interleaved Horner chains: the latency of one is hidden by the others
        p0 = p0 * y4 + TAIL[k]
        p1 = p1 * y4 + TAIL[k + 1]
        p2 = p2 * y4 + TAIL[k + 2]
        p3 = p3 * y4 + TAIL[k + 3]
    return ROOT_HALF_PI * ((p0 + y * p1) + y2 * (p2 + y * p3)) / (1.0 + 2.0 * x)


@nb.njit(cache=CACHE, inline="always")
def _y_difference_kernel(h: float, t: float) -> float:
    """Return Y(h + t) - Y(h - t) for h <= 0 < t."""
    if t < SMALL_DEVIATION:  # Y' = 1 + h Y and Y^(n+1) = h Y^(n) + n Y^(n-1)
        y0 = _y_kernel(h)
        y1 = 1.0 + h * y0
        y2 = h * y1 + y0
        y3 = h * y2 + 2.0 * y1
        y4 = h * y3 + 3.0 * y2
        y5 = h * y4 + 4.0 * y3
        y6 = h * y5 + 5.0 * y4
        y7 = h * y6 + 6.0 * y5
        y8 = h * y7 + 7.0 * y6
        y9 = h * y8 + 8.0 * y7
        q = t * t
        return 2.0 * t * (y1 + q * (y3 / 6.0 + q * (y5 / 120.0 + q * (y7 / 5040.0 + q * y9 / 362880.0))))
    z = h + t
    if z > 0.0:
        return ROOT_TWO_PI * math.exp(0.5 * z * z) - _y_kernel(-z) - _y_kernel(h - t)
    return _y_kernel(z) - _y_kernel(h - t)


@nb.njit(cache=CACHE, inline="always")
def _y_sum_kernel(h: float, t: float) -> float:
    """Return Y(-h - t) + Y(h - t) for h <= 0 < t."""
    z = h + t
    if z < 0.0:
        return ROOT_TWO_PI * math.exp(0.5 * z * z) - _y_kernel(z) + _y_kernel(h - t)
    return _y_kernel(-z) + _y_kernel(h - t)


@nb.njit(cache=CACHE, inline="always")
def _start_kernel(moneyness: float, price: float) -> float:
    """Return the deviation that gives `price` in the normal model."""
    rho = price / moneyness if moneyness > 0.0 else math.inf
    if rho > 1e8:
        return ROOT_TWO_PI * price
    if rho > SPLIT_RATIO:
        x, fit = 1.0 / (0.5 + rho), NEAR
        variable = x
    else:
        v, fit = math.sqrt(SPLIT_H * SPLIT_H - 2.0 * math.log(rho / SPLIT_RATIO)), FAR
        x, variable = v, 1.0 / v
    value = 0.0
    for k in range(len(fit) - 1, -1, -1):
        value = value * variable + fit[k]
    return moneyness / (x * value)


@nb.njit(cache=CACHE)
def _householder_step_kernel(newton: float, second: float, third: float, at: float) -> float:
    """Return the fourth-order step of a positive number at its place, from Newton's and the ratios to the slope."""
    step = newton * (1.0 + 0.5 * second * newton)
    step /= 1.0 + newton * (second + newton * third / 6.0)
    if not -0.8 * at < step < 4.0 * at:  # far from the root the rational step may overshoot
        step = min(max(newton, -0.8 * at), 4.0 * at)
    return step


@nb.njit(cache=CACHE)
def deviation_kernel(moneyness: float, price: float, complement: float) -> float:
    """Return s = sigma sqrt(T) from a = |ln(F/K)|, b > 0 and exp(-a/2) - b > 0."""
    upper = complement < price
    if upper:  # Abramowitz & Stegun 26.2.22 on N(-s/2) = complement / (2 cosh(a/2)), exact for large s
        w = math.sqrt(-2.0 * math.log(0.5 * complement / math.cosh(0.5 * moneyness)))
        s = 2.0 * (w - (2.30753 + 0.27061 * w) / (1.0 + 0.99229 * w + 0.04481 * w * w))
        target = math.log(complement)
    else:
        s = _start_kernel(moneyness, price)
        target = math.log(price)
    for _ in range(MAX_ITERATIONS):
        h = -moneyness / s
        t = 0.5 * s
        spread = -_y_sum_kernel(h, t) if upper else _y_difference_kernel(h, t)
        slope = 1.0 / spread  # f'
        newton = spread * (target + LOG_ROOT_TWO_PI + 0.5 * (h * h + t * t) - math.log(abs(spread)))
        ratio = h * h / s - 0.5 * t  # b'' / b'
        second = ratio - slope  # f'' / f'
        third = second * (second - slope) - 3.0 * h * h / (s * s) - 0.25  # f''' / f'
        step = _householder_step_kernel(newton, second, third, s)
        s += step
        if abs(step) <= STOP * s:
            return s
    return math.nan


@nb.njit(cache=CACHE)
def implied_volatility_kernel(
    price: Floats,
    forward: Floats,
    strike: Floats,
    expiry: Floats,
    discount: Floats,
    is_call: Bools,
    out: Floats,
) -> None:
    """Fill `out` with implied volatilities, 0 at the lower bound of the price and NaN outside the bounds."""
    for i in range(price.size):
        gap = forward[i] - strike[i]
        if not is_call[i]:
            gap = -gap
        outside = price[i] - discount[i] * max(gap, 0.0)
        if not expiry[i] > 0.0:  # any volatility gives an expired option its payoff, none another price
            out[i] = math.nan
            continue
        bound = discount[i] * min(forward[i], strike[i])
        if outside == 0.0:
            out[i] = 0.0
        elif not 0.0 < outside < bound:
            out[i] = math.nan
        else:
            ratio = gap / strike[i] if is_call[i] else -gap / strike[i]
            if -0.5 < ratio < 1.0:  # F - K is exact here, so ln(F/K) keeps its relative accuracy at the money
                moneyness = abs(math.log1p(ratio))
            else:
                moneyness = abs(math.log(forward[i] / strike[i]))
            unit = discount[i] * math.sqrt(forward[i] * strike[i])
            s = deviation_kernel(moneyness, outside / unit, (bound - outside) / unit)
            out[i] = s / math.sqrt(expiry[i])


@nb.njit(cache=CACHE)
def normal_deviation_kernel(moneyness: float, price: float) -> float:
    """Return s = sigma sqrt(T) from m = |F - K| and the price p > 0 out of the money, in the normal model.

    With h = m / s, p / m = n(h) (1 - h Y(-h)) / h: fourth-order Householder steps on its logarithm in h.
    """
    if moneyness <= 1e-8 * price:  # p = s n(0) - m / 2 + O(m^2 / s), below round-off here
        return ROOT_TWO_PI * (price + 0.5 * moneyness)
    target = math.log(price) - math.log(moneyness)
    h = moneyness / _start_kernel(moneyness, price)
    for _ in range(MAX_ITERATIONS):
        rest = 1.0 - h * _y_kernel(-h)
        slope = -1.0 / (h * rest)  # g'
        newton = (target - (math.log(rest / h) - 0.5 * h * h - LOG_ROOT_TWO_PI)) / slope
        second = -h - 2.0 / h - slope  # g'' / g'
        third = second * second - 1.0 + 2.0 / (h * h) - second * slope  # g''' / g'
        step = _householder_step_kernel(newton, second, third, h)
        h += step
        if abs(step) <= STOP * h:
            return moneyness / h
    return math.nan


@nb.njit(cache=CACHE)
def normal_volatility_kernel(
    price: Floats,
    forward: Floats,
    strike: Floats,
    expiry: Floats,
    discount: Floats,
    is_call: Bools,
    out: Floats,
) -> None:
    """Fill `out` with implied normal volatilities, 0 at the lower bound of the price and NaN below it."""
    for i in range(price.size):
        gap = forward[i] - strike[i] if is_call[i] else strike[i] - forward[i]
        outside = price[i] / discount[i] - max(gap, 0.0)
        if outside == 0.0 and expiry[i] > 0.0:
            out[i] = 0.0
        elif not (0.0 < outside < math.inf and expiry[i] > 0.0):
            out[i] = math.nan
        else:
            out[i] = normal_deviation_kernel(abs(gap), outside) / math.sqrt(expiry[i])
