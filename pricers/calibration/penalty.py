"""Second-difference penalty of tensor spline weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def second_differences(
    shape: tuple[int, int], along_first: float = 1.0, along_second: float = 1.0
) -> FloatArray:
    """Return the matrix that takes flat weights of `shape` to their scaled second differences on both axes."""
    rows, columns = shape
    first = np.kron(_one_axis(rows), np.eye(columns))
    second = np.kron(np.eye(rows), _one_axis(columns))
    return np.concatenate([along_first * first, along_second * second])


def _one_axis(size: int) -> FloatArray:
    return np.diff(np.eye(size), n=2, axis=0)
