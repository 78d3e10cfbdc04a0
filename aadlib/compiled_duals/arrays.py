"""Arrays of duals in compiled code: made after a prototype, read and written entry by entry."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload, overload_attribute, overload_method

from aadlib.compiled_duals.chain_rule import compiled_text
from aadlib.compiled_duals.entry_access import reader, writer
from aadlib.compiled_duals.types import DualArrayType, DualType, packer, wrapper
from aadlib.errors import AadTypeError


def zeros(shape: Any, like: Any) -> Any:
    """Return an array of zeros of the kind of the number `like`: floats for a float, duals for a dual.

    Parameters
    ----------
    shape : int, or tuple of ints
    like : float or dual, a prototype: any number that the computation has made of its inputs

    Notes
    -----
    For code compiled by numba, and the same under plain Python with floats. An array of duals has `len`, `shape`,
    `size`, entries and slices along its first axis, `copy`, `np.sum` and iteration by index; no arithmetic as a whole.
    """
    if isinstance(like, float | int | np.floating):
        return np.zeros(shape)
    raise AadTypeError(f"like = {like!r}: under plain Python it must be a float; call zeros in compiled code")


@overload(zeros, strict=False)
def zeros_in_compiled_code(shape: Any, like: Any) -> Any:
    """Allocate floats or duals by the type of the prototype."""
    if isinstance(like, types.Float | types.Integer):
        return lambda shape, like: np.zeros(shape)
    if not isinstance(like, DualType):
        return None
    ndim = shape.count if isinstance(shape, types.BaseTuple) else 1
    wrap, width = wrapper(DualArrayType(like, ndim)), len(like.components)
    if isinstance(shape, types.BaseTuple):
        return lambda shape, like: wrap(np.zeros((width, *shape)))
    return lambda shape, like: wrap(np.zeros((width, shape)))


@overload(np.zeros_like, strict=False)
@overload(np.empty_like, strict=False)
def zeros_like(prototype: Any) -> Any:
    """Allocate an array of the shape and kind of another one."""
    if not isinstance(prototype, DualArrayType):
        return None
    wrap = wrapper(DualArrayType(prototype.dual, prototype.ndim))
    return lambda prototype: wrap(np.zeros(prototype.data.shape))


@overload_method(DualArrayType, "copy", strict=False)
def copied(array: Any) -> Any:
    """Copy an array of duals."""
    wrap = wrapper(DualArrayType(array.dual, array.ndim))
    return lambda array: wrap(array.data.copy())


@overload(len, strict=False)
def length(array: Any) -> Any:
    """Return the length of the first axis."""
    return (lambda array: array.data.shape[1]) if isinstance(array, DualArrayType) else None


@overload_attribute(DualArrayType, "shape", strict=False)
def shape_of(array: Any) -> Any:
    """Return the shape."""
    return lambda array: array.data.shape[1:]


@overload_attribute(DualArrayType, "size", strict=False)
def size_of(array: Any) -> Any:
    """Return the number of entries."""
    return lambda array: array.data[0].size


@overload_attribute(DualArrayType, "ndim", strict=False)
def ndim_of(array: Any) -> Any:
    """Return the number of axes."""
    ndim = array.ndim
    return lambda array: ndim


def _indices(array: DualArrayType, index: Any) -> int:
    """Return how many integers an index consists of; 0 where it is none."""
    parts = tuple(index) if isinstance(index, types.BaseTuple) else (index,)
    return (
        len(parts)
        if all(isinstance(part, types.Integer) for part in parts) and len(parts) <= array.ndim
        else 0
    )


def _as_tuple(index: Any) -> str:
    """Write an index as a tuple of signed integers."""
    parts = [f"index[{k}]" for k in range(len(index))] if isinstance(index, types.BaseTuple) else ["index"]
    return "(" + "".join(f"np.intp({part}), " for part in parts) + ")"


@overload(operator.getitem, strict=False)
def entry(array: Any, index: Any) -> Any:
    """Read an entry, or a view of entries along the first axis."""
    if not isinstance(array, DualArrayType):
        return None
    count = _indices(array, index)
    if count == array.ndim:
        source = f"def operation(array, index):\n    return read(array, {_as_tuple(index)})"
        return compiled_text(source, {"np": np, "read": reader(array)})
    if isinstance(index, types.SliceType):
        wrap = wrapper(DualArrayType(array.dual, array.ndim, "A"))
        return lambda array, index: wrap(array.data[:, index])
    if count == 1:
        wrap = wrapper(DualArrayType(array.dual, array.ndim - 1, "A"))
        return lambda array, index: wrap(array.data[:, index])
    return None


@overload(operator.setitem, strict=False)
def put_entry(array: Any, index: Any, number: Any) -> Any:
    """Write an entry, or all entries of a slice along the first axis."""
    if not isinstance(array, DualArrayType):
        return None
    plain = isinstance(number, types.Float | types.Integer)
    if _indices(array, index) == array.ndim and (plain or number == array.dual):
        source = f"def operation(array, index, number):\n    write(array, {_as_tuple(index)}, number)"
        return compiled_text(source, {"np": np, "write": writer(array)})
    if not isinstance(index, types.SliceType):
        return None
    if isinstance(number, DualArrayType) and number.dual == array.dual:
        return _put_slice
    return _fill_slice if plain or number == array.dual else None


def _fill_slice(array: Any, index: Any, number: Any) -> None:
    part = array[index]
    for k in range(len(part)):
        part[k] = number


def _put_slice(array: Any, index: Any, number: Any) -> None:
    array.data[:, index] = number.data


@overload(np.sum, strict=False)
def summed(array: Any) -> Any:
    """Add up all entries."""
    if not isinstance(array, DualArrayType):
        return None
    count = len(array.dual.components)
    parts = ", ".join(f"np.sum(array.data[{c}])" for c in range(count))
    packed: Callable[..., Any] = compiled_text(
        f"def operation(array):\n    return pack({parts})", {"np": np, "pack": packer(array.dual)}
    )
    return packed
