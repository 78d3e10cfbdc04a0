"""Correlation matrices: checked, repaired, packed into a vector, and applied to normals outside the tape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    require_finite,
    require_numbers,
    require_shape,
    values_of,
    whole_number,
)

ASYMMETRY = 1e-12
"""Largest difference between two entries that must be equal."""


def require_correlation(name: str, matrix: Any, n_assets: int | None = None) -> None:
    """Raise unless the values of `matrix` are those of a correlation matrix.

    Parameters
    ----------
    name : str, how the message calls the argument
    matrix : (n, n) numbers of any kind
    n_assets : int, optional
        The size it must have.

    Raises
    ------
    AadValueError
        When it is not square, has NaN or another size, is not symmetric, has another diagonal than ones, or has a
        negative eigenvalue (zero is none: assets may be perfectly correlated); the last message shows the smallest
        eigenvalue and the nearest matrix that is usable.
    """
    values = values_of(matrix)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not values.size:
        raise AadValueError(f"{name} has shape {values.shape}: must be square, one row and column per asset")
    if n_assets is not None:
        require_shape(name, values, (n_assets, n_assets))
    require_finite(name, values)
    gaps = np.abs(values - values.T)
    if gaps.max() > ASYMMETRY:
        i, j = (int(k) for k in np.unravel_index(gaps.argmax(), gaps.shape))
        raise AadValueError(
            f"{name} is not symmetric: [{i}, {j}] = {values[i, j].item()!r} and [{j}, {i}] = {values[j, i].item()!r}; "
            "use 0.5 * (C + C.T)"
        )
    off = np.flatnonzero(np.abs(np.diag(values) - 1.0) > ASYMMETRY)
    if off.size:
        k = int(off[0])
        raise AadValueError(f"{name}[{k}, {k}] = {values[k, k].item()!r}: the diagonal must be 1")
    if cholesky_factor(values) is None:
        smallest = float(np.linalg.eigvalsh(values)[0])
        nearest = np.array2string(nearest_correlation(values), precision=6, separator=", ", threshold=64)
        raise AadValueError(
            f"{name} is not positive semidefinite: its smallest eigenvalue is {smallest:.6g}; the nearest correlation "
            f"matrix, from pricers.monte_carlo.nearest_correlation({name}), is\n{nearest}"
        )


def rank_tolerance(n_assets: int) -> float:
    """Return the variance left of an asset, given those before it, that is round-off of zero."""
    return 64.0 * n_assets * float(np.finfo(np.float64).eps)


def cholesky_factor(correlation: Floats) -> Floats | None:
    """Return the lower triangular L with L L' = C, or None where C has a negative eigenvalue.

    An asset that those before it determine has a zero on the diagonal and, as C is semidefinite, zeros below it: the
    normals of such assets have no effect. Where no pivot is round-off this is LAPACK's factor.

    References
    ----------
    N. J. Higham (1990), "Analysis of the Cholesky decomposition of a semi-definite matrix", in Reliable Numerical
    Computation, section 2.
    """
    tolerance = rank_tolerance(len(correlation))
    try:
        factor: Floats | None = np.asarray(np.linalg.cholesky(correlation), dtype=np.float64)
    except np.linalg.LinAlgError:
        factor = None
    if factor is not None and np.diag(factor).min() ** 2 > tolerance:
        return factor
    rest, revealed = correlation.copy(), np.zeros_like(correlation)
    for k in range(len(rest)):
        pivot = rest[k, k]
        if pivot > tolerance:
            revealed[k:, k] = rest[k:, k] / np.sqrt(pivot)
            rest[k:, k:] -= np.outer(revealed[k:, k], revealed[k:, k])
        elif np.abs(rest[k:, k]).max() > tolerance:
            return factor  # almost singular: round-off alone is no reason to change an entry that is larger
    return revealed


def nearest_correlation(
    matrix: ArrayLike,
    *,
    smallest_eigenvalue: float = 1e-8,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> Floats:
    """Return the correlation matrix nearest to a symmetric one in the Frobenius norm, kept positive definite.

    Parameters
    ----------
    matrix : (n, n) floats; the symmetric part is used
    smallest_eigenvalue : float, > 0
        Eigenvalues below it are raised to it, so that the result has a Cholesky factor. The distance is the smallest
        possible up to that.
    tolerance : float
        Largest change of an entry in the last iteration.

    Returns
    -------
    ndarray, (n, n)

    Raises
    ------
    AadValueError
        When the matrix is not square or not finite, or the iterations do not converge.

    References
    ----------
    N. J. Higham (2002), "Computing the nearest correlation matrix: a problem from finance", IMA J. Numer. Anal. 22,
    algorithm 3.3: alternating projections with Dykstra's correction.

    Examples
    --------
    >>> repaired = nearest_correlation([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    >>> bool((np.linalg.eigvalsh(repaired) > 0.0).all())
    True
    """
    values = as_floats("matrix", matrix)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not values.size:
        raise AadValueError(f"matrix has shape {values.shape}: must be square")
    require_finite("matrix", values)
    current = 0.5 * (values + values.T)
    correction = np.zeros_like(current)
    for _ in range(max_iterations):
        shifted = current - correction
        projected = _raise_eigenvalues(shifted, smallest_eigenvalue)
        correction = projected - shifted
        following = projected.copy()
        np.fill_diagonal(following, 1.0)
        change = float(np.abs(following - current).max())
        current = following
        if change <= tolerance:
            break
    else:
        raise AadValueError(
            f"matrix: no nearest correlation after {max_iterations} iterations (last change {change:.3g}); "
            "raise max_iterations or tolerance"
        )
    # The last projection was that on unit diagonals: what it took from the eigenvalues is given back by scaling.
    lifted = _raise_eigenvalues(current, smallest_eigenvalue)
    scale = 1.0 / np.sqrt(np.diag(lifted))
    result = lifted * np.outer(scale, scale)
    np.fill_diagonal(result, 1.0)
    return np.asarray(0.5 * (result + result.T))


def _raise_eigenvalues(matrix: Floats, smallest: float) -> Floats:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(eigenvalues, smallest)) @ vectors.T)


def pack_correlations(matrix: ArrayLike) -> Floats:
    """Return the n(n-1)/2 entries below the diagonal, row by row: [1,0], [2,0], [2,1], [3,0], ..."""
    values = as_floats("matrix", matrix)
    require_correlation("matrix", values)
    return np.asarray(values[np.tril_indices(len(values), -1)])


def unpack_correlations(correlations: Any, n_assets: int) -> list[list[Any]]:
    """Return the rows of the symmetric matrix with unit diagonal; the entries are numbers of any kind."""
    count = whole_number("n_assets", n_assets, 1) * (n_assets - 1) // 2
    require_numbers("correlations", correlations)
    correlations = correlations if np.ndim(correlations) else [correlations]
    if len(correlations) != count:
        raise AadValueError(
            f"correlations has {len(correlations)} entries: {n_assets} assets have {count}, row by row "
            "below the diagonal"
        )
    rows: list[list[Any]] = [[1.0] * n_assets for _ in range(n_assets)]
    entries = iter(correlations)
    for i in range(n_assets):
        for j in range(i):
            rows[i][j] = rows[j][i] = next(entries)
    return rows


def _normals_and_factor(normals: ArrayLike, correlation: ArrayLike) -> tuple[Floats, Floats]:
    drawn, matrix = as_floats("normals", normals), as_floats("correlation", correlation)
    require_correlation("correlation", matrix)
    require_finite("normals", drawn)
    if drawn.ndim == 0 or drawn.shape[-1] != len(matrix):
        raise AadValueError(
            f"normals has shape {drawn.shape}: the last axis must count the {len(matrix)} assets"
        )
    factor = cholesky_factor(matrix)
    assert factor is not None  # checked above
    return drawn, factor


def apply_correlation(*, normals: ArrayLike, correlation: ArrayLike) -> Floats:
    """Correlate independent normals outside the tape.

    Parameters
    ----------
    normals : (..., n_assets) floats, independent standard normals
    correlation : (n_assets, n_assets) floats

    Returns
    -------
    ndarray of the shape of `normals`: L z with L the lower Cholesky factor; assets that others determine use no normal

    Raises
    ------
    AadValueError
        For an unusable matrix (see `require_correlation`) or normals of another last axis.

    Examples
    --------
    >>> apply_correlation(normals=[1.0, 0.0], correlation=[[1.0, 0.5], [0.5, 1.0]])
    array([1. , 0.5])
    """
    drawn, factor = _normals_and_factor(normals, correlation)
    return drawn @ factor.T


def apply_correlation_nonvec(*, normals: ArrayLike, correlation: ArrayLike) -> Floats:
    """Correlate independent normals number by number: the readable twin of `apply_correlation`."""
    drawn, factor = _normals_and_factor(normals, correlation)
    correlated = np.zeros_like(drawn)
    for position in np.ndindex(*drawn.shape[:-1]):
        for i in range(len(factor)):
            for j in range(i + 1):
                correlated[(*position, i)] += factor[i, j] * drawn[(*position, j)]
    return correlated
