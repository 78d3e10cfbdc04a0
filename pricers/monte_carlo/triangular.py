"""A Cholesky factor times a vector, and its inverse times one, for numbers of any kind.

Vectors are lists with one number (or one array over paths) per asset; a factor is a list of rows, or None for the
identity. Exact zeros of a factor are not multiplied.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad

Factor = list[list[Any]] | None


def total(terms: list[Any]) -> Any:
    """Add numbers up from the left."""
    return sum(terms[1:], start=terms[0])


def factorize(correlation: Any) -> Factor:
    """Return the rows of the lower Cholesky factor of a correlation matrix; None stays None."""
    if correlation is None:
        return None
    if is_float_matrix(correlation):
        rows: list[list[Any]] = np.linalg.cholesky(np.array(correlation, dtype=np.float64)).tolist()
        return rows
    recorded: list[list[Any]] = np.linalg.cholesky(ad.array(correlation)).tolist()
    return recorded


def is_float_matrix(rows: list[list[Any]]) -> bool:
    """Say whether a matrix consists of floats."""
    return all(isinstance(x, float) for row in rows for x in row)


def _is_zero(x: Any) -> bool:
    return isinstance(x, float) and x == 0.0


def multiply(factor: Factor, vector: list[Any]) -> list[Any]:
    """Return L v."""
    if factor is None:
        return list(vector)
    return [
        total([row[j] * vector[j] for j in range(i + 1) if not _is_zero(row[j])])
        for i, row in enumerate(factor)
    ]


def solve(factor: Factor, vector: list[Any]) -> list[Any]:
    """Return u with L u = v."""
    if factor is None:
        return list(vector)
    solution: list[Any] = []
    for i, row in enumerate(factor):
        rest = vector[i]
        for j in range(i):
            if not _is_zero(row[j]):
                rest = rest - row[j] * solution[j]
        solution.append(rest / row[i])
    return solution


def solve_transposed(factor: Factor, vector: list[Any]) -> list[Any]:
    """Return a with L' a = v."""
    if factor is None:
        return list(vector)
    n = len(factor)
    solution: list[Any] = [0.0] * n
    for i in range(n - 1, -1, -1):
        rest = vector[i]
        for j in range(i + 1, n):
            if not _is_zero(factor[j][i]):
                rest = rest - factor[j][i] * solution[j]
        solution[i] = rest / factor[i][i]
    return solution


def inverse_matrix(factor: Factor, n: int) -> list[list[Any]]:
    """Return the rows of (L L')^-1, n by n."""
    columns = [
        solve_transposed(factor, solve(factor, [1.0 if i == j else 0.0 for i in range(n)])) for j in range(n)
    ]
    return columns  # symmetric: its columns are its rows
