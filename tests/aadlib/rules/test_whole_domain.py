"""Special functions over the whole range of doubles: value, first and second partials against mpmath's closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import aadlib as ad
from aadlib.extend import record_binary, record_unary
from aadlib.rules.table import CODES, RULES

from .mpmath_rules import inverse_erf

TINY = 5e-324
DIGAMMA_ROOT = 1.4616321449683622
NEAR_ONE = [1.0 - k * 2.0**-53 for k in (1, 2, 3, 7, 100, 12345)] + [
    1.0 + k * 2.0**-52 for k in (1, 2, 9, 1e4)
]
POWERS_OF_TEN = [
    10.0**k for k in (-320, -310, -308, -300, -200, -160, -155, -150, -103, -100, -50, -20, -8, -3)
]
LARGE = [10.0**k for k in (1, 2, 3, 5, 8, 15, 16, 20, 50, 100, 150, 155, 160, 200, 300, 308)]


def log_uniform(rng: np.random.Generator, size: int, low: float = -320.0, high: float = 308.2) -> Any:
    return np.power(10.0, rng.uniform(low, high, size))


def probabilities(rng: np.random.Generator, size: int) -> Any:
    tails = log_uniform(rng, size // 2, -323.0, 0.0)
    return np.concatenate(
        [tails, rng.random(size // 4), 1.0 - log_uniform(rng, size // 4, -16.0, 0.0), POWERS_OF_TEN, NEAR_ONE[:6],
         [0.5, math.nextafter(0.5, 0.0), 0.075, 0.925, TINY, 3 * TINY]]
    )  # fmt: skip


def correlations(rng: np.random.Generator, size: int) -> Any:
    inside = probabilities(rng, size)
    return inside * rng.choice([-1.0, 1.0], inside.size)


def factorials(rng: np.random.Generator, size: int) -> Any:
    whole = -rng.integers(0, 60, size // 8).astype(float)
    poles = np.where(whole == 0.0, 1.0, whole) * (1.0 + log_uniform(rng, whole.size, -15.0, -1.0)) - (
        whole == 0.0
    )
    return np.concatenate(
        [rng.uniform(0.0, 20.0, size // 4), log_uniform(rng, size // 8), rng.uniform(-180.0, 0.0, size // 4), poles,
         rng.uniform(20.0, 175.0, size // 8), -log_uniform(rng, size // 8, -320.0, 5.0), POWERS_OF_TEN, LARGE, NEAR_ONE,
         2.0 * np.array(NEAR_ONE), DIGAMMA_ROOT + np.array([0.0, 3e-16, -3e-16, 1e-12, 1e-8, -1e-5, 1e-3, 0.1, -0.24]),
         [171.6, 171.62, TINY, -TINY, 14.0, 13.999]]
    )  # fmt: skip


def line(rng: np.random.Generator, size: int) -> Any:
    wide = log_uniform(rng, size // 4) * rng.choice([-1.0, 1.0], size // 4)
    return np.concatenate(
        [wide, rng.uniform(-45.0, 45.0, size // 2), rng.uniform(-750.0, 750.0, size // 4), POWERS_OF_TEN, LARGE,
         -np.array(POWERS_OF_TEN), -np.array(LARGE), [0.0, -0.0, -5.0, -4.999999, -5.000001, -39.0, 39.0, 745.0]]
    )  # fmt: skip


def negative(rng: np.random.Generator, size: int) -> Any:
    return np.concatenate(
        [-log_uniform(rng, size // 2), -log_uniform(rng, size // 2, -3.0, 2.9), -np.array(POWERS_OF_TEN),
         -np.array(LARGE), [-TINY, -math.log(2.0), math.nextafter(-math.log(2.0), 0.0), -745.0]]
    )  # fmt: skip


def pairs(rng: np.random.Generator, size: int) -> Any:
    x = log_uniform(rng, size) * rng.choice([-1.0, 1.0], size)
    x[: size // 20] = 0.0
    y = np.concatenate([log_uniform(rng, size // 2), log_uniform(rng, size - size // 2, -3.0, 3.0)])
    y[-10:] = NEAR_ONE
    return np.stack([x, rng.permutation(y)], axis=1)


def normal_quantile(p: Any) -> Any:
    """Solve Phi(v) = p from the quantile in doubles, by Newton's method on the logarithm."""
    upper = p > 0.5
    tail = 1 - p if upper else p
    if tail > 0.4:
        v = mp.sqrt(2) * inverse_erf(2 * tail - 1)
    else:
        logarithm = mp.log(tail)
        v = -mp.sqrt(-2 * logarithm - mp.log(-4 * mp.pi * logarithm)) if tail < 0.05 else mpf(-1)
        for _ in range(60):
            step = (mp.log(mp.ncdf(v)) - logarithm) * mp.ncdf(v) / mp.npdf(v)
            v -= step
            if abs(step) < mpf(10) ** (-mp.dps + 8) * abs(v):
                break
    return -v if upper else v


def of_normal_quantile(p: Any) -> list[Any]:
    v = normal_quantile(p)
    return [v, 1 / mp.npdf(v), v / mp.npdf(v) ** 2]


def of_erfinv(x: Any) -> list[Any]:
    half = (1 - abs(x)) / 2
    v = inverse_erf(x) if abs(x) < 0.5 else -mp.sign(x) * normal_quantile(half) / mp.sqrt(2)
    slope = mp.sqrt(mp.pi) / 2 * mp.exp(v * v)
    return [v, slope, 2 * v * slope**2]


def of_erfcinv(x: Any) -> list[Any]:
    v = inverse_erf(1 - x) if abs(1 - x) < 0.5 else -normal_quantile(x / 2) / mp.sqrt(2)
    slope = mp.sqrt(mp.pi) / 2 * mp.exp(v * v)
    return [v, -slope, 2 * v * slope**2]


