"""NumPy's functions of complex recorded numbers, as functions of their parts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.tape.arrays import is_complex, set_complex_handlers
from aadlib.tape.complex_arrays import (
    COMPLEX_FUNCTION,
    COMPLEX_UFUNC,
    ComplexArray,
    Pair,
    carried,
    complex_array,
    is_zero,
    joined,
    minus,
    pair,
    plus,
    times,
)

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

BILINEAR_UFUNCS = {"matmul", "matvec"}


def complex_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out a ufunc where an input is complex."""
    name = ufunc.__name__
    out = kwargs.pop("out", None)
    kwargs = {key: value for key, value in kwargs.items() if key not in ("casting", "order", "subok")}
    with np.errstate(all="ignore"):
        if method == "reduce" and name in ("add", "multiply") and set(kwargs) <= {"axis", "keepdims"}:
            axis = kwargs.get("axis", 0)
            result = (_sum if name == "add" else _prod)(
                inputs[0], axis, keepdims=kwargs.get("keepdims", False)
            )
        elif method == "outer" and name in PAIRS and not kwargs:
            z, w = (ComplexArray(*pair(x)) for x in inputs)
            column = z.reshape(z.shape + (1,) * w.ndim)
            result = joined(*PAIRS[name](pair(column), pair(w)))
        elif method != "__call__" or kwargs:
            raise AadTypeError(
                f"np.{name}{'' if method == '__call__' else '.' + method} of complex recorded numbers cannot be recorded "
                f"with {sorted(kwargs) or 'these arguments'}: use sums and products"
            )
        elif name in PAIRS:
            result = joined(*PAIRS[name](*map(pair, inputs)))
        elif name in REALS:
            result = REALS[name](*map(pair, inputs))
        elif name in BILINEAR_UFUNCS:
            result = _bilinear(ufunc, *inputs)
        else:
            raise AadTypeError(
                f"np.{name} of complex numbers cannot be recorded: write it with exp, log, sqrt and arithmetic, or of the "
                "real and imaginary parts"
            )
    if out is not None:
        if not isinstance(out[0], ComplexArray):
            raise AadTypeError(
                "complex recorded numbers cannot be written into a complex array: use the result"
            )
        out[0]._real, out[0]._imag = pair(result)
        return out[0]
    return result


# ---- functions that are no ufuncs ------------------------------------------------------------------------------------

FUNCTIONS: dict[Any, Callable[..., Any]] = {}


def _handles(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(functions, implementation))
        return implementation

    return register


LINEAR: dict[Any, tuple[int, ...]] = dict.fromkeys(
    (
        np.mean, np.cumsum, np.diff, np.ediff1d, np.trapezoid, np.reshape, np.ravel, np.transpose, np.squeeze,
        np.expand_dims, np.moveaxis, np.swapaxes, np.rollaxis, np.flip, np.fliplr, np.flipud, np.roll, np.take, np.repeat,
        np.tile, np.broadcast_to, np.concatenate, np.stack, np.vstack, np.hstack, np.dstack, np.column_stack, np.block,
        np.atleast_1d, np.atleast_2d, np.atleast_3d, np.diag, np.diagonal, np.diagflat, np.trace, np.tril, np.triu,
        np.delete, np.pad, np.rot90, np.copy, np.zeros_like, np.average, np.compress, np.take_along_axis,
        np.fft.fftshift, np.fft.ifftshift,
    ),
    (0,),
) | {np.append: (0, 1), np.insert: (0, 2), np.where: (1, 2), np.interp: (2,), np.select: (1, 2)}  # fmt: skip
"""Functions that are linear in the arguments at these positions, which may be lists: they act on each part alone."""

BILINEAR = (np.dot, np.outer, np.inner, np.tensordot, np.kron, np.convolve)
"""Functions that are linear in each of two arguments."""

PARTS = (lambda x: ComplexArray(*pair(x)).real, lambda x: ComplexArray(*pair(x)).imag)


def _part(take: Callable[[Any], Any], x: Any) -> Any:
    """Return a part of an argument, or of everything in a list."""
    return type(x)(_part(take, item) for item in x) if isinstance(x, (list, tuple)) else take(x)


