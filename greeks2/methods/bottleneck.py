"""The bottleneck sum: over nonlinear nodes, second partials times outer products of forward rows. One sweep forward."""

from __future__ import annotations

import numpy as np

from aadlib.program.program import Program
from aadlib.sweeps import simd as lanes
from aadlib.threads import SPREAD, map_pieces, n_threads
from aadlib.types import Floats
from greeks2.methods.method import (
    BLOCK_CALL,
    CALL,
    ENTRY,
    PASS,
    POINT,
    Estimate,
    Method,
    Request,
    Solution,
    blocks_of,
)
from greeks2.point import Point
from greeks2.structure.created_arcs import CreatedArcs, created_arcs_of

WIDEST = 4
"""Most blocks of lanes that one sweep carries side by side: beyond one they cost little, while rows stay in cache."""

# Nanoseconds, as in `greeks2.methods.method`.
SWEEPS_CALL = 25_000.0  # Python around the sweeps
ROW = 11.0  # a node of a sweep over one group of blocks: its partials and its row
CREATED = 8.0  # an arc of such a sweep: its second partial and the row it is added to
END = 1.5  # an entry of a row that an arc ends at, set aside for the product
PRODUCT = 0.05  # a multiply-add of the matrix product
TANGENT_NODE = 10.0  # a node of a tangent sweep over one block of lanes


def groups_of(n: int) -> list[tuple[int, int]]:
    """Cut n directions into ranges of whole blocks, one sweep each."""
    width = WIDEST * lanes.LANES
    return [(k, min(n, k + width)) for k in range(0, n, width)]


def work_of(arcs: CreatedArcs, n_groups: int) -> float:
    """Return about how many operations the sweeps over so many groups take."""
    return 20.0 * n_groups * (arcs.n_rows + arcs.n_arcs)


def bottleneck(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs,

        H = sum over nonlinear nodes v of  w_v  sum_ab d_ab t_a t_b',

    with adjoints w, second partials d_ab and forward rows t (derivatives in the inputs). Arcs with the same earlier
    end a are added up first, y_a = sum w d_ab t_b, so that H = sum_a t_a y_a' is one matrix product over these ends.

    Notes
    -----
    Cost: one sweep in all directions over the nodes that an arc needs, with a vector operation per node, arc and block
    of lanes, and n**2 multiply-adds per end. A row is forgotten after its last use, except those of ends. Groups of
    blocks run on threads when the program is large.
    """
    program = point.program
    if program.composites:
        matrix = point.replay.sweep_curvature(point.values, point.adjoints, point.directions)
        return 0.5 * (matrix + matrix.T)
    arcs, nodes, n = created_arcs_of(program), program.nodes, point.active.size
    inputs = arcs.addresses[point.active]

    def sweep(group: tuple[int, int]) -> tuple[Floats, Floats]:
        begin, end = group
        width = lanes.LANES * blocks_of(end - begin)
        rows = np.empty((arcs.n_addresses, width))
        rows[inputs[inputs >= 0]] = 0.0
        own = begin + np.flatnonzero(inputs[begin:end] >= 0)
        rows[inputs[own], own - begin] = 1.0
        partners = np.zeros((arcs.n_ends, width))
        lanes.meet_curvature(
            nodes.op, nodes.left, nodes.right, nodes.activity, arcs.bits, point.values, point.adjoints,
            arcs.addresses, rows, partners, nodes.first_node,
        )  # fmt: skip
        return rows[: arcs.n_ends, : end - begin], partners[:, : end - begin]

    groups = groups_of(n)
    swept = map_pieces(sweep, groups, work=work_of(arcs, len(groups)))
    half = _product(*(np.concatenate(parts, axis=1) for parts in zip(*swept, strict=True)))
    return half + half.T


def _product(rows: Floats, partners: Floats) -> Floats:
    """Return rows' partners, (n, n), where zero times infinity is zero as in every sweep."""
    finite = np.isfinite(rows).all(axis=1) & np.isfinite(partners).all(axis=1)
    if finite.all():
        return rows.T @ partners
    half = rows[finite].T @ partners[finite]
    for row, other in zip(rows[~finite], partners[~finite], strict=True):
        some, others = np.flatnonzero(row), np.flatnonzero(other)
        half[np.ix_(some, others)] += np.outer(row[some], other[others])
    return half


def solve(request: Request) -> Solution:
    """Return the Hessian with value and gradient."""
    with request.point() as point:
        return Solution(point.value, point.gradient, bottleneck(point))


def _estimate(program: Program, best: float, replays: int) -> Estimate:
    arcs, n = created_arcs_of(program), program.n_active
    blocks, groups = blocks_of(n), len(groups_of(n))
    if program.composites:
        time = POINT + CALL + BLOCK_CALL * blocks + TANGENT_NODE * program.n_nodes * blocks
    else:
        threads = min(n_threads(), groups) if work_of(arcs, groups) > SPREAD else 1
        sweep = ROW * arcs.n_rows + CREATED * arcs.n_arcs
        time = POINT + SWEEPS_CALL + sweep * -(-groups // max(1, threads))
        time += END * arcs.n_ends * n + PRODUCT * arcs.n_ends * n * n
    counts = {
        "created_arcs": arcs.n_arcs,
        "arc_ends": arcs.n_ends,
        "arc_rows": arcs.n_rows,
        "bytes_bottleneck": 8 * (arcs.n_addresses + arcs.n_ends) * lanes.LANES * blocks,
    }
    return Estimate(time + ENTRY * n * n, counts)


BOTTLENECK = Method(
    name="bottleneck",
    solve=solve,
    counts=lambda program, _: {"directions": program.n_active},
    seconds={PASS: _estimate},
    options={},
    is_exact=True,
    takes_composites=True,
)
