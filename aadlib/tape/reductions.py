"""Reductions by operations on recorded numbers, in NumPy's order."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from aadlib.errors import AadValueError

IDENTITIES = {"add": 0.0, "multiply": 1.0, "logical_and": True, "logical_or": False, "logical_xor": False}

LOGICAL = ("logical_and", "logical_or", "logical_xor")
"""Ufuncs whose reductions are over truth values, that of a single number included."""

REORDERABLE = {
    *IDENTITIES,
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "hypot",
}
"""Ufuncs that NumPy reduces over several axes at once."""


def reduce(
    name: str, inner: np.ufunc, array: Any, axis: Any = 0, keepdims: bool = False, initial: Any = None
) -> Any:
    """Reduce by a Python-level ufunc, which has no identity and no several axes of its own."""
    array = np.asarray(array, dtype=object)
    axes = normalize_axis_tuple(range(array.ndim) if axis is None else axis, array.ndim)
    others = [a for a in range(array.ndim) if a not in axes]
    if len(axes) > 1 and name not in REORDERABLE:
        raise AadValueError(
            f"np.{name}.reduce over several axes has no one order: reduce one axis after the other"
        )
    n = math.prod(array.shape[a] for a in axes)
    flat = np.transpose(array, (*others, *axes)).reshape((*(array.shape[a] for a in others), n))
    if initial is None or initial is np._NoValue:
        initial = IDENTITIES.get(name)
    if initial is not None:
        first = np.full((*flat.shape[:-1], 1), None)
        first[...] = initial
        flat = np.concatenate([first, flat], axis=-1)
    if flat.shape[-1] == 0:
        raise AadValueError(f"np.{name}: reduction of an empty array has no value")
    result = inner.reduce(flat, axis=-1)
    if keepdims:
        boxed = np.asarray(result, dtype=object)
        result = boxed.reshape(tuple(1 if a in axes else array.shape[a] for a in range(array.ndim)))
    return result
