"""Replays of a program lane by lane: paths, scenarios or samples in blocks of SIMD width, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.lanes.tangent_plan import plan_tangents
from aadlib.program.arguments import checked_numbers
from aadlib.program.layout import Layout
from aadlib.program.replay import Replay, lent_replay
from aadlib.rules.properties import CURVES, CURVES_OF_SIDES, UNITS
from aadlib.sweeps import simd
from aadlib.sweeps.watch import unusual
from aadlib.threads import map_pieces
from aadlib.types import Floats
from aadlib.validation import require_one_length


def chunk_size(n_lanes: int) -> int:
    """Return how many lanes are swept in one call and have their adjoints added up together.

    A function of the number of lanes only, so that sums do not depend on the number of threads: large enough to
    hide what a call costs, small enough for 64 threads.
    """
    return simd.BLOCK * min(max(n_lanes // (64 * simd.BLOCK), 16), 128)


class LaneReplay:
    """The shared part of one replay, evaluated once, and the lanes' inputs, one row per scalar."""

    def __init__(self, program: Layout, uniform: Replay, arguments: Sequence[Any]) -> None:
        self.program = program
        self.uniform = uniform
        self._unusual = unusual()
        rows: list[Floats] = []
        given = checked_numbers(program.arguments, arguments)
        for argument, numbers in zip(program.arguments, given, strict=True):
            if argument.lane:
                rows.append(numbers.reshape(len(numbers), argument.size).T)
            else:
                uniform.values[argument.span] = numbers.ravel()
        self.n_lanes = require_one_length([part.shape[1] for part in rows])
        self.inputs: Floats = rows[0] if len(rows) == 1 else np.concatenate(rows)
        self.n_shared = program.nodes.first_node + program.n_uniform
        uniform.sweep_values()

    def met_infinity(self) -> bool:
        """Return whether a sweep made an infinity or a NaN since this was made; rarely, one of another thread."""
        return unusual() != self._unusual

    def _blocks(self, replay: Replay) -> Floats:
        """Return block values with everything that no lane changes filled in."""
        values = replay.state_block("lane_values")
        values[: self.n_shared] = self.uniform.values[: self.n_shared, None]
        return values.reshape(-1)

    def _over_chunks(
        self, sweep: Callable[[Replay, int, int], tuple[tuple[int, int], Any]], work: float
    ) -> list[Any]:
        """Sweep every chunk of lanes with scratch arrays of its own; raise where a guard changed."""
        size = chunk_size(self.n_lanes)

        def chunk(begin: int) -> Any:
            with lent_replay(self.program) as replay:
                (guard, lane), result = sweep(replay, begin, min(begin + size, self.n_lanes))
            if guard >= 0:
                self.program.raise_changed(guard, f" in the block of lanes from {lane}")
            return result

        return map_pieces(
            chunk, range(0, self.n_lanes, size), work=work * self.program.nodes.n_nodes * self.n_lanes
        )

    def _shaped(self, outputs: Floats) -> Floats:
        return outputs.T.reshape((self.n_lanes, *self.program.output_shape))

    def values(self) -> Floats:
        """Return the outputs, lanes first."""
        program = self.program
        outputs = np.empty((program.n_outputs, self.n_lanes))

        def sweep(replay: Replay, begin: int, end: int) -> tuple[tuple[int, int], None]:
            changed = simd.evaluate_chunk(
                program.nodes, program.n_uniform, (program.lane_slots, self.inputs), program.guard_arrays,
                self._blocks(replay), (begin, end), program.outputs, outputs,
            )  # fmt: skip
            return changed, None

        self._over_chunks(sweep, 2.0)
        return self._shaped(outputs)

    def sweep_adjoints(self) -> tuple[Floats, Floats]:
        """Return the outputs, lanes first, and the adjoints of lane inputs (n_lane_slots, n_lanes).

        Those of shared inputs, summed over the lanes, stand in `uniform.adjoints`.
        """
        program = self.program
        outputs = np.empty((program.n_outputs, self.n_lanes))
        lane_adjoints = np.zeros((program.lane_slots.size, self.n_lanes))
        seeds = np.ones(program.n_outputs)

        def sweep(replay: Replay, begin: int, end: int) -> tuple[tuple[int, int], Floats]:
            adjoints = replay.state_block("lane_adjoints")
            adjoints[:] = 0.0
            changed = simd.gradient_chunk(
                program.nodes, program.n_uniform, (program.lane_slots, self.inputs), program.guard_arrays,
                self._blocks(replay), adjoints.reshape(-1), (begin, end), program.outputs, seeds, outputs,
                lane_adjoints,
            )  # fmt: skip
            return changed, adjoints[: self.n_shared].sum(axis=1)

        sums = self._over_chunks(sweep, 4.0)
        adjoints = self.uniform.adjoints
        adjoints[:] = 0.0
        adjoints[: self.n_shared] = np.sum(sums, axis=0)
        self.uniform.pull_back()
        return self._shaped(outputs), lane_adjoints

    def gradients(self, lane_adjoints: Floats) -> list[Any]:
        """Return one gradient per active argument: summed over lanes, or lanes first."""
        program, adjoints = self.program, self.uniform.adjoints
        gradients: list[Any] = []
        row = 0
        for argument in program.arguments:
            if argument.lane:
                block = lane_adjoints[row : row + argument.size].T
                row += argument.size
                if argument.active:
                    gradients.append(np.ascontiguousarray(block).reshape((self.n_lanes, *argument.shape)))
            elif argument.active:
                part = adjoints[argument.span]
                gradients.append(part.reshape(argument.shape).copy() if argument.shape else float(part[0]))
        return gradients

    def derivatives(self) -> tuple[Floats, Floats, Floats]:
        """Return values (n_lanes,), gradients (n_lanes, n_active) and Hessians (n_lanes, n_active, n_active)."""
        program, nodes = self.program, self.program.nodes
        active = np.flatnonzero(program.input_active).astype(np.int32)
        values = np.empty(self.n_lanes)
        gradients = np.empty((self.n_lanes, active.size))
        hessians = np.empty((self.n_lanes, active.size, active.size))
        m = active.size
        curves = CURVES[nodes.op] & CURVES_OF_SIDES[nodes.activity]
        plan = plan_tangents(nodes, UNITS[nodes.op], active)
        size = (plan[2] + m * (m + 1) // 2 + m + nodes.n_slots) * simd.BLOCK + simd.LANES

        def sweep(replay: Replay, begin: int, end: int) -> tuple[tuple[int, int], None]:
            changed = simd.second_order_chunk(
                nodes, program.n_uniform, (program.lane_slots, self.inputs), program.guard_arrays,
                self._blocks(replay), curves, plan, replay.scratch(size), (begin, end), active, program.outputs[0],
                (values, gradients, hessians),
            )  # fmt: skip
            return changed, None

        self._over_chunks(sweep, 10.0 * (1 + m))
        return values, gradients, hessians
