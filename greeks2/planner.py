"""Choose the cheapest exact method by counting what each would do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aadlib.errors import AadValueError
from aadlib.extend import Program, once_per_program
from greeks2.methods import methods_for
from greeks2.methods.method import LEAST, ROUNDS, SIZES, Method
from greeks2.read_only import ReadOnly


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
    chosen = count_all(program, replays).plan
    assert chosen is not None
    return chosen


class Choice(NamedTuple):
    """The cheapest exact method, what was counted to find it, and the plan where every method was asked."""

    method: Method
    counts: Mapping[str, int]
    plan: Plan | None = None


def choose(program: Program, replays: int) -> Choice:
    """Return the choice of `plan`, which counts nothing where the sizes of the program decide it."""
    return _choice_by_sizes(program) or count_all(program, replays)


@once_per_program
def _choice_by_sizes(program: Program) -> Choice | None:
    """Return the choice from the numbers of nodes and inputs alone; None where other methods must be counted."""
    leader, counts, times = _race(program, 1, (SIZES,))
    return Choice(leader, counts) if leader is not None and times[leader.name] <= LEAST else None


@once_per_program
def count_all(program: Program, replays: int) -> Choice:
    """Return the choice after all rounds, and the plan."""
    leader, counts, times = _race(program, replays, ROUNDS)
    assert leader is not None
    counts |= leader.prepare(program)
    seconds = {name: 1e-9 * time for name, time in times.items()}
    return Choice(leader, counts, Plan(leader.name, ReadOnly(counts), ReadOnly(seconds)))


def _race(
    program: Program, replays: int, rounds: Sequence[int]
) -> tuple[Method | None, dict[str, int], dict[str, float]]:
    """Ask the methods for their estimates, round by round; return the cheapest exact one, counts and nanoseconds."""
    methods = methods_for(program)
    counts = {"nodes": program.n_nodes, "inputs": program.n_active}
    times: dict[str, float] = {}
    leader, best = None, math.inf
    for number in rounds:
        for method in methods:
            estimator = method.seconds.get(number)
            estimate = None if estimator is None else estimator(program, best, replays)
            if estimate is None or estimate.nanoseconds >= times.get(method.name, math.inf):
                continue
            times[method.name] = estimate.nanoseconds
            counts |= estimate.counts
            if method.is_exact and estimate.nanoseconds < best:
                leader, best = method, estimate.nanoseconds
    return leader, counts, times
