"""Least squares by the normal equations, in as many dimensions as the data have.

A Cholesky factorisation that takes the largest remaining diagonal first stops where what is left is round-off: basis
functions that the data cannot tell from those taken before get the coefficient zero, and the rank is returned.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from aadlib.types import Floats
from pricers.kernel_options import OPTIONS

SUM_OPTIONS = {**OPTIONS, "fastmath": {"reassoc", "contract", "nsz"}}
"""Sums over paths may be regrouped into vector registers, as one machine always does alike."""

SINGULAR = 1e-11
"""Share of a basis function's square, beyond those taken before, below which it adds nothing but round-off."""


@njit(**SUM_OPTIONS)
def products_kernel(rows: Floats, targets: Floats, size: int, gram: Floats, right: Floats) -> None:
    """Write the products of the first `size` columns: `rows` with each other and with `targets`."""
    for a in range(rows.shape[0]):
        for b in range(a + 1):
            total = 0.0
            for i in range(size):
                total += rows[a, i] * rows[b, i]
            gram[a, b] = total
            gram[b, a] = total
        for c in range(targets.shape[0]):
            total = 0.0
            for i in range(size):
                total += rows[a, i] * targets[c, i]
            right[c, a] = total


@njit(**OPTIONS)
def solve_kernel(gram: Floats, right: Floats) -> int:
    """Replace each row of `right` (n_targets, n) by its coefficients, overwrite `gram`, return the rank."""
    n = gram.shape[0]
    order = np.arange(n)
    left = np.empty(n)
    first = np.empty(n)
    for j in range(n):
        left[j] = first[j] = gram[j, j]
    factor = np.zeros((n, n))
    rank = 0
    for step in range(n):
        best = step
        for j in range(step + 1, n):
            if left[order[j]] > left[order[best]]:
                best = j
        pivot = order[best]
        if not left[pivot] > SINGULAR * first[pivot]:
            break
        order[best], order[step] = order[step], pivot
        root = math.sqrt(left[pivot])
        factor[pivot, step] = root
        for j in range(step + 1, n):
            row = order[j]
            total = gram[row, pivot]
            for m in range(step):
                total -= factor[row, m] * factor[pivot, m]
            factor[row, step] = total / root
            left[row] -= factor[row, step] ** 2
        rank += 1
    solution = np.zeros(n)
    for c in range(right.shape[0]):
        solution[:] = 0.0
        for step in range(rank):
            total = right[c, order[step]]
            for m in range(step):
                total -= factor[order[step], m] * solution[order[m]]
            solution[order[step]] = total / factor[order[step], step]
        for step in range(rank - 1, -1, -1):
            total = solution[order[step]]
            for m in range(step + 1, rank):
                total -= factor[order[m], step] * solution[order[m]]
            solution[order[step]] = total / factor[order[step], step]
        right[c] = solution
    return rank
