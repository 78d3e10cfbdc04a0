"""The planner over paths: which method sweeps them, by the counts of the code that it writes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aadlib.extend import PathCode, Program, gradient_code, once_per_structure, value_code
from greeks2.monte_carlo.methods.bottleneck import BOTTLENECK
from greeks2.monte_carlo.methods.edge_pushing import EDGE_PUSHING
from greeks2.monte_carlo.methods.forward_over_reverse import FORWARD_OVER_REVERSE
from greeks2.monte_carlo.methods.method import Offer, PathMethod

METHODS: tuple[PathMethod, ...] = (BOTTLENECK, FORWARD_OVER_REVERSE, EDGE_PUSHING)
"""Exact second-order methods over paths, as "auto" asks them: last the one that gives up where another is faster."""

PATH_METHODS = tuple(sorted(method.name for method in METHODS))
"""Their names."""

FIRST_ORDER = (("value sweep", value_code), ("adjoint sweep", gradient_code))
"""What sweeps the paths at orders 0 and 1."""


@dataclass(frozen=True)
class PathPlan:
    """Which method sweeps the paths, and the counts it was chosen by.

    Attributes
    ----------
    method : str, one of `PATH_METHODS`, or "adjoint sweep" and "value sweep" below order 2
    counts : for one path: steps of arithmetic of the code that was written and multiply-adds of whole rows beside them;
        for "auto" also the pushes of edge pushing, counted until it had lost, and directions times nodes
    """

    method: str
    counts: Mapping[str, int]

    def __reduce__(self) -> tuple[Any, ...]:
        return PathPlan, (self.method, dict(self.counts))  # a read-only view does not pickle


@dataclass(frozen=True, eq=False)
class PlannedCode:
    """The code of a path and the plan behind it."""

    path: PathCode
    plan: PathPlan

    @property
    def nbytes(self) -> int:
        """Bytes of the code's arrays, about."""
        return self.path.nbytes


@once_per_structure
def planned_code(program: Program, order: int, method: str) -> PlannedCode:
    """Return the code of an order by a method, or by the one that counts say is the fastest for "auto"."""
    if order < 2:
        name, write = FIRST_ORDER[order]
        return _planned(program, name, write(program), {})
    if method != "auto":
        chosen = next(one for one in METHODS if one.name == method)
        return _planned(program, method, chosen.write(program), {})
    chosen, best, counts = METHODS[0], Offer(math.inf), dict[str, int]()
    for one in METHODS:
        offer = one.offer(program, best.block_time)
        counts |= offer.counts
        if offer.block_time < best.block_time:
            chosen, best = one, offer
    return _planned(program, chosen.name, best.path or chosen.write(program), counts)


def _planned(program: Program, method: str, path: PathCode, counts: Mapping[str, int]) -> PlannedCode:
    of_code = {
        "inputs": program.n_active,
        "nodes": program.n_nodes,
        "steps": path.code.steps * (program.n_active if path.directional else 1),
        "row_multiply_adds": path.wide_products,
    }
    return PlannedCode(path, PathPlan(method, MappingProxyType({**of_code, **counts})))
