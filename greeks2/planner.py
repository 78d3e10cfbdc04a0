"""Choose the cheapest exact method by counting what each would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from aadlib.program import Program
from aadlib.sweeps import lanes
from aadlib.threads import n_threads
from greeks2.bumping2 import n_evaluations
from greeks2.edge_pushing import schedule_within
from greeks2.taylor import front_of

# Nanoseconds, measured on one x86-64 core. Only their ratios matter.
NODE = 14.0  # a node of a scalar second-order sweep: its partials and what they are multiplied with
PUSH = 1.6  # an arc moved to an operand at an address of its own
STRETCHED_PUSH = 0.22  # an arc moved in a contiguous vector operation
LANE_NODE = 26.0  # a node of a tangent and a second-order sweep over one block of lanes
FRONT_ENTRY = 0.2  # an entry of a vector over the front
EVALUATION = 2.0  # a node and lane of a value sweep
CALL = 20_000.0  # Python around one sweep
TRACE_NODE, TRACE_PUSH = 250.0, 12.0  # the symbolic phase of edge pushing, paid once per program


@dataclass(frozen=True)
class Plan:
    """What each method would do at one program, and the choice.

    Attributes
    ----------
    method : str, the cheapest exact method
    counts : nodes, inputs, blocks of lanes, lane multiply-adds, pushes, live arcs, front, evaluations, bytes by method;
        pushes is absent where counting them was given up because edge pushing had lost already
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


def plan(program: Program, *, replays: int = 100) -> Plan:
    """Count the work of every method and choose among the exact ones.

    Parameters
    ----------
    program : Program without lanes
    replays : int, over how many Hessians the symbolic phase of edge pushing is spread: 1 for a recording that is used
        once. Tracing stops as soon as edge pushing is dearer than another method, so planning never costs much.
    """
    n, nodes = program.n_active, program.n_nodes
    blocks = -(-n // lanes.LANES)
    front = front_of(program)[1]
    threads = min(n_threads(), blocks) if 20.0 * lanes.LANES * nodes * blocks > 2e6 else 1
    seconds = {
        "forward_over_reverse": CALL * blocks + LANE_NODE * nodes * -(-blocks // max(1, threads)),
        "taylor": CALL + nodes * (2.0 * NODE + 3.0 * FRONT_ENTRY * front) + FRONT_ENTRY * 4.0 * front**2,
        "bumping2": CALL + EVALUATION * nodes * n_evaluations(n),
    }
    counts = {
        "nodes": nodes,
        "inputs": n,
        "lane_blocks": blocks,
        "lane_multiply_adds": 6 * lanes.LANES * blocks * nodes,
        "front": front,
        "evaluations": n_evaluations(n),
        "bytes_forward_over_reverse": 16 * lanes.LANES * program.n_slots * threads,
        "bytes_taylor": 8 * front * front,
    }
    exact = min(seconds["forward_over_reverse"], seconds["taylor"])
    spare = exact - CALL - nodes * (NODE + TRACE_NODE / replays)
    schedule = schedule_within(program, int(spare / (PUSH + TRACE_PUSH / replays))) if spare > 0.0 else None
    if schedule is not None:
        single = schedule.pushes - schedule.stretched
        seconds["edge_pushing"] = (
            CALL + NODE * len(schedule.records) + PUSH * single + STRETCHED_PUSH * schedule.stretched
        )
        counts |= {
            "pushes": schedule.pushes,
            "pushes_in_stretches": schedule.stretched,
            "live_arcs": schedule.peak,
            "bytes_edge_pushing": schedule.nbytes,
        }
    candidates = [name for name in seconds if name != "bumping2"]
    method = min(candidates, key=lambda name: seconds[name])
    scaled = {name: 1e-9 * float(np.round(time, 1)) for name, time in seconds.items()}
    return Plan(method, MappingProxyType(counts), MappingProxyType(scaled))
