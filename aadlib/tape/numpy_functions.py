"""Functions of NumPy that are no ufuncs, for recorded numbers.

What is not listed here runs NumPy's own code on `ADArray`s.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.rules.table import CODES
from aadlib.tape.advar import ADVar, Condition, record_binary, set_array_handlers
from aadlib.tape.advice import numpy_refusal
from aadlib.tape.arrays import (
    COMPLEX,
    ELEMENTS,
    FLOATS,
    MISREAD,
    NUMBERS,
    RECORDED,
    ADArray,
    _as_object,
    _decided,
    _plain,
    _plain_of_subclass,
    _result,
    handle_ufunc,
    is_complex,
    is_recorded,
    require_float_dtype,
    values,
    zeros,
)
from aadlib.tape.implementations import FUNCTIONS, implements


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
    of_x = record_binary(CODES["where_true"], x, condition)
    of_y = record_binary(CODES["where_false"], y, condition)
    if not isinstance(x, RECORDED) and x == 0.0:
        return of_y
    return of_x if not isinstance(y, RECORDED) and y == 0.0 else of_x + of_y


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
    require_float_dtype("np.mean", dtype)
    total = np.sum(a, axis=axis, keepdims=keepdims)
    return total / (np.size(a) / max(1, np.size(total)))


@implements(np.average)
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = np._NoValue
) -> Any:
    keep = keepdims is not np._NoValue and keepdims
    shares = np.ones(np.shape(a)) if weights is None else np.asarray(weights)
    if np.shape(shares) != np.shape(a):
        shares = np.broadcast_to(
            np.expand_dims(shares, [k for k in range(np.ndim(a)) if k != axis]), np.shape(a)
        )
    total = np.sum(shares, axis=axis, keepdims=keep)
    mean = np.sum(a * shares, axis=axis, keepdims=keep) / total
    return (mean, np.broadcast_to(np.asarray(total), np.shape(mean))) if returned else mean


@implements(np.cov)
def _cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    rows = np.atleast_2d(m)
    if not rowvar and len(rows) != 1:
        rows = rows.T
    if y is not None:
        rows = np.concatenate([rows, np.atleast_2d(y) if rowvar else np.atleast_2d(y).T])
    centred = rows - np.mean(rows, axis=1, keepdims=True)
    freedom = rows.shape[1] - (ddof if ddof is not None else 0 if bias else 1)
    covariance = centred @ centred.T / freedom
    return covariance[0, 0] if covariance.size == 1 else covariance


@implements(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    covariance = _cov(x, y, rowvar)
    deviations = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviations, deviations)


@implements(np.quantile)
def _quantile(a: Any, q: Any, axis: Any = None, **kwargs: Any) -> Any:
    """Interpolate linearly between the sorted values; the order is frozen by guards."""
    if kwargs or axis is not None or np.ndim(q) != 0:
        raise AadTypeError("np.quantile of recorded numbers takes one q and no axis: loop over the rest")
    ordered = np.sort(np.ravel(a))
    position = float(q) * (ordered.size - 1)
    low = min(int(position), ordered.size - 2) if ordered.size > 1 else 0
    return ordered[low] + (position - low) * (ordered[min(low + 1, ordered.size - 1)] - ordered[low])


@implements(np.percentile)
def _percentile(a: Any, q: Any, axis: Any = None, **kwargs: Any) -> Any:
    return _quantile(a, np.asarray(q) / 100.0, axis, **kwargs)


@implements(np.bincount)
def _bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """Add up weights by number; the numbers are plain."""
    if is_recorded(x):
        raise AadTypeError("np.bincount of recorded numbers cannot be recorded: only its weights can be")
    numbers = np.asarray(x)
    sums = zeros(max(int(numbers.max(initial=-1)) + 1, minlength))
    np.add.at(sums.view(np.ndarray), numbers, _as_object(_plain(weights)))
    return sums


@implements(np.isclose)
def _isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    return (np.abs(a - b) <= atol + rtol * np.abs(b)) | (a == b)


@implements(np.gradient)
def _gradient(f: Any, spacing: float = 1.0, axis: Any = None, edge_order: int = 1) -> Any:
    if np.ndim(f) != 1 or np.ndim(spacing) != 0 or edge_order != 1:
        raise AadTypeError(
            "np.gradient of recorded numbers takes one axis, one spacing and edge_order=1: use slices"
        )
    inner = (f[2:] - f[:-2]) / (2.0 * spacing)
    return np.concatenate([(f[1:2] - f[:1]) / spacing, inner, (f[-1:] - f[-2:-1]) / spacing])


@implements(np.max, np.amax)
def _max(a: Any, axis: Any = None, out: Any = None, **kwargs: Any) -> Any:
    return np.maximum.reduce(a, axis=axis, **_given(kwargs))


@implements(np.min, np.amin)
def _min(a: Any, axis: Any = None, out: Any = None, **kwargs: Any) -> Any:
    return np.minimum.reduce(a, axis=axis, **_given(kwargs))


def _given(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if value is not np._NoValue}


@implements(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = where(condition, choice, result)
    return result


@implements(np.var)
def _var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False
) -> Any:
    require_float_dtype("np.var and np.std", dtype)
    centred = a - _mean(a, axis, keepdims=True)
    total = np.sum(centred**2, axis=axis, keepdims=keepdims)
    return total / (np.size(a) / max(1, np.size(total)) - ddof)


@implements(np.std)
def _std(a: Any, axis: Any = None, **kwargs: Any) -> Any:
    return FUNCTIONS[np.var](a, axis, **kwargs) ** 0.5


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Interpolate piecewise linearly, as values times the shares that knots have: no branch is frozen.

    A kink at every knot. The share of a knot is the difference of the ramps before and after it, each from 0 to 1, so
    that of a knot elsewhere is exactly 0 and values there leave no rounding, however large they are.
    """
    if left is not None or right is not None or period is not None:
        raise AadTypeError(
            "np.interp(..., left=, right=, period=) cannot be recorded: extend the knots instead"
        )
    if any(map(is_recorded, xp)):
        raise AadTypeError(
            "np.interp with recorded knots cannot be recorded: interpolate by hand between the knots"
        )
    knots = np.asarray(xp, dtype=np.float64)
    if knots.ndim != 1 or knots.size != len(fp) or (np.diff(knots) <= 0.0).any():
        raise AadValueError(
            f"xp and fp must have one length, and xp must increase: got {len(fp)} values at {knots!r}"
        )
    carried = is_recorded(x) or hasattr(x, "partials")
    if not carried and not is_recorded(fp) and not any(map(is_recorded, fp)):
        return np.interp(x, knots, np.asarray(fp, dtype=np.float64))
    x = x if carried else np.asarray(x, dtype=np.float64)
    result: Any = 0.0
    before: Any = 1.0 if knots.size > 1 else 1.0 + 0.0 * _limited(x, knots[0].item(), knots[0].item())
    for k, (begin, end) in enumerate(pairwise(knots.tolist())):
        after = (_limited(x, begin, end) - begin) / (end - begin)
        result = result + fp[k] * (before - after)
        before = after
    return result + fp[-1] * before


