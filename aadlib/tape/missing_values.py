"""NumPy's functions that leave out NaN, for recorded numbers: replays look again which entries are missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.tape.arrays import require_float_dtype
from aadlib.tape.implementations import implements


def _filled(a: Any, number: float) -> Any:
    return np.where(np.isnan(a), number, a)


def _counts(a: Any, axis: Any, keepdims: bool) -> Any:
    """Return how many entries there are along axes."""
    return np.sum(np.where(np.isnan(a), 0.0, 1.0), axis=axis, keepdims=keepdims)


@implements(np.nansum)
def nansum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Return the sum of what is not NaN."""
    require_float_dtype("np.nansum", dtype)
    return np.sum(_filled(a, 0.0), axis=axis, keepdims=keepdims)


@implements(np.nanprod)
def nanprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Return the product of what is not NaN."""
    require_float_dtype("np.nanprod", dtype)
    return np.prod(_filled(a, 1.0), axis=axis, keepdims=keepdims)


@implements(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return the running sum of what is not NaN."""
    require_float_dtype("np.nancumsum", dtype)
    return np.cumsum(_filled(a, 0.0), axis=axis)


@implements(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return the running product of what is not NaN."""
    require_float_dtype("np.nancumprod", dtype)
    return np.cumprod(_filled(a, 1.0), axis=axis)


@implements(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """Return the mean of what is not NaN."""
    require_float_dtype("np.nanmean", dtype)
    return nansum(a, axis, keepdims=keepdims) / _counts(a, axis, keepdims)


@implements(np.nanvar)
def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False
) -> Any:
    """Return the variance of what is not NaN."""
    require_float_dtype("np.nanvar and np.nanstd", dtype)
    centred = _filled(a - nanmean(a, axis, keepdims=True), 0.0)
    return np.sum(centred**2, axis=axis, keepdims=keepdims) / (_counts(a, axis, keepdims) - ddof)


@implements(np.nanstd)
def nanstd(a: Any, axis: Any = None, **kwargs: Any) -> Any:
    """Return the standard deviation of what is not NaN."""
    return nanvar(a, axis, **kwargs) ** 0.5


@implements(np.nanmax)
def nanmax(a: Any, axis: Any = None, out: Any = None, **kwargs: Any) -> Any:
    """Return the largest of what is not NaN."""
    return np.max(_filled(a, -np.inf), axis, **kwargs)


@implements(np.nanmin)
def nanmin(a: Any, axis: Any = None, out: Any = None, **kwargs: Any) -> Any:
    """Return the smallest of what is not NaN."""
    return np.min(_filled(a, np.inf), axis, **kwargs)
