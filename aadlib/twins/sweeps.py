"""The readable twins of the compiled sweeps: the same algorithms in plain Python, on lists.

Tests hold the two equal, and a reader who wants to know what a sweep does starts here. `nodes` are those of a program:
node k has an operation, a left and a right operand slot, and its own slot `nodes.first_node + k`; bits 1 and 2 of its
activity say whether the derivative in the left and right operand is wanted. One direction instead of a block of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aadlib.program.nodes import Nodes
from aadlib.rules import in_python as evaluate
from aadlib.rules.in_python import add_product
from aadlib.rules.table import CANCELLING, CODES, CUBED, LOGARITHM, RULES

LEFT, RIGHT = 1, 2
LEAVES = 254
"""Codes from here on are inputs and results of composites: their operands are themselves."""


def product(factor: float, number: float) -> float:
    """Return factor times number, 0 where either is 0: infinite partials do not survive a zero."""
    return add_product(0.0, factor, number)


def _listed(nodes: Nodes) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (operation, activity, left operand, right operand, own slot) of every node."""
    own = range(nodes.first_node, nodes.n_slots)
    columns = (nodes.op, nodes.activity, nodes.left, nodes.right)
    return zip(*(column.tolist() for column in columns), own, strict=True)


def value_sweep(nodes: Nodes, values: list[float]) -> None:
    """Compute the values of the nodes from those of the inputs and constants, which come first among `values`."""
    for op, _, x, y, node in _listed(nodes):
        values[node] = evaluate.value(op, values[x], values[y])


def adjoint_sweep(nodes: Nodes, values: Sequence[float], adjoints: list[float]) -> None:
    """Hand each node's adjoint on to its operands, last node first; `adjoints` enters with the seeds of the outputs.

    Node v of operands x and y: the adjoint of x grows by (adjoint of v) dv/dx, that of y by (adjoint of v) dv/dy.
    """
    for op, activity, x, y, node in reversed(list(_listed(nodes))):
        dx, dy = evaluate.first(op, values[x], values[y], values[node])
        if activity & LEFT:
            adjoints[x] = add_product(adjoints[x], dx, adjoints[node])
        if activity & RIGHT:
            adjoints[y] = add_product(adjoints[y], dy, adjoints[node])


def tangent_sweep(nodes: Nodes, values: Sequence[float], tangents: list[float]) -> None:
    """Carry one direction forward; `tangents` enters with the direction in the inputs' slots and zeros elsewhere."""
    for op, activity, x, y, node in _listed(nodes):
        dx, dy = evaluate.first(op, values[x], values[y], values[node])
        tangents[node] = product(dx, tangents[x]) if activity & LEFT else 0.0
        if activity & RIGHT:
            tangents[node] = add_product(tangents[node], dy, tangents[y])


def second_order_sweep(
    nodes: Nodes,
    values: Sequence[float],
    adjoints: Sequence[float],
    tangents: Sequence[float],
    adjoint_tangents: list[float],
) -> None:
    """Differentiate the adjoint sweep along the direction of `tangents`: the inputs end with Hessian times direction.

    `adjoints` and `tangents` are the results of the sweeps above, `adjoint_tangents` enters as zeros.
    """

    def add(slot: int, factor: float, number: float) -> None:
        adjoint_tangents[slot] = add_product(adjoint_tangents[slot], factor, number)

    for op, activity, x, y, node in reversed(list(_listed(nodes))):
        dx, dy = evaluate.first(op, values[x], values[y], values[node])
        dxx, dxy, dyy = evaluate.second(op, values[x], values[y], values[node])
        weight = adjoints[node]
        if activity & LEFT:
            add(x, dx, adjoint_tangents[node])
            add(x, product(weight, dxx), tangents[x])
        if activity & RIGHT:
            add(y, dy, adjoint_tangents[node])
            add(y, product(weight, dyy), tangents[y])
        if activity == LEFT | RIGHT:
            add(x, product(weight, dxy), tangents[y])
            add(y, product(weight, dxy), tangents[x])


def cancelled(
    node: tuple[int, int, int], nodes: Sequence[tuple[int, int, int]], pool: Sequence[float]
) -> Any:
    """Return the operation that stands for a node and the one before it, as (code, left, right); or the node.

    The infinite partial of the first, sqrt at 0, is cancelled by the second, the square.
    """
    code, a, b = node
    first = len(pool)
    name = RULES[code].name if code < LEAVES else ""
    before = b if name == "divide" else a
    inner, x, y = nodes[before - first] if name and before >= first else (LEAVES, -1, -1)
    together = CANCELLING.get((name, RULES[inner].name if inner < LEAVES else ""), "")

    def is_one(position: int) -> bool:
        return position < first and pool[position] == 1.0

    def logarithm(position: int) -> int:
        is_log = position >= first and nodes[position - first][0] == CODES[LOGARITHM]
        return nodes[position - first][1] if is_log else -1

    fits = {
        "multiply": a == b,
        "power": b < first and (together != CUBED or pool[b] == 3.0),
        "divide": is_one(a),
    }.get(name, True)
    if together == CANCELLING["reciprocal", "divide"] and RULES[inner].arity == 2:
        fits, x = fits and is_one(x), y
    if together == "exp_log_power":
        x, y = (x, y) if logarithm(x) >= 0 else (y, x)
        fits, x = logarithm(x) >= 0 and y < first, logarithm(x)
    if not together or not fits:
        return node
    right = b if together == "root_power" else y if together in ("hypot_squared", "exp_log_power") else x
    return CODES[together], x, right


def merge_repeated(
    op: Sequence[int],
    left_ids: Sequence[int],
    right_ids: Sequence[int],
    commutes: Sequence[int],
    constants: Sequence[int],
    pool: Sequence[float],
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Return operations, positions of their operands, left and right, and of all constants and nodes: see `passes.pyx`.

    `constants` are the positions of the constants, whose values are in `pool`; a node that repeats an earlier one has
    that one's position.
    """
    positions = list(constants)
    nodes: list[tuple[int, int, int]] = []
    first = len(positions)
    earlier: dict[tuple[int, int, int], int] = {}
    for k, code in enumerate(op):
        own = first + k
        a, b = (
            positions[i + first if i >= 0 else -i - 1] if code < LEAVES else own
            for i in (left_ids[k], right_ids[k])
        )
        if commutes[code] and a > b:
            a, b = b, a
        nodes.append(cancelled((code, a, b), nodes, pool))
        positions.append(own if code >= LEAVES else earlier.setdefault(nodes[-1], own))
    codes, left, right = (list(column) for column in zip(*nodes, strict=True))
    return codes, left, right, positions
