"""Elementary functions of complex numbers as functions of pairs of real ones: what the table has for real numbers,
for two.

Parts are numbers or arrays of any kind; NumPy's functions send them to their rows. Products with parts that are
plainly zero are left out, so that `1j * x` costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Pair = tuple[Any, Any]


def carried(x: Any) -> bool:
    """Say whether derivatives may be carried along in a part."""
    return hasattr(x, "chain_rule") or (isinstance(x, np.ndarray) and x.dtype == object)


def is_zero(x: Any) -> bool:
    """Say whether a part is plainly zero: nothing recorded, and nothing to multiply with."""
    return not carried(x) and not np.any(x)


def plus(x: Any, y: Any) -> Any:
    """Return x + y, without recording the addition of plain zeros."""
    if np.ndim(x) == 0 and is_zero(x):
        return y
    return x if np.ndim(y) == 0 and is_zero(y) else x + y


def minus(x: Any, y: Any) -> Any:
    """Return x - y, likewise."""
    if np.ndim(y) == 0 and is_zero(y):
        return x
    return -y if np.ndim(x) == 0 and is_zero(x) else x - y


def times(x: Any, y: Any) -> Any:
    """Return x * y, which is a plain 0.0 where one of them is zero."""
    if is_zero(x) or is_zero(y):
        return 0.0
    if not carried(x) and np.ndim(x) == 0 and x == 1.0:
        return y
    return x if not carried(y) and np.ndim(y) == 0 and y == 1.0 else x * y


MOST_FACTORS = 100
"""Powers with whole exponents up to this one are products, as in NumPy."""


# ---- arithmetic and elementary functions, from pairs to pairs --------------------------------------------------------


def _add(z: Pair, w: Pair) -> Pair:
    return plus(z[0], w[0]), plus(z[1], w[1])


def _subtract(z: Pair, w: Pair) -> Pair:
    return minus(z[0], w[0]), minus(z[1], w[1])


def _multiply(z: Pair, w: Pair) -> Pair:
    (a, b), (c, d) = z, w
    return minus(times(a, c), times(b, d)), plus(times(a, d), times(b, c))


def _divide(z: Pair, w: Pair) -> Pair:
    """Divide by the direction of w and then by its modulus: nothing overflows that does not have to."""
    (a, b), (c, d) = z, w
    if is_zero(d):
        return (a / c, 0.0 if is_zero(b) else b / c)
    if not carried(c) and not carried(d):
        inverse = 1.0 / (np.asarray(c) + 1j * np.asarray(d))
        return _multiply(z, (inverse.real[()], inverse.imag[()]))
    modulus = np.hypot(c, d)
    real, imag = _multiply(z, (c / modulus, -(d / modulus)))
    return real / modulus, imag / modulus


def _exp(z: Pair) -> Pair:
    a, b = z
    if is_zero(b):
        return np.exp(a), 0.0
    if is_zero(a):
        return np.cos(b), np.sin(b)
    size = np.exp(a)
    return size * np.cos(b), size * np.sin(b)


def _expm1(z: Pair) -> Pair:
    a, b = z
    return np.expm1(a) * np.cos(b) - 2.0 * np.sin(0.5 * b) ** 2, np.exp(a) * np.sin(b)


def _log(z: Pair) -> Pair:
    return np.log(np.hypot(*z)), np.arctan2(z[1], z[0])


def _log1p(z: Pair) -> Pair:
    a, b = z
    return 0.5 * np.log1p(a * (2.0 + a) + b * b), np.arctan2(b, 1.0 + a)


def _sqrt(z: Pair) -> Pair:
    size, angle = np.sqrt(np.hypot(*z)), 0.5 * np.arctan2(z[1], z[0])
    return size * np.cos(angle), size * np.sin(angle)


def _power(z: Pair, w: Pair) -> Pair:
    if is_zero(w[1]) and not carried(w[0]) and np.ndim(w[0]) == 0:
        exponent = float(w[0])
        if exponent == int(exponent) and abs(exponent) <= MOST_FACTORS:
            return _whole_power(z, int(exponent))
        if exponent == 0.5:
            return _sqrt(z)
    if is_zero(z[1]) and not carried(z[0]) and np.min(z[0]) > 0.0:
        return _exp(_multiply(w, (np.log(z[0]), 0.0)))
    return _exp(_multiply(w, _log(z)))


def _whole_power(z: Pair, exponent: int) -> Pair:
    """Return a power by squaring."""
    if not exponent:
        return np.ones(np.broadcast_shapes(*map(np.shape, z))), 0.0
    if exponent < 0:
        return _divide((1.0, 0.0), _whole_power(z, -exponent))
    result: Pair = (1.0, 0.0)
    while exponent:
        if exponent & 1:
            result = _multiply(result, z)
        exponent >>= 1
        z = _multiply(z, z) if exponent else z
    return result


def _sin(z: Pair) -> Pair:
    return np.sin(z[0]) * np.cosh(z[1]), np.cos(z[0]) * np.sinh(z[1])


def _cos(z: Pair) -> Pair:
    return np.cos(z[0]) * np.cosh(z[1]), -(np.sin(z[0]) * np.sinh(z[1]))


def _sinh(z: Pair) -> Pair:
    return np.sinh(z[0]) * np.cos(z[1]), np.cosh(z[0]) * np.sin(z[1])


def _cosh(z: Pair) -> Pair:
    return np.cosh(z[0]) * np.cos(z[1]), np.sinh(z[0]) * np.sin(z[1])


def _tanh(z: Pair) -> Pair:
    t, s = np.tanh(z[0]), np.tan(z[1])
    return _divide((t, s), (1.0, t * s))


def _tan(z: Pair) -> Pair:
    t, s = np.tan(z[0]), np.tanh(z[1])
    return _divide((t, s), (1.0, -(t * s)))


PAIRS: dict[str, Callable[..., Pair]] = {
    "add": _add, "subtract": _subtract, "multiply": _multiply, "divide": _divide, "true_divide": _divide,
    "power": _power, "float_power": _power, "exp": _exp, "expm1": _expm1, "log": _log, "log1p": _log1p, "sqrt": _sqrt,
    "sin": _sin, "cos": _cos, "tan": _tan, "sinh": _sinh, "cosh": _cosh, "tanh": _tanh,
    "negative": lambda z: (-z[0], -z[1]), "positive": lambda z: z, "conjugate": lambda z: (z[0], -z[1]),
    "square": lambda z: _multiply(z, z), "reciprocal": lambda z: _divide((1.0, 0.0), z),
    "log2": lambda z: _divide(_log(z), (np.log(2.0), 0.0)), "log10": lambda z: _divide(_log(z), (np.log(10.0), 0.0)),
    "exp2": lambda z: _exp(_multiply(z, (np.log(2.0), 0.0))),
}  # fmt: skip
"""Ufuncs that give complex numbers."""

REALS: dict[str, Callable[..., Any]] = {
    "absolute": lambda z: np.hypot(*z),
    "equal": lambda z, w: (z[0] == w[0]) & (z[1] == w[1]),
    "not_equal": lambda z, w: (z[0] != w[0]) | (z[1] != w[1]),
    "isnan": lambda z: np.isnan(z[0]) | np.isnan(z[1]),
    "isfinite": lambda z: np.isfinite(z[0]) & np.isfinite(z[1]),
    "isinf": lambda z: np.isinf(z[0]) | np.isinf(z[1]),
}
"""Ufuncs that give real numbers or truth values."""
