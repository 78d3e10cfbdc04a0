"""Small dense linear algebra on recorded numbers: NumPy's `linalg` functions written out in scalars.

Pivots are chosen by value. Guards hold each to at least a thousandth of what it eliminates, so a replay that would need
another order raises `BranchChanged`. For matrices beyond a few dozen rows the tape grows with the cube of the size.
Stacks of matrices are taken one after another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError, SingularMatrix
from aadlib.tape.arrays import array, is_recorded
from aadlib.tape.implementations import implements
from aadlib.validation import values_of

Rows = list[list[Any]]

VANISHES = 1e-13
"""What is left of a matrix below this share of its largest entry is zero: the matrix is singular."""

MOST_MISSING = 4
"""The determinant of a singular matrix is expanded where its rank is short by at most this."""

SLOGDET = type(np.linalg.slogdet(np.eye(1)))


def plain(x: Any) -> float:
    """Return the value of a number of any kind."""
    return float(values_of(x))


def boxed(a: Any) -> Any:
    """Return a matrix, or a stack of them, as a plain array."""
    return np.asarray(a.view(np.ndarray) if is_recorded(a) else a)


def matrices(name: str, a: Any) -> Any:
    """Return what must be a square matrix or a stack of them."""
    a = boxed(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise AadTypeError(f"np.linalg.{name}: a recorded matrix must be square, got {a.shape}")
    return a


def over_stack(function: Callable[..., Any], shape: tuple[int, ...], *stacks: Any) -> Any:
    """Return a function of one entry of each stack over stacks of one shape: a result, or a tuple of them."""
    if not shape:
        return function(*stacks)
    results = [function(*(stack[index] for stack in stacks)) for index in np.ndindex(shape)]
    if isinstance(results[0], tuple):
        return tuple(_stacked(shape, part) for part in zip(*results, strict=True))
    return _stacked(shape, results)


def _stacked(shape: tuple[int, ...], results: Any) -> Any:
    return array(list(results)).reshape(shape + np.shape(results[0]))


def _eliminate(rows: Rows, sides: Rows) -> tuple[Rows, Rows, float]:
    """Bring `rows` to upper triangular form with `sides` alongside; return both and the sign of the exchanges."""
    rows, sides = [list(r) for r in rows], [list(r) for r in sides]
    n, sign = len(rows), 1.0
    for k in range(n):
        sizes = [abs(plain(rows[i][k])) for i in range(k, n)]
        pivot = k + int(np.argmax(sizes))
        if sizes[pivot - k] == 0.0:
            raise SingularMatrix(f"the matrix is singular: column {k} has no pivot left")
        if pivot != k:
            rows[k], rows[pivot], sides[k], sides[pivot] = rows[pivot], rows[k], sides[pivot], sides[k]
            sign = -sign
        _eliminate_below(rows, sides, k)
    return rows, sides, sign


def _eliminate_below(rows: Rows, sides: Rows, k: int) -> None:
    """Take multiples of row k from those below it."""
    for i in range(k + 1, len(rows)):
        if is_recorded(rows[k][k]) or is_recorded(rows[i][k]):
            _ = bool(rows[k][k] ** 2 >= 1e-6 * rows[i][k] ** 2)
        factor = rows[i][k] / rows[k][k]
        rows[i][k + 1 :] = [x - factor * y for x, y in zip(rows[i][k + 1 :], rows[k][k + 1 :], strict=True)]
        sides[i] = [x - factor * y for x, y in zip(sides[i], sides[k], strict=True)]


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """Solve a x = b for a vector or the columns of a matrix; stacks broadcast as in NumPy."""
    a, b = matrices("solve", a), boxed(b)
    n, vector = a.shape[-1], b.ndim == 1
    right = b[:, None] if vector else b
    if right.shape[-2] != n:
        raise AadValueError(f"np.linalg.solve: b has shape {b.shape}, the matrix has {n} rows")
    shape = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    a, right = (np.broadcast_to(x, shape + x.shape[-2:]) for x in (a, right))
    solution = over_stack(_solve_one, shape, a, right)
    return solution[..., 0] if vector else solution


def _solve_one(a: Any, b: Any) -> Any:
    upper, sides, _ = _eliminate(a.tolist(), b.tolist())
    return array(back_substituted(upper, sides)).reshape(b.shape)


def back_substituted(upper: Any, sides: Rows) -> Rows:
    """Solve an upper triangular system for the columns of `sides`, which it writes over."""
    n = len(upper)
    for k in range(n - 1, -1, -1):
        for j in range(len(sides[k])):
            total = sides[k][j]
            for i in range(k + 1, n):
                total = total - upper[k][i] * sides[i][j]
            sides[k][j] = total / upper[k][k]
    return sides


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    """Return the inverse matrix."""
    a = matrices("inv", a)
    return solve(a, np.eye(a.shape[-1]))


@implements(np.linalg.det)
def det(a: Any) -> Any:
    """Return the determinant; its derivatives are right where the matrix is singular too."""
    a = matrices("det", a)
    return over_stack(_det_one, a.shape[:-2], a)


def _det_one(a: Any) -> Any:
    """Eliminate; where a column has no pivot take another one, and where none has expand what is left."""
    rows: Rows = a.tolist()
    n, result = len(rows), 1.0
    scale = max((abs(plain(x)) for row in rows for x in row), default=0.0)
    for k in range(n):
        sizes = np.array([[abs(plain(x)) for x in row[k:]] for row in rows[k:]])
        if sizes.max() <= VANISHES * scale:
            if n - k > MOST_MISSING:
                raise SingularMatrix(
                    f"np.linalg.det: the rank is short by {n - k}: the determinant and its derivatives below order "
                    f"{n - k} are zero there; do not record it"
                )
            return result * _expanded([row[k:] for row in rows[k:]])
        column = k if sizes[:, 0].max() > VANISHES * scale else k + int(np.argmax(sizes.max(axis=0)))
        pivot = k + int(np.argmax(sizes[:, column - k]))
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            result = -result
        if column != k:
            result = -result
            for row in rows:
                row[k], row[column] = row[column], row[k]
        _eliminate_below(rows, [[] for _ in rows], k)
        result = result * rows[k][k]
    return result


def _expanded(rows: Rows) -> Any:
    """Return a small determinant as a sum of products, which divides by nothing."""
    if len(rows) == 1:
        return rows[0][0]
    total: Any = 0.0
    for k, entry in enumerate(rows[0]):
        minor = entry * _expanded([row[:k] + row[k + 1 :] for row in rows[1:]])
        total = total + minor if k % 2 == 0 else total - minor
    return total


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> tuple[Any, Any]:
    """Return the sign and the logarithm of the absolute value of the determinant."""
    a = matrices("slogdet", a)
    return SLOGDET(*over_stack(_slogdet_one, a.shape[:-2], a))


def _slogdet_one(a: Any) -> tuple[Any, Any]:
    upper, _, signs = _eliminate(a.tolist(), [[] for _ in a])
    total: Any = 0.0
    result: Any = signs
    for k in range(len(upper)):
        total = total + np.log(np.hypot(upper[k][k], 0.0))  # the absolute value, smooth but at 0
        result = result * np.sign(upper[k][k])
    return result, total


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Return the lower (or upper) Cholesky factor of a positive definite matrix, of which that half is read."""
    a = matrices("cholesky", a)
    if upper:
        a = np.swapaxes(a, -1, -2)
    lower = over_stack(_cholesky_one, a.shape[:-2], a)
    return np.swapaxes(lower, -1, -2) if upper else lower


def _cholesky_one(a: Any) -> Any:
    rows: Rows = a.tolist()
    n = len(rows)
    factor: Rows = [[0.0] * n for _ in range(n)]
    for j in range(n):
        total = rows[j][j]
        for k in range(j):
            total = total - factor[j][k] ** 2
        if plain(total) <= 0.0:
            raise SingularMatrix(f"np.linalg.cholesky: the matrix is not positive definite at row {j}")
        factor[j][j] = total**0.5
        for i in range(j + 1, n):
            total = rows[i][j]
            for k in range(j):
                total = total - factor[i][k] * factor[j][k]
            factor[i][j] = total / factor[j][j]
    return array(factor)
