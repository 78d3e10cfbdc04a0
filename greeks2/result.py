"""What `hessian_result` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aadlib.types import Floats
from greeks2.planner import Plan
from greeks2.structure.kinks import KinkGroup


@dataclass(frozen=True, eq=False)
class HessianResult:
    """A Hessian and how it came about.

    Attributes
    ----------
    value : float
    gradient : (n,) over the flattened active inputs
    matrix : (n, n) ndarray, or scipy.sparse array
    method : str, the one that was used
    kinks : operations that are not smooth, by source line
    counts : what the method did: nodes, pushes, evaluations, ...
    plan : Plan, where the method was chosen by "auto"
    """

    value: float
    gradient: Floats
    matrix: Any
    method: str
    kinks: tuple[KinkGroup, ...]
    counts: Mapping[str, int]
    plan: Plan | None = None

    def __repr__(self) -> str:
        kinks = f", {sum(k.count for k in self.kinks)} kinks" if self.kinks else ""
        shape = " x ".join(map(str, self.matrix.shape))
        return f"<HessianResult: {shape} by {self.method}, value {self.value:.10g}{kinks}>"
