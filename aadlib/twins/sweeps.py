"""The readable twins of the compiled sweeps: the same algorithms in plain Python, on lists.

Tests hold the two equal, and a reader who wants to know what a sweep does starts here. The arguments are those of
`aadlib.sweeps.scalar`: node k has operation `op[k]`, operand slots `left[k]` and `right[k]`, and its own slot is
`first + k`; bits 1 and 2 of `activity[k]` say whether the derivative in the left and right operand is wanted. One
direction instead of a block of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from aadlib.rules import in_python as evaluate

LEFT, RIGHT = 1, 2
LEAVES = 254
"""Codes from here on are inputs and results of composites: their operands are themselves."""


def product(factor: float, number: float) -> float:
    """Return factor times number, 0 where either is 0: infinite partials do not survive a zero."""
    return factor * number if factor != 0.0 and number != 0.0 else 0.0


def value_sweep(
    op: Sequence[int], left: Sequence[int], right: Sequence[int], values: list[float], first: int
) -> None:
    """Compute the values of the nodes from those of the inputs and constants, `values[:first]`."""
    for k, code in enumerate(op):
        values[first + k] = evaluate.value(code, values[left[k]], values[right[k]])


def adjoint_sweep(
    op: Sequence[int],
    left: Sequence[int],
    right: Sequence[int],
    activity: Sequence[int],
    values: Sequence[float],
    adjoints: list[float],
    first: int,
) -> None:
    """Hand each node's adjoint on to its operands, last node first; `adjoints` enters with the seeds of the outputs.

    Node v of operands x and y: the adjoint of x grows by (adjoint of v) dv/dx, that of y by (adjoint of v) dv/dy.
    """
    for k in reversed(range(len(op))):
        x, y, node = left[k], right[k], first + k
        dx, dy = evaluate.first(op[k], values[x], values[y], values[node])
        if activity[k] & LEFT:
            adjoints[x] += product(dx, adjoints[node])
        if activity[k] & RIGHT:
            adjoints[y] += product(dy, adjoints[node])


def tangent_sweep(
    op: Sequence[int],
    left: Sequence[int],
    right: Sequence[int],
    activity: Sequence[int],
    values: Sequence[float],
    tangents: list[float],
    first: int,
) -> None:
    """Carry one direction forward; `tangents` enters with the direction in the inputs' slots and zeros elsewhere."""
    for k, code in enumerate(op):
        x, y, node = left[k], right[k], first + k
        dx, dy = evaluate.first(code, values[x], values[y], values[node])
        tangents[node] = 0.0
        if activity[k] & LEFT:
            tangents[node] += product(dx, tangents[x])
        if activity[k] & RIGHT:
            tangents[node] += product(dy, tangents[y])


def second_order_sweep(
    op: Sequence[int],
    left: Sequence[int],
    right: Sequence[int],
    activity: Sequence[int],
    values: Sequence[float],
    adjoints: Sequence[float],
    tangents: Sequence[float],
    adjoint_tangents: list[float],
    first: int,
) -> None:
    """Differentiate the adjoint sweep along the direction of `tangents`: the inputs end with Hessian times direction.

    `adjoints` and `tangents` are the results of the sweeps above, `adjoint_tangents` enters as zeros.
    """
    for k in reversed(range(len(op))):
        x, y, node = left[k], right[k], first + k
        dx, dy = evaluate.first(op[k], values[x], values[y], values[node])
        dxx, dxy, dyy = evaluate.second(op[k], values[x], values[y], values[node])
        weight = adjoints[node]
        if activity[k] & LEFT:
            adjoint_tangents[x] += product(dx, adjoint_tangents[node])
            adjoint_tangents[x] += product(product(weight, dxx), tangents[x])
        if activity[k] & RIGHT:
            adjoint_tangents[y] += product(dy, adjoint_tangents[node])
            adjoint_tangents[y] += product(product(weight, dyy), tangents[y])
        if activity[k] == LEFT | RIGHT:
            adjoint_tangents[x] += product(product(weight, dxy), tangents[y])
            adjoint_tangents[y] += product(product(weight, dxy), tangents[x])


def merge_repeated(
    op: Sequence[int],
    left_ids: Sequence[int],
    right_ids: Sequence[int],
    commutes: Sequence[int],
    constants: Sequence[int],
) -> tuple[list[int], list[int], list[int]]:
    """Return the places of the operands, left and right, and of all constants and nodes: see `aadlib.program.passes`.

    `constants` are the places of the constants; a node that repeats an earlier one has that one's place.
    """
    places, left, right = list(constants), [], []
    first = len(places)
    seen: dict[tuple[int, int, int], int] = {}
    for k, code in enumerate(op):
        own = first + k
        a, b = (
            places[i + first if i >= 0 else -i - 1] if code < LEAVES else own
            for i in (left_ids[k], right_ids[k])
        )
        if commutes[code] and a > b:
            a, b = b, a
        left.append(a)
        right.append(b)
        places.append(own if code >= LEAVES else seen.setdefault((code, a, b), own))
    return left, right, places
