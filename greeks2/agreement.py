"""Run every method that can on the same function and report where they disagree."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from aadlib.types import Floats
from greeks2 import methods
from greeks2.point import Source, as_arguments, as_program
from greeks2.read_only import ReadOnly
from greeks2.second_order import hessian_result
from greeks2.structure.kinks import KinkGroup, KinkWarning, warn_of_kinks


@dataclass(frozen=True, eq=False)
class CrossCheck:
    """How far the methods are apart, relative to the largest entry of the Hessian.

    Attributes
    ----------
    worst : float, largest disagreement of two exact methods
    where : (method, method, row, column) of the worst one
    bumping_error : float, largest distance of bumping from the exact methods: its own truncation error and round-off
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
        inexact = ", ".join([m.name for m in methods.METHODS if not m.is_exact and m.name in self.matrices])
        return (
            f"<CrossCheck: exact methods agree to {self.worst:.2g} (worst [{row}, {column}], {one} against {other}), "
            f"{inexact} to {self.bumping_error:.2g} (worst [{self.bumping_where[0]}, {self.bumping_where[1]}])>"
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
    exact: list[str] = []
    kinks: tuple[KinkGroup, ...] = ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)  # reported once below
        for method in methods.methods_for(program):
            bumps: dict[str, Any] = {"steps": steps} if "steps" in method.options else {}
            result = hessian_result(program, x, method=method.name, weights=weights, **bumps)
            matrices[method.name], kinks = result.matrix, result.kinks
            exact += [method.name] if method.is_exact else []
    warn_of_kinks(kinks)
    apart = [
        (*_distance(matrices[one], matrices[other]), one, other) for one, other in combinations(exact, 2)
    ]
    worst, (row, column), one, other = max(apart, key=lambda item: item[0])
    inexact = [_distance(matrices[name], matrices[exact[0]]) for name in matrices if name not in exact]
    bumping_error, bumping_where = max(inexact, key=lambda item: item[0])
    return CrossCheck(
        worst, (one, other, row, column), bumping_error, bumping_where, ReadOnly(matrices), kinks
    )


def _distance(one: Floats, other: Floats) -> tuple[float, tuple[int, int]]:
    """Return the largest difference relative to the largest finite entry, and which entry it is."""
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
