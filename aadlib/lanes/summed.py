"""Sums over lanes by a path's code: the uniform part once, the lanes in blocks, the sums carried back to the inputs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError, NotFinite, describe_line
from aadlib.lanes.path_code import PathCode, checksum
from aadlib.program.layout import Layout
from aadlib.program.replay import lent_replay
from aadlib.rules.properties import LINEAR
from aadlib.sweeps import simd
from aadlib.sweeps.watch import unusual
from aadlib.threads import map_pieces
from aadlib.types import Floats, frozen
from aadlib.validation import require_one_length

PIECE = 4096
"""Lanes swept in one go: fixed, so that sums do not depend on the number of threads."""

NONE: Floats = np.zeros(0)

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class UniformPoint:
    """What no lane changes, at one set of shared inputs.

    Attributes
    ----------
    values : (n_shared,) of inputs, constants and uniform nodes
    states : of the composites
    tangents : (n_blocks, n_shared, LANES) in the active inputs; no blocks where no second derivatives are wanted
    carried : (n_columns, n_active) derivatives of the code's columns in the inputs; no rows where they are these
    fixed : (1, n) what stands in the arena from block to block; one row per active input where that is a direction
    met_infinity : whether the sweeps over it made an infinity or a NaN
    """

    values: Floats
    states: list[Any]
    tangents: Floats
    carried: Floats
    fixed: Floats
    met_infinity: bool


def onto_inputs(rows: Floats, carried: Floats) -> Floats:
    """Return rows (n_ranges, m, n_columns) times carried (n_columns, n_active).

    Where each row of the latter has one entry, as is usual where columns depend on one input each, multiples of columns
    are added up: a small product of matrices would wake BLAS's threads. Zero times infinity is zero as in every sweep:
    a column that only a branch not taken depends on may hold anything.
    """
    finite = np.isfinite(carried).all(axis=1) & np.isfinite(rows).all(axis=(0, 1))
    if not finite.all():
        products = onto_inputs(rows[:, :, finite], carried[finite])
        for column in np.flatnonzero(~finite):
            factors, others = rows[:, :, column, None], carried[column]
            with np.errstate(all="ignore"):
                products += np.where((factors != 0.0) & (others != 0.0), factors * others, 0.0)
        return products
    if (np.count_nonzero(carried, axis=1) > 1).any():
        return rows @ carried
    inputs = np.abs(carried).argmax(axis=1)
    order = np.argsort(inputs, kind="stable")
    present, starts = np.unique(inputs[order], return_index=True)
    products = np.zeros((*rows.shape[:2], carried.shape[1]))
    if starts.size:
        scaled = rows[:, :, order] * carried[order, inputs[order]]
        products[:, :, present] = np.add.reduceat(scaled, starts, axis=2)
    return products


def symmetric(matrices: Floats) -> Floats:
    """Return the symmetric part of matrices (n, m, m)."""
    return 0.5 * (matrices + matrices.transpose(0, 2, 1))


class LaneSums:
    """Sums of a path's value, gradient and Hessian over ranges of lanes; for any number of threads.

    Parameters
    ----------
    program : one scalar output, shared active and passive lane arguments
    path : PathCode of that program, or of another of the same structure
    machine : what runs the code, `BlockMachine` on the CPU or `aadlib.lanes.machine_cuda.CudaMachine`
    """

    def __init__(self, program: Layout, path: PathCode, machine: Any) -> None:
        self.program, self.path = program.apart(), path
        self.n_shared = program.nodes.first_node + program.n_uniform
        uniform = slice(0, program.n_uniform)
        curved = (LINEAR[program.nodes.op[uniform]] == 0) & (program.nodes.activity[uniform] > 0)
        self.uniform_curvature = path.order == 2 and bool(curved.any() or program.composites)
        self._kind = machine
        self._machine = machine(path.code)
        self._workspaces: list[Floats] = []
        self._last: tuple[bytes, UniformPoint] | None = None

    def __getstate__(self) -> tuple[Layout, PathCode, Any, int]:
        return self.program, self.path, self._kind, checksum(self.path)

    def __setstate__(self, state: tuple[Layout, PathCode, Any, int]) -> None:
        program, path, machine, expected = state
        if checksum(path) != expected:
            raise AadValueError(
                "this pickled sweep is damaged: its code is not what was written; make it again"
            )
        LaneSums.__init__(self, program, path, machine)

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
        program, path, fixed = self.program, self.path, self.path.fixed
        carries = path.directional or not path.at_inputs
        before = unusual()
        with lent_replay(program) as replay:
            given = iter(shared)
            for argument in program.arguments:
                if not argument.lane:
                    replay.values[argument.span] = next(given).ravel()
            replay.sweep_values()
            values = replay.values[: self.n_shared].copy()
            tangents: Floats = np.zeros((0, self.n_shared, simd.LANES))
            if fixed.rows.size or self.uniform_curvature or carries:
                tangents = replay.sweep_tangents(replay.values, program.unit_directions())[
                    :, : self.n_shared
                ].copy()
            states = list(replay.states)
        numbers = fixed.numbers.copy()
        numbers[fixed.values[0]] = values[fixed.values[1]]
        registers, slots, inputs = fixed.rows
        if registers.size:
            numbers[registers] = tangents[inputs // simd.LANES, slots, inputs % simd.LANES]
        rows = np.repeat(numbers[None], path.active.size if path.directional else 1, axis=0)
        if path.directional:
            registers, slots = fixed.tangents
            rows[:, registers] = self._rows_of(tangents, slots).T
        blocks = np.repeat(rows, simd.LANES, axis=1)
        carried = self._rows_of(tangents, path.columns[: None if carries else 0])
        infinite = unusual() != before
        return UniformPoint(
            frozen(values), states, frozen(tangents), frozen(carried), frozen(blocks), infinite
        )

    def _rows_of(self, tangents: Floats, slots: npt.NDArray[Any]) -> Floats:
        """Return the derivatives of uniform slots in the active inputs, (n_slots, n_active)."""
        rows = tangents[:, slots].transpose(1, 0, 2).reshape(slots.size, len(tangents) * simd.LANES)
        return rows[:, : self.path.active.size]

    # ---- the lanes -------------------------------------------------------------------------------------------------

    def sums(
        self, point: UniformPoint, arrays: list[Floats], edges: Sequence[int], outputs: Floats = NONE
    ) -> tuple[Floats, Counts]:
        """Return the code's sums over the lanes from each edge to the next, and how many changed each guard there.

        Parameters
        ----------
        arrays : one (n_lanes, size) array per lane argument
        edges : (n_ranges + 1,), increasing
        outputs : (n_lanes,) to receive the values, or empty

        Returns
        -------
        sums (n_ranges, n), changed (n_ranges, n_guards); from a range on in which a guard changed, sums are void
        """
        try:
            workspace = self._workspaces.pop()
        except IndexError:
            workspace = np.zeros(self._machine.size)
        n_ranges, n_directions = len(edges) - 1, len(point.fixed)
        changed = np.zeros((n_ranges, len(self.program.guards)), dtype=np.int64)
        sums = np.zeros((n_ranges, n_directions, self.path.code.n_sums))
        cuts = np.array(edges, dtype=np.int64)
        bad = self._machine.run(point.fixed, workspace, arrays, cuts, outputs, changed, sums)
        if bad >= 0 and not changed.any():
            self._raise_not_finite(point, arrays, bad, edges[bisect_right(edges, bad)])
        self._workspaces.append(workspace)
        if n_directions == 1:
            return sums[:, 0], changed
        n = 1 + self.path.adjoint_slots.size
        return np.concatenate([sums[:, 0, :n], sums[:, :, n:].reshape(n_ranges, -1)], axis=1), changed

    def raise_changed(self, changed: Counts, edges: Sequence[int]) -> None:
        """Raise `BranchChanged` where a guard came out otherwise in some lanes of a range."""
        if changed.any():
            number, guard = (int(k) for k in np.argwhere(changed)[0])
            n_lanes = edges[number + 1] - edges[number]
            self.program.raise_changed(guard, f" in {changed[number, guard]} of {n_lanes} lanes")

    def derivatives(self, point: UniformPoint, sums: Floats) -> tuple[Floats, Floats, Floats]:
        """Return sums of values (n_ranges,), gradients (n_ranges, n_active), Hessians (n_ranges, n_active, n_active).

        `sums` are the code's, (n_ranges, n). Hessians are empty below order 2.
        """
        path, program = self.path, self.program
        n, size = 1 + path.adjoint_slots.size, path.active.size
        gradients = np.empty((len(sums), size))
        hessians = np.ascontiguousarray(self._carried(point, sums[:, n:])) if path.order == 2 else NONE
        if program.composites:
            bends = np.empty((len(sums) if self.uniform_curvature else 0, size, size))
            self._past_composites(point, sums[:, 1:n], gradients, bends)
            if self.uniform_curvature:
                hessians = hessians + symmetric(bends)
            return sums[:, 0].copy(), gradients, hessians
        curved = self.uniform_curvature
        simd.uniform_derivatives(
            program.nodes, point.values, point.tangents[: None if curved else 0], sums[:, 1:n], path.adjoint_slots,
            path.active, gradients, hessians if curved else np.empty((0, 0, 0)), program.n_uniform,
        )  # fmt: skip
        return sums[:, 0].copy(), gradients, hessians

    def _past_composites(self, point: UniformPoint, sums: Floats, gradients: Floats, bends: Floats) -> None:
        """Carry the adjoints back one range after the other, where there are composites; fill gradients and bends."""
        path, program = self.path, self.program
        with lent_replay(program) as replay:
            adjoints = replay.adjoints
            replay.values[: self.n_shared] = point.values
            replay.states = point.states
            for number, row in enumerate(sums):
                adjoints[: self.n_shared] = 0.0
                adjoints[path.adjoint_slots] = row
                replay.pull_back()
                gradients[number] = adjoints[path.active]
                if self.uniform_curvature:
                    bends[number] = replay.sweep_curvature(replay.values, adjoints, program.unit_directions())

    def _carried(self, point: UniformPoint, sums: Floats) -> Floats:
        """Return the part of the Hessians that the lanes make, in the inputs."""
        size = self.path.active.size
        if self.path.directional:
            return symmetric(onto_inputs(sums.reshape(len(sums), size, -1), point.carried))
        padded = np.concatenate([sums, np.zeros((len(sums), 1))], axis=1)
        at_columns: Floats = padded.take(self.path.sums_of_entries, axis=1)
        if self.path.at_inputs:
            return at_columns
        half = onto_inputs(at_columns, point.carried).transpose(0, 2, 1)
        return symmetric(onto_inputs(half, point.carried))

    def _raise_not_finite(self, point: UniformPoint, arrays: list[Floats], begin: int, end: int) -> None:
        """Say what is not finite: a lane's input, its value, or a derivative."""
        program = self.program
        lane_arguments = [argument for argument in program.arguments if argument.lane]
        values = np.zeros(program.nodes.n_slots)
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
            simd.value_sweep(program.nodes, values, (program.n_uniform, program.n_nodes))
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

    def over_all(self, arguments: Sequence[Floats], piece: int = PIECE) -> tuple[Floats, Floats, Floats]:
        """Return values (n_lanes,), and gradient and Hessian summed over the lanes, spread over threads.

        Parameters
        ----------
        arguments : all arguments of the program, checked for their shapes
        piece : lanes swept in one go, in the same order for any number of threads
        """
        parts = list(zip(self.program.arguments, arguments, strict=True))
        arrays = [
            numbers.reshape(len(numbers), argument.size) for argument, numbers in parts if argument.lane
        ]
        n_lanes = require_one_length([len(array) for array in arrays])
        point = self.at([numbers for argument, numbers in parts if not argument.lane])
        outputs = np.empty(n_lanes)

        def sweep(begin: int) -> tuple[Floats, Counts]:
            return self.sums(point, arrays, (begin, min(begin + piece, n_lanes)), outputs)

        swept = map_pieces(
            sweep,
            range(0, n_lanes, piece),
            work=float(self.path.code.steps + self.path.wide_products) * n_lanes,
        )
        self.raise_changed(np.sum([changed for _, changed in swept], axis=0), (0, n_lanes))
        _, gradients, hessians = self.derivatives(point, np.sum([sums for sums, _ in swept], axis=0))
        return outputs, gradients[0], hessians[0] if self.path.order == 2 else NONE
