"""Every row over the range of doubles: value and partials as the same texts give them in mpmath, without overflow."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import aadlib as ad
from aadlib.extend import record_binary, record_unary
from aadlib.rules import in_python
from aadlib.rules.table import CODES, RULES

SKIPPED = {
    "norm_ppf",
    "fmod",
    "remainder",
    "stop_gradient",
    "where_true",
    "where_false",
    "gamma",
    "gammaln",
    "digamma",
    "log_norm_cdf",
    "erfinv",
    "erfcinv",
}
"""Rows whose texts mpmath cannot evaluate, and rows without curvature whose values are those of the operands."""

ROWS = [rule for rule in RULES if not rule.step and rule.name not in SKIPPED]

POWERS = (
    -320, -300, -200, -155, -105, -20, -8, -3, 0, 0.3, 1, 1.5, 2, 8, 20, 40, 76, 103, 110, 154, 160, 200, 242, 300,
    308.2,
)  # fmt: skip
POINTS = [sign * 10.0**power for power in POWERS for sign in (1, -1)] + [
    0.0, -700.0, -360.0, -38.5, -30.0, -5.0, -0.5, 0.5, 0.99, 1.0 - 1e-12, 1.0 + 1e-12, 5.0, 27.0, 38.5, 360.0, 709.0,
]  # fmt: skip
FEW = [
    sign * 10.0**power for power in (-320, -300, -165, -80, -8, 0, 8, 80, 165, 300) for sign in (1, -1)
] + [0.0]
PAIRS = list(itertools.product(FEW, FEW))
SUBNORMAL = 2.3e-308

FUNCTIONS = {
    "LN2": mp.log(2), "exp2": lambda x: mp.power(2, x), "log2": lambda x: mp.log(x, 2), "pow": mp.power, "fabs": abs,
    "copysign": lambda x, y: abs(x) if y >= 0 else -abs(x), "cube_root": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
} | {
    name: getattr(mp, name) for name in (
        "exp", "expm1", "log", "log1p", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh",
        "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "hypot",
    )
}  # fmt: skip


def expected(rule, x, y):
    """Return value, first and second partials with digits enough for sums of the largest and the smallest."""
    names = {**FUNCTIONS, "x": mpf(x), "y": mpf(y)}
    bits = 8 if rule.arity == 2 else 4  # for a digit of the largest and of the smallest
    with mp.workprec(300 + bits * int(max(abs(math.log10(abs(t))) if t else 0.0 for t in (x, y)))):
        names |= {"LN2": mp.log(2), "LN10": mp.log(10), "SQRT_HALF": mp.sqrt(0.5)}
        names |= {"INV_SQRT_2PI": 1 / mp.sqrt(2 * mp.pi), "TWO_OVER_SQRT_PI": 2 / mp.sqrt(mp.pi)}
        names["v"] = eval(rule.value, names)
        return [names["v"], *(eval(text, names) for text in (*rule.first, *rule.second))]


def points_of(rule):
    """Return the points inside a row's domain at which mpmath can evaluate it."""
    for x, y in PAIRS if rule.arity == 2 else [(x, 0.0) for x in POINTS]:
        if rule.domain and not eval(rule.domain, {"x": x, "y": y}):
            continue
        if rule.name == "twice_reciprocal" and x == 0.0:
            continue  # its value is that of the limit
        if rule.name in ("power", "root_power", "exp_log_power") and not (1e-20 < abs(y) < 1e10 or y == 0.0):
            continue
        if rule.name == "hypot" and math.hypot(x, y) < SUBNORMAL:
            continue  # the value itself has few digits
        if rule.name in ("sin", "cos", "tan", "norm_cdf", "erfc", "logaddexp") and max(abs(x), abs(y)) > 1e20:
            continue
        yield x, y


def agrees(found, true):
    """Say whether a double is the truth to 1e-13, or infinite, or below the normal numbers, where that is."""
    if mpmath.isnan(true):
        return True
    if abs(true) > mpf("1.797e308"):
        return math.isinf(found) and (found > 0) == (true > 0)
    return abs(true) < 1e-300 > abs(found) or (
        math.isfinite(found) and abs(found - true) <= 1e-13 * abs(true)
    )


@pytest.mark.parametrize("rule", ROWS, ids=lambda rule: rule.name)
def test_rows(rule):
    code = CODES[rule.name]
    if rule.arity == 1:
        program = ad.record(lambda x: record_unary(code, x), 1.5)
    else:
        program = ad.record(lambda x: record_binary(code, x[0], x[1]), [1.5, 1.25])
    wrong = []
    for x, y in points_of(rule):
        value, gradient, hessian = program.derivatives(np.float64(x) if rule.arity == 1 else np.array([x, y]))
        found = [
            value,
            *np.ravel(gradient),
            *np.ravel(hessian)[[0] if rule.arity == 1 else [0, 1, 3]].tolist(),
        ]
        for k, (one, true) in enumerate(zip(found, expected(rule, x, y), strict=True)):
            if not agrees(float(one), true):
                wrong.append((x, y, k, float(one), mpmath.nstr(true, 8)))
    assert not wrong


@pytest.mark.parametrize("rule", [r for r in ROWS if r.arity == 1], ids=lambda rule: rule.name)
@pytest.mark.parametrize("x", [math.inf, -math.inf])
def test_partials_at_infinity(rule, x):
    code = CODES[rule.name]
    value = in_python.value(code, x)
    if math.isnan(value):
        return
    partials = [in_python.first(code, x, 0.0, value)[0], in_python.second(code, x, 0.0, value)[0]]
    assert not np.isnan(partials).any()


def test_cube_roots_of_very_large_and_very_small_numbers():
    program = ad.record(np.cbrt, 8.0)
    for x in (1.7e308, -1e300, 1e242, 1e201, 1e199, 5e-324, 1e-320, -1e-251, 1e-249):
        assert program.value(x) == pytest.approx(np.cbrt(x), rel=3e-16)


def test_a_call_without_volatility():
    def call(x):
        spot, volatility, rate = x
        d1 = (np.log(spot / 100.0) + rate) / volatility + 0.5 * volatility
        return spot * ad.norm_cdf(d1) - 100.0 * np.exp(-rate) * ad.norm_cdf(d1 - volatility)

    program = ad.record(call, [110.0, 0.2, 0.05])
    wanted = np.zeros((3, 3))
    wanted[2, 2] = -100.0 * math.exp(-0.05)
    np.testing.assert_allclose(program.hessian([110.0, 0.0, 0.05]), wanted, rtol=1e-15)
    np.testing.assert_array_equal(program.hessian([90.0, 0.0, 0.05]), np.zeros((3, 3)))
