"""Table 14: bumping, edge pushing and Taylor compared, every entry measured."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.reproduce.comparison import Ours, PublishedTable, Stage
from apps.reproduce.contracts import bsm_call, bspline_call
from apps.reproduce.measures.timing import median_seconds
from greeks2 import hessian, hessian_result
from greeks2.methods import bumping2
from greeks2.methods.edge_pushing.edge_pushing import schedule_of
from greeks2.twins import algo4
from greeks2.twins import taylor as taylor_twin

METHODS = ("bumping2", "edge_pushing", "taylor")
PUBLISHED = {
    "complexity, bumping2": "O(n^2) PDE solves",
    "complexity, edge_pushing": "O(1) PDE solve + graph traversal",
    "complexity, taylor": "O(1) forward + backward sweep",
    "accuracy, bumping2": "numerical errors from h",
    "accuracy, edge_pushing": "exact (machine precision)",
    "accuracy, taylor": "exact (machine precision)",
    "memory, bumping2": "low (only stores values)",
    "memory, edge_pushing": "high (stores full tape + edge pairs)",
    "memory, taylor": "medium (stores (v_0, v_1, v_2) per node)",
    "sparsity, bumping2": "N/A (no graph)",
    "sparsity, edge_pushing": "exploits sparsity (sparse W matrix)",
    "sparsity, taylor": "limited (full monomials)",
    "dense Hessian, bumping2": "slow (n^2 solves)",
    "dense Hessian, edge_pushing": "slower (dense W matrix)",
    "dense Hessian, taylor": "fast (natural for dense)",
    "sparse Hessian, bumping2": "slow (n^2 solves)",
    "sparse Hessian, edge_pushing": "fast (e.g. B-spline: 42x)",
    "sparse Hessian, taylor": "moderate",
    "implementation, bumping2": "simple (black-box)",
    "implementation, edge_pushing": "complex (tape + graph algorithm)",
    "implementation, taylor": "moderate (operator overloading)",
    "best case, bumping2": "quick prototyping, low dimensions (n < 5), high dimensions",
    "best case, edge_pushing": "sparse Hessian, PDE with B-splines",
    "best case, taylor": "dense Hessian, deep computation graphs",
}
N_WEIGHTS, N_LINKS = 19, 200


def chained_rosenbrock(x: Any) -> Any:
    """Return the chained Rosenbrock function, whose Hessian has three diagonals."""
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x))


@dataclass(frozen=True)
class Case:
    """One function, recorded, with times and matrices by method."""

    program: ad.Program
    point: Floats
    price: float
    times: dict[str, float]
    matrices: dict[str, Floats]


def measure(function: Callable[[Any], Any], point: Floats) -> Case:
    """Record a function and time its value and the Hessian by every method of the table."""
    program = ad.record(function, point)
    matrices = {method: hessian(program, point, method=method) for method in METHODS}
    times = {
        method: median_seconds(partial(hessian, program, point, method=method), warm=False)
        for method in METHODS
    }
    return Case(program, point, median_seconds(lambda: program.value(point)), times, matrices)


def rows(stage: Stage) -> Sequence[Ours]:
    """Fill the table: a PDE in 19 weights (dense), a chain of 200 inputs (sparse), Black-Scholes in five inputs."""
    with stage("PDE"):
        pde = measure(lambda w: bspline_call.price(w, expand=True), bspline_call.skew(N_WEIGHTS))
        reference = hessian(pde.program, pde.point, method="forward_over_reverse")
    with stage("chain"):
        linked = measure(chained_rosenbrock, np.linspace(0.5, 1.5, N_LINKS))
    with stage("Black-Scholes"):
        small = measure(bsm_call.price, bsm_call.POINT)
    counts = {method: hessian_result(pde.program, pde.point, method=method).counts for method in METHODS}
    largest = np.abs(reference).max()
    entries = {
        "complexity": {
            "bumping2": f"{counts['bumping2']['evaluations']:,d} prices",
            "edge_pushing": f"{counts['edge_pushing']['pushes']:,d} pushes",
            "taylor": f"{pde.program.n_nodes:,d} nodes x front of {counts['taylor']['front']:,d}",
        },
        "accuracy": {
            method: f"{np.abs(matrix - reference).max() / largest:.1e} of the largest entry"
            for method, matrix in pde.matrices.items()
        },
        "memory": memory(pde.program, counts["taylor"]["front"]),
        "sparsity": sparsity(linked),
        "dense Hessian": in_prices(pde),
        "sparse Hessian": in_prices(linked),
        "implementation": {
            method: f"{lines} lines of plain Python" for method, lines in code_lines().items()
        },
        "best case": best_cases({"PDE": pde, "chain": linked, "Black-Scholes": small}),
    }
    return [Ours(f"{aspect}, {method}", entries[aspect][method]) for aspect in entries for method in METHODS]


def memory(program: ad.Program, front: int) -> dict[str, str]:
    """Return what each method holds beside the recording."""
    held = {
        "bumping2": 8 * program.n_slots,
        "edge_pushing": 16 * program.n_slots + schedule_of(program).nbytes,
        "taylor": 16 * program.n_slots + 8 * front * front,
    }
    what = {
        "bumping2": "values, for each price at a time",
        "edge_pushing": "values, adjoints and the schedule",
        "taylor": "values, adjoints and the front",
    }
    return {method: f"{1e-6 * held[method]:.1f} MB: {what[method]}" for method in METHODS}


def sparsity(case: Case) -> dict[str, str]:
    """Return how much of the sparse problem each method touches."""
    n = case.point.size
    stored = hessian(case.program, case.point, method="edge_pushing", sparse=True).nnz
    counts = {method: hessian_result(case.program, case.point, method=method).counts for method in METHODS}
    return {
        "bumping2": f"{counts['bumping2']['evaluations']:,d} prices for {n * n:,d} entries",
        "edge_pushing": f"stores {stored:,d} of {n * n:,d} entries, {counts['edge_pushing']['pushes']:,d} pushes",
        "taylor": f"a front of {counts['taylor']['front']:,d} for {n} inputs",
    }


def in_prices(case: Case) -> dict[str, str]:
    """Return the times of the Hessian, and as multiples of one replayed value."""
    return {
        method: f"{1e3 * time:.3g} ms, {time / case.price:.3g} times one value"
        for method, time in case.times.items()
    }


def code_lines() -> dict[str, int]:
    """Return the lines of each method in its readable form, without comments and docstrings."""
    arcs = (algo4.Arcs, algo4.local_partials)
    parts: dict[str, tuple[Any, ...]] = {
        "bumping2": (bumping2.bumping2, bumping2._quads),
        "edge_pushing": (*arcs, algo4.push_arcs, algo4.matrix_of),
        "taylor": (*arcs, taylor_twin.taylor_by_monomials),
    }
    return {method: sum(_lines(part) for part in members) for method, members in parts.items()}


def _lines(part: Any) -> int:
    tree = ast.parse(textwrap.dedent(inspect.getsource(part)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return len(ast.unparse(tree).splitlines())


def best_cases(cases: dict[str, Case]) -> dict[str, str]:
    """Return on which functions each method was the fastest of the three."""
    winners = {name: min(case.times, key=lambda method: case.times[method]) for name, case in cases.items()}
    return {
        method: ", ".join(name for name, winner in winners.items() if winner == method) or "none of the three"
        for method in METHODS
    }


TABLE = PublishedTable(
    title=f"Table 14: bumping, edge pushing and Taylor on a PDE in {N_WEIGHTS} B-spline weights (dense), "
    f"a chain of {N_LINKS} inputs (sparse) and Black-Scholes in five inputs",
    source="report, section 5.1, table 14",
    published=PUBLISHED,
    stages=("PDE", "chain", "Black-Scholes"),
    rows=rows,
    note=(
        "The report counts the Hessian in B-spline weights as sparse. It is dense, as diffusion carries every "
        "weight to every node: sparse are only the arcs alive during the sweep. Its complexity of one PDE solve "
        "for the exact methods leaves the pushes out, which are the work. Its Taylor stores three numbers a node; "
        "a dense Hessian by backward substitution needs one row for each live number. Values are replayed; the "
        "rows named dense and sparse give the time of a Hessian, of a recording made before."
    ),
)