def of_gamma(x: Any) -> list[Any]:
    if abs(x) > 1e4:
        return [mpf(0 if x < 0 else "inf")] * 3
    v, slope = mp.gamma(x), mp.digamma(x)
    return [v, v * slope, v * (slope**2 + mp.polygamma(1, x))]


def of_log_norm_cdf(x: Any) -> list[Any]:
    if x < -1e4:  # the asymptotic series of Mills' ratio: its terms fall by x**-2
        with mp.extradps(700):
            r = 1 / (x * x)
            mills = (1 - r + 3 * r**2 - 15 * r**3 + 105 * r**4 - 945 * r**5) / -x
            hazard = 1 / mills
            return [-x * x / 2 - mp.log(2 * mp.pi) / 2 + mp.log(mills), hazard, -hazard * (hazard + x)]
    if x > 1e4:
        return [mpf(0)] * 3
    cdf = mp.ncdf(x)
    hazard = mp.npdf(x) / cdf
    value = mp.log(cdf) if x < 0 else mp.log1p(-mp.ncdf(-x))
    return [value, hazard, -hazard * (hazard + x)]


def of_log_sigmoid(x: Any) -> list[Any]:
    small = mp.exp(-abs(x))
    value = (x if x < 0 else 0) - mp.log1p(small)
    return [value, (1 if x < 0 else small) / (1 + small), -small / (1 + small) ** 2]


def of_log1mexp(x: Any) -> list[Any]:
    ratio, power = mp.expm1(x), mp.exp(x)
    value = mp.log1p(-power) if x < -1 else mp.log(-ratio)
    return [value, power / ratio, -power / ratio**2]


def of_gammaln(x: Any) -> list[Any]:
    value = mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))
    return [mp.re(value), mp.digamma(x), mp.polygamma(1, x)]


def of_digamma(x: Any) -> list[Any]:
    return [mp.digamma(x), mp.polygamma(1, x), mp.polygamma(2, x)]


def of_xlogy(x: Any, y: Any) -> list[Any]:
    return [x * mp.log(y), mp.log(y), x / y, 0, 1 / y, -x / y**2]


ROWS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "norm_ppf": (of_normal_quantile, probabilities),
    "gamma": (of_gamma, factorials),
    "gammaln": (of_gammaln, factorials),
    "digamma": (of_digamma, factorials),
    "log_norm_cdf": (of_log_norm_cdf, line),
    "erfinv": (of_erfinv, correlations),
    "erfcinv": (of_erfcinv, lambda rng, size: 2.0 * probabilities(rng, size)),
    "log_sigmoid": (of_log_sigmoid, line),
    "log1mexp": (of_log1mexp, negative),
    "xlogy": (of_xlogy, pairs),
}
"""Per row: value and partials in mpmath, and points through its domain."""


def inside(name: str, points: Any) -> Any:
    """Return those of the points that lie in a row's domain and are finite."""
    domain = RULES[CODES[name]].domain
    texts = {"floor": math.floor}
    rows = [
        p
        for p in points.tolist()
        if not domain
        or eval(domain, dict(zip("xy", p, strict=True)) if isinstance(p, list) else {"x": p, **texts})
    ]
    return np.array(rows)


def derivatives(name: str, points: Any) -> list[Any]:
    """Return value, first and second partials at all points: one array for each."""
    code = CODES[name]
    if points.ndim == 1:
        program = ad.record(lambda x: record_unary(code, x), 0.5 if name != "log1mexp" else -0.5)
        return [np.ravel(column) for column in program.over_lanes().derivatives(points)]
    program = ad.record(lambda x: record_binary(code, x[0], x[1]), [0.5, 0.5])
    value, first, second = program.over_lanes().derivatives(points)
    return [value, *first.T, second[:, 0, 0], second[:, 0, 1], second[:, 1, 1]]


def wrong_points(name: str, points: Any) -> list[Any]:
    """Return where a row is off by more than 1e-13 of the truth and 4 units in the last place of the argument."""
    truth, _ = ROWS[name]
    wrong = []
    columns = derivatives(name, points)
    for at, point in enumerate(points.tolist()):
        arguments = point if isinstance(point, list) else [point]
        with mp.workdps(60):
            true = truth(*map(mpf, arguments))
            for order, (column, one) in enumerate(zip(columns, true, strict=True)):
                found = float(column[at])
                if not agrees(found, one) and not near_zero(truth, arguments, order, found, one):
                    wrong.append((point, order, found, mpmath.nstr(one, 17)))
    return wrong


def near_zero(truth: Callable[..., Any], arguments: list[float], order: int, found: float, true: Any) -> bool:
    """Say whether the truth is near one of its zeros, and a few units of the argument explain the difference."""
    if len(arguments) > 1 or not math.isfinite(found):
        return False
    x = arguments[0]
    moved = truth(mpf(x) + 4 * mpf(math.ulp(x)))[order]
    return bool(abs(found - true) <= abs(moved - true))


def agrees(found: float, true: Any) -> bool:
    if abs(true) > mpf("1.797e308"):
        return math.isinf(found) and (found > 0) == (true > 0)
    if abs(true) < mpf("2.3e-308"):
        return abs(found) < 2.3e-308
    return math.isfinite(found) and abs(found - true) <= mpf("1e-13") * abs(true)


@pytest.mark.parametrize("name", ROWS)
def test_some_points(name: str) -> None:
    points = inside(name, ROWS[name][1](np.random.default_rng(1), 80))
    assert not wrong_points(name, points)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_many_points(name: str) -> None:
    points = inside(name, ROWS[name][1](np.random.default_rng(2), 2_000))
    assert len(points) >= 1_800
    assert not wrong_points(name, points)
