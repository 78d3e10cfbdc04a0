"""The rule table's functions in mpmath, and the points they are compared at.

Derivatives are taken by mpmath's own numerical differentiation at 50 digits, so nothing here repeats a formula of
the table.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp, mpf

from aadlib.rules.table import CODES, RULES, Rule

DIGITS = 50

SMALL_LARGE = [
    1e-60,
    1e-20,
    1e-8,
    1e-3,
    0.1,
    0.5,
    0.9,
    1.0,
    1.1,
    1.5,
    2.0,
    3.0,
    5.0,
    8.0,
    20.0,
    100.0,
    1e5,
    1e10,
    1e60,
]
LINE = [-t for t in reversed(SMALL_LARGE)] + SMALL_LARGE
UNIT = [1e-60, 1e-8, 0.1, 0.5, 0.7071067811865475, 0.9, 0.999, 1.0 - 1e-8, 1.0 - 2.0**-50]
PROBABILITY = [
    1e-300,
    1e-100,
    1e-20,
    1e-8,
    1e-3,
    0.02,
    0.074,
    0.08,
    0.3,
    0.4999,
    0.51,
    0.7,
    0.93,
    0.999,
    1 - 1e-10,
]
FACTORIAL = [
    -170.3, -20.7, -3.25, -3.0 + 1e-7, -1.5, -1.0 - 1e-8, -0.3, -1e-8, 1e-20, 1e-8, 0.1, 0.9, 1.0, 1.25, 1.5, 2.0,
    2.5, 6.0, 13.9, 14.0, 50.5, 170.0,
]  # fmt: skip
MODERATE = [-30.0, -9.0, -2.5, -1.0, -0.75, -1e-3, -1e-30, 1e-30, 1e-3, 0.3, 1.0, 1.7, 4.0, 12.0, 37.0]
BETWEEN = [-1234.56, -3.7, -0.2, 0.3, 0.9, 2.4, 5.5001, 1e5 + 0.25, 1e17]
PAIRS = [
    (1.0, 2.0), (-1.5, 0.7), (3.0, -0.2), (-0.4, -5.0), (1e-20, 3.0), (2.0, 1e-10), (1e8, 1e8 + 1.0), (1e40, -1e40),
    (1e-40, 2e-40), (1.0, 1.0 + 2.0**-40), (-7.25, 1e20), (1e-60, 1e10), (0.3, 0.1), (-2.0, -3.0),
]  # fmt: skip
POWERS = [
    (1.0, 2.0), (2.0, 0.5), (0.3, -1.7), (1e-20, 3.0), (2.0, 1e-10), (1e5, -2.5), (1e-8, 0.3), (7.0, 3.0), (3.0, 2.0),
    (1.0 + 1e-9, 1e8), (0.5, 0.0), (2.5, 1.0), (4.0, -40.0), (1e30, 4.0), (0.999, 1000.0), (2.718281828459045, -1.0),
]  # fmt: skip
MODULI = [(7.3, 2.0), (-7.3, 2.0), (7.3, -2.0), (0.25, 1.5), (-1e-3, 3.0), (123456.7, 0.37), (1e-20, 5.0)]
EXPONENTS = [-700.0, -40.0, *MODERATE, 300.0, 700.0]

INDICATOR = [(0.5, 1.0), (2.0, 0.0), (0.0, 0.0), (0.0, 3.0)]
POSITIVE = [*SMALL_LARGE, 1.0 - 1e-9, 1.0 + 1e-9]
TAILS = [
    -1e100,
    -1e9,
    -1e4,
    -300.0,
    -60.0,
    -37.5,
    -20.0,
    -5.001,
    -4.999,
    -2.0,
    -0.7,
    -1e-9,
    1e-9,
    0.8,
    3.0,
    9.0,
    37.0,
]
BELOW_OVERFLOW = [-37.0, -20.0, *[m for m in MODERATE if abs(m) < 15]]

SHARED_POINTS: list[tuple[list[Any], tuple[str, ...]]] = [
    (EXPONENTS, ("exp", "expm1", "sinh", "cosh", "exp2", "softplus", "sigmoid", "log_sigmoid")),
    (POSITIVE, ("log", "log2", "log10", "sqrt", "root_squared", "exp_log")),
    ([-1.0 + 2.0**-50, -0.999, -0.5, -1e-8, -1e-30, *SMALL_LARGE], ("log1p",)),
    ([-t for t in UNIT] + UNIT, ("arcsin", "arccos", "arctanh")),
    ([1.0 + 2.0**-50, 1.0 + 1e-8, 1.1, 2.0, 30.0, 1e10, 1e60], ("arccosh",)),
    (PROBABILITY, ("norm_ppf",)),
    (TAILS, ("log_norm_cdf",)),
    ([-t for t in UNIT] + UNIT, ("erfinv",)),
    ([*PROBABILITY, 1.01, 1.3, 1.6, 1.999], ("erfcinv",)),
    ([-700.0, -40.0, -3.0, -1.0, -0.7, -0.69, -0.1, -1e-3, -1e-30, -1e-100], ("log1mexp",)),
    ([(x, abs(y)) for x, y in PAIRS], ("xlogy",)),
    (FACTORIAL, ("gamma", "gammaln", "digamma")),
    (BELOW_OVERFLOW, ("norm_cdf", "erf", "erfc")),
    ([-37.0, -9.0, -1.0 - 1e-9, -0.75, -1e-30, 1e-3, 1.0 + 1e-9, 1.7, 12.0, 37.0], ("norm_pdf",)),
    (BETWEEN, ("floor", "ceil", "trunc", "rint")),
    (POWERS, ("power", "root_power", "exp_log_power")),
    ([p for p in PAIRS if abs(p[0]) < 1e9] + [(700.0, 710.0), (-800.0, -801.0)], ("logaddexp",)),
    (MODULI, ("remainder", "floor_divide", "fmod")),
    (INDICATOR, ("logical_and", "logical_or", "where_true", "where_false")),
]

POINTS: dict[str, list[Any]] = {name: points for points, names in SHARED_POINTS for name in names}
"""Arguments of every row: through the domain, near its ends, large and small; pairs of numbers for two operands."""


def points_of(rule: Rule) -> list[tuple[float, float]]:
    """Return the points (x, y) a rule is compared at; y is 0 for one operand."""
    given = POINTS.get(rule.name, LINE if rule.arity == 1 else PAIRS)
    return [p if isinstance(p, tuple) else (p, 0.0) for p in given]


def quantile(p: Any) -> Any:
    """Solve Phi(x) = p by Newton's method from a short series, at the working precision."""
    if p > 0.5:
        return -quantile(1 - p)
    x = -mpmath.sqrt(-2 * mpmath.log(p)) if p < 0.2 else mpmath.sqrt(2) * mpmath.erfinv(mpf(float(2 * p - 1)))
    for _ in range(60):
        step = mpmath.log(mpmath.ncdf(x) / p) * mpmath.ncdf(x) / mpmath.npdf(x)
        x -= step
        if abs(step) < mpf(2) ** (-mp.prec + 8) * (1 + abs(x)):
            break
    return x


