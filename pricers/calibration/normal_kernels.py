"""Normal equations and their Cholesky solution on one thread, compiled.

A fit makes a few dozen calls of this size (3,000 rows, 230 columns). A threaded BLAS gains nothing on them, waits
tens of milliseconds a call where another process holds a core, and rounds differently for other thread counts; here
the fit takes the same time and gives the same bits whatever the BLAS. The twins are ``J.T @ J`` and
`scipy.linalg.cho_solve`.
"""

from __future__ import annotations

import math

from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import CACHE

ROWS_AT_ONCE = 8


@njit(cache=CACHE, nogil=True, fastmath={"contract"}, error_model="numpy")
def normal_kernel(jacobian: Floats, residuals: Floats, normal: Floats, gradient: Floats) -> None:
    """Add J'J to `normal` (both triangles) and J'r to `gradient`; columns that are zero in a block are skipped."""
    n_rows, n_columns = jacobian.shape
    n_blocks = n_rows // ROWS_AT_ONCE
    for block in range(n_blocks):
        q = ROWS_AT_ONCE * block
        j0, j1, j2, j3 = jacobian[q], jacobian[q + 1], jacobian[q + 2], jacobian[q + 3]
        j4, j5, j6, j7 = jacobian[q + 4], jacobian[q + 5], jacobian[q + 6], jacobian[q + 7]
        for i in range(n_columns):
            a, b, c, d, e, f, g, h = j0[i], j1[i], j2[i], j3[i], j4[i], j5[i], j6[i], j7[i]
            if (
                a == 0.0
                and b == 0.0
                and c == 0.0
                and d == 0.0
                and e == 0.0
                and f == 0.0
                and g == 0.0
                and h == 0.0
            ):
                continue
            row = normal[i]
            for k in range(i + 1):
                row[k] += (a * j0[k] + b * j1[k] + c * j2[k] + d * j3[k]) + (
                    e * j4[k] + f * j5[k] + g * j6[k] + h * j7[k]
                )
    for q in range(ROWS_AT_ONCE * n_blocks, n_rows):
        for i in range(n_columns):
            a = jacobian[q, i]
            for k in range(i + 1):
                normal[i, k] += a * jacobian[q, k]
    for q in range(n_rows):
        r = residuals[q]
        for i in range(n_columns):
            gradient[i] += r * jacobian[q, i]
    for i in range(n_columns):
        for k in range(i):
            normal[k, i] = normal[i, k]


@njit(cache=CACHE, nogil=True, fastmath={"contract"}, error_model="numpy")
def cholesky_solve_kernel(matrix: Floats, right: Floats) -> bool:
    """Overwrite `right` with the solution for a positive definite matrix, whose upper triangle is overwritten.

    Returns False, with both spoilt, where the matrix is not positive definite.
    """
    n = right.size
    for k in range(n):
        pivot_row = matrix[k]
        if not pivot_row[k] > 0.0:
            return False
        inverse = 1.0 / math.sqrt(pivot_row[k])
        for j in range(k, n):
            pivot_row[j] *= inverse
        for i in range(k + 1, n):
            factor = pivot_row[i]
            if factor != 0.0:
                row = matrix[i]
                for j in range(i, n):
                    row[j] -= factor * pivot_row[j]
    for k in range(n):
        right[k] /= matrix[k, k]
        for j in range(k + 1, n):
            right[j] -= matrix[k, j] * right[k]
    for k in range(n - 1, -1, -1):
        total = right[k]
        for j in range(k + 1, n):
            total -= matrix[k, j] * right[j]
        right[k] = total / matrix[k, k]
    return True
