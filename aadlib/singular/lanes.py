"""Lanes in which some partial is not finite: found block by block, and looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aadlib.program.layout import Layout
from aadlib.program.replay import Replay, lent_replay
from aadlib.singular import careful
from aadlib.singular.point import ACTIVE, LIVE, SingularPoint, singular_point
from aadlib.singular.report import is_strict, warn_of_singular
from aadlib.sweeps import simd
from aadlib.sweeps.watch import unusual
from aadlib.types import Flags, Floats


@dataclass(eq=False)
class Undetermined:
    """What is not determined over some lanes.

    Attributes
    ----------
    n_lanes : int, lanes in which something is not
    nodes : of the program, those in use there whose partials are not finite
    values : (n_slots,) in one of these lanes
    gradient, hessian : (n_inputs,) and (n_active, n_active) flags of the entries concerned in any lane; no Hessian
        below order 2
    """

    n_lanes: int
    nodes: tuple[int, ...]
    values: Floats
    gradient: Flags
    hessian: Flags

    def __add__(self, other: Undetermined | None) -> Undetermined:
        if other is None:
            return self
        return Undetermined(
            self.n_lanes + other.n_lanes,
            tuple(sorted({*self.nodes, *other.nodes})),
            self.values,
            self.gradient | other.gradient,
            self.hessian | other.hessian,
        )

    def warn(self, program: Layout, n_lanes: int) -> None:
        """Issue the `SingularWarning`, with the number of lanes."""
        parts = [
            (argument, self.values[argument.span].reshape(argument.shape)) for argument in program.arguments
        ]
        arguments = [numbers[None] if argument.lane else numbers for argument, numbers in parts]
        warn_of_singular(
            program, self.nodes, self.values, arguments, lanes=f" in {self.n_lanes} of {n_lanes} lanes"
        )


def singular_points(
    program: Layout,
    uniform: tuple[Floats, Sequence[Any]],
    inputs: Floats,
    lanes: tuple[int, int],
    order: int,
    finite: npt.NDArray[np.bool_] | None = None,
) -> Iterator[tuple[int, SingularPoint]]:
    """Yield the lanes, and their points, in which an operation in use has a partial that is not finite.

    Parameters
    ----------
    uniform : values (n_shared, or more) of what no lane changes, and states of the composites there
    inputs : (n_lane_slots, n_lanes)
    lanes : (begin, end)
    finite : (n_lanes,) flags, False for lanes whose derivatives are not finite, which are looked at in any case
    """
    nodes, states = program.nodes, list(uniform[1])
    n_shared = program.first_node + program.n_uniform
    start = _start(program)
    marks = np.empty(program.n_slots, dtype=np.uint8)
    seeds = np.ones(program.n_outputs)
    outputs = np.empty((program.n_outputs, inputs.shape[1]))
    with lent_replay(program) as replay:
        block = replay.state_block("lane_values")
        for begin in range(lanes[0], lanes[1], simd.BLOCK):
            end = min(begin + simd.BLOCK, lanes[1])
            block[:n_shared] = uniform[0][:n_shared, None]
            simd.evaluate_chunk(
                nodes, program.n_uniform, (program.lane_slots, inputs), program.guard_arrays, block.reshape(-1),
                (begin, end), program.outputs, outputs,
            )  # fmt: skip
            singular = np.empty(end - begin, dtype=np.uint8)
            careful.singular_lanes(
                nodes, block.reshape(-1), simd.BLOCK, end - begin, start, order, marks, singular
            )
            if finite is not None:
                singular |= ~finite[begin:end]
            for lane in np.flatnonzero(singular):
                point = singular_point(program, block[:, lane].copy(), states, seeds, order, False)
                if point is not None:
                    yield begin + int(lane), point


def _start(program: Layout) -> Flags:
    """Return the marks that are the same in every lane; what a composite has to do with is taken to be in use."""
    start = np.zeros(program.n_slots, dtype=np.uint8)
    start[: program.n_inputs] = program.input_active
    start[program.outputs] |= LIVE
    first = program.first_node
    for composite in program.composites:
        start[first + composite.begin : first + composite.end] |= ACTIVE
        start[composite.operands] |= LIVE
    return start


# ---- lanes that each have derivatives of their own ------------------------------------------------------------------


class LaneReplay(Protocol):
    """What `aadlib.lanes.per_lane.LaneReplay` has."""

    program: Layout
    uniform: Replay
    inputs: Floats
    n_lanes: int

    def met_infinity(self) -> bool: ...


def _points(
    lanes: LaneReplay, order: int, finite: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, SingularPoint]]:
    uniform = lanes.uniform.values, lanes.uniform.states
    return singular_points(lanes.program, uniform, lanes.inputs, (0, lanes.n_lanes), order, finite)


def settle_gradients(lanes: LaneReplay, lane_adjoints: Floats) -> None:
    """Put right the adjoints of lanes in which an operation in use has an infinite partial, and warn.

    `lane_adjoints` is (n_lane_slots, n_lanes); those of shared inputs are summed in `lanes.uniform.adjoints`.
    """
    if not lanes.met_infinity():
        return
    program, total = lanes.program, None
    finite: npt.NDArray[np.bool_] = np.all(np.isfinite(lane_adjoints), axis=0)
    for lane, point in _points(lanes, 1, finite):
        gradient = point.gradient()
        lane_adjoints[:, lane] = gradient[program.lane_slots]
        if point.undetermined:
            total = Undetermined(1, tuple(point.nodes), point.values, *point.unknown_entries(1)) + total
    if total is not None:
        if is_strict(program):
            lanes.uniform.adjoints[: program.n_inputs][total.gradient] = np.nan
        total.warn(program, lanes.n_lanes)


def settle_hessians(lanes: LaneReplay, gradients: Floats, hessians: Floats) -> None:
    """Put right gradients (n_lanes, n_active) and Hessians (n_lanes, n_active, n_active), likewise."""
    if not lanes.met_infinity():
        return
    program, total = lanes.program, None
    rows = np.concatenate([gradients, hessians.reshape(len(hessians), -1)], axis=1)
    finite: npt.NDArray[np.bool_] = np.all(np.isfinite(rows), axis=1)
    for lane, point in _points(lanes, 2, finite):
        gradients[lane] = point.gradient()[program.input_active]
        hessians[lane] = point.hessian()
        if point.undetermined:
            nothing = np.zeros((0, 0), dtype=bool)
            total = Undetermined(1, tuple(point.nodes), point.values, nothing, nothing) + total
    if total is not None:
        total.warn(program, lanes.n_lanes)


# ---- lanes whose derivatives are added up ---------------------------------------------------------------------------


class UniformPoint(Protocol):
    """What `aadlib.lanes.summed.UniformPoint` has."""

    @property
    def values(self) -> Floats: ...
    @property
    def states(self) -> list[Any]: ...
    @property
    def met_infinity(self) -> bool: ...


def undetermined_lanes(
    program: Layout,
    uniform: UniformPoint,
    arrays: Sequence[Floats],
    lanes: tuple[int, int],
    order: int,
    before: int,
) -> Undetermined | None:
    """Return what is not determined in a range of lanes whose derivatives are added up, or None.

    `arrays` are (n_lanes, size), one per lane argument; `before` is what `aadlib.sweeps.watch.unusual` returned before
    the lanes were swept.
    """
    if not uniform.met_infinity and unusual() == before:
        return None
    inputs = np.concatenate([array[lanes[0] : lanes[1]].T for array in arrays])
    total: Undetermined | None = None
    known = uniform.values, uniform.states
    for _, point in singular_points(program, known, inputs, (0, inputs.shape[1]), order):
        gradient, hessian = point.unknown_entries(order)
        if gradient.any() or hessian.any():
            one = Undetermined(1, tuple(point.nodes), point.values, gradient, hessian)
            total = one + total
    return total
