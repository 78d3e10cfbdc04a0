"""Choose the cheapest exact method by counting what each would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aadlib.errors import AadValueError
from aadlib.extend import SPREAD, Program, bottleneck_work, created_arcs_of, direction_groups, n_threads
from aadlib.extend import simd as lanes
from greeks2.methods.bumping2 import n_evaluations
from greeks2.methods.edge_pushing.edge_pushing import (
    PushCount,
    Schedule,
    count_within,
    few_entries,
    schedule_of,
    schedule_within,
)
from greeks2.methods.forward_over_reverse import SMALL_PROGRAM, coloring_within
from greeks2.methods.taylor.taylor import front_of
from greeks2.read_only import ReadOnly

# Nanoseconds, measured on one x86-64 core. Only their ratios matter.
POINT = 30_000.0  # Python around the value and adjoint sweep that every method starts from
CALL = 10_000.0  # Python around one method
ONE_CALL = 4_000.0  # all of forward over reverse on a small program
BLOCK_CALL = 24_000.0  # Python around one block of lanes
NODE = 8.0  # a node of a scalar sweep: its partials
PUSHED_NODE = 14.0  # a node of the numeric phase of edge pushing
PUSH = 0.6  # an arc moved to an operand at an address of its own
STRETCHED_PUSH = 0.25  # an arc moved in a contiguous vector operation
HUB_ENTRY = 0.6  # an entry of a hub's forward row
LANE_NODE = 24.0  # a node of a tangent and a second-order sweep over one block of lanes, in cache
LANE_NODE_FAR = 32.0  # the same where the blocks do not fit the cache
TANGENT_NODE = 10.0  # a node of a tangent sweep over one block of lanes
MEETING = 25_000.0  # Python around the sweeps in which arcs meet rows
ROW = 11.0  # a node of such a sweep over one group of blocks: its partials and its row
CREATED = 8.0  # an arc of such a sweep: its second partial and the row it is added to
END = 1.5  # an entry of a row that an arc ends at, set aside for the product
PRODUCT = 0.05  # a multiply-add of the matrix product
FRONT_ENTRY = 0.35  # an entry of a vector over the front
ENTRY = 1.3  # an entry of the dense result, where all of it is written
EVALUATION = 2.0  # a node and lane of a value sweep
TRACE_NODE, TRACE_PUSH = 250.0, 27.0  # the symbolic phase of edge pushing, paid once per program
ENTRY_READ = 50.0  # an entry of a sparse result, put in its place, often on a page of its own
SET_NODE = 40.0  # a node's set of inputs, and the colours: paid once per program

WIDEST_FRONT = 2048
"""Rows of bits over a wider front are slower to count than a schedule is to trace."""

FAR = 16_000
"""Slots beyond which two blocks of lanes do not fit the second-level cache."""

_plans: WeakKeyDictionary[Program, dict[int, Plan]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Plan:
    """What each method would do at one program, and the choice.

    Attributes
    ----------
    method : str, the cheapest exact method
    counts : nodes, inputs, blocks of lanes, lane multiply-adds, pushes, live arcs, front, evaluations, bytes by method;
        pushes is absent where counting them was given up because edge pushing had lost already, live arcs and its bytes
        where another method was chosen; colors is there where forward over reverse sweeps one direction per colour of a
        sparse Hessian
    seconds : estimated time of one replay by method
    """

    method: str
    counts: Mapping[str, int]
    seconds: Mapping[str, float]

    def __str__(self) -> str:
        rows = [
            f"{name:22s}{1e3 * time:12.3f} ms"
            for name, time in sorted(self.seconds.items(), key=lambda i: i[1])
        ]
        rows += [f"{name:22s}{count:12,d}" for name, count in self.counts.items()]
        return "\n".join([f"method: {self.method}", *rows])


def plan(program: Program, *, replays: int = 1000) -> Plan:
    """Count the work of every method and choose among the exact ones.

    Parameters
    ----------
    program : Program without lanes
    replays : int, over how many Hessians the symbolic phase of edge pushing is spread: 1 for a recording that is used
        once. Counting stops as soon as a method is dearer than another one, so planning never costs much.

    Raises
    ------
    AadValueError
        When `replays` is below 1.
    """
    if replays < 1:
        raise AadValueError(f"replays = {replays!r}: give the number of Hessians, at least 1")
    kept = _plans.setdefault(program, {})
    if replays not in kept:
        kept[replays] = _make_plan(program, replays)
    return kept[replays]


def _make_plan(program: Program, replays: int) -> Plan:
    counts = _counts(program)
    times = _swept_times(program, counts)
    if not program.composites:
        size = counts["front"] = front_of(program).size
        counts["bytes_taylor"] = 8 * size * size
        times["taylor"] = (
            POINT + CALL + program.n_nodes * (3.0 * NODE + 3.0 * FRONT_ENTRY * size) + ENTRY * size**2
        )
        _push(program, replays, counts, times)
    _color(program, replays, counts, times)
    method = min(times, key=lambda name: times[name])
    if method == "edge_pushing":
        schedule = schedule_of(program)
        counts |= {"live_arcs": schedule.peak, "bytes_edge_pushing": schedule.nbytes}
    times["bumping2"] = POINT + CALL + EVALUATION * program.n_nodes * counts["evaluations"]
    seconds = {name: 1e-9 * time for name, time in times.items()}
    return Plan(method, ReadOnly(counts), ReadOnly(seconds))


def _push(program: Program, replays: int, counts: dict[str, int], times: dict[str, float]) -> None:
    """Count the pushes of edge pushing for as long as it can be the cheapest, its symbolic phase included."""
    spare = min(times.values()) - POINT - CALL - program.n_nodes * (NODE + TRACE_NODE / replays)
    limit = int(spare / (PUSH + TRACE_PUSH / replays))
    if limit <= 0:
        return
    counted: PushCount | Schedule | None
    if counts["front"] <= WIDEST_FRONT:
        front = front_of(program)
        counted = count_within(program, created_arcs_of(program).bits, front.places, front.size, limit)
    else:
        counted = schedule_within(program, limit)
    if counted is None:
        return
    n = program.n_active
    written = ENTRY_READ * counted.entries if few_entries(counted.entries, n) else ENTRY * n * n
    pushed = PUSH * (counted.pushes - counted.stretched) + STRETCHED_PUSH * counted.stretched
    pushed += HUB_ENTRY * counted.hub_entries
    times["edge_pushing"] = POINT + CALL + PUSHED_NODE * counted.nodes + pushed + written
    counts |= {"pushes": counted.pushes, "pushes_in_stretches": counted.stretched}


def _counts(program: Program) -> dict[str, int]:
    n, nodes = program.n_active, program.n_nodes
    blocks = _blocks(n)
    slots = lanes.LANES * program.n_slots
    curvature = created_arcs_of(program)
    return {
        "nodes": nodes,
        "created_arcs": curvature.n_arcs,
        "arc_ends": curvature.n_ends,
        "arc_rows": curvature.n_rows,
        "inputs": n,
        "lane_blocks": blocks,
        "lane_multiply_adds": 6 * lanes.LANES * blocks * nodes,
        "evaluations": n_evaluations(n),
        "bytes_forward_over_reverse": 16 * slots * min(n_threads(), blocks),
        "bytes_bottleneck": 8 * (curvature.n_addresses + curvature.n_ends) * lanes.LANES * blocks,
    }


def _blocks(n_directions: int) -> int:
    return -(-n_directions // lanes.LANES)


def _color(program: Program, replays: int, counts: dict[str, int], times: dict[str, float]) -> None:
    """Sweep one direction per colour of a sparse Hessian where that is cheaper, and worth finding the colours."""
    dense, best = times["forward_over_reverse"], min(times.values())
    if (best - POINT - _directions_time(program, 1)) * replays < SET_NODE * program.n_nodes:
        return
    # More colours than this cannot be the cheapest way.
    blocks = counts["lane_blocks"]
    while blocks and POINT + CALL + _directions_time(program, blocks) > best:
        blocks -= 1
    most = min(lanes.LANES * blocks, counts["inputs"] - 1)
    coloring = coloring_within(program, most)
    if coloring is None:
        return
    colored = (
        POINT + CALL + _directions_time(program, _blocks(coloring.n_colors)) + ENTRY_READ * coloring.rows.size
    )
    if colored < dense:
        times["forward_over_reverse"] = colored
        counts |= {"colors": coloring.n_colors, "entries": int(coloring.rows.size)}


def _directions_time(program: Program, blocks: int) -> float:
    """Return the time of tangent and second-order sweeps over blocks of directions, on threads where they are used."""
    nodes = program.n_nodes
    threads = min(n_threads(), blocks) if 20.0 * lanes.LANES * nodes * blocks > SPREAD else 1
    lane_node = LANE_NODE_FAR if program.n_slots > FAR else LANE_NODE
    return BLOCK_CALL * blocks + lane_node * nodes * -(-blocks // max(1, threads))


def _swept_times(program: Program, counts: dict[str, int]) -> dict[str, float]:
    """Return the times of the methods that sweep all directions."""
    n, nodes, blocks = counts["inputs"], counts["nodes"], counts["lane_blocks"]
    written = ENTRY * n * n
    directions = POINT + CALL + _directions_time(program, blocks) + written
    if nodes <= SMALL_PROGRAM:
        directions = ONE_CALL + LANE_NODE * nodes * blocks + written
    return {"forward_over_reverse": directions, "bottleneck": _met_time(program, counts) + written}


def _met_time(program: Program, counts: dict[str, int]) -> float:
    """Return the time in which all arcs meet the rows of their ends."""
    n, ends = counts["inputs"], counts["arc_ends"]
    if program.composites:
        return (
            POINT
            + CALL
            + BLOCK_CALL * counts["lane_blocks"]
            + TANGENT_NODE * counts["nodes"] * counts["lane_blocks"]
        )
    groups = len(direction_groups(n))
    threads = min(n_threads(), groups) if bottleneck_work(program, groups) > SPREAD else 1
    sweep = ROW * counts["arc_rows"] + CREATED * counts["created_arcs"]
    return POINT + MEETING + sweep * -(-groups // max(1, threads)) + END * ends * n + PRODUCT * ends * n * n
