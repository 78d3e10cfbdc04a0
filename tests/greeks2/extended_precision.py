"""Hessians of recorded arithmetic in long double: a truth with some three digits more, operation by operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

import aadlib as ad
from aadlib.rules.table import RULES

Number = np.longdouble

IS_WIDER = np.finfo(Number).eps < 1e-3 * np.finfo(np.float64).eps
"""Whether this machine has such numbers."""


def rule(name: str, x: Any, y: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return value and (dx, dy, dxx, dxy, dyy) of an arithmetic operation."""
    zero, one = Number(0), Number(1)
    if name == "add":
        return x + y, (one, one, zero, zero, zero)
    if name == "subtract":
        return x - y, (one, -one, zero, zero, zero)
    if name == "multiply":
        return x * y, (y, x, zero, one, zero)
    if name == "divide":
        v = x / y
        return v, (one / y, -v / y, zero, -one / (y * y), 2 * v / (y * y))
    if name == "negative":
        return -x, (-one, zero, zero, zero, zero)
    if name == "square":
        return x * x, (2 * x, zero, 2 * one, zero, zero)
    raise ValueError(f"{name} is no arithmetic operation")


def extended_hessian(program: ad.Program, x: npt.NDArray[np.float64]) -> npt.NDArray[np.longdouble]:
    """Return the Hessian (n, n) of a program in one array, forward over reverse with all directions side by side."""
    first, n_slots = program.first_node, program.n_slots
    active = np.flatnonzero(program.input_active)
    nothing = np.zeros(active.size, dtype=Number)
    with program.replay() as replay:
        given = replay.evaluate((x,))[:first]
    values = [Number(v) for v in given] + [Number(0)] * program.n_nodes
    tangents = [nothing] * n_slots
    for slot, direction in zip(active, np.eye(active.size, dtype=Number), strict=True):
        tangents[slot] = direction
    nodes = []
    layout = zip(program.op, program.left.tolist(), program.right.tolist(), program.activity, strict=True)
    for slot, (code, a, b, wanted) in enumerate(layout, start=first):
        values[slot], (dx, dy, dxx, dxy, dyy) = rule(RULES[code].name, values[a], values[b])
        dx, dy = dx * bool(wanted & 1), dy * bool(wanted & 2)
        tangents[slot] = dx * tangents[a] + dy * tangents[b]
        nodes.append((slot, a, b, dx, dy, dxx, dxy, dyy))
    adjoints, moved = [Number(0)] * n_slots, [nothing] * n_slots
    adjoints[program.outputs[0]] = Number(1)
    for slot, a, b, dx, dy, dxx, dxy, dyy in reversed(nodes):
        w, rate = adjoints[slot], moved[slot]
        adjoints[a] = adjoints[a] + dx * w
        moved[a] = moved[a] + dx * rate + w * (dxx * tangents[a] + dxy * tangents[b])
        adjoints[b] = adjoints[b] + dy * w
        moved[b] = moved[b] + dy * rate + w * (dxy * tangents[a] + dyy * tangents[b])
    return np.array([moved[slot] for slot in active])
