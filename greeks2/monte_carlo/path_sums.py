"""What a sweep over some paths returns: plain sums, which add up."""

from __future__ import annotations

from dataclasses import dataclass

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
    undetermined : what of the derivatives is not, in some paths, or None
    """

    n: int
    value: float
    gradient: Floats | None
    hessian: Floats | None
    undetermined: Undetermined | None = None

    def __add__(self, other: PathSums) -> PathSums:
        return PathSums(
            self.n + other.n,
            self.value + other.value,
            None if self.gradient is None or other.gradient is None else self.gradient + other.gradient,
            None if self.hessian is None or other.hessian is None else self.hessian + other.hessian,
            other.undetermined if self.undetermined is None else self.undetermined + other.undetermined,
        )
