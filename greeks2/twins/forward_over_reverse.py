"""Forward over reverse, one direction after the other."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from greeks2.point import Point
from greeks2.twins.algo4 import local_partials


def forward_over_reverse_by_column(point: Point) -> Floats:
    """Return the Hessian of an evaluated program.

    For every input: tangents of all slots forward, then backward the tangents of the adjoints,

        wdot_a += d_a wdot_v + w_v sum_b d_ab vdot_b.
    """
    program = point.program
    nodes = range(program.first_node, program.n_slots)
    partials = {v: local_partials(program, point.values, v) for v in nodes}
    hessian = np.zeros((point.active.size, point.active.size))
    for column, seed in enumerate(point.active):
        tangents = [0.0] * program.n_slots
        tangents[seed] = 1.0
        for v in nodes:
            tangents[v] = sum(d_a * tangents[a] for a, d_a in partials[v][0] if tangents[a] != 0.0)
        adjoint_tangents = [0.0] * program.n_slots
        for v in reversed(nodes):
            first, second = partials[v]
            for a, d_a in first:
                if adjoint_tangents[v] != 0.0:
                    adjoint_tangents[a] += d_a * adjoint_tangents[v]
            adjoint = float(point.adjoints[v])
            if adjoint == 0.0:
                continue
            for a, b, d_ab in second:
                adjoint_tangents[a] += adjoint * d_ab * tangents[b] if tangents[b] != 0.0 else 0.0
                if a != b:
                    adjoint_tangents[b] += adjoint * d_ab * tangents[a] if tangents[a] != 0.0 else 0.0
        for row, slot in enumerate(point.active):
            hessian[row, column] = adjoint_tangents[slot]
    half = 0.5 * hessian  # halved first: no sum overflows
    return half + half.T
