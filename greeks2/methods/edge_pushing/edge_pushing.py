"""Edge pushing in two phases: a schedule made once per program, replayed at every point (Gower and Mello, 2012).

The symbolic phase (`arc_schedule.pyx`) finds which arcs are ever alive and where every push lands; the numeric phase
(`arc_sweep.pyx`) replays it without looking anything up. `greeks2.twins.algo4` is the readable twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from aadlib.extend import CURVES, CURVES_OF_SIDES, Program
from aadlib.extend import simd as lanes
from aadlib.types import Floats, Ints
from greeks2.methods.edge_pushing import arc_count, arc_placement, arc_schedule, arc_sweep
from greeks2.point import Point, require_plain
from greeks2.structure.hubs import Hubs, hub_rows, hubs_of, no_hubs

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Schedule:
    """Every push of a program, as addresses in an arena of weights.

    Attributes
    ----------
    records, targets, flushes : what `arc_sweep.push_arcs` replays
    hubs : Hubs, whose arcs go straight to the inputs
    ends : slots that flushed arcs join, as `flushes` numbers them
    rows, columns, places : arcs between active inputs: their numbers among these, and their addresses
    arena : int, places of the arena
    pushes : int, moves of an arc to an operand in one replay; `stretched` of them by contiguous vector operations
    peak : int, most arcs alive at once (between nodes, or a node and an input)
    n_flushes : int, times that arcs are flushed to the inputs
    idle : arenas of zeros that no replay holds
    """

    records: Ints
    targets: Ints
    flushes: Ints
    hubs: Hubs
    ends: npt.NDArray[np.intp]
    rows: Ints
    columns: Ints
    places: Ints
    arena: int
    pushes: int
    stretched: int
    peak: int
    n_flushes: int
    idle: list[Floats] = field(default_factory=list)

    @property
    def nodes(self) -> int:
        """Nodes that push or create arcs."""
        return len(self.records)

    @property
    def entries(self) -> int:
        """Arcs between inputs in the end."""
        return self.rows.size

    @property
    def hub_entries(self) -> int:
        """Entries of the hubs' forward rows."""
        return self.hubs.size

    @property
    def nbytes(self) -> int:
        """Bytes of the schedule and of one arena."""
        kept = (self.records, self.targets, self.flushes, self.rows, self.columns, self.places)
        return sum(array.nbytes for array in kept) + self.hubs.nbytes + 8 * self.arena

    def is_sparse(self, n: int) -> bool:
        """Return whether single entries of an (n, n) matrix are written faster than the whole of it is."""
        return self.ends.size == 0 and few_entries(self.rows.size, n)

    @contextmanager
    def weights(self) -> Iterator[Floats]:
        """Lend an arena of zeros, which must be zeros again in the end.

        One that an error or an interrupt leaves with weights in it is not lent again.
        """
        try:
            arena = self.idle.pop()
        except IndexError:
            arena = np.zeros(max(1, self.arena))
        yield arena
        self.idle.append(arena)


def few_entries(count: int, n: int) -> bool:
    """Return whether so many entries of an (n, n) matrix are written faster one by one than the whole of it is."""
    return 16 * count < n * n


_schedules: WeakKeyDictionary[Program, dict[int | None, Schedule]] = WeakKeyDictionary()


def curvature_bits(program: Program) -> npt.NDArray[np.uint8]:
    """Return which second partials of every node, in its active operands, do not vanish identically."""
    bits = CURVES[program.op] & CURVES_OF_SIDES[program.activity]
    return np.where((program.left == program.right) & (bits != 0), 1, bits).astype(np.uint8)


def smallest_cap(program: Program) -> int:
    """Return the largest number of arcs that one node of the program creates: no cap can be smaller."""
    return int(np.array([bin(b).count("1") for b in range(8)])[curvature_bits(program)].max(initial=0))


def require_cap(program: Program, cap_active: int | None) -> None:
    """Raise `AadValueError` unless `cap_active` is None or holds at least one node's arcs."""
    if cap_active is None:
        return
    needed = max(1, smallest_cap(program))
    if isinstance(cap_active, bool) or not isinstance(cap_active, (int, np.integer)) or cap_active < needed:
        raise AadValueError(
            f"cap_active = {cap_active!r}: must be a whole number of arcs, at least {needed}, since one operation "
            "of this function creates that many at once; None for no cap"
        )


def schedule_of(program: Program, cap_active: int | None = None) -> Schedule:
    """Return the schedule of a program, made at the first call and kept as long as the program."""
    kept = _schedules.setdefault(program, {})
    if cap_active not in kept:
        require_cap(program, cap_active)
        made = _make_schedule(program, cap_active, limit=-1)
        assert made is not None
        kept[cap_active] = made
    return kept[cap_active]


def schedule_within(program: Program, limit: int) -> Schedule | None:
    """Return the schedule of a program, or None as soon as it proves to have more than about `limit` pushes.

    Pushes in stretches count an eighth, as they cost about that.
    """
    kept = _schedules.setdefault(program, {})
    if None not in kept:
        made = _make_schedule(program, None, limit=limit)
        if made is None:
            return None
        kept[None] = made
    return kept[None]


@dataclass(frozen=True)
class PushCount:
    """What edge pushing would do at a program, by the names of `Schedule`."""

    pushes: int
    stretched: int
    nodes: int
    entries: int
    hub_entries: int


