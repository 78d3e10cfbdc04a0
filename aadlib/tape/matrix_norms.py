"""Norms of recorded vectors and matrices, and products of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.tape.decompositions import singular
from aadlib.tape.implementations import implements
from aadlib.tape.linear_algebra import over_stack

Norm = Callable[[Any, int, int], Any]
"""A norm of matrices, (..., m, n), along two axes."""

MATRIX_NORMS: dict[Any, Norm] = {
    None: lambda x, rows, columns: np.sqrt(np.sum(x**2, axis=(rows, columns))),
    1: lambda x, rows, columns: np.max(np.sum(np.abs(x), axis=-2), axis=-1),
    -1: lambda x, rows, columns: np.min(np.sum(np.abs(x), axis=-2), axis=-1),
    np.inf: lambda x, rows, columns: np.max(np.sum(np.abs(x), axis=-1), axis=-1),
    -np.inf: lambda x, rows, columns: np.min(np.sum(np.abs(x), axis=-1), axis=-1),
    2: lambda x, rows, columns: _singular(x, [0]),
    -2: lambda x, rows, columns: _singular(x, [min(x.shape[-2:]) - 1]),
    "nuc": lambda x, rows, columns: _singular(x, list(range(min(x.shape[-2:])))),
}


def _singular(x: Any, wanted: list[int]) -> Any:
    """Return the sum of some singular values of each matrix; the others may meet."""
    plain = x.view(np.ndarray)
    return over_stack(lambda one: np.sum(singular(one, wanted)[0]), plain.shape[:-2], plain)


def _of_matrices(x: Any, ord: Any, axes: tuple[int, int], keepdims: bool) -> Any:
    key = None if ord == "fro" else ord
    if key not in MATRIX_NORMS:
        raise AadTypeError(
            f"np.linalg.norm(..., ord={ord!r}) of a matrix: choose None, 'fro', 'nuc', 1, 2 or inf"
        )
    if key is None:
        return np.sqrt(np.sum(x**2, axis=axes, keepdims=keepdims))
    result = MATRIX_NORMS[key](np.moveaxis(x, axes, (-2, -1)), -2, -1)
    return np.expand_dims(result, tuple(axis % np.ndim(x) for axis in axes)) if keepdims else result


def _of_vectors(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    if ord is None or ord == 2:
        return np.sqrt(np.sum(x**2, axis=axis, keepdims=keepdims))
    if isinstance(ord, str) or ord == 0:
        raise AadTypeError(
            f"np.linalg.norm(..., ord={ord!r}) of a vector cannot be recorded: use a number above 0"
        )
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    return np.sum(np.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return a norm of vectors or matrices."""
    if axis is None and ord is None:
        return _of_vectors(x, None, None, keepdims)
    if axis is None and np.ndim(x) == 2:
        axis = (0, 1)
    if isinstance(axis, tuple) and len(axis) == 2:
        return _of_matrices(x, ord, axis, keepdims)
    if axis is None and np.ndim(x) != 1:
        raise AadValueError(
            f"np.linalg.norm: ord = {ord!r} needs a vector or a matrix, got {np.ndim(x)} axes"
        )
    return _of_vectors(x, ord, axis, keepdims)


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Return a norm of vectors; over all axes, of everything as one vector."""
    if axis is None or isinstance(axis, tuple):
        axes = tuple(range(np.ndim(x))) if axis is None else tuple(a % np.ndim(x) for a in axis)
        rest = [a for a in range(np.ndim(x)) if a not in axes]
        flat = np.transpose(x, (*rest, *axes)).reshape(*(np.shape(x)[a] for a in rest), -1)
        result = _of_vectors(flat, ord, -1, False)
        return np.expand_dims(result, axes) if keepdims else result
    return _of_vectors(x, ord, axis, keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return a norm of matrices along the last two axes."""
    return _of_matrices(x, ord, (-2, -1), keepdims)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """Return the condition number in a norm of matrices, by default that of singular values."""
    if p in (None, 2, -2):
        largest, least = _of_matrices(x, 2, (-2, -1), False), _of_matrices(x, -2, (-2, -1), False)
        return least / largest if p == -2 else largest / least
    return _of_matrices(x, p, (-2, -1), False) * _of_matrices(np.linalg.inv(x), p, (-2, -1), False)


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Any, *, out: Any = None) -> Any:
    result = arrays[0]
    for factor in arrays[1:]:
        result = result @ factor
    return result


@implements(np.linalg.matrix_power)
def _matrix_power(a: Any, n: int) -> Any:
    if n < 0:
        return _matrix_power(np.linalg.inv(a), -n)
    result = np.eye(len(a))
    for _ in range(n):
        result = result @ a
    return result


implements(np.linalg.matmul)(lambda x1, x2, /: np.matmul(x1, x2))
implements(np.linalg.outer)(lambda x1, x2, /: np.outer(x1, x2))
implements(np.linalg.vecdot)(lambda x1, x2, /, *, axis=-1: np.sum(x1 * x2, axis=axis))
implements(np.linalg.tensordot)(lambda x1, x2, /, *, axes=2: np.tensordot(x1, x2, axes=axes))
implements(np.linalg.matrix_transpose)(lambda x, /: np.swapaxes(x, -1, -2))
implements(np.linalg.diagonal)(lambda x, /, *, offset=0: np.diagonal(x, offset, -2, -1))
implements(np.linalg.trace)(lambda x, /, *, offset=0, dtype=None: np.trace(x, offset, -2, -1, dtype))
implements(np.linalg.cross)(lambda x1, x2, /, *, axis=-1: np.cross(x1, x2, axis=axis))
