"""Hessians at one market state: forward over reverse in all directions, or the bottleneck sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.program.backward_passes import find_created_arcs, mark_reached
from aadlib.program.layout import Layout
from aadlib.program.once import once_per_program
from aadlib.program.replay import Replay, lent_replay
from aadlib.rules.properties import CURVES
from aadlib.sweeps import simd as lanes
from aadlib.threads import map_pieces
from aadlib.types import Flags, Floats, Ints, frozen

WIDEST = 4
"""Most blocks of lanes that one bottleneck sweep carries side by side: beyond one they cost little, while rows stay in
cache."""

LANE_NODE, ROW, ARC, END, PRODUCT = 16.0, 11.0, 8.0, 1.5, 0.05
"""Nanoseconds of a node in forward over reverse, for a block of directions; and in the bottleneck sum of a node with a
row and of an arc, for a group of blocks, of an entry of a row at an end, and of a multiply-add. Only ratios matter; the
number of threads does not, so that the same program gives the same bits on any of them."""


@dataclass(frozen=True, eq=False)
class CreatedArcs:
    """The arcs that the nodes of a program create, and addresses of the forward rows at their ends.

    Attributes
    ----------
    bits : (n_nodes,) bits 1, 2, 4 of the second partials whose arcs each node creates
    addresses : (n_slots,) address of every row that is needed, -1 of one that is not; those of ends come first
    n_arcs, n_ends, n_addresses : int, arcs, their earlier ends (coefficients that many nodes use count once), and rows
        held at once
    n_rows : int, nodes with a row
    """

    bits: Flags
    addresses: Ints
    n_arcs: int
    n_ends: int
    n_addresses: int
    n_rows: int


@once_per_program
def reached_slots(program: Layout) -> Flags:
    """Return one flag per slot: whether an output's derivative in it can be other than zero."""
    reached = np.zeros(program.n_slots, dtype=np.uint8)
    reached[program.outputs] = 1
    mark_reached(program.nodes, reached)
    return frozen(reached)


@once_per_program
def created_arcs_of(program: Layout) -> CreatedArcs:
    """Return the arcs a program creates."""
    bits, addresses, n_arcs, n_ends, n_addresses = find_created_arcs(
        program.nodes, CURVES, reached_slots(program)
    )
    n_rows = int(np.count_nonzero(addresses[program.first_node :] >= 0))
    return CreatedArcs(bits, addresses, n_arcs, n_ends, n_addresses, n_rows)


def direction_groups(n: int) -> list[tuple[int, int]]:
    """Cut n directions into ranges of whole blocks, one bottleneck sweep each."""
    width = WIDEST * lanes.LANES
    return [(k, min(n, k + width)) for k in range(0, n, width)]


def bottleneck_work(program: Layout, n_groups: int) -> float:
    """Return about how many operations the bottleneck sweeps over so many groups of directions take."""
    arcs = created_arcs_of(program)
    return 20.0 * n_groups * (arcs.n_rows + arcs.n_arcs)


def hessian_products(replay: Replay, directions: Floats) -> Floats:
    """Return the Hessian times each row of `directions` (m, n_inputs) at an evaluated replay, (m, n_active).

    The replay holds values and adjoints. One tangent and one second-order sweep per block of lanes; blocks run on
    threads when the program is large, composites take all directions at once.
    """
    program = replay.program
    width = len(directions) if program.composites else lanes.LANES
    blocks = [directions[k : k + width] for k in range(0, len(directions), max(1, width))]

    def products(block: Floats) -> Floats:
        with lent_replay(program) as own:
            own.states = replay.states
            return own.sweep_second_order(replay.values, replay.adjoints, block)[:, program.input_active]

    work = 20.0 * lanes.LANES * program.n_nodes * len(blocks)
    pieces = map_pieces(products, blocks, work=work)
    return np.concatenate(pieces) if pieces else np.zeros((0, program.n_active))


def bottleneck_sum(replay: Replay) -> Floats:
    """Return the Hessian (n_active, n_active) at an evaluated replay as the bottleneck sum,

        H = sum over nonlinear nodes v of  w_v  sum_ab d_ab t_a t_b',

    with adjoints w, second partials d_ab and forward rows t (derivatives in the inputs). Arcs with the same earlier
    end a are added up first, y_a = sum w d_ab t_b, so that H = sum_a t_a y_a' is one matrix product over these ends.

    Notes
    -----
    Cost: one sweep in all directions over the nodes that an arc needs, with a vector operation per node, arc and block
    of lanes, and n**2 multiply-adds per end; no second backward sweep. A row is forgotten after its last use, except
    those of ends. Groups of blocks run on threads when the program is large. Through composites every row is held.
    """
    program = replay.program
    if program.composites:
        matrix = replay.sweep_curvature(replay.values, replay.adjoints, program.unit_directions())
        half = 0.5 * matrix  # halved first: no sum overflows
        return half + half.T
    arcs = created_arcs_of(program)
    inputs = arcs.addresses[np.flatnonzero(program.input_active)]

    def sweep(group: tuple[int, int]) -> tuple[Floats, Floats]:
        begin, end = group
        width = lanes.LANES * -(-(end - begin) // lanes.LANES)
        rows = np.empty((arcs.n_addresses, width))
        rows[inputs[inputs >= 0]] = 0.0
        own = begin + np.flatnonzero(inputs[begin:end] >= 0)
        rows[inputs[own], own - begin] = 1.0
        sums = np.zeros((arcs.n_ends, width))
        lanes.bottleneck_sweep(
            program.nodes, arcs.bits, replay.values, replay.adjoints, arcs.addresses, rows, sums
        )
        return rows[: arcs.n_ends, : end - begin], sums[:, : end - begin]

    groups = direction_groups(inputs.size)
    pieces = map_pieces(sweep, groups, work=bottleneck_work(program, len(groups)))
    rows = np.concatenate([rows for rows, _ in pieces], axis=1)
    sums = np.concatenate([sums for _, sums in pieces], axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # infinities of both signs: NaN
        half = _product(rows, sums)
        return half + half.T


def _product(rows: Floats, sums: Floats) -> Floats:
    """Return rows' sums, (n, n), where zero times infinity is zero as in every sweep."""
    finite = np.isfinite(rows).all(axis=1) & np.isfinite(sums).all(axis=1)
    if finite.all():
        return rows.T @ sums
    half = rows[finite].T @ sums[finite]
    for row, other in zip(rows[~finite], sums[~finite], strict=True):
        some, others = np.flatnonzero(row), np.flatnonzero(other)
        half[np.ix_(some, others)] += np.outer(row[some], other[others])
    return half


@once_per_program
def prefers_bottleneck(program: Layout) -> bool:
    """Return whether the bottleneck sum is less work than forward over reverse in all directions, by their counts."""
    if program.composites:
        return True
    arcs, n = created_arcs_of(program), program.n_active
    blocks, groups = -(-n // lanes.LANES), len(direction_groups(n))
    swept = groups * (ROW * arcs.n_rows + ARC * arcs.n_arcs) + arcs.n_ends * n * (END + PRODUCT * n)
    return swept < LANE_NODE * program.n_nodes * blocks


def hessian_at(replay: Replay) -> Floats:
    """Return the Hessian (n_active, n_active) at an evaluated replay, by the cheaper of the two ways."""
    if prefers_bottleneck(replay.program):
        return bottleneck_sum(replay)
    rows = hessian_products(replay, replay.program.unit_directions())
    half = 0.5 * rows  # halved first: no sum overflows
    return half + half.T