def count_within(
    program: Program, created: npt.NDArray[np.uint8], places: Ints, size: int, limit: int
) -> PushCount | None:
    """Count pushes without a schedule; None as soon as there are more than `limit`.

    `created` has the bits of the arcs every node creates, `places` and `size` those of the slots on the front, as the
    planner has them already. Pushes in stretches count an eighth.
    """
    hubs = hubs_of(program)
    ordinary = np.where(places < size, places, np.int32(-1))  # hubs stand behind the front
    pushes, stretched, nodes, entries, finished = arc_count.count_pushes(
        program.left, program.right, program.activity, created, ordinary, size,
        hubs.end_row, hubs.low, hubs.high, program.first_node, limit,
    )  # fmt: skip
    return PushCount(pushes, stretched, nodes, entries, hubs.size) if finished else None


def reached_slots(program: Program) -> npt.NDArray[np.uint8]:
    """Return one flag per slot: whether an output's derivative in it can be other than zero."""
    reached = np.zeros(program.n_slots, dtype=np.uint8)
    reached[program.outputs] = 1
    arc_schedule.mark_reached(program.left, program.right, program.activity, reached, program.first_node)
    return reached


def _make_schedule(program: Program, cap_active: int | None, *, limit: int) -> Schedule | None:
    require_plain(program, "edge_pushing")
    hubs = hubs_of(program) if cap_active is None else no_hubs(program)
    tracer = arc_schedule.Tracer(
        program.n_slots, program.first_node, hubs.end_row, hubs.low, hubs.high, hubs.inputs
    )
    finished = tracer.trace(
        program.left,
        program.right,
        program.activity,
        CURVES[program.op],
        reached_slots(program),
        -1 if cap_active is None else cap_active,
        limit,
    )
    if not finished:
        return None
    final = tracer.between_inputs()
    records, targets, flushes, length, low, high = tracer.streams()
    arena = arc_placement.Arena(length, low, high)
    n_targets = arc_placement.place_rows(records, targets, flushes, final, arena, program.left, program.right)
    ends, joined = np.unique(flushes[:, :2], return_inverse=True)
    flushes[:, :2] = joined.reshape(-1, 2)
    number = np.cumsum(program.input_active) - 1
    return Schedule(
        records=records,
        targets=targets[:n_targets].copy(),
        flushes=np.ascontiguousarray(flushes[:, :3]),
        hubs=hubs,
        ends=ends.astype(np.intp),
        rows=number[final[:, 0]].astype(np.int32),
        columns=number[final[:, 1]].astype(np.int32),
        places=final[:, 2].copy(),
        arena=arena.size,
        pushes=tracer.pushes,
        stretched=tracer.stretched,
        peak=tracer.peak,
        n_flushes=tracer.n_flushes,
    )


def forward_rows(point: Point, slots: npt.NDArray[np.intp]) -> Floats:
    """Return the derivatives of the given slots in the active inputs, (n_slots, n), by tangent sweeps."""
    rows = np.empty((slots.size, point.active.size))
    directions = point.directions
    for begin in range(0, point.active.size, lanes.LANES):
        block = directions[begin : begin + lanes.LANES]
        rows[:, begin : begin + len(block)] = point.replay.sweep_tangents(point.values, block)[
            0, slots, : len(block)
        ]
    return rows


def replay_arcs(point: Point, schedule: Schedule, weights: Floats, half: Floats) -> None:
    """Replay the schedule; leave the arcs between inputs in the arena, and add what was flushed to `half`."""
    program = point.program
    rows = forward_rows(point, schedule.ends) if schedule.ends.size else half
    hubs = schedule.hubs
    arc_sweep.push_arcs(
        schedule.records, schedule.targets, schedule.flushes,
        hubs.end_row, hubs.low, hubs.high, hubs.start, hub_rows(point, hubs),
        program.op, program.left, program.right, point.values, point.adjoints, program.first_node,
        weights, rows, half,
    )  # fmt: skip


def edge_pushing(point: Point, *, cap_active: int | None = None) -> Floats:
    """Return the Hessian (n, n) over the active inputs.

    Parameters
    ----------
    point : Point
    cap_active : int, optional
        Largest number of arcs held at once. Where a node's arcs would exceed it they are flushed to the inputs through
        forward rows, which is exact: the result differs by round-off only. Arcs between two inputs are the result and
        do not count.

    Raises
    ------
    AadValueError
        When `cap_active` is smaller than the number of arcs one operation creates (1 to 3).

    Notes
    -----
    Cost: one push per arc and operand. With a cap also n / 8 tangent sweeps, and the forward rows in memory.
    """
    schedule = schedule_of(point.program, cap_active)
    half = np.zeros((point.active.size, point.active.size))
    with schedule.weights() as weights:
        replay_arcs(point, schedule, weights, half)
        if schedule.is_sparse(point.active.size):
            rows, columns, found = schedule.rows, schedule.columns, weights[schedule.places]
            weights[schedule.places] = 0.0
            half[rows, columns] = found
            half[columns, rows] += found  # after the first line: what stands on the diagonal is half of it
            return half
        arc_sweep.collect(weights, schedule.rows, schedule.columns, schedule.places, half)
    return half + half.T


def sparse_edge_pushing(point: Point, *, cap_active: int | None = None) -> csr_array:
    """Return the Hessian as a scipy.sparse array: entries are stored where arcs between inputs can exist.

    Nothing of size (n, n) is made, unless arcs were flushed under a cap.
    """
    from scipy.sparse import coo_array, csr_array

    schedule = schedule_of(point.program, cap_active)
    n = point.active.size
    half = np.zeros((n, n)) if schedule.ends.size else np.zeros((0, 0))
    with schedule.weights() as arena:
        replay_arcs(point, schedule, arena, half)
        weights = arena[schedule.places]
        arena[schedule.places] = 0.0
    rows, columns = schedule.rows, schedule.columns
    places = (np.concatenate([rows, columns]), np.concatenate([columns, rows]))
    found = csr_array(coo_array((np.concatenate([weights, weights]), places), shape=(n, n)))
    return csr_array(found + half + half.T) if half.size else found
