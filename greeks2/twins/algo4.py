"""Edge pushing as the paper writes it: adjacency lists, one arc at a time. The readable twin of the compiled method."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from aadlib.extend import Program, Tape
from aadlib.extend import in_python as rules
from aadlib.types import Floats
from greeks2.point import Point, point_of, require_plain

Arc = tuple[int, int]
"""A nonlinear arc: two slots, the smaller one first."""


@dataclass(frozen=True)
class Step:
    """One step of the algorithm, as handed to `on_step`.

    Attributes
    ----------
    kind : "push" (an arc is moved to an operand), "create" (a node's own curvature becomes an arc), "update" (a node's
        adjoint is handed to an operand) or "finish" (a node's row is dropped: its arcs have all been pushed)
    node : int, slot of the node being swept
    source : the arc that is pushed, None for the other kinds
    target : the arc, or (operand, operand) for an update, that receives `amount`; None for "finish"
    amount : float, what is added
    arcs : the arcs alive after the step, with their weights
    adjoints : the adjoints different from zero after the step
    """

    kind: Literal["push", "create", "update", "finish"]
    node: int
    source: Arc | None
    target: Arc | None
    amount: float
    arcs: Mapping[Arc, float]
    adjoints: Mapping[int, float]


@dataclass
class Arcs:
    """Symmetric weights between slots: row i lists the neighbours that are not larger than i."""

    rows: defaultdict[int, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, i: int, j: int, amount: float) -> None:
        """Add to the weight of {i, j}."""
        row = self.rows[max(i, j)]
        row[min(i, j)] = row.get(min(i, j), 0.0) + amount

    def drop(self, i: int) -> dict[int, float]:
        """Remove and return the row of i: all arcs of i, once the larger slots are finished."""
        return self.rows.pop(i, {})

    def living(self) -> dict[Arc, float]:
        """Return every arc with its weight."""
        return {(j, i): weight for i, row in sorted(self.rows.items()) for j, weight in sorted(row.items())}


Partials = tuple[list[tuple[int, float]], list[tuple[int, int, float]]]


def local_partials(program: Program, values: Floats, node: int) -> Partials:
    """Return the first partials (operand, d) and second partials (operand, operand, d2) of the node in a slot.

    Only active operands are listed, partials that are zero are left out, and an operand used twice appears once.
    """
    k = node - program.first_node
    nodes = program.nodes
    code, a, b = int(nodes.op[k]), int(nodes.left[k]), int(nodes.right[k])
    wanted = int(nodes.activity[k])
    arguments = (code, float(values[a]), float(values[b]), float(values[node]))
    dx, dy = rules.first(*arguments)
    dxx, dxy, dyy = rules.second(*arguments)
    dx, dxx = (dx, dxx) if wanted & 1 else (0.0, 0.0)
    dy, dyy = (dy, dyy) if wanted & 2 else (0.0, 0.0)
    dxy = dxy if wanted == 3 else 0.0
    if a == b:
        first, second = [(a, dx + dy)], [(a, a, dxx + 2.0 * dxy + dyy)]
    else:
        first, second = [(a, dx), (b, dy)], [(a, a, dxx), (a, b, dxy), (b, b, dyy)]
    return [f for f in first if f[1] != 0.0], [s for s in second if s[2] != 0.0]


def algo4_adjlist(
    source: Tape | Program,
    target: Any,
    inputs: Sequence[Any],
    *,
    on_step: Callable[[Step], None] | None = None,
) -> Floats:
    """Return the Hessian by the bare edge-pushing algorithm.

    Nodes are swept from the last to the first. Push: every arc {node, p} moves to the node's operands, weighted by the
    first partials. Create: the second partials times the adjoint become arcs between operands. Update: the adjoint is
    handed to the operands. What is left are the arcs between inputs.

    Parameters
    ----------
    source : Tape or Program
    target : for a tape its output variable; for a program the flat position of an output, or None for the only one
    inputs : for a tape the variables to differentiate in; for a program its arguments
    on_step : called with a `Step` after every push, create and update, and when a node is finished. Slots are those of
        the program (`aadlib.record`, or what the tape is frozen to): inputs first, then constants, then nodes.

    Returns
    -------
    (n, n) array over the flattened active inputs, symmetric

    References
    ----------
    R.M. Gower, M.P. Mello, A new framework for the computation of Hessians, Optim. Methods Softw. 27 (2012),
    Algorithm 4.

    Examples
    --------
    >>> import aadlib as ad
    >>> from greeks2 import algo4_adjlist
    >>> with ad.Tape() as tape:
    ...     x, y = tape.input(2.0), tape.input(3.0)
    ...     z = x * y * y
    >>> algo4_adjlist(tape, z, [x, y])
    array([[0., 6.],
           [6., 4.]])
    """
    with point_of(source, target, inputs) as point:
        return push_arcs(point, on_step)


def push_arcs(point: Point, on_step: Callable[[Step], None] | None = None) -> Floats:
    """Sweep one evaluated program: see `algo4_adjlist`."""
    program = point.program
    require_plain(program, "algo4_adjlist")
    weights = Arcs()
    adjoints: defaultdict[int, float] = defaultdict(float)
    seeds = seeds_of(point)
    for slot, seed in seeds.items():
        adjoints[slot] += seed

    def tell(kind: Any, node: int, arc: Arc | None, to: Arc | None, amount: float) -> None:
        if on_step is not None:
            alive = {slot: value for slot, value in sorted(adjoints.items()) if value != 0.0}
            on_step(Step(kind, node, arc, to, amount, weights.living(), alive))

    for i in range(program.n_slots - 1, program.first_node - 1, -1):
        row, adjoint = weights.drop(i), adjoints.pop(i, 0.0)
        if not row and adjoint == 0.0:
            continue
        first, second = local_partials(program, point.values, i)
        for p, weight in row.items():  # push
            if weight == 0.0:
                continue
            for m, (j, d_j) in enumerate(first):
                if p != i:
                    amount = (2.0 if j == p else 1.0) * d_j * weight
                    weights.add(j, p, amount)
                    tell("push", i, (p, i), (min(j, p), max(j, p)), amount)
                    continue
                for k, d_k in first[m:]:
                    weights.add(j, k, d_j * d_k * weight)
                    tell("push", i, (i, i), (min(j, k), max(j, k)), d_j * d_k * weight)
        if adjoint != 0.0:
            for j, k, curvature in second:  # create
                weights.add(j, k, adjoint * curvature)
                tell("create", i, None, (min(j, k), max(j, k)), adjoint * curvature)
            for j, d_j in first:  # update
                adjoints[j] += adjoint * d_j
                tell("update", i, None, (j, j), adjoint * d_j)
        tell("finish", i, None, None, 0.0)
    return matrix_of(weights, point)


def seeds_of(point: Point) -> dict[int, float]:
    """Return the adjoints that the outputs start with."""
    adjoints: defaultdict[int, float] = defaultdict(float)
    for slot, seed in zip(point.program.outputs.tolist(), point.seeds.tolist(), strict=True):
        adjoints[slot] += seed
    return dict(adjoints)


def matrix_of(weights: Arcs, point: Point) -> Floats:
    """Return the arcs between active inputs as a symmetric matrix."""
    number = {int(slot): row for row, slot in enumerate(point.active)}
    hessian = np.zeros((len(number), len(number)))
    for (j, i), weight in weights.living().items():
        hessian[number[i], number[j]] = hessian[number[j], number[i]] = weight
    return hessian
