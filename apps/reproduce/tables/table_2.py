"""Table 2: what compiling edge pushing is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import aadlib as ad
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts import bspline_call
from apps.reproduce.measures.timing import median_seconds
from greeks2 import algo4_adjlist, hessian

PUBLISHED = {"pure Python": 1.0, "compiled": 12.0, "third variant": 3.2}
N_WEIGHTS, N_NODES, N_STEPS = 9, 51, 16


def rows(stage: Stage) -> Sequence[Ours]:
    """Time the Hessian of one recording by each stage of the implementation."""
    weights = bspline_call.skew(N_WEIGHTS)

    def recorded(expand: bool) -> ad.Program:
        return ad.record(
            lambda w: bspline_call.price(w, expand=expand, n_nodes=N_NODES, n_steps=N_STEPS), weights
        )

    program, composite = recorded(True), recorded(False)
    with stage("pure Python"):
        plain = median_seconds(lambda: algo4_adjlist(program, None, [weights]), warm=False)
    with stage("compiled"):
        first = median_seconds(
            lambda: hessian(program, weights, method="edge_pushing"), least=1, budget=0.0, warm=False
        )
        compiled = median_seconds(lambda: hessian(program, weights, method="edge_pushing"))
    with stage("third variant"):
        lanes = median_seconds(lambda: hessian(program, weights, method="forward_over_reverse"))
        march = median_seconds(lambda: hessian(composite, weights))
    slowest = algo4_adjlist(program, None, [weights])
    others = [
        hessian(source, weights, method=method)
        for source, method in (
            (program, "edge_pushing"),
            (program, "forward_over_reverse"),
            (composite, "auto"),
        )
    ]
    apart = max(np.abs(matrix - slowest).max() / np.abs(slowest).max() for matrix in others)
    return (
        Ours("pure Python", 1.0, "times"),
        Ours("compiled", plain / compiled, "times"),
        Ours("compiled, its first call", plain / first, "times"),
        Ours("third variant", plain / lanes, "times"),
        Ours("march as one operation", plain / march, "times"),
        Ours("time, pure Python", 1e3 * plain, "ms"),
        Ours("time, compiled", 1e3 * compiled, "ms"),
        Ours("time, compiled, its first call", 1e3 * first, "ms"),
        Ours("time, third variant", 1e3 * lanes, "ms"),
        Ours("time, march as one operation", 1e3 * march, "ms"),
        Ours("nodes of the recording", program.n_nodes),
        Ours("largest difference of the matrices, of the largest entry", float(apart)),
    )


TABLE = PublishedTable(
    title=f"Table 2: speed-ups of our stages, Hessian of a B-spline call in {N_WEIGHTS} weights "
    f"({N_NODES} spots, {N_STEPS} steps)",
    source="report, section 3.1, table 2: speed-ups over pure Python; the function timed is not named",
    published=PUBLISHED,
    stages=("pure Python", "compiled", "third variant"),
    rows=rows,
    note=(
        "Pure Python is `algo4_adjlist`, edge pushing as its paper writes it. Compiled is the schedule of all "
        "pushes, made at the first call, replayed by Cython; the report's compiled stages look every arc up in a "
        "hash table. The third variant is forward over reverse with directions as lanes (the report's was C++ "
        "with unordered_map)."
    ),
)