def inverse_erf(x: Any) -> Any:
    """Solve erf(v) = x near 0 by Newton's method, at the working precision."""
    v = x * mpmath.sqrt(mpmath.pi) / 2
    for _ in range(12):
        v -= (mpmath.erf(v) - x) * mpmath.exp(v * v) * mpmath.sqrt(mpmath.pi) / 2
    return v


def remainder(x: Any, y: Any) -> Any:
    """Return what is left of x after whole multiples of y, with the sign of y."""
    return x - y * mpmath.floor(x / y)


MP: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: mpmath.power(x, y),
    "negative": lambda x: -x,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "sqrt": mpmath.sqrt,
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "hypot": mpmath.hypot,
    "root_squared": lambda x: mpf(x),
    "hypot_squared": lambda x, y: x * x + y * y,
    "root_power": lambda x, y: mpmath.power(x, y / 2),
    "cbrt_cubed": lambda x: mpf(x),
    "exp_log": lambda x: mpf(x),
    "exp_log_power": lambda x, y: mpmath.power(x, y),
    "twice_reciprocal": lambda x: mpf(x),
    "exp": mpmath.exp,
    "exp2": lambda x: mpf(2) ** x,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "log2": lambda x: mpmath.log(x, 2),
    "log10": mpmath.log10,
    "logaddexp": lambda x, y: x + mpmath.log1p(mpmath.exp(y - x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "log_sigmoid": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "log1mexp": lambda x: mpmath.log(-mpmath.expm1(x)),
    "xlogy": lambda x, y: x * mpmath.log(y),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": mpmath.atan,
    "arctan2": mpmath.atan2,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh,
    "norm_cdf": mpmath.ncdf,
    "norm_pdf": mpmath.npdf,
    "norm_ppf": quantile,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "log_norm_cdf": lambda x: mpmath.log(mpmath.ncdf(x)) if x < 0 else mpmath.log1p(-mpmath.ncdf(-x)),
    "erfinv": lambda x: quantile((1 + x) / 2) / mpmath.sqrt(2) if abs(x) > mpf("0.1") else inverse_erf(x),
    "erfcinv": lambda x: -quantile(x / 2) / mpmath.sqrt(2),
    "gamma": mpmath.gamma,
    "gammaln": lambda x: mpmath.log(abs(mpmath.gamma(x))),
    "digamma": mpmath.digamma,
    "absolute": abs,
    "maximum": max,
    "minimum": min,
    "copysign": lambda x, y: abs(x) * (1 if y >= 0 else -1),
    "remainder": remainder,
    "fmod": lambda x, y: x - y * (mp.floor(x / y) if (x / y) >= 0 else mp.ceil(x / y)),
    "sign": mpmath.sign,
    "floor": mpmath.floor,
    "ceil": mpmath.ceil,
    "trunc": lambda x: mpmath.floor(x) if x > 0 else mpmath.ceil(x),
    "rint": mpmath.nint,
    "floor_divide": lambda x, y: mpmath.floor(x / y),
    "greater": lambda x, y: mpf(x > y),
    "greater_equal": lambda x, y: mpf(x >= y),
    "equal": lambda x, y: mpf(x == y),
    "not_equal": lambda x, y: mpf(x != y),
    "logical_and": lambda x, y: mpf(x != 0 and y != 0),
    "logical_or": lambda x, y: mpf(x != 0 or y != 0),
    "where_true": lambda x, y: x if y != 0 else mpf(0),
    "where_false": lambda x, y: mpf(0) if y != 0 else x,
    "stop_gradient": lambda x: x,
}

ORDERS = {1: [(0,), (1,), (2,)], 2: [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]}
"""Value, first and second partials, as orders of differentiation."""

FLAT_IN_Y = {"where_true", "where_false"}
"""Their second operand is a condition, compared with zero exactly: it must not be moved."""


def derivative(rule: Rule, order: tuple[int, ...], x: Any, y: Any) -> Any:
    """Return the value or one partial derivative at the working precision."""
    function = MP[rule.name]
    if not any(order):
        return function(x) if rule.arity == 1 else function(x, y)
    if rule.step or (rule.name in FLAT_IN_Y and order[1]) or (rule.name == "copysign" and order[1]):
        return mpf(0)
    if rule.arity == 1:
        return scaled_difference(function, x, order[0])
    if not order[1]:
        return scaled_difference(lambda t: function(t, y), x, order[0])
    if not order[0]:
        return scaled_difference(lambda t: function(x, t), y, order[1])
    return scaled_difference(lambda t: scaled_difference(lambda s: function(s, t), x, 1), y, 1)


def scaled_difference(function: Callable[[Any], Any], x: Any, n: int) -> Any:
    """Differentiate n times by central differences; the step is 50 digits below x and below 1."""
    step = mpf(10) ** (-DIGITS) * (min(abs(x), 1) if x else 1)
    if n == 1:
        return (function(x + step) - function(x - step)) / (2 * step)
    return (function(x + step) - 2 * function(x) + function(x - step)) / step**2


COSTLY = {"norm_ppf", "gamma", "gammaln", "digamma"}
"""Rows whose points lie near 1, so that their differences need fewer digits."""


def working_digits(name: str) -> int:
    """Return the digits at which the differences leave 50 correct ones."""
    return (5 if name in COSTLY else 12) * DIGITS


@functools.cache
def exact(name: str, order: tuple[int, ...], x: float, y: float) -> Any:
    """Return a value or partial derivative correct to some 50 digits."""
    with mp.workdps(working_digits(name)):
        return derivative(RULES[CODES[name]], order, mpf(x), mpf(y))


def sensitivity(name: str, order: tuple[int, ...], x: float, y: float) -> Any:
    """Return the largest change that one unit in the last place of an argument makes.

    The partials of `norm_ppf` are functions of its result alone, so there one unit of the result counts too: far out
    in the tails it changes the density by that unit times the square of the result.
    """
    centre = exact(name, order, x, y)
    moved = [exact(name, order, math.nextafter(x, side), y) for side in (-math.inf, math.inf)]
    if RULES[CODES[name]].arity == 2:
        moved += [exact(name, order, x, math.nextafter(y, side)) for side in (-math.inf, math.inf)]
    if name == "norm_ppf":
        slope, value = exact(name, (1,), x, y), float(exact(name, (0,), x, y))
        with mp.workdps(working_digits(name)):
            moved.append(derivative(RULES[CODES[name]], order, mpf(x) + mpf(math.ulp(value)) / slope, mpf(y)))
    return max(abs(m - centre) for m in moved)
