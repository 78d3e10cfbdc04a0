"""The readable twin of `PathSweep`: one path at a time, one node at a time, on lists of floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aadlib.extend import Program
from aadlib.extend import twin_sweeps as reference
from aadlib.types import Floats
from greeks2.monte_carlo.path_sums import PathSums
from greeks2.point import require_plain
from greeks2.twins.algo4 import local_partials


def path_sums_by_path(
    program: Program, params: tuple[Any, ...], noise: Sequence[Floats], begin: int, end: int
) -> PathSums:
    """Return the sums of value, gradient and Hessian over paths begin..end-1.

    On every path: values forward, adjoints w backward, rows t of derivatives in the active inputs forward, and

        H = sum over nodes v of  w_v  sum_ab d_ab t_a t_b'.
    """
    require_plain(program, "path_sums_by_path")
    n = program.n_active
    value, gradient, hessian = 0.0, np.zeros(n), np.zeros((n, n))
    for path in range(begin, end):
        values, adjoints = _values_and_adjoints(program, params, noise, path)
        value += values[program.outputs[0]]
        gradient += np.array(adjoints)[: program.n_inputs][program.input_active]
        rows = np.zeros((program.n_slots, n))
        rows[np.flatnonzero(program.input_active), np.arange(n)] = 1.0
        for node in range(program.first_node, program.n_slots):
            first, second = local_partials(program, np.array(values), node)
            for a, d_a in first:
                rows[node] += [reference.product(d_a, t) for t in rows[a]]
            for a, b, d_ab in second:
                weight = reference.product(adjoints[node], d_ab)
                outer = [
                    [reference.product(weight, reference.product(t, s)) for s in rows[b]] for t in rows[a]
                ]
                hessian += np.array(outer) if a == b else np.array(outer) + np.array(outer).T
    return PathSums(end - begin, float(value), gradient, hessian)


def _values_and_adjoints(
    program: Program, params: tuple[Any, ...], noise: Sequence[Floats], path: int
) -> tuple[list[float], list[float]]:
    values = [0.0] * program.n_slots
    values[program.n_inputs : program.first_node] = program.constants.tolist()
    shared, lanes = iter(params), iter(noise)
    for argument in program.arguments:
        given = next(lanes)[path] if argument.lane else next(shared)
        values[argument.span] = np.ravel(given).tolist()
    reference.value_sweep(program.nodes, values)
    adjoints = [0.0] * program.n_slots
    adjoints[program.outputs[0]] = 1.0
    reference.adjoint_sweep(program.nodes, values, adjoints)
    return values, adjoints
