"""The curvature of every node, met by forward rows: no backward sweep of second order at all."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aadlib.program import Program
from aadlib.sweeps import lanes
from aadlib.threads import map_pieces
from greeks2 import arc_sweep
from greeks2.edge_pushing import curvature_bits, reached_slots
from greeks2.point import Floats, Point

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Curvature:
    """The arcs that the nodes of a program create, each once: a property of the program alone.

    Attributes
    ----------
    nodes, kinds : (m,) the node of each arc, and 0, 1, 2 for the second partials dxx, dxy, dyy
    slots : (k,) the earlier ends of the arcs; coefficients that many nodes use appear once
    ends : (m,) positions in `slots`
    others : (m,) slots of the later ends
    """

    nodes: Ints
    kinds: npt.NDArray[np.uint8]
    slots: Ints
    ends: Ints
    others: Ints


_curvatures: WeakKeyDictionary[Program, Curvature] = WeakKeyDictionary()


def curvature_of(program: Program) -> Curvature:
    """Return the arcs a program creates, found at the first call and kept."""
    if program not in _curvatures:
        bits = curvature_bits(program) * reached_slots(program)[program.first_node :]
        left = np.where(program.activity == 2, program.right, program.left)
        chosen = [np.flatnonzero(bits & bit) for bit in (1, 2, 4)]
        # A node whose only active operand is the right one keeps its own curvature under dyy.
        nodes = np.concatenate(chosen)
        kinds = np.repeat(np.arange(3, dtype=np.uint8), [part.size for part in chosen])
        one = np.where(kinds == 2, program.right[nodes], left[nodes])
        other = np.where(kinds == 0, left[nodes], program.right[nodes])
        order = np.argsort(nodes, kind="stable")
        earlier = np.minimum(one, other)[order]
        is_end = np.zeros(program.n_slots, dtype=bool)
        is_end[earlier] = True
        ends = (np.cumsum(is_end, dtype=np.int32) - 1)[earlier]
        _curvatures[program] = Curvature(
            nodes[order].astype(np.int32),
            kinds[order],
            np.flatnonzero(is_end).astype(np.int32),
            ends.astype(np.int32, copy=False),
            np.maximum(one, other)[order].astype(np.int32),
        )
    return _curvatures[program]


def bottleneck(point: Point) -> Floats:
    """Return the Hessian (n, n) over the active inputs,

        H = sum over nonlinear nodes v of  w_v  sum_ab d_ab t_a t_b',

    with adjoints w, second partials d_ab and forward rows t (derivatives in the inputs). Arcs with the same earlier
    end a are added up first, y_a = sum w d_ab t_b, so that H = sum_a t_a y_a' is one matrix product over these ends.

    Notes
    -----
    Cost: a tangent sweep per block of lanes, a vector operation per created arc and block, and n**2 multiply-adds per
    end. Blocks of lanes run on threads when the program is large.
    """
    program = point.program
    if program.composites:
        found = point.replay.sweep_curvature(point.values, point.adjoints, point.directions)
        return 0.5 * (found + found.T)
    arcs = curvature_of(program)
    weights = np.empty(arcs.nodes.size)
    arc_sweep.created_arcs(
        arcs.nodes, arcs.kinds, program.op, program.left, program.right, program.activity,
        point.values, point.adjoints, program.first_node, weights,
    )  # fmt: skip
    n = point.active.size
    directions = point.directions
    blocks = [directions[k : k + lanes.LANES] for k in range(0, n, lanes.LANES)]

    def meet(block: Floats) -> tuple[Floats, Floats]:
        with program.replay() as replay:
            tangents = replay.sweep_tangents(point.values, block)[0]
            met = np.zeros((arcs.slots.size, lanes.LANES))
            arc_sweep.meet_arcs(arcs.ends, arcs.others, weights, tangents, met)
            return tangents[arcs.slots], met

    found_blocks = map_pieces(meet, blocks, work=10.0 * lanes.LANES * program.n_nodes * len(blocks))
    rows = np.concatenate([rows for rows, _ in found_blocks], axis=1)[:, :n]
    met = np.concatenate([met for _, met in found_blocks], axis=1)[:, :n]
    half = _product(rows, met)
    return half + half.T


def _product(rows: Floats, met: Floats) -> Floats:
    """Return rows' met, (n, n), where zero times infinity is zero as in every sweep."""
    finite = np.isfinite(rows).all(axis=1) & np.isfinite(met).all(axis=1)
    if finite.all():
        return rows.T @ met
    half = rows[finite].T @ met[finite]
    for row, other in zip(rows[~finite], met[~finite], strict=True):
        some, others = np.flatnonzero(row), np.flatnonzero(other)
        half[np.ix_(some, others)] += np.outer(row[some], other[others])
    return half
