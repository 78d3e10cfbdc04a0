"""Second-difference penalty of tensor spline weights."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def second_differences(
    shape: tuple[int, int], along_first: float = 1.0, along_second: float = 1.0
) -> sparse.csr_array:
    """Return the matrix that takes flat weights of `shape` to their scaled second differences on both axes."""
    rows, columns = shape
    first = sparse.kron(_one_axis(rows), sparse.eye_array(columns))
    second = sparse.kron(sparse.eye_array(rows), _one_axis(columns))
    return sparse.csr_array(sparse.vstack([along_first * first, along_second * second]))


def _one_axis(size: int) -> sparse.csr_array:
    return sparse.csr_array(np.diff(np.eye(size), n=2, axis=0))
