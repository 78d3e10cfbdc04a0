"""How large the products are that add up to a Hessian: what round-off in it is to be measured by."""

from __future__ import annotations

import numpy as np

from aadlib.extend import rule_partials
from aadlib.types import Floats
from greeks2.point import Point

UNITS = 256.0
"""Units in the last place of the largest product that round-off may come to, over a long sum."""


def round_off(point: Point, direction: Floats) -> Floats:
    """Return what the Hessian times a direction (n,) may be off by, (n,) over the active inputs; 0 through composites.

    Forward over reverse with the sizes of partials, adjoints and tangents in their places: nothing cancels.
    """
    program = point.program
    if program.composites:
        return np.zeros(point.active.size)
    tangents, adjoints, moved = [0.0] * program.n_slots, [0.0] * program.n_slots, [0.0] * program.n_slots
    for slot, along in zip(point.active.tolist(), np.abs(direction).tolist(), strict=True):
        tangents[slot] = along
    for slot, seed in zip(program.outputs.tolist(), np.abs(point.seeds).tolist(), strict=True):
        adjoints[slot] += seed
    columns = (program.op, program.activity, program.left, program.right)
    rows = [
        (*row, program.first_node + k)
        for k, row in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    ]
    values = point.values.tolist()
    partials = []
    for op, activity, x, y, node in rows:
        first, second = rule_partials(op, values[x], values[y], values[node])
        dx, dy, dxx, dxy, dyy = map(abs, (*first, *second))
        partials.append((dx, dy, dxx, dxy, dyy))
        tangents[node] = (dx * tangents[x] if activity & 1 else 0.0) + (
            dy * tangents[y] if activity & 2 else 0.0
        )
    for (_, activity, x, y, node), (dx, dy, dxx, dxy, dyy) in zip(
        reversed(rows), reversed(partials), strict=True
    ):
        w, own = adjoints[node], moved[node]
        crossed = dxy if activity == 3 else 0.0
        if activity & 1:
            adjoints[x] += dx * w
            moved[x] += dx * own + w * (dxx * tangents[x] + crossed * tangents[y])
        if activity & 2:
            adjoints[y] += dy * w
            moved[y] += dy * own + w * (dyy * tangents[y] + crossed * tangents[x])
    return UNITS * np.finfo(np.float64).eps * np.array(moved)[point.active]
