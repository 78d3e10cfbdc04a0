"""NumPy's functions of complex recorded numbers, as functions of their parts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.rules.complex_pairs import PAIRS, REALS, is_zero, minus, plus
from aadlib.tape.arrays import is_complex, set_complex_handlers
from aadlib.tape.complex_arrays import (
    COMPLEX_FUNCTION,
    COMPLEX_UFUNC,
    ComplexArray,
    complex_array,
    joined,
    pair,
    recorded_complex,
)

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
                f"np.{name}{'' if method == '__call__' else '.' + method} of complex recorded numbers cannot be "
                "recorded "
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
                f"np.{name} of complex numbers cannot be recorded: write it with exp, log, sqrt and arithmetic, or "
                "of the "
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
        np.expand_dims, np.moveaxis, np.swapaxes, np.rollaxis, np.flip, np.fliplr, np.flipud, np.roll, np.take,
        np.repeat, np.tile, np.broadcast_to, np.concatenate, np.stack, np.vstack, np.hstack, np.dstack,
        np.column_stack, np.block, np.diag, np.diagonal, np.diagflat,
        np.trace, np.tril, np.triu, np.delete, np.pad, np.rot90, np.copy, np.zeros_like, np.average,
        np.take_along_axis, np.fft.fftshift, np.fft.ifftshift,
    ),
    (0,),
) | {
    np.append: (0, 1), np.insert: (0, 2), np.where: (1, 2), np.interp: (2,), np.select: (1, 2), np.compress: (1,),
}  # fmt: skip
"""Functions that are linear in the arguments at these positions, which may be lists: they act on each part alone."""

BILINEAR = (np.dot, np.outer, np.inner, np.tensordot, np.kron, np.convolve)
"""Functions that are linear in each of two arguments."""

PARTS: tuple[Callable[[Any], Any], ...] = (
    lambda x: ComplexArray(*pair(x)).real,
    lambda x: ComplexArray(*pair(x)).imag,
)


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
        rows = np.moveaxis(cast(Any, z), axis, 0)
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
    return abs(complex_array(a) - complex_array(b)) <= atol + rtol * abs(ComplexArray(*pair(b)))


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


_handles(np.atleast_1d)(lambda z: z if z.ndim else z.reshape(1))
_handles(np.atleast_2d)(lambda z: z if z.ndim > 1 else z.reshape(1, -1))


def _others(args: tuple[Any, ...], positions: tuple[int, ...], kwargs: dict[str, Any]) -> list[Any]:
    return [x for k, x in enumerate(args) if k not in positions] + list(kwargs.values())


def complex_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out a function that is no ufunc where an argument is complex."""
    if kwargs.get("out") is not None:
        raise AadTypeError(f"np.{function.__name__}(..., out=) cannot be recorded: use the result")
    if function in FUNCTIONS:
        return FUNCTIONS[function](*args, **kwargs)
    if function in LINEAR and not any(map(is_complex, _others(args, LINEAR[function], kwargs))):
        return _linear(function, LINEAR[function], args, kwargs)
    if function in BILINEAR:
        return _bilinear(function, *args, **kwargs)
    raise AadTypeError(
        f"{getattr(function, '__module__', 'numpy')}.{function.__name__} of complex recorded numbers cannot be "
        "recorded: "
        "write it with sums and products, or of the real and imaginary parts"
    )


COMPLEX_UFUNC.append(complex_ufunc)
COMPLEX_FUNCTION.append(complex_function)
set_complex_handlers(complex_ufunc, complex_function, recorded_complex)
