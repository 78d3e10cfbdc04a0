"""Central second differences of a plain function, pair after pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aadlib.types import Floats


def bumping2_by_pair(f: Callable[[list[float]], float], x: Sequence[float], steps: Sequence[float]) -> Floats:
    """Return the Hessian of a function of a list of numbers, by four evaluations a pair."""
    n = len(x)
    hessian = np.zeros((n, n))

    def at(i: int, by_i: float, j: int, by_j: float) -> float:
        bumped = list(x)
        bumped[i] += by_i
        bumped[j] += by_j
        return f(bumped)

    for i in range(n):
        for j in range(i + 1):
            h, k = steps[i], steps[j]
            second = at(i, h, j, k) - at(i, h, j, -k) - at(i, -h, j, k) + at(i, -h, j, -k)
            hessian[i, j] = hessian[j, i] = second / (4.0 * h * k)
    return hessian
