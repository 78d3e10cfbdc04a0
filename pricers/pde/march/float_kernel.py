"""The backward march compiled for floats; `pricers.pde.march.substeps` is its twin in numbers of any kind."""

from __future__ import annotations

import numba as nb
import numpy as np

from aadlib.types import Floats
from pricers.kernel_options import CACHE
from pricers.types import Bools, Longs


@nb.njit(cache=CACHE)
def backward_march_kernel(
    values: Floats,
    below: Floats,
    diagonal: Floats,
    above: Floats,
    row: Longs,
    damped: Bools,
    lower: Floats,
    upper: Floats,
    exercise: Floats,
) -> None:
    """Overwrite `values` (n_nodes,) with the node values after all substeps.

    Bands are (n_rows, n_nodes - 2), substeps (n_substeps,); an empty `exercise` means a European option, else it
    binds at the low end (the caller reverses the problem of a call).
    """
    n = values.size - 2
    american = exercise.size > 0
    inverse = np.empty(n)
    ratio = np.empty(n)
    solution = np.empty(n)
    known = -1
    for k in range(row.size):
        j = row[k]
        if j != known:
            inverse[n - 1] = 1.0 / diagonal[j, n - 1]
            ratio[n - 1] = below[j, n - 1] * inverse[n - 1]
            for i in range(n - 2, -1, -1):
                inverse[i] = 1.0 / (diagonal[j, i] - above[j, i] * ratio[i + 1])
                ratio[i] = below[j, i] * inverse[i]
            known = j
        # A sum of old and new boundary values for Crank-Nicolson, twice the new one for an implicit half step.
        first = lower[k] + (lower[k] if damped[k] else values[0])
        last = upper[k] + (upper[k] if damped[k] else values[n + 1])
        x = 0.0
        for i in range(n - 1, -1, -1):
            right = values[i + 1]
            if i == n - 1:
                right += above[j, i] * last
            else:
                right += above[j, i] * x
            if i == 0:
                right += below[j, 0] * first
            x = right * inverse[i]
            solution[i] = x
        for i in range(n):
            x = solution[i]
            if i > 0:
                x += ratio[i] * solution[i - 1]
            if american:
                x = max(x, exercise[i + 1] + (exercise[i + 1] if damped[k] else values[i + 1]))
            solution[i] = x
        for i in range(n):
            values[i + 1] = 0.5 * solution[i] if damped[k] else solution[i] - values[i + 1]
        values[0] = lower[k]
        values[n + 1] = upper[k]
