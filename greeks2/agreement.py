"""Run every method that can on the same function and report where they disagree."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.types import Floats
from greeks2.point import Source, as_arguments, as_program
from greeks2.read_only import ReadOnly
from greeks2.second_order import hessian_result, methods_for
from greeks2.structure.kinks import KinkGroup, KinkWarning, warn_of_kinks


@dataclass(frozen=True, eq=False)
class CrossCheck:
    """How far the methods are apart, relative to the largest entry of the Hessian.

    Attributes
    ----------
    worst : float, largest disagreement of two exact methods
    where : (method, method, row, column) of the worst one
    bumping_error : float, largest distance of bumping2 from the exact methods: its own truncation error and round-off
    bumping_where : (row, column)
    matrices : method -> Hessian
    kinks : operations that are not smooth, by source line
    """

    worst: float
    where: tuple[str, str, int, int]
    bumping_error: float
    bumping_where: tuple[int, int]
    matrices: Mapping[str, Floats]
    kinks: tuple[KinkGroup, ...]

    def __repr__(self) -> str:
        one, other, row, column = self.where
        return (
            f"<CrossCheck: exact methods agree to {self.worst:.2g} (worst [{row}, {column}], {one} against {other}), "
            f"bumping2 to {self.bumping_error:.2g} (worst [{self.bumping_where[0]}, {self.bumping_where[1]}])>"
        )


def cross_check(
    f: Source, x: Any, *, passive: Sequence[int] = (), weights: Any = None, steps: Any = None
) -> CrossCheck:
    """Return the worst disagreement between the methods and where it is; arguments as `hessian`.

    A NaN in one method and not in the other counts as an infinite disagreement. Methods that refuse composite
    operations are left out where there are some.

    Examples
    --------
    >>> from greeks2 import cross_check
    >>> cross_check(lambda x: x[0] ** 3 * x[1], [1.0, 2.0]).worst < 1e-12
    True
    """
    program = as_program(f, as_arguments(x), passive)
    matrices: dict[str, Floats] = {}
    kinks: tuple[KinkGroup, ...] = ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)  # reported once below
        for method in methods_for(program):
            bump = steps if method == "bumping2" else None
            result = hessian_result(program, x, method=method, weights=weights, steps=bump)
            matrices[method], kinks = result.matrix, result.kinks
    warn_of_kinks(kinks)
    exact = [name for name in matrices if name != "bumping2"]
    pairs = [(one, other) for k, one in enumerate(exact) for other in exact[k + 1 :]]
    found = [(*_distance(matrices[one], matrices[other]), one, other) for one, other in pairs]
    worst, (row, column), one, other = max(found, key=lambda item: item[0])
    bumping_error, bumping_where = _distance(matrices["bumping2"], matrices[exact[0]])
    return CrossCheck(
        worst, (one, other, row, column), bumping_error, bumping_where, ReadOnly(matrices), kinks
    )


def _distance(one: Floats, other: Floats) -> tuple[float, tuple[int, int]]:
    """Return the largest difference relative to the largest finite entry, and its place."""
    finite = np.isfinite(other)
    scale = float(np.max(np.abs(other[finite]), initial=0.0)) or 1.0
    with np.errstate(invalid="ignore"):
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        apart = np.where(same, 0.0, np.abs(one - other) / scale)
    apart = np.where(np.isnan(apart), np.inf, apart)
    if apart.size == 0:
        return 0.0, (0, 0)
    row, column = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return float(apart[row, column]), (int(row), int(column))