def _linear(function: Any, positions: tuple[int, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Apply a linear function to the real and to the imaginary parts."""
    made = [
        function(*(_part(take, x) if k in positions else x for k, x in enumerate(args)), **kwargs)
        for take in PARTS
    ]
    if isinstance(made[0], (list, tuple)):
        return [joined(real, imag) for real, imag in zip(*made, strict=True)]
    return joined(*made)


def _bilinear(function: Any, z: Any, w: Any, *args: Any, **kwargs: Any) -> Any:
    """Apply a function that is linear in each of two arguments, without the products of parts that are plainly zero."""

    def of(x: Any, y: Any) -> Any:
        return 0.0 if is_zero(x) or is_zero(y) else function(x, y, *args, **kwargs)

    (a, b), (c, d) = ([take(x) for take in PARTS] for x in (z, w))
    return joined(minus(of(a, c), of(b, d)), plus(of(a, d), of(b, c)))


@_handles(np.sum)
def _sum(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, **rest: Any
) -> Any:
    z = ComplexArray(*pair(a))
    return joined(*(np.sum(part, axis=axis, keepdims=keepdims, **rest) for part in (z.real, z.imag)))


@_handles(np.prod)
def _prod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    z = ComplexArray(*pair(a))
    if axis is None:
        rows, shape = z.reshape(-1), (1,) * z.ndim
    else:
        rows = np.moveaxis(z, axis, 0)
        shape = tuple(1 if k == axis % z.ndim else n for k, n in enumerate(z.shape))
    result = functools.reduce(lambda x, y: x * y, rows, complex_array(1.0))
    return result.reshape(shape) if keepdims else result


@_handles(np.real)
def _real(val: Any) -> Any:
    return ComplexArray(*pair(val)).real


@_handles(np.imag)
def _imag(val: Any) -> Any:
    return ComplexArray(*pair(val)).imag


@_handles(np.angle)
def _angle(z: Any, deg: bool = False) -> Any:
    real, imag = pair(z)
    return np.arctan2(imag, real) * (180.0 / np.pi if deg else 1.0)


@_handles(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return np.sum(np.conjugate(np.ravel(a)) * np.ravel(b))


@_handles(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    result: Any = 0.0
    for coefficient in p:
        result = result * x + coefficient
    return result


@_handles(np.linalg.norm)
def _norm(x: Any, *args: Any, **kwargs: Any) -> Any:
    return np.linalg.norm(abs(ComplexArray(*pair(x))), *args, **kwargs)


@_handles(np.isclose)
def _isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    difference = ComplexArray(*_subtract(pair(a), pair(b)))
    return abs(difference) <= atol + rtol * abs(ComplexArray(*pair(b)))


@_handles(np.allclose)
def _allclose(a: Any, b: Any, *args: Any, **kwargs: Any) -> bool:
    return bool(np.all(_isclose(a, b, *args, **kwargs)))


_handles(np.shape)(lambda a: a.shape)
_handles(np.ndim)(lambda a: a.ndim)
_handles(np.size)(lambda a, axis=None: a.size if axis is None else a.shape[axis])
_handles(np.iscomplexobj)(lambda x: True)
_handles(np.isrealobj)(lambda x: False)
_handles(np.ones_like)(lambda a, *args, **kwargs: np.zeros_like(a) + 1.0)
_handles(np.array_repr, np.array_str, np.array2string)(lambda a, *args, **kwargs: repr(a))


def complex_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out a function that is no ufunc where an argument is complex."""
    if kwargs.get("out") is not None:
        raise AadTypeError(f"np.{function.__name__}(..., out=) cannot be recorded: use the result")
    if function in FUNCTIONS:
        return FUNCTIONS[function](*args, **kwargs)
    if function in LINEAR and not any(is_complex(value) for value in kwargs.values()):
        return _linear(function, LINEAR[function], args, kwargs)
    if function in BILINEAR:
        return _bilinear(function, *args, **kwargs)
    raise AadTypeError(
        f"{getattr(function, '__module__', 'numpy')}.{function.__name__} of complex recorded numbers cannot be recorded: "
        "write it with sums and products, or of the real and imaginary parts"
    )


COMPLEX_UFUNC.append(complex_ufunc)
COMPLEX_FUNCTION.append(complex_function)
set_complex_handlers(complex_ufunc, complex_function, complex_array)
