"""The curvature of every node, met by forward rows: no backward sweep of second order at all."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aadlib.program.program import Program
from aadlib.rules.properties import CURVES
from aadlib.sweeps import simd as lanes
from aadlib.threads import map_pieces
from aadlib.types import Floats
from greeks2.point import Point
from greeks2.structure.created_arcs import place_rows

WIDEST = 4
"""Most blocks of lanes that one sweep carries side by side: beyond one they cost little, while rows stay in cache."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """The arcs that the nodes of a program create, and places of the rows that meet them: of the program alone.

    Attributes
    ----------
    created, places : as `curvature_places.place_rows` returns them
    n_arcs, n_ends, n_places : int, arcs, their earlier ends (coefficients that many nodes use count once), and rows
    n_rows : int, nodes with a row: those that an arc needs
    """

    created: npt.NDArray[np.uint8]
    places: npt.NDArray[np.int32]
    n_arcs: int
    n_ends: int
    n_places: int
    n_rows: int


_curvatures: WeakKeyDictionary[Program, Curvature] = WeakKeyDictionary()


def curvature_of(program: Program) -> Curvature:
    """Return the arcs a program creates, found at the first call and kept."""
    found = _curvatures.get(program)
    if found is None:
        reached = np.zeros(program.n_slots, dtype=np.uint8)
        reached[program.outputs] = 1
        created, places, n_arcs, n_ends, n_places = place_rows(
            program.op,
            program.left,
            program.right,
            program.activity,
            CURVES,
            reached,
            program.first_node,
        )
        n_rows = int(np.count_nonzero(places[program.first_node :] >= 0))
        found = _curvatures[program] = Curvature(created, places, n_arcs, n_ends, n_places, n_rows)
    return found


def groups_of(n: int) -> list[tuple[int, int]]:
    """Cut n directions into ranges of whole blocks, one sweep each."""
    width = WIDEST * lanes.LANES
    return [(k, min(n, k + width)) for k in range(0, n, width)]


def work_of(arcs: Curvature, n_groups: int) -> float:
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
        found = point.replay.sweep_curvature(point.values, point.adjoints, point.directions)
        return 0.5 * (found + found.T)
    arcs = curvature_of(program)
    n = point.active.size
    inputs = arcs.places[point.active]

    def meet(group: tuple[int, int]) -> tuple[Floats, Floats]:
        begin, end = group
        width = lanes.LANES * -(-(end - begin) // lanes.LANES)
        rows = np.empty((arcs.n_places, width))
        rows[inputs[inputs >= 0]] = 0.0
        own = begin + np.flatnonzero(inputs[begin:end] >= 0)
        rows[inputs[own], own - begin] = 1.0
        met = np.zeros((arcs.n_ends, width))
        lanes.bottleneck_sweep(
            program.nodes, arcs.created, point.values, point.adjoints, arcs.places, rows, met
        )
        return rows[: arcs.n_ends, : end - begin], met[:, : end - begin]

    groups = groups_of(n)
    found_groups = map_pieces(meet, groups, work=work_of(arcs, len(groups)))
    rows = np.concatenate([rows for rows, _ in found_groups], axis=1)
    met = np.concatenate([met for _, met in found_groups], axis=1)
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
