"""What stands in a Hessian where the sweeps of a method met an infinity: the same for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.extend import UNDETERMINED, is_strict, singular_replay
from aadlib.types import Flags, Floats
from greeks2.point import Point


def settled_gradient(point: Point) -> Floats:
    """Return the gradient of a point, from a careful sweep where its own met an infinity, with the warning."""
    singular = singular_replay(point.replay, point.seeds, 1, point.gradient)
    if singular is None:
        return point.gradient
    gradient: Floats = singular.gradient()[point.active]
    singular.warn(point.arguments)
    return gradient


def settled_series(point: Point, along: Floats, series: Floats) -> Floats:
    """Return the first and second derivative along a direction (n,), from careful sweeps where an infinity was met."""
    singular = singular_replay(point.replay, point.seeds, 2, series)
    if singular is None:
        return series
    row = np.zeros((1, point.program.n_inputs))
    row[0, point.active] = along
    bent = singular.products(row)[0, point.active]
    found = np.array([singular.along(row[0]), np.sum(along[along != 0.0] * bent[along != 0.0])])
    singular.warn(point.arguments)
    return found


def settled(point: Point, matrix: Any) -> tuple[Floats, Any]:
    """Return gradient and Hessian of an exact method, from careful sweeps where its own met an infinity.

    Parameters
    ----------
    point : Point
    matrix : (n, n) array, or scipy.sparse array, which keeps its pattern

    Warns
    -----
    SingularWarning
        Where something in them is not determined.
    """
    entries = matrix if isinstance(matrix, np.ndarray) else matrix.data
    singular = singular_replay(point.replay, point.seeds, 2, point.gradient, entries)
    if singular is None:
        return point.gradient, matrix
    gradient = singular.gradient()[point.active]
    if isinstance(matrix, np.ndarray):
        matrix = singular.hessian()
    else:
        matrix = matrix.tocsr()
        matrix.sum_duplicates()
        numbers, states = singular.sparse_hessian(matrix.indptr, matrix.indices)
        matrix.data[:], states = _symmetric(matrix, numbers, states)
        unknown = (states & UNDETERMINED) != 0
        singular.undetermined |= bool(unknown.any())
        if is_strict(point.program):
            matrix.data[unknown] = np.nan
    singular.warn(point.arguments)
    return gradient, matrix


def _symmetric(matrix: Any, numbers: Floats, states: Flags) -> tuple[Floats, Flags]:
    """Return the entries of a sparse matrix with those across the diagonal: determined ones first."""
    from scipy.sparse import csr_array

    order = csr_array((np.arange(1, len(numbers) + 1), matrix.indices, matrix.indptr), shape=matrix.shape)
    across = order.T.tocsr()
    across.sort_indices()
    mirror = across.data - 1
    other, other_states = numbers[mirror], states[mirror]
    unknown, other_unknown = (states & UNDETERMINED) != 0, (other_states & UNDETERMINED) != 0
    with np.errstate(invalid="ignore"):
        mean = np.where(numbers == other, numbers, 0.5 * numbers + 0.5 * other)
    chosen = np.where(unknown & ~other_unknown, other, np.where(other_unknown & ~unknown, numbers, mean))
    return chosen, states | other_states
