"""A Cholesky factor times a vector, and its inverse times one, for numbers of any kind.

Vectors are lists with one number (or one array over paths) per asset; a factor is a list of rows, or None for the
identity. Exact zeros of a factor are not multiplied.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.validation import values_of
from pricers.monte_carlo.correlation import cholesky_factor, rank_tolerance

Factor = list[list[Any]] | None


def total(terms: list[Any]) -> Any:
    """Add numbers up from the left."""
    return sum(terms[1:], start=terms[0])


def factorize(correlation: Any) -> Factor:
    """Return the rows of the lower Cholesky factor of a correlation matrix; None stays None.

    Raises
    ------
    AadValueError
        When the factor is to be differentiated where it has no derivative: at perfect correlation.
    """
    if correlation is None:
        return None
    factor = cholesky_factor(values_of(correlation))
    assert factor is not None  # dynamics check their correlations
    if is_float_matrix(correlation):
        rows: list[list[Any]] = factor.tolist()
        return rows
    if np.diag(factor).all():
        recorded: list[list[Any]] = np.linalg.cholesky(ad.array(correlation)).tolist()
        return recorded
    return _rank_deficient(correlation)


def _rank_deficient(correlation: list[list[Any]]) -> list[list[Any]]:
    """Return the factor's rows where some assets are determined by others and correlations are being differentiated.

    It is a smooth function of the entries where an asset is plus or minus an earlier one by plain numbers, or where the
    variance left to it is a plain zero; elsewhere moving a correlation leaves the set of correlation matrices.
    """
    n = len(correlation)
    tolerance = rank_tolerance(n)
    rows: list[list[Any]] = []
    for i, entries in enumerate(correlation):
        copied = next((j for j in range(i) if _same_asset(correlation, i, j)), None)
        if copied is not None:
            rows.append([entries[copied] * x for x in rows[copied]])
            continue
        row: list[Any] = []
        for j in range(i):
            rest = entries[j] - sum(row[m] * rows[j][m] for m in range(j))
            determined = _is_zero(rows[j][j])
            if determined and not -tolerance <= rest <= tolerance:  # stays as a guard in a recording
                _refuse(i)
            row.append(0.0 if determined else rest / rows[j][j])
        left = entries[i] - sum(x * x for x in row)
        if float(values_of(left)) > tolerance:
            row.append(ad.sqrt(left))
        elif isinstance(left, float):
            row.append(0.0)
        else:
            _refuse(i)
        rows.append(row + [0.0] * (n - 1 - i))
    return rows


def _same_asset(correlation: list[list[Any]], i: int, j: int) -> bool:
    """Say whether asset i is asset j or its mirror, whatever the numbers being differentiated are."""
    sign = correlation[i][j]
    if not isinstance(sign, float) or abs(sign) != 1.0:
        return False
    pairs = zip(correlation[i], correlation[j], strict=True)
    return all(
        x is y
        if sign > 0.0 and not isinstance(x, float)
        else isinstance(x, float) and x == sign * values_of(y)
        for x, y in pairs
    )


def _refuse(asset: int) -> None:
    raise AadValueError(
        f"correlation: asset {asset} is perfectly correlated with those before it, and the factor has no derivative in "
        "correlations there: leave them out of what is differentiated, or pass nearest_correlation(correlation)"
    )


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
        solution.append(rest / _pivot(row[i], i))
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
        solution[i] = rest / _pivot(factor[i][i], i)
    return solution


def _pivot(x: Any, asset: int) -> Any:
    if _is_zero(x):
        raise AadValueError(
            f"correlation: asset {asset} is perfectly correlated with those before it: the prices have no joint "
            "density, which this estimator differentiates; use smoothing='kernel', or leave the asset out"
        )
    return x


def inverse_matrix(factor: Factor, n: int) -> list[list[Any]]:
    """Return the rows of (L L')^-1, n by n."""
    columns = [
        solve_transposed(factor, solve(factor, [1.0 if i == j else 0.0 for i in range(n)])) for j in range(n)
    ]
    return columns  # symmetric: its columns are its rows