def _limited(x: Any, low: float, high: float) -> Any:
    """Limit numbers of any kind to [low, high]."""
    if hasattr(x, "partials"):
        return ELEMENTS["minimum"](ELEMENTS["maximum"](x, low), high)
    return np.clip(x, low, high)


@implements(np.nan_to_num)
def _nan_to_num(x: Any, *args: Any, **kwargs: Any) -> Any:
    raise AadTypeError(
        "np.nan_to_num cannot be recorded: avoid the NaN with np.where, whose other branch is dropped"
    )


@implements(np.zeros_like)
def _zeros_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **_: Any
) -> Any:
    if dtype is None or np.dtype(dtype) in (*FLOATS, np.dtype(bool)):
        return zeros(np.shape(a) if shape is None else shape)
    return np.zeros(np.shape(a) if shape is None else shape, dtype=dtype)


@implements(np.ones_like)
def _ones_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, **_: Any
) -> Any:
    if dtype is None or np.dtype(dtype) in (*FLOATS, np.dtype(bool)):
        return zeros(np.shape(a) if shape is None else shape) + 1.0
    return np.ones(np.shape(a) if shape is None else shape, dtype=dtype)


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


# ---- how they are found -----------------------------------------------------------------------------------------


def handle_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out a NumPy function where an argument is recorded."""
    if _require_plain(args) or (kwargs and _require_plain(tuple(kwargs.values()))):
        return COMPLEX["function"](function, args, kwargs)
    if function in FUNCTIONS:
        return FUNCTIONS[function](*args, **kwargs)
    module = getattr(function, "__module__", "numpy")
    if module.startswith(("numpy.linalg", "numpy.fft")):
        raise AadTypeError(numpy_refusal(module, function.__name__))
    # NumPy's own code runs on ADArrays, and the ufuncs it calls come back here.
    boxed = [_map_structure(_boxed, x) for x in args]
    named = {key: _map_structure(_boxed, value) for key, value in kwargs.items()}
    return _map_structure(_result, function._implementation(*boxed, **named))


def _require_plain(arguments: tuple[Any, ...] | list[Any]) -> bool:
    """Say whether there are complex numbers among the arguments, or in a list of them; refuse matrices and masks."""
    found = False
    for x in arguments:
        if type(x) in NUMBERS:
            continue
        if isinstance(x, MISREAD):
            _plain_of_subclass(x)
        elif isinstance(x, (tuple, list)):
            found |= _require_plain(x)
        else:
            found |= is_complex(x)
    return found


def _boxed(x: Any) -> Any:
    return _plain(x).view(ADArray) if isinstance(x, RECORDED) or hasattr(x, "partials") else x


def _map_structure(function: Callable[[Any], Any], x: Any) -> Any:
    if type(x) in (tuple, list):
        return type(x)(_map_structure(function, item) for item in x)
    return function(x)


set_array_handlers(handle_ufunc, handle_function)
