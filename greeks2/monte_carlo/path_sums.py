"""What a sweep over paths returns: plain sums, which add up; over one range of paths, or over several that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aadlib.extend import Undetermined
from aadlib.types import Floats


@dataclass(frozen=True, eq=False)
class PathSums:
    """Sums over paths of a path's value, gradient and Hessian.

    Attributes
    ----------
    n : int, number of paths
    value : float
    gradient : (n_active,) over the flattened active shared inputs, or None at order 0
    hessian : (n_active, n_active), or None below order 2
    """

    n: int
    value: float
    gradient: Floats | None
    hessian: Floats | None

    def __add__(self, other: PathSums) -> PathSums:
        return PathSums(
            self.n + other.n,
            self.value + other.value,
            _added(self.gradient, other.gradient),
            _added(self.hessian, other.hessian),
        )


@dataclass(frozen=True, eq=False)
class RangeSums:
    """`PathSums` over ranges of paths.

    Attributes
    ----------
    sizes : (n_ranges,) numbers of paths
    values : (n_ranges,)
    gradients : (n_ranges, n_active), or None
    hessians : (n_ranges, n_active, n_active), or None
    undetermined : what of the derivatives is not, in some paths, or None
    """

    sizes: Floats
    values: Floats
    gradients: Floats | None
    hessians: Floats | None
    undetermined: Undetermined | None = None

    def __add__(self, other: RangeSums) -> RangeSums:
        """Return the sums over two parts of each range."""
        return RangeSums(
            self.sizes + other.sizes,
            self.values + other.values,
            _added(self.gradients, other.gradients),
            _added(self.hessians, other.hessians),
            other.undetermined if self.undetermined is None else self.undetermined + other.undetermined,
        )

    def __getitem__(self, number: int) -> PathSums:
        """Return the sums over one range."""
        return PathSums(
            int(self.sizes[number]),
            float(self.values[number]),
            None if self.gradients is None else self.gradients[number],
            None if self.hessians is None else self.hessians[number],
        )


def stacked(parts: Sequence[PathSums]) -> RangeSums:
    """Return the sums of ranges that were swept one by one."""
    gradients = [part.gradient for part in parts if part.gradient is not None]
    hessians = [part.hessian for part in parts if part.hessian is not None]
    return RangeSums(
        np.array([part.n for part in parts], dtype=np.float64),
        np.array([part.value for part in parts]),
        np.array(gradients) if gradients else None,
        np.array(hessians) if hessians else None,
    )


def _added(one: Floats | None, other: Floats | None) -> Floats | None:
    return None if one is None or other is None else one + other
