"""Choose the cheapest exact method by counting what each would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from weakref import WeakKeyDictionary

from aadlib.program import Program
from aadlib.sweeps import lanes
from aadlib.threads import SPREAD, n_threads
from greeks2.bottleneck import curvature_of
from greeks2.bumping2 import n_evaluations
from greeks2.edge_pushing import schedule_within
from greeks2.forward_over_reverse import SMALL_PROGRAM, coloring_within
from greeks2.taylor import front_of

# Nanoseconds, measured on one x86-64 core. Only their ratios matter.
POINT = 30_000.0  # Python around the value and adjoint sweep that every method starts from
CALL = 10_000.0  # Python around one method
ONE_CALL = 4_000.0  # all of forward over reverse on a small program
BLOCK_CALL = 24_000.0  # Python around one block of lanes
NODE = 8.0  # a node of a scalar sweep: its partials
PUSH = 1.0  # an arc moved to an operand at an address of its own
STRETCHED_PUSH = 0.2  # an arc moved in a contiguous vector operation
LANE_NODE = 24.0  # a node of a tangent and a second-order sweep over one block of lanes, in cache
LANE_NODE_FAR = 32.0  # the same where the blocks do not fit the cache
TANGENT_NODE = 10.0  # a node of a tangent sweep over one block of lanes, in cache
TANGENT_NODE_FAR = 20.0  # the same where the block does not fit the cache
CREATED = 8.0  # an arc's second partial
MET = 3.0  # an arc meeting one block of forward rows
END = 30.0  # forward rows of an arc's end, set aside for the product
PRODUCT = 0.035  # a multiply-add of the matrix product
FRONT_ENTRY = 0.35  # an entry of a vector over the front
ENTRY = 1.3  # an entry of the dense result, where all of it is written
EVALUATION = 2.0  # a node and lane of a value sweep
TRACE_NODE, TRACE_PUSH = 250.0, 27.0  # the symbolic phase of edge pushing, paid once per program
ENTRY_READ = 60.0  # an entry of a sparse result, put in its place, often on a page of its own
SET_NODE = 700.0  # a node's set of inputs, and the colours: paid once per program

FAR = 16_000
"""Slots beyond which two blocks of lanes do not fit the second-level cache."""

_plans: WeakKeyDictionary[Program, Plan] = WeakKeyDictionary()


@dataclass(frozen=True)
class Plan:
    """What each method would do at one program, and the choice.

    Attributes
    ----------
    method : str, the cheapest exact method
    counts : nodes, inputs, blocks of lanes, lane multiply-adds, pushes, live arcs, front, evaluations, bytes by method;
        pushes is absent where counting them was given up because edge pushing had lost already; colors is there where
        forward over reverse sweeps one direction per colour of a sparse Hessian
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
        once. Tracing stops as soon as edge pushing is dearer than another method, so planning never costs much.
    """
    if replays == 1:
        return _make_plan(program, replays)
    if program not in _plans:
        _plans[program] = _make_plan(program, replays)
    return _plans[program]


def _make_plan(program: Program, replays: int) -> Plan:
    counts = _counts(program)
    times = _swept_times(program, counts)
    if not program.composites:
        front = counts["front"] = front_of(program)[1]
        counts["bytes_taylor"] = 8 * front * front
        times["taylor"] = (
            POINT + CALL + program.n_nodes * (3.0 * NODE + 3.0 * FRONT_ENTRY * front) + ENTRY * front**2
        )
        spare = min(times.values()) - POINT - CALL - program.n_nodes * (NODE + TRACE_NODE / replays)
        limit = int(spare / (PUSH + TRACE_PUSH / replays))
        schedule = schedule_within(program, limit) if limit > 0 else None
        if schedule is not None:
            n, singles = program.n_active, schedule.pushes - schedule.stretched
            pushed = NODE * len(schedule.records) + PUSH * singles + STRETCHED_PUSH * schedule.stretched
            written = ENTRY_READ * schedule.rows.size if schedule.is_sparse(n) else ENTRY * n * n
            times["edge_pushing"] = POINT + CALL + pushed + written
            counts |= {
                "pushes": schedule.pushes,
                "pushes_in_stretches": schedule.stretched,
                "live_arcs": schedule.peak,
                "bytes_edge_pushing": schedule.nbytes,
            }
    _color(program, replays, counts, times)
    method = min(times, key=lambda name: times[name])
    times["bumping2"] = POINT + CALL + EVALUATION * program.n_nodes * counts["evaluations"]
    seconds = {name: 1e-9 * time for name, time in times.items()}
    return Plan(method, MappingProxyType(counts), MappingProxyType(seconds))


def _counts(program: Program) -> dict[str, int]:
    n, nodes = program.n_active, program.n_nodes
    blocks = _blocks(n)
    slots = lanes.LANES * program.n_slots
    curvature = curvature_of(program)
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
        "bytes_bottleneck": 8 * (curvature.n_places + curvature.n_ends) * lanes.LANES * blocks,
    }


def _blocks(n_directions: int) -> int:
    return -(-n_directions // lanes.LANES)


def _color(program: Program, replays: int, counts: dict[str, int], times: dict[str, float]) -> None:
    """Sweep one direction per colour of a sparse Hessian where that is cheaper, and worth finding the colours."""
    dense, best = times["forward_over_reverse"], min(times.values())
    one_block = _directions_time(program, 1) + POINT
    if (best - one_block) * replays < SET_NODE * program.n_nodes:
        return
    # More colours than this cannot be the cheapest way.
    most = int(counts["inputs"] * min(1.0, best / dense)) - 1
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
    threads = min(n_threads(), blocks) if 20.0 * lanes.LANES * nodes * blocks > SPREAD else 1
    rounds = -(-blocks // max(1, threads))
    tangent_node = TANGENT_NODE_FAR if program.n_slots > FAR else TANGENT_NODE
    met = (MET * counts["created_arcs"] + END * counts["arc_ends"]) * rounds
    met += PRODUCT * counts["arc_ends"] * n * n
    written = ENTRY * n * n
    directions = POINT + CALL + _directions_time(program, blocks) + written
    if nodes <= SMALL_PROGRAM:
        directions = ONE_CALL + LANE_NODE * nodes * blocks + written
    rows = BLOCK_CALL * blocks + tangent_node * nodes * rounds
    return {
        "forward_over_reverse": directions,
        "bottleneck": POINT + CALL + rows + CREATED * counts["created_arcs"] + met + written,
    }
