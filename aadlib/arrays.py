"""Arrays of recorded numbers, and what NumPy's functions do with them.

`ADArray` is an object array whose kinks (`maximum`, `abs`, `sign`, `clip`, `where`, comparisons) become recorded
operations instead of Python comparisons, so unmodified NumPy code replays without guards.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from aadlib import advar
from aadlib.advar import ADVar, Condition, record_binary, record_unary
from aadlib.errors import AadTypeError, AadValueError
from aadlib.plain import plain_function
from aadlib.rules import CODES, RULES

RECORDED = (ADVar, Condition)

Element = Callable[..., Any]

UFUNC_ALIASES = {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "fabs": "absolute"}
UNDIFFERENTIABLE = {"isnan", "isinf", "isfinite", "signbit"}


def is_recorded(x: Any) -> bool:
    """Say whether `x` is an `ADVar`, a `Condition` or an object array."""
    return isinstance(x, RECORDED) or (isinstance(x, np.ndarray) and x.dtype == object)


def values(x: Any) -> Any:
    """Strip to plain floats: the value of a number, a float array for an array."""
    if isinstance(x, RECORDED):
        return x.value
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.array([values(item) for item in x.ravel()], dtype=np.float64).reshape(x.shape)
    return x


def _unary_element(code: int, name: str) -> Element:
    def apply(x: Any) -> Any:
        if isinstance(x, ADVar):
            return record_unary(code, x)
        if isinstance(x, Condition):
            return record_unary(code, x + 0.0)
        if hasattr(x, "partials"):
            return x.chain_rule(RULES[code], x)
        return plain_function(name)(float(x))

    return apply


def _binary_element(code: int, name: str) -> Element:
    def apply(x: Any, y: Any) -> Any:
        if isinstance(x, RECORDED) or isinstance(y, RECORDED):
            return record_binary(code, x, y)
        for number in (x, y):
            if hasattr(number, "partials"):
                return number.chain_rule(RULES[code], x, y)
        return plain_function(name)(x, y)

    return apply


ELEMENTS: dict[str, Element] = {
    rule.name: (_unary_element if rule.arity == 1 else _binary_element)(code, rule.name)
    for code, rule in enumerate(RULES)
}
"""One function of numbers per operation."""

OPERATORS: dict[str, Element] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: x != y,
    "logical_and": lambda x, y: _condition(x) & _condition(y),
    "logical_or": lambda x, y: _condition(x) | _condition(y),
    "logical_xor": lambda x, y: _condition(x) ^ _condition(y),
    "logical_not": lambda x: ~_condition(x),
    "invert": lambda x: ~_condition(x),
    "square": lambda x: x**2,
    "conjugate": lambda x: x,
    "fmax": lambda x, y: ELEMENTS["maximum"](x, y),
    "fmin": lambda x, y: ELEMENTS["minimum"](x, y),
    "radians": lambda x: x * (np.pi / 180.0),
    "deg2rad": lambda x: x * (np.pi / 180.0),
    "degrees": lambda x: x * (180.0 / np.pi),
    "rad2deg": lambda x: x * (180.0 / np.pi),
    "mod": lambda x, y: ELEMENTS["remainder"](x, y),
    "float_power": lambda x, y: x**y,
    "heaviside": lambda x, y: where(x == 0.0, y, (x > 0.0) * 1.0),
}


def _condition(x: Any) -> Any:
    """Return `x` as a truth value that combines without being decided."""
    return x if isinstance(x, (Condition, bool, np.bool_)) else x != 0.0


def _element(name: str) -> Element | None:
    name = UFUNC_ALIASES.get(name, name)
    return OPERATORS.get(name) or ELEMENTS.get(name)


@functools.cache
def _vectorized(name: str) -> np.ufunc | None:
    element = _element(name)
    if element is None:
        return None
    n_arguments = element.__code__.co_argcount
    return np.frompyfunc(element, n_arguments, 1)


NATIVE = {"add", "subtract", "multiply", "divide", "true_divide", "negative", "positive"}
"""Ufuncs whose own object loops do the right thing, without a Python call per element."""


def _plain(x: Any) -> Any:
    """Return an `ADArray` as a plain object array, everything else as it is."""
    if isinstance(x, ADArray):
        return x.view(np.ndarray)
    if isinstance(x, RECORDED):
        box = np.empty((), dtype=object)
        box[()] = x
        return box
    return x


def _result(x: Any) -> Any:
    """Return object arrays as `ADArray`, their single elements as numbers."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return x[()] if x.ndim == 0 else x.view(ADArray)
    return x


