"""Edge pushing in two phases: a schedule made once per program, replayed at every point (Gower and Mello, 2012).

The symbolic phase (`arc_schedule.pyx`) finds which arcs are ever alive and where every push lands; the numeric phase
(`arc_sweep.pyx`) replays it without looking anything up. `greeks2.twins.algo4` is the readable twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from aadlib.extend import Program, created_arcs_of, once_per_program
from aadlib.extend import simd as lanes
from aadlib.types import Floats, Ints
from greeks2.methods.edge_pushing import arc_addresses, arc_count, arc_schedule, arc_sweep
from greeks2.methods.edge_pushing.flushed_rows import FlushedRows, flushed_rows
from greeks2.methods.method import (
    CALL,
    COUNTED,
    ENTRY,
    ENTRY_READ,
    NODE,
    POINT,
    Estimate,
    Method,
    Request,
    Solution,
    solution_at,
)
from greeks2.point import Point, require_plain
from greeks2.structure.curvature import curvature_bits
from greeks2.structure.front import front_of
from greeks2.structure.hub_rows import Hubs
from greeks2.structure.hubs import hub_rows, hubs_of, no_hubs
from greeks2.structure.within_limit import once_within_limit

if TYPE_CHECKING:
    from scipy.sparse import csr_array

WIDEST_FRONT = 2048
"""Rows of bits over a wider front are slower to count than a schedule is to trace."""

NO_LIMIT = -1

NO_NUMBERS: Ints = np.empty(0, dtype=np.int32)
NO_STARTS = np.zeros(1, dtype=np.int64)
NO_ENTRIES: Floats = np.zeros(0)

# Nanoseconds, as in `greeks2.methods.method`.
PUSHED_NODE = 14.0  # a node of the numeric phase
PUSH = 0.6  # an arc moved to an operand at an address of its own
STRETCHED_PUSH = 0.25  # an arc moved in a contiguous vector operation
HUB_ENTRY = 0.6  # an entry of a hub's forward row
TRACE_NODE, TRACE_PUSH = 250.0, 27.0  # the symbolic phase, paid once per program


@dataclass(frozen=True, eq=False)
class Schedule:
    """Every push of a program, as addresses in an arena of weights.

    Attributes
    ----------
    streams : what `arc_sweep.replay_pushes` replays
    hubs : Hubs, whose arcs go straight to the inputs
    ends : slots that flushed arcs join, as `streams.flushes` numbers them
    rows, columns : arcs between active inputs, their numbers among these; then entries that flushed arcs add to
    addresses : where the arcs stand
    flushed : sparse rows of `ends`, or None where dense ones are no larger
    arena : int, size of the arena
    pushes : int, moves of an arc to an operand in one replay; `stretched` of them by contiguous vector operations
    peak : int, most arcs alive at once (between nodes, or a node and an input)
    n_flushes : int, times that arcs are flushed to the inputs
    idle : arenas of zeros that no replay holds
    """

    streams: arc_schedule.Streams
    hubs: Hubs
    ends: npt.NDArray[np.intp]
    rows: Ints
    columns: Ints
    addresses: Ints
    flushed: FlushedRows | None
    arena: int
    pushes: int
    stretched: int
    peak: int
    n_flushes: int
    idle: list[Floats] = field(default_factory=list)

    @property
    def nodes(self) -> int:
        """Nodes that push or create arcs."""
        return len(self.streams.records)

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
        final = self.rows.nbytes + self.columns.nbytes + self.addresses.nbytes
        rows = self.flushed.nbytes if self.flushed is not None else 0
        return self.streams.nbytes + final + self.hubs.nbytes + 8 * self.arena + rows

    def is_sparse(self, n: int) -> bool:
        """Return whether single entries of an (n, n) matrix are written faster than the whole of it is."""
        return not self.is_dense and few_entries(self.rows.size, n)

    @property
    def is_dense(self) -> bool:
        """Return whether arcs are flushed to dense rows."""
        return self.ends.size > 0 and self.flushed is None

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


@once_per_program
def smallest_cap(program: Program) -> int:
    """Return the largest number of arcs that one node of the program creates: no cap can be smaller."""
    return int(np.array([bin(b).count("1") for b in range(8)])[curvature_bits(program)].max(initial=0))


def require_cap(program: Program, cap_active: Any) -> None:
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
    """Return the schedule of a program, made once for every cap."""
    if cap_active is not None:
        require_cap(program, cap_active)
        return _capped_schedule(program, int(cap_active))
    schedule = schedule_within(program, NO_LIMIT)
    assert schedule is not None
    return schedule


@once_per_program
def _capped_schedule(program: Program, cap_active: int) -> Schedule:
    schedule = _trace(program, no_hubs(program), cap_active, NO_LIMIT)
    assert schedule is not None
    return schedule


@once_within_limit
def schedule_within(program: Program, limit: int) -> Schedule | None:
    """Return the schedule of a program, or None as soon as it proves to have more than about `limit` pushes.

    Pushes in stretches count an eighth, as they cost about that.
    """
    return _trace(program, hubs_of(program), -1, limit)


def _trace(program: Program, hubs: Hubs, cap: int, limit: int) -> Schedule | None:
    require_plain(program, "edge_pushing")
    tracer = arc_schedule.Tracer(program.nodes, hubs)
    if not tracer.trace(created_arcs_of(program).bits, cap, limit):
        return None
    final, streams = tracer.between_inputs(), tracer.streams()
    arena = arc_addresses.Arena(*tracer.fullest())
    n_targets = arc_addresses.assign_addresses(streams, final, arena, program.nodes)
    ends, joined = np.unique(streams.flushes[:, :2], return_inverse=True)
    flushes = np.column_stack([joined.reshape(-1, 2), streams.flushes[:, 2]]).astype(np.int32)
    flushed = flushed_rows(program, ends.astype(np.intp), flushes[:, :2])
    number = np.cumsum(program.input_active) - 1
    return Schedule(
        streams=arc_schedule.Streams(streams.records, streams.targets[:n_targets].copy(), flushes),
        hubs=hubs,
        ends=ends.astype(np.intp),
        rows=_followed_by(number[final[:, 0]], None if flushed is None else flushed.rows),
        columns=_followed_by(number[final[:, 1]], None if flushed is None else flushed.columns),
        addresses=final[:, 2].copy(),
        flushed=flushed,
        arena=arena.size,
        pushes=tracer.pushes,
        stretched=tracer.stretched,
        peak=tracer.peak,
        n_flushes=tracer.n_flushes,
    )


def _followed_by(numbers: npt.NDArray[Any], others: Ints | None) -> Ints:
    return np.concatenate([numbers, NO_NUMBERS if others is None else others]).astype(np.int32)


@dataclass(frozen=True)
class PushCount:
    """What edge pushing would do at a program, by the names of `Schedule`."""

    pushes: int
    stretched: int
    nodes: int
    entries: int
    hub_entries: int


def count_within(program: Program, limit: int) -> PushCount | None:
    """Count pushes without a schedule; None as soon as there are more than `limit`, those in stretches at an eighth."""
    front = front_of(program)
    pushes, stretched, nodes, entries, finished = arc_count.count_pushes(
        program.nodes, created_arcs_of(program).bits, front.addresses, front.size, front.hubs, limit
    )
    return PushCount(pushes, stretched, nodes, entries, front.hubs.size) if finished else None


def tangent_rows(point: Point, slots: npt.NDArray[np.intp]) -> Floats:
    """Return the derivatives of the given slots in the active inputs, (n_slots, n), by tangent sweeps."""
    rows = np.empty((slots.size, point.active.size))
    directions = point.directions
    for begin in range(0, point.active.size, lanes.LANES):
        block = directions[begin : begin + lanes.LANES]
        rows[:, begin : begin + len(block)] = point.replay.sweep_tangents(point.values, block)[
            0, slots, : len(block)
        ]
    return rows


def replay_arcs(point: Point, schedule: Schedule, weights: Floats, half: Floats) -> Floats:
    """Replay the schedule and return the weights of `schedule.rows` and `columns`; dense rows add to `half`.

    The arena holds zeros again.
    """
    flushed = schedule.flushed
    rows = tangent_rows(point, schedule.ends) if schedule.is_dense else half
    entries = np.zeros(schedule.rows.size)
    n_arcs = schedule.addresses.size
    sparse = (
        (NO_STARTS, NO_ENTRIES, NO_NUMBERS)
        if flushed is None
        else (flushed.end_starts, flushed.entries(point), flushed.targets)
    )
    arc_sweep.replay_pushes(
        schedule.streams, schedule.hubs, hub_rows(point, schedule.hubs), point.program.nodes, point.values,
        point.adjoints, weights, rows, half, *sparse, entries[n_arcs:],
    )  # fmt: skip
    arc_sweep.take_out(weights, schedule.addresses, entries)
    return entries


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
        entries = replay_arcs(point, schedule, weights, half)
    rows, columns = schedule.rows, schedule.columns
    if schedule.ends.size == 0 and schedule.is_sparse(point.active.size):
        half[rows, columns] = entries
        half[columns, rows] += entries  # after the first line: what stands on the diagonal is half of it
        return half
    arc_sweep.collect(entries, rows, columns, half)
    return half + half.T


def sparse_edge_pushing(point: Point, *, cap_active: int | None = None) -> csr_array:
    """Return the Hessian as a scipy.sparse array: entries are stored where arcs between inputs can exist.

    Nothing of size (n, n) is made, unless arcs were flushed under a cap.
    """
    from scipy.sparse import coo_array, csr_array

    schedule = schedule_of(point.program, cap_active)
    n = point.active.size
    half = np.zeros((n, n)) if schedule.is_dense else np.zeros((0, 0))
    with schedule.weights() as arena:
        weights = replay_arcs(point, schedule, arena, half)
    rows, columns = schedule.rows, schedule.columns
    indices = (np.concatenate([rows, columns]), np.concatenate([columns, rows]))
    matrix = csr_array(coo_array((np.concatenate([weights, weights]), indices), shape=(n, n)))
    return csr_array(matrix + half + half.T) if half.size else matrix


def solve(request: Request) -> Solution:
    """Return the Hessian with value and gradient."""
    cap_active = request.options.get("cap_active")
    require_cap(request.program, cap_active)
    with request.point() as point:
        matrix = (sparse_edge_pushing if request.sparse else edge_pushing)(point, cap_active=cap_active)
        return solution_at(point, matrix, schedule_of(request.program, cap_active))


def _counts(program: Program, schedule: Schedule) -> dict[str, int]:
    return {"pushes": schedule.pushes, "live_arcs": schedule.peak, "flushes": schedule.n_flushes}


def _estimate(program: Program, best: float, replays: int) -> Estimate | None:
    """Count the pushes for as long as edge pushing can be the cheapest, its symbolic phase included."""
    spare = best - POINT - CALL - program.n_nodes * (NODE + TRACE_NODE / replays)
    limit = int(spare / (PUSH + TRACE_PUSH / replays))
    if limit <= 0:
        return None
    count = count_within if front_of(program).size <= WIDEST_FRONT else schedule_within
    counted: PushCount | Schedule | None = count(program, limit)
    if counted is None:
        return None
    n = program.n_active
    written = ENTRY_READ * counted.entries if few_entries(counted.entries, n) else ENTRY * n * n
    pushed = PUSH * (counted.pushes - counted.stretched) + STRETCHED_PUSH * counted.stretched
    pushed += HUB_ENTRY * counted.hub_entries
    time = POINT + CALL + PUSHED_NODE * counted.nodes + pushed + written
    return Estimate(time, {"pushes": counted.pushes, "pushes_in_stretches": counted.stretched})


def _prepare(program: Program) -> dict[str, int]:
    schedule = schedule_of(program)
    return {"live_arcs": schedule.peak, "bytes_edge_pushing": schedule.nbytes}


EDGE_PUSHING = Method(
    name="edge_pushing",
    solve=solve,
    counts=_counts,
    seconds={COUNTED: _estimate},
    options={"cap_active": "cap_active = {given!r} caps the arcs of edge_pushing, not of"},
    is_exact=True,
    takes_composites=False,
    prepare=_prepare,
)
