"""Small dense linear algebra on recorded numbers: NumPy's `linalg` functions written out in scalars.

Pivots are chosen by value. Guards hold each to at least a thousandth of what it eliminates, so a replay that would need
another order raises `BranchChanged`. For matrices beyond a few dozen rows the tape grows with the cube of the size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.tape.arrays import array, implements, is_recorded, values

Rows = list[list[Any]]


def _square(name: str, a: Any) -> Rows:
    boxed = np.asarray(a.view(np.ndarray) if is_recorded(a) else a)
    if boxed.ndim != 2 or boxed.shape[0] != boxed.shape[1]:
        raise AadTypeError(
            f"np.linalg.{name}: a recorded matrix must be square, one at a time; got {boxed.shape}"
        )
    rows: Rows = boxed.tolist()
    return rows


def _eliminate(rows: Rows, sides: Rows) -> tuple[Rows, Rows, float]:
    """Bring `rows` to upper triangular form with `sides` alongside; return both and the sign of the exchanges."""
    rows, sides = [list(r) for r in rows], [list(r) for r in sides]
    n, sign = len(rows), 1.0
    for k in range(n):
        sizes = [abs(float(values(rows[i][k]))) for i in range(k, n)]
        pivot = k + int(np.argmax(sizes))
        if sizes[pivot - k] == 0.0:
            raise AadValueError(f"the matrix is singular: column {k} has no pivot left")
        if pivot != k:
            rows[k], rows[pivot], sides[k], sides[pivot] = rows[pivot], rows[k], sides[pivot], sides[k]
            sign = -sign
        for i in range(k + 1, n):
            if is_recorded(rows[k][k]) or is_recorded(rows[i][k]):
                _ = bool(rows[k][k] ** 2 >= 1e-6 * rows[i][k] ** 2)
            factor = rows[i][k] / rows[k][k]
            rows[i][k + 1 :] = [
                x - factor * y for x, y in zip(rows[i][k + 1 :], rows[k][k + 1 :], strict=True)
            ]
            sides[i] = [x - factor * y for x, y in zip(sides[i], sides[k], strict=True)]
    return rows, sides, sign


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """Solve a x = b for one matrix and a vector or the columns of a matrix."""
    rows = _square("solve", a)
    right = np.asarray(b.view(np.ndarray) if is_recorded(b) else b)
    if right.shape[0] != len(rows) or right.ndim > 2:
        raise AadValueError(f"np.linalg.solve: b has shape {right.shape}, the matrix has {len(rows)} rows")
    upper, sides, _ = _eliminate(rows, right.reshape(len(rows), -1).tolist())
    n = len(rows)
    for k in range(n - 1, -1, -1):
        for j in range(len(sides[k])):
            total = sides[k][j]
            for i in range(k + 1, n):
                total = total - upper[k][i] * sides[i][j]
            sides[k][j] = total / upper[k][k]
    return array(sides).reshape(right.shape)


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    """Return the inverse matrix."""
    return solve(a, np.eye(len(_square("inv", a))))


@implements(np.linalg.det)
def det(a: Any) -> Any:
    """Return the determinant."""
    rows = _square("det", a)
    upper, _, sign = _eliminate(rows, [[] for _ in rows])
    result: Any = sign
    for k in range(len(upper)):
        result = result * upper[k][k]
    return result


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> tuple[Any, Any]:
    """Return the sign and the logarithm of the absolute value of the determinant."""
    rows = _square("slogdet", a)
    upper, _, sign = _eliminate(rows, [[] for _ in rows])
    total: Any = 0.0
    signs: Any = sign
    for k in range(len(upper)):
        total = total + np.log(np.abs(upper[k][k]))
        signs = signs * np.sign(upper[k][k])
    return signs, total


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Return the lower (or upper) Cholesky factor of a symmetric positive definite matrix."""
    rows = _square("cholesky", a)
    n = len(rows)
    factor: Rows = [[0.0] * n for _ in range(n)]
    for j in range(n):
        total = rows[j][j]
        for k in range(j):
            total = total - factor[j][k] ** 2
        if float(values(total)) <= 0.0:
            raise AadValueError(f"np.linalg.cholesky: the matrix is not positive definite at row {j}")
        factor[j][j] = total**0.5
        for i in range(j + 1, n):
            total = rows[i][j]
            for k in range(j):
                total = total - factor[i][k] * factor[j][k]
            factor[i][j] = total / factor[j][j]
    lower = array(factor)
    return lower.T if upper else lower
