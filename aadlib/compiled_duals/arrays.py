"""Arrays of duals in compiled code: made after a prototype, read and written entry by entry."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload, overload_attribute, overload_method

from aadlib.compiled_duals.chain_rule import compiled_text
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


def _addressed(array: DualArrayType, index: Any) -> tuple[list[str], str]:
    """Write the lines that make the index of an entry non-negative, once for all components, and the index itself."""
    several = isinstance(index, types.BaseTuple)
    lines, names = ["    data = array.data"], []
    for k in range(array.ndim):
        given = f"index[{k}]" if several else "index"
        lines.append(f"    k{k} = np.uint64({given} if {given} >= 0 else {given} + data.shape[{k + 1}])")
        names.append(f"k{k}")
    return lines, ", ".join(names)


@overload(operator.getitem, strict=False)
def entry(array: Any, index: Any) -> Any:
    """Read an entry, or a view of entries along the first axis."""
    if not isinstance(array, DualArrayType):
        return None
    count = _indices(array, index)
    if count == array.ndim:
        lines, at = _addressed(array, index)
        components = ", ".join(f"data[np.uint64({c}), {at}]" for c in range(len(array.dual.components)))
        source = "\n".join(["def operation(array, index):", *lines, f"    return pack({components})"])
        return compiled_text(source, {"np": np, "pack": packer(array.dual)})
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
    components = array.dual.components
    if number == array.dual:
        parts = [f"number.{name}" for name in components]
    elif isinstance(number, types.Float | types.Integer):
        parts = ["number", *["0.0"] * (len(components) - 1)]
    elif (
        isinstance(number, DualArrayType) and isinstance(index, types.SliceType) and number.dual == array.dual
    ):
        return _put_slice
    else:
        return None
    if _indices(array, index) == array.ndim:
        lines, at = _addressed(array, index)
        lines = ["def operation(array, index, number):", *lines]
    elif isinstance(index, types.SliceType):
        lines, at = ["def operation(array, index, number):", "    data = array.data"], "index"
    else:
        return None
    lines += [f"    data[{c}, {at}] = {part}" for c, part in enumerate(parts)]
    return compiled_text("\n".join(lines), {"np": np})


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
