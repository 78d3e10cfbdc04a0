"""Replays of a path's code: the uniform part once, the lanes in blocks, and the sums carried back to the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError, NotFinite
from aadlib.lanes.machine import BlockMachine
from aadlib.lanes.path_code import PathCode
from aadlib.program.arguments import require_one_length
from aadlib.program.layout import Layout
from aadlib.program.parts import describe_line
from aadlib.program.replay import Replay, lent_replay
from aadlib.rules.properties import LINEAR
from aadlib.sweeps import scalar
from aadlib.sweeps import simd as lanes
from aadlib.threads import map_pieces
from aadlib.types import Floats, frozen

PIECE = 4096
"""Lanes swept in one go: fixed, so that sums do not depend on the number of threads."""

NONE: Floats = np.zeros(0)


@dataclass(frozen=True, eq=False)
class UniformPoint:
    """What no lane changes, at one set of shared inputs.

    Attributes
    ----------
    values : (n_shared,) of inputs, constants and uniform nodes
    states : of the composites
    tangents : (n_blocks, n_shared, LANES) in the active inputs; no blocks where no second derivatives are wanted
    carried : (n_columns, n_active) of the code's columns; no rows where these are inputs
    fixed : (1, n) what stands in the arena from block to block; one row per active input where that is a direction
    """

    values: Floats
    states: list[Any]
    tangents: Floats
    carried: Floats
    fixed: Floats


def onto_inputs(rows: Floats, carried: Floats) -> Floats:
    """Return rows times carried; where each of its rows has one entry, by adding up multiples of columns.

    A column that depends on one input is the usual case, and a small product of matrices would wake BLAS's threads.
    """
    if (np.count_nonzero(carried, axis=1) > 1).any():
        return rows @ carried
    inputs = np.abs(carried).argmax(axis=1)
    order = np.argsort(inputs, kind="stable")
    present, starts = np.unique(inputs[order], return_index=True)
    found = np.zeros((len(rows), carried.shape[1]))
    if starts.size:
        scaled = rows[:, order] * carried[order, inputs[order]]
        found[:, present] = np.add.reduceat(scaled, starts, axis=1)
    return found


class LaneSums:
    """Sums of a path's value, gradient and Hessian over ranges of lanes; for any number of threads.

    Parameters
    ----------
    program : one scalar output, shared active and passive lane arguments
    path : PathCode of that program
    machine : what runs the code, `BlockMachine` on the CPU or `aadlib.lanes.machine_cuda.CudaMachine`
    """

    def __init__(self, program: Layout, path: PathCode, machine: Any = BlockMachine) -> None:
        self.program = program
        self.path = path
        self.n_shared = program.first_node + program.n_uniform
        self.active: npt.NDArray[np.intp] = np.flatnonzero(program.input_active)
        self._column_of = {int(slot): position for position, slot in enumerate(self.active)}
        self.second_order = path.order == 2
        uniform = slice(0, program.n_uniform)
        curved = (LINEAR[program.op[uniform]] == 0) & (program.activity[uniform] > 0)
        self.uniform_curvature = self.second_order and bool(curved.any() or program.composites)
        self._at_inputs = bool(np.isin(path.columns, self.active).all())
        self._places_of_sums = self._sums_of_entries()
        self._kind = machine
        self._machine = machine(path.code)
        self._plan_fixed()
        self._workspaces: list[Floats] = []
        self._last: tuple[bytes, UniformPoint] | None = None

    def __getstate__(self) -> tuple[Layout, PathCode, Any]:
        return self.program, self.path, self._kind

    def __setstate__(self, state: tuple[Layout, PathCode, Any]) -> None:
        LaneSums.__init__(self, *state)

    def _plan_fixed(self) -> None:
        """Sort the code's fixed registers by where their numbers come from."""
        keys: list[Any] = list(self.path.code.fixed)
        self._numbers: Floats = np.array([key[1] if key[0] == "number" else 0.0 for key in keys])
        values = [(place, key[1]) for place, key in enumerate(keys) if key[0] == "value"]
        rows = [(place, key[2], self._column_of[key[1]]) for place, key in enumerate(keys) if key[0] == "row"]
        along = [(place, key[1]) for place, key in enumerate(keys) if key[0] == "tangent"]
        self._value_places = np.array(values, dtype=np.intp).reshape(-1, 2).T
        self._along_places = np.array(along, dtype=np.intp).reshape(-1, 2).T
        self._row_places = np.array(rows, dtype=np.intp).reshape(-1, 3).T

    # ---- the uniform part ------------------------------------------------------------------------------------------

    def at(self, shared: Sequence[Floats]) -> UniformPoint:
        """Return the uniform part at one finite array per shared argument, that of the last call if nothing changed."""
        key = b"".join([numbers.tobytes() for numbers in shared])
        last = self._last
        if last is not None and last[0] == key:
            return last[1]
        for position, numbers in enumerate(shared):
            if not np.isfinite(numbers).all():
                raise AadValueError(f"shared argument {position} is {numbers!r}: must be finite")
        point = self._swept(shared)
        self._last = key, point
        return point

    def _swept(self, shared: Sequence[Floats]) -> UniformPoint:
        program, path = self.program, self.path
        with lent_replay(program) as replay:
            given = iter(shared)
            for argument in program.arguments:
                if not argument.lane:
                    replay.values[argument.span] = next(given).ravel()
            replay.sweep_values()
            values = replay.values[: self.n_shared].copy()
            tangents: Floats = np.zeros((0, self.n_shared, lanes.LANES))
            if self._row_places.size or self.uniform_curvature or path.directional or not self._at_inputs:
                found = replay.sweep_tangents(replay.values, self._directions())
                tangents = found[:, : self.n_shared].copy()
            states = list(replay.states)
        numbers = self._numbers.copy()
        numbers[self._value_places[0]] = values[self._value_places[1]]
        if self._row_places.size:
            places, slots, columns = self._row_places
            numbers[places] = tangents[columns // lanes.LANES, slots, columns % lanes.LANES]
        rows = np.repeat(numbers[None], self.active.size if path.directional else 1, axis=0)
        if path.directional:
            places, slots = self._along_places
            rows[:, places] = self._rows_of(tangents, slots).T
        fixed = np.repeat(rows, lanes.LANES, axis=1)
        at_columns = path.columns[: 0 if self._at_inputs and not path.directional else None]
        carried = self._rows_of(tangents, at_columns)
        return UniformPoint(frozen(values), states, frozen(tangents), frozen(carried), frozen(fixed))

    def _rows_of(self, tangents: Floats, slots: npt.NDArray[Any]) -> Floats:
        """Return the derivatives of uniform slots in the active inputs, (n_slots, n_active)."""
        rows = tangents[:, slots].transpose(1, 0, 2).reshape(slots.size, len(tangents) * lanes.LANES)
        return rows[:, : self.active.size]

    def _directions(self) -> Floats:
        directions = np.zeros((self.active.size, self.program.n_inputs))
        directions[np.arange(self.active.size), self.active] = 1.0
        return directions

    # ---- the lanes -------------------------------------------------------------------------------------------------

    def sums(
        self, point: UniformPoint, arrays: list[Floats], begin: int, end: int, outputs: Floats | None = None
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Return the code's sums over lanes begin..end-1 and the number of lanes in which each guard changed.

        `arrays` has one (n_lanes, size) array per lane argument; `outputs` (n_lanes,) receives the values.
        """
        try:
            workspace = self._workspaces.pop()
        except IndexError:
            workspace = np.zeros(self._machine.size)
        changed = np.zeros(len(self.program.guards), dtype=np.int64)
        found = np.empty((len(point.fixed), self.path.code.n_sums))
        bad = -1
        for fixed, sums in zip(point.fixed, found, strict=True):
            if bad < 0 and not changed.any():
                bad = self._machine.run(
                    fixed, workspace, arrays, begin, end, NONE if outputs is None else outputs, changed, sums
                )
        self._workspaces.append(workspace)
        if bad >= 0 and not changed.any():
            self._raise_not_finite(point, arrays, bad, end)
        if len(found) == 1:
            return found[0], changed
        n = 1 + self.path.adjoint_slots.size
        return np.concatenate([found[0, :n], found[:, n:].ravel()]), changed

    def raise_changed(self, changed: npt.NDArray[np.int64], n_lanes: int) -> None:
        """Raise `BranchChanged` where a guard came out otherwise in some lanes."""
        if changed.any():
            guard = int(np.flatnonzero(changed)[0])
            self.program.raise_changed(guard, f" in {changed[guard]} of {n_lanes} lanes")

    def derivatives(self, point: UniformPoint, sums: Floats) -> tuple[float, Floats, Floats]:
        """Return the sums of value, gradient (n_active,) and Hessian (n_active, n_active) out of the code's sums."""
        path, program = self.path, self.program
        n = path.adjoint_slots.size
        with lent_replay(program) as replay:
            adjoints = replay.adjoints
            adjoints[: self.n_shared] = 0.0
            adjoints[path.adjoint_slots] = sums[1 : 1 + n]
            replay.values[: self.n_shared] = point.values
            replay.states = point.states
            replay.pull_back()
            gradient = adjoints[self.active]
            hessian = self._carried(point, sums[1 + n :]) if self.second_order else NONE
            if self.uniform_curvature:
                hessian += self._uniform_hessian(point, replay, adjoints)
        return float(sums[0]), gradient, hessian

    def _sums_of_entries(self) -> npt.NDArray[np.intp]:
        """Return for every entry of the columns' matrix which sum it is; where there is none, one past the last."""
        columns, (rows, others) = self.path.columns, self.path.pairs.T.astype(np.intp)
        size = columns.size
        if self._at_inputs:
            size, places = self.active.size, np.searchsorted(self.active, columns)
            rows, others = places[rows], places[others]
        numbers = np.full((size, size), len(self.path.pairs), dtype=np.intp)
        numbers[rows, others] = numbers[others, rows] = np.arange(len(self.path.pairs))
        return numbers

    def _carried(self, point: UniformPoint, sums: Floats) -> Floats:
        """Return the part of the Hessian that the lanes make, in the inputs."""
        size = self.active.size
        if self.path.directional:
            products = onto_inputs(sums.reshape(size, -1), point.carried)
            return 0.5 * (products + products.T)
        met: Floats = np.append(sums, 0.0).take(self._places_of_sums)
        if self._at_inputs:
            return met
        found = onto_inputs(onto_inputs(met, point.carried).T, point.carried)
        return 0.5 * (found + found.T)

    def _uniform_hessian(self, point: UniformPoint, replay: Replay, adjoints: Floats) -> Floats:
        """Return the curvature of the uniform nodes, weighed by the adjoints summed over lanes."""
        program, size = self.program, self.active.size
        if program.composites:
            found = replay.sweep_curvature(replay.values, adjoints, self._directions())
        else:
            width = len(point.tangents) * lanes.LANES
            matrix = np.zeros((width, len(point.tangents), lanes.LANES))
            segment = (0, program.n_uniform)
            lanes.bottleneck_terms(program.nodes, point.values, adjoints, point.tangents, matrix, segment)
            found = matrix.reshape(width, width)[:size, :size]
        return 0.5 * (found + found.T)

    def _raise_not_finite(self, point: UniformPoint, arrays: list[Floats], begin: int, end: int) -> None:
        """Say what is not finite: a lane's input, its value, or a derivative."""
        program = self.program
        lane_arguments = [argument for argument in program.arguments if argument.lane]
        values = np.zeros(program.n_slots)
        values[: self.n_shared] = point.values
        for lane in range(begin, end):
            for argument, array in zip(lane_arguments, arrays, strict=True):
                row = array[lane]
                if not np.isfinite(row).all():
                    position = int(np.flatnonzero(~np.isfinite(row))[0])
                    raise AadValueError(
                        f"lane {lane} has {float(row[position])!r} at position {position} of its inputs: must be finite"
                    )
                values[argument.span] = row
            scalar.value_sweep(program.nodes, values, (program.n_uniform, program.n_nodes))
            if not np.isfinite(values[program.outputs[0]]):
                self._raise_for_lane(values, lane)
        raise NotFinite(
            f"a derivative is not finite in one of lanes {begin} to {end - 1}, though every value is: a path stands at "
            "a point where the function has none (a square root of zero, say); keep paths away from it"
        )

    def _raise_for_lane(self, values: Floats, lane: int) -> None:
        program = self.program
        value = float(values[program.outputs[0]])
        if program.lines is not None:
            with lent_replay(program) as replay:
                replay.raise_not_finite(values, program.lines)
        kinks = f" (a kink stands at {describe_line(program.kinks[0].line)})" if program.kinks else ""
        raise NotFinite(
            f"the path's value is {value!r} in lane {lane}{kinks}: a recording by aadlib.record(..., "
            "trace_lines=True) names the operation and its source line"
        )

    # ---- many lanes --------------------------------------------------------------------------------------------------

    def over_all(self, arguments: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
        """Return values (n_lanes,), and gradient and Hessian summed over the lanes, spread over threads.

        `arguments` are all arguments of the program, checked for their shapes.
        """
        given = zip(self.program.arguments, arguments, strict=True)
        parts = [(argument, numbers) for argument, numbers in given]
        arrays = [
            numbers.reshape(len(numbers), argument.size) for argument, numbers in parts if argument.lane
        ]
        n_lanes = require_one_length([len(array) for array in arrays])
        point = self.at([numbers for argument, numbers in parts if not argument.lane])
        outputs = np.empty(n_lanes)

        def sweep(begin: int) -> tuple[Floats, npt.NDArray[np.int64]]:
            return self.sums(point, arrays, begin, min(begin + PIECE, n_lanes), outputs)

        found = map_pieces(
            sweep,
            range(0, n_lanes, PIECE),
            work=float(self.path.code.steps + self.path.wide_products) * n_lanes,
        )
        self.raise_changed(np.sum([changed for _, changed in found], axis=0), n_lanes)
        _, gradient, hessian = self.derivatives(point, np.sum([sums for sums, _ in found], axis=0))
        return outputs, gradient, hessian
