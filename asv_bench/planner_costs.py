"""Measure the planner's costs on this machine, a table per instruction set: nanoseconds, and those that it counts with.

    python asv_bench/planner_costs.py [--rounds N]

Each method is timed in one thread on the functions of the contest `planner`, without the ten that nothing is tuned on,
and its time is fitted by the counts that its estimate is made of, with factors that are not negative and relative
errors. Costs of one call and of many can hardly be told apart by so few functions; their sum can. Constants that depend
on the width of lanes stand beside their methods, one for each instruction set. Nothing is measured when a method is
chosen: the choice is the same on all machines of a type.
"""

from __future__ import annotations

import argparse
import os

os.environ["AADLIB_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType

import numpy as np
from benchmarks.planner import FUNCTIONS, Shape, best_seconds, shapes
from benchmarks.unseen_functions import UNSEEN
from scipy.optimize import nnls

from aadlib.extend import created_arcs_of, direction_groups, simd
from greeks2 import hessian
from greeks2.methods import method as everyones
from greeks2.methods.edge_pushing import edge_pushing as pushing
from greeks2.methods.forward_over_reverse import forward_over_reverse as directions
from greeks2.methods.method import blocks_of
from greeks2.structure.front import front_of

Counts = dict[str, float]

bottleneck_module = import_module("greeks2.methods.bottleneck")
taylor_module = import_module("greeks2.methods.taylor.taylor")


def of_directions(one: Shape) -> Counts:
    """Return what forward over reverse does, all directions."""
    program, n, nodes = one.program, one.point.size, one.program.n_nodes
    small, far = nodes <= directions.SMALL_PROGRAM, program.n_slots > directions.FAR
    blocks = blocks_of(n)
    return {
        "ONE_CALL": float(small),
        "POINT + SWEEPS_CALL": float(not small),
        "BLOCK_CALL": blocks * float(not small),
        "LANE_NODE": nodes * blocks * float(not far),
        "LANE_NODE_FAR": nodes * blocks * float(far),
        "ENTRY": float(n * n),
    }


def of_bottleneck(one: Shape) -> Counts:
    """Return what the bottleneck sum does."""
    arcs, n = created_arcs_of(one.program), one.point.size
    groups = len(direction_groups(n))
    return {
        "POINT + SWEEPS_CALL": 1.0,
        "ROW": arcs.n_rows * groups,
        "CREATED": arcs.n_arcs * groups,
        "END": arcs.n_ends * n,
        "PRODUCT": arcs.n_ends * n * n,
        "ENTRY": float(n * n),
    }


def of_pushing(one: Shape) -> Counts:
    """Return what edge pushing does."""
    counted, n = pushing.count_within(one.program, 2**40), one.point.size
    assert counted is not None
    few = pushing.few_entries(counted.entries, n)
    return {
        "POINT + CALL": 1.0,
        "PUSHED_NODE": counted.nodes,
        "PUSH": counted.pushes - counted.stretched,
        "STRETCHED_PUSH": counted.stretched,
        "HUB_ENTRY": counted.hub_entries,
        "ENTRY_READ": counted.entries * float(few),
        "ENTRY": n * n * float(not few),
    }


def of_taylor(one: Shape) -> Counts:
    """Return what backward substitution of series does."""
    size, nodes = front_of(one.program).size, one.program.n_nodes
    return {
        "POINT + CALL": 1.0, "NODE": 3.0 * nodes, "FRONT_ENTRY": 3.0 * nodes * size, "ENTRY": size**2,
    }  # fmt: skip


METHODS: dict[str, tuple[Callable[[Shape], Counts], ModuleType]] = {
    "forward_over_reverse": (of_directions, directions),
    "bottleneck": (of_bottleneck, bottleneck_module),
    "edge_pushing": (of_pushing, pushing),
    "taylor": (of_taylor, taylor_module),
}
"""The counts of each method, by the names of their costs, and where these stand."""


def in_use(name: str, module: ModuleType) -> float:
    """Return what the planner counts with now, of all methods or of one; a sum of names is the sum of their costs."""
    total = 0.0
    for part in name.split(" + "):
        cost = next(vars(place)[part] for place in (everyones, module) if part in vars(place))
        total += everyones.cost_now(cost)
    return total


def fitted(counts: list[Counts], nanoseconds: list[float]) -> dict[str, float]:
    """Return the costs that explain the times best, relative errors counted."""
    names = [name for name in counts[0] if any(row[name] for row in counts)]
    rows = np.array([[row[name] for name in names] for row in counts]) / np.array(nanoseconds)[:, None]
    scale = np.abs(rows).max(axis=0)
    costs, _ = nnls(rows / scale, np.ones(len(rows)))
    return dict(zip(names, (costs / scale).tolist(), strict=True))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="the planner's costs on this machine")
    parser.add_argument("--rounds", type=int, default=5, help="how often each method is timed")
    rounds = parser.parse_args().rounds
    given = shapes([name for name in FUNCTIONS if name not in UNSEEN])
    for name in simd.available():
        simd.use(name)
        print(f"{name}: nanoseconds measured, and in use")
        for method, (counts_of, module) in METHODS.items():
            seconds = [
                best_seconds({method: partial(hessian, one.program, one.point, method=method)}, rounds)[
                    method
                ]
                for one in given
            ]
            costs = fitted([counts_of(one) for one in given], [1e9 * s for s in seconds])
            print(f"  {method}")
            for cost, measured in costs.items():
                print(f"    {cost:<22}{measured:12.2f}{in_use(cost, module):12.2f}")


if __name__ == "__main__":
    main()
