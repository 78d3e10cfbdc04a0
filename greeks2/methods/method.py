"""What a second-order method is: the record that `hessian`, the planner and `cross_check` loop over.

Each method ends its own file with one such record, and `greeks2.methods.METHODS` lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from aadlib.extend import Program
from aadlib.extend import simd as lanes
from aadlib.types import Floats
from greeks2.point import Point, point_at
from greeks2.structure.singular import settled

# Rounds in which the planner asks for estimates, the cheap ones first.
SIZES = 0  # from the numbers of nodes and inputs, which may decide at once
PASS = 1  # from a pass over the nodes
COUNTED = 2  # from a count that is given up where the method cannot be the cheapest any more
ROUNDS = (SIZES, PASS, COUNTED)

# Nanoseconds on one core of an AMD EPYC with AVX-512, as those beside each method; only their ratios matter. What
# sweeps over lanes take is given for every instruction set. `asv_bench/planner_costs.py` measures them all.
POINT = 22_000.0  # Python around the value and adjoint sweep that every method starts from
CALL = 5_000.0  # Python around one method
BLOCK_CALL = 24_000.0  # Python around one block of lanes
NODE = 8.0  # a node of a scalar sweep: its partials
ENTRY = 0.8  # an entry of the dense result, where all of it is written
ENTRY_READ = 50.0  # an entry of a sparse result, put in its place, often on a page of its own

LEAST = POINT + CALL
"""No estimate of a round after `SIZES` is below: what takes no longer by its sizes is the cheapest."""


class Request(NamedTuple):
    """A Hessian that is asked for.

    Attributes
    ----------
    program, arguments, weights : as `greeks2.point.point_at` takes them
    sparse : bool, whether a sparse matrix is wanted; a method may return a dense one all the same
    options : the method's own options that were given, by name
    counts : what the planner counted, where it chose the method
    """

    program: Program
    arguments: tuple[Any, ...]
    weights: Any
    sparse: bool
    options: Mapping[str, Any]
    counts: Mapping[str, int]

    def point(self) -> AbstractContextManager[Point]:
        """Sweep values and adjoints and hand out the point."""
        return point_at(self.program, self.arguments, self.weights)


class Solution(NamedTuple):
    """A Hessian (n, n) with value and gradient, and what the method had prepared for the program."""

    value: float
    gradient: Floats
    matrix: Any
    prepared: Any = None


def solution_at(point: Point, matrix: Any, prepared: Any = None) -> Solution:
    """Return the solution of an exact method at a point; where its sweeps met an infinity, what careful ones find."""
    gradient, matrix = settled(point, matrix)
    return Solution(point.value, gradient, matrix, prepared)


@dataclass(frozen=True)
class Estimate:
    """What one replay takes, in nanoseconds, and the counts behind it."""

    nanoseconds: float
    counts: Mapping[str, int]


Estimator = Callable[[Program, float, int], Estimate | None]
"""From a program, the nanoseconds of the cheapest exact method so far, and the number of replays over which what is
made once is spread; None where the method cannot be cheaper."""


@dataclass(frozen=True, eq=False)
class Method:
    """One way to a Hessian.

    Attributes
    ----------
    name : str, as `hessian(f, x, method=...)` takes it
    solve : the method
    counts : what it did, from the program and what `Solution.prepared` holds
    seconds : round of the planner -> estimator; the smallest estimate counts
    options : name -> how a message begins that refuses the option for another method; `{given!r}` is its value
    is_exact : bool, whether second derivatives are those of the recording, to rounding
    takes_composites : bool, whether it runs on programs with composite operations
    prepare : makes what the first replay would, where the planner chose the method, and returns the counts of it
    """

    name: str
    solve: Callable[[Request], Solution]
    counts: Callable[[Program, Any], dict[str, int]]
    seconds: Mapping[int, Estimator]
    options: Mapping[str, str]
    is_exact: bool
    takes_composites: bool
    prepare: Callable[[Program], dict[str, int]] = lambda _: {}


def cost_now(cost: float | Mapping[str, float]) -> float:
    """Return a cost on the instruction set in use, where it has one for each."""
    return cost[lanes.in_use()] if isinstance(cost, Mapping) else cost


def blocks_of(n_directions: int) -> int:
    """Return the number of blocks of lanes that hold so many directions."""
    return -(-n_directions // lanes.LANES)
