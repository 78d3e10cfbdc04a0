"""The bottleneck sum, one node after the other."""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats
from greeks2.point import Point
from greeks2.twins.algo4 import local_partials


def bottleneck_by_node(point: Point) -> Floats:
    """Return the Hessian of an evaluated program, sum over nodes of w_v sum_ab d_ab t_a t_b'.

    t_a is the row of derivatives of slot a in the inputs.
    """
    program = point.program
    n = point.active.size
    rows = [[0.0] * n for _ in range(program.n_slots)]
    for p, slot in enumerate(point.active):
        rows[slot][p] = 1.0
    hessian = np.zeros((n, n))
    for v in range(program.first_node, program.n_slots):
        first, second = local_partials(program, point.values, v)
        for p in range(n):
            rows[v][p] = sum(d_a * rows[a][p] for a, d_a in first if rows[a][p] != 0.0)
        adjoint = float(point.adjoints[v])
        if adjoint == 0.0:
            continue
        for a, b, d_ab in second:
            product = adjoint * d_ab * np.outer(rows[a], rows[b])
            hessian += product if a == b else product + product.T
    return hessian