def handle_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out `ufunc.method(*inputs)` where an input is recorded."""
    out = kwargs.pop("out", None)
    kwargs.pop("casting", None)
    kwargs.pop("order", None)
    kwargs.pop("subok", None)
    if kwargs.get("dtype") in (float, np.float64, None, object):
        kwargs.pop("dtype", None)
    name = ufunc.__name__
    arguments = [_plain(x) for x in inputs]
    # As on the tape, a pole or an overflow is a value and not a warning: it may lie in a branch nobody takes.
    with np.errstate(all="ignore"):
        result = _call_ufunc(ufunc, name, method, inputs, arguments, kwargs)
    if out is not None:
        target = out[0]
        if target.dtype != object:
            raise AadTypeError(
                "recorded numbers cannot be written into a float array: make it with dtype=object or aadlib.zeros"
            )
        target.view(np.ndarray)[...] = result
        return target
    return _result(result)


def _call_ufunc(
    ufunc: np.ufunc,
    name: str,
    method: str,
    inputs: tuple[Any, ...],
    arguments: list[Any],
    kwargs: dict[str, Any],
) -> Any:
    if name in UNDIFFERENTIABLE:
        return getattr(ufunc, method)(*(values(x) for x in inputs), **kwargs)
    if name in ("matmul", "vecdot"):
        return getattr(ufunc, method)(*(_as_object(a) for a in arguments), **kwargs)
    inner = ufunc if name in NATIVE else _vectorized(name)
    if inner is None:
        raise AadTypeError(f"np.{name} cannot be recorded: write it with the functions of aadlib")
    if method == "__call__":
        if kwargs.pop("where", True) is not True:
            raise AadTypeError(f"np.{name}(..., where=) cannot be recorded: use np.where on the result")
        return inner(*arguments, **kwargs)
    if method not in ("reduce", "accumulate", "outer", "reduceat"):
        raise AadTypeError(f"np.{name}.{method} cannot be recorded: use a loop or slicing")
    if method == "reduce" and inner is not ufunc and name not in ("logical_and", "logical_or"):
        return _reduce(inner, arguments[0], **kwargs)
    return getattr(ufunc if name in ("logical_and", "logical_or") else inner, method)(*arguments, **kwargs)


def _reduce(
    inner: np.ufunc, array: Any, axis: Any = 0, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Reduce by a Python-level ufunc, which has no identity and no several axes of its own."""
    array = np.asarray(array, dtype=object)
    if where is not True:
        raise AadTypeError("a reduction with where= cannot be recorded: use np.where first")
    axes = tuple(range(array.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(a % array.ndim for a in axes)
    kept = [a for a in range(array.ndim) if a not in axes]
    flat = np.transpose(array, (*kept, *axes)).reshape((*(array.shape[a] for a in kept), -1))
    if flat.shape[-1] == 0:
        raise AadValueError(f"{inner.__name__}: reduction of an empty array has no value")
    result = inner.reduce(flat, axis=-1)
    if initial is not None and initial is not np._NoValue:
        result = inner(result, initial)
    if keepdims:
        boxed = np.asarray(result, dtype=object)
        result = boxed.reshape(tuple(1 if a in axes else array.shape[a] for a in range(array.ndim)))
    return result


def _as_object(x: Any) -> Any:
    return np.asarray(x, dtype=object)


class ADArray(np.ndarray):
    """An object array of recorded numbers: behaves like a float array wherever that makes sense."""

    __array_priority__ = 100.0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return handle_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(  # type: ignore[override]
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        return handle_function(function, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_decided(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_decided(key), value)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the array itself for float dtypes: recorded numbers stay recorded."""
        if np.dtype(dtype) in (np.dtype(np.float64), np.dtype(object)):
            return self.copy()
        raise AadTypeError(
            f"recorded numbers cannot become {np.dtype(dtype)}: use aadlib.value_of to leave the tape"
        )

    def dot(self, other: Any) -> Any:  # type: ignore[override]
        """Return the dot product."""
        return _dot(self, other)

    def clip(self, min: Any = None, max: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the values limited to [min, max], recorded as kinks."""
        return clip(self, min, max)

    def mean(self, axis: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the arithmetic mean."""
        return _mean(self, axis, **kwargs)

    def std(self, axis: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the standard deviation."""
        return _var(self, axis, **kwargs) ** 0.5

    def var(self, axis: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the variance."""
        return _var(self, axis, **kwargs)


def _decided(key: Any) -> Any:
    """Turn conditions in an index into booleans, which makes guards of them."""
    if isinstance(key, tuple):
        return tuple(_decided(part) for part in key)
    if isinstance(key, np.ndarray) and key.dtype == object:
        return np.array([bool(item) for item in key.ravel()], dtype=bool).reshape(key.shape)
    if isinstance(key, Condition):
        return bool(key)
    return key


def array(x: Any) -> Any:
    """Return numbers, recorded ones among them, as an array that NumPy functions record on.

    Examples
    --------
    >>> import aadlib as ad
    >>> ad.grad(lambda x: ad.array([x[0] * x[1], 2.0]).sum())([3.0, 4.0])
    array([4., 3.])
    """
    return _result(np.array(_plain(x), dtype=object))


def zeros(shape: Any) -> ADArray:
    """Return an array of float zeros into which recorded numbers can be written."""
    return np.full(shape, 0.0, dtype=object).view(ADArray)


# ---- functions of NumPy that are no ufuncs ---------------------------------------------------------------------

FUNCTIONS: dict[Any, Callable[..., Any]] = {}


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register an implementation of NumPy functions for recorded numbers."""

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            FUNCTIONS[function] = implementation
        return implementation

    return register


def handle_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out a NumPy function where an argument is recorded."""
    if function in FUNCTIONS:
        return FUNCTIONS[function](*args, **kwargs)
    module = getattr(function, "__module__", "numpy")
    if module.startswith(("numpy.linalg", "numpy.fft")):
        raise AadTypeError(
            f"{module}.{function.__name__} cannot be recorded: write it with sums and products, or record a composite"
        )
    plain = (
        _map_structure(_plain, args),
        {key: _map_structure(_plain, value) for key, value in kwargs.items()},
    )
    return _map_structure(_result, function(*plain[0], **plain[1]))


def _map_structure(function: Callable[[Any], Any], x: Any) -> Any:
    if type(x) in (tuple, list):
        return type(x)(_map_structure(function, item) for item in x)
    return function(x)


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Return x where the condition holds, else y; the branch not taken leaves no trace in any derivative.

    A condition made from recorded numbers is recorded, not frozen: both branches replay.
    """
    if x is None or y is None:
        return np.nonzero(_decided(np.asarray(_plain(condition))))
    return _result(_where(_plain(condition), _plain(x), _plain(y)))


def _where_element(condition: Any, x: Any, y: Any) -> Any:
    if isinstance(condition, ADVar):
        condition = condition != 0.0
    if not isinstance(condition, Condition):
        return x if condition else y
    kept_x = record_binary(CODES["where_true"], x, condition)
    kept_y = record_binary(CODES["where_false"], y, condition)
    if not isinstance(x, RECORDED) and x == 0.0:
        return kept_y
    return kept_x if not isinstance(y, RECORDED) and y == 0.0 else kept_x + kept_y


_where = np.frompyfunc(_where_element, 3, 1)


@implements(np.clip)
def clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None
) -> Any:
    """Limit to [a_min, a_max]; each limit is a recorded kink."""
    if out is not None:
        raise AadTypeError("clip(..., out=) cannot be recorded: use the result")
    low = min if a_min is None else a_min
    high = max if a_max is None else a_max
    result = a
    if low is not None:
        result = np.maximum(result, low)
    if high is not None:
        result = np.minimum(result, high)
    return result


@implements(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    return _result(np.dot(_as_object(_plain(a)), _as_object(_plain(b))))


@implements(np.mean)
def _mean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    total = np.sum(a, axis=axis, keepdims=keepdims)
    return total / (np.size(a) / max(1, np.size(total)))


@implements(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return _mean(a, axis)
    return np.sum(a * weights, axis=axis) / np.sum(weights)


@implements(np.var)
def _var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False
) -> Any:
    centred = a - _mean(a, axis, keepdims=True)
    total = np.sum(centred**2, axis=axis, keepdims=keepdims)
    return total / (np.size(a) / max(1, np.size(total)) - ddof)


@implements(np.std)
def _std(a: Any, axis: Any = None, **kwargs: Any) -> Any:
    return _var(a, axis, **kwargs) ** 0.5


@implements(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord in (None, 2, "fro") and (ord != 2 or axis is not None or x.ndim == 1):
        return np.sqrt(np.sum(x**2, axis=axis, keepdims=keepdims))
    if axis is None and x.ndim > 1:
        raise AadTypeError(
            f"np.linalg.norm(..., ord={ord!r}) of a matrix cannot be recorded: use ord=None or 'fro'"
        )
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Interpolate piecewise linearly as a sum of clipped ramps: no branch is frozen; a kink at every knot."""
    if left is not None or right is not None or period is not None:
        raise AadTypeError(
            "np.interp(..., left=, right=, period=) cannot be recorded: extend the knots instead"
        )
    if is_recorded(xp):
        raise AadTypeError(
            "np.interp with recorded knots cannot be recorded: interpolate by hand between the knots"
        )
    knots = np.asarray(xp, dtype=np.float64)
    if knots.ndim != 1 or knots.size != len(fp) or (np.diff(knots) <= 0.0).any():
        raise AadValueError(
            f"xp and fp must have one length, and xp must increase: got {len(fp)} values at {knots!r}"
        )
    result = fp[0] + 0.0 * x
    for k, width in enumerate(np.diff(knots).tolist()):
        slope = (fp[k + 1] - fp[k]) / width
        ramp = (
            clip(x, knots[k].item(), knots[k + 1].item())
            if is_recorded(x)
            else np.clip(x, knots[k], knots[k + 1])
        )
        result = result + slope * (ramp - knots[k].item())
    return result


@implements(np.nan_to_num)
def _nan_to_num(x: Any, *args: Any, **kwargs: Any) -> Any:
    raise AadTypeError(
        "np.nan_to_num cannot be recorded: avoid the NaN with np.where, whose other branch is dropped"
    )


@implements(np.zeros_like)
def _zeros_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **_: Any
) -> Any:
    return zeros(np.shape(a) if shape is None else shape)


@implements(np.ones_like)
def _ones_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **_: Any
) -> Any:
    return zeros(np.shape(a) if shape is None else shape) + 1.0


@implements(np.array_repr, np.array_str, np.array2string)
def _array_repr(a: Any, *args: Any, **kwargs: Any) -> str:
    return f"ADArray({values(a)!r})"


@implements(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    return a.shape if isinstance(a, np.ndarray) else ()


@implements(np.ndim)
def _ndim(a: Any) -> int:
    return a.ndim if isinstance(a, np.ndarray) else 0


@implements(np.size)
def _size(a: Any, axis: int | None = None) -> int:
    if not isinstance(a, np.ndarray):
        return 1
    return a.size if axis is None else a.shape[axis]


advar.set_array_handlers(handle_ufunc, handle_function)
