"""Orthogonal polynomials on [-1, 1] by their three-term recurrences: the basis of a regression on one state.

p_0 = 1,   p_(j+1)(u) = (constant_j + slope_j u) p_j(u) - before_j p_(j-1)(u)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.kernel_options import OPTIONS

Recurrence = Callable[[int], tuple[float, float, float]]

BASES: dict[str, Recurrence] = {
    "chebyshev": lambda j: (0.0, 1.0 if j == 0 else 2.0, 1.0),
    "legendre": lambda j: (0.0, (2.0 * j + 1.0) / (j + 1.0), j / (j + 1.0)),
    # Laguerre's polynomials live on the half line: u = -1 is their origin.
    "laguerre": lambda j: (2.0 * j / (j + 1.0), -1.0 / (j + 1.0), j / (j + 1.0)),
}
"""Name of a basis and the recurrence (constant, slope, before) of its polynomials."""


def recurrence_of(basis: str, degree: int) -> Floats:
    """Return the recurrence of a basis up to `degree`, (degree, 3); an unknown name is an error."""
    if not isinstance(basis, str) or basis not in BASES:
        raise AadValueError(f"basis = {basis!r}: choose one of {', '.join(BASES)}")
    return np.array([BASES[basis](j) for j in range(degree)], dtype=np.float64).reshape(degree, 3)


@njit(**OPTIONS)
def basis_rows_kernel(points: Floats, size: int, recurrence: Floats, rows: Floats) -> None:
    """Write every polynomial at the first `size` points into a row of `rows` (degree + 1, >= size)."""
    for i in range(size):
        rows[0, i] = 1.0
    for j in range(recurrence.shape[0]):
        constant, slope, before = recurrence[j]
        if j == 0:
            for i in range(size):
                rows[1, i] = constant + slope * points[i]
        else:
            for i in range(size):
                rows[j + 1, i] = (constant + slope * points[i]) * rows[j, i] - before * rows[j - 1, i]


@njit(**OPTIONS)
def basis_sum_kernel(coefficients: Floats, point: float, recurrence: Floats) -> float:
    """Return the sum of the polynomials at one point, weighted with `coefficients` (degree + 1,)."""
    last, current = 0.0, 1.0
    total = coefficients[0]
    for j in range(recurrence.shape[0]):
        constant, slope, before = recurrence[j]
        last, current = current, (constant + slope * point) * current - before * last
        total += coefficients[j + 1] * current
    return total
