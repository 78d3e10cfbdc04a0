"""A recording frozen for replay: immutable, shareable between threads."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from aadlib.lanes.bottleneck import meeting_code
from aadlib.lanes.per_lane import LaneReplay
from aadlib.lanes.summed import LaneSums
from aadlib.program import graph
from aadlib.program.freeze import freeze
from aadlib.program.nodes import Nodes
from aadlib.program.replay import Argument, Replay, describe_line
from aadlib.rules.properties import PAIRED
from aadlib.sweeps import scalar
from aadlib.sweeps import simd as lanes
from aadlib.sweeps.point_replay import PointReplay
from aadlib.tape.advar import ADVar
from aadlib.tape.tape import Tape
from aadlib.threads import map_pieces
from aadlib.types import Floats, Ints, frozen
from aadlib.validation import as_floats

SMALL = 4096
"""Most nodes of a program that replays in one call from Python: beyond it the calls are no longer what costs."""


class Program:
    """A function recorded once, replayed many times.

    Made by `aadlib.record`. Slots number everything a sweep touches: inputs `0 .. n_inputs - 1`, then the constants,
    then the nodes in an order in which operands come first (nodes that no lane changes before those that one does).

    Attributes
    ----------
    n_inputs, n_outputs, n_nodes, n_slots : int
    n_recorded : int, operations recorded, before repeats were merged and unused ones dropped
    op, left, right : (n_nodes,) arrays, operation codes (rows of `aadlib.rules.RULES`) and operand slots; a unary
        operation has its operand in both
    activity : (n_nodes,) bits, 1 and 2 where the derivative in the left and right operand is wanted
    constants : (n_constants,) values of the constant slots
    outputs : (n_outputs,) slots
    arguments : the recorded function's arguments
    kinks, guards : operations that are not smooth, and comparisons, each with its source line
    composites : composite operations, in order; between them lie the segments of plain nodes
    cache : what sweeps found out about this program and keep with it; neither copied nor pickled
    """

    def __init__(
        self,
        tape: Tape,
        *,
        inputs: Sequence[ADVar],
        outputs: Sequence[ADVar | float],
        arguments: Sequence[Argument],
        output_shape: tuple[int, ...] = (),
    ) -> None:
        self.arguments = tuple(arguments)
        self.output_shape = output_shape
        spread = [(np.full(a.size, a.active), np.full(a.size, a.lane)) for a in arguments]
        active, lane = (np.concatenate(flags) for flags in zip(*spread, strict=True))
        layout = freeze(tape, inputs=inputs, outputs=outputs, input_active=active, input_lane=lane)
        self.op, self.left, self.right = layout.op, layout.left, layout.right
        self.activity, self.constants, self.outputs = layout.activity, layout.constants, layout.outputs
        self.guards, self.kinks, self.lines = layout.guards, layout.kinks, layout.lines
        self.n_inputs, self.n_outputs, self.n_nodes = layout.n_inputs, len(outputs), layout.op.size
        self.n_recorded, self.n_uniform = layout.n_recorded, layout.n_uniform
        self.first_node = self.n_inputs + self.constants.size
        self.n_slots = self.first_node + self.n_nodes
        self.nodes = Nodes(self.op, self.left, self.right, self.activity, self.first_node)
        self.input_active: npt.NDArray[np.bool_] = frozen(active)
        self.lane_slots: Ints = frozen(np.flatnonzero(lane).astype(np.int32))
        self.value_code, self.adjoint_code = (
            frozen(codes)
            for codes in scalar.schedule(
                self.op, self.left, self.right, self.activity, PAIRED, self.first_node, self.n_uniform
            )
        )
        self.guard_arrays = layout.guard_arrays
        self.composites = layout.composites
        edges = [0, *(edge for c in self.composites for edge in (c.begin, c.end)), self.n_uniform]
        self.segments = tuple(zip(edges[::2], edges[1::2], strict=True))
        self._idle: list[Replay] = []
        self._points: list[Any] = []
        self.cache: dict[Hashable, Any] = {}
        self._small = 0 < self.n_nodes <= SMALL and not (
            self.composites
            or self.has_lanes
            or self.lines
            or output_shape
            or len(self.arguments) != 1
            or not self.arguments[0].active
        )

    @cached_property
    def _recycled_adjoints(self) -> tuple[Ints, int]:
        places = np.empty(self.n_slots, dtype=np.int32)
        touched = [c.operands for c in self.composites] + [
            np.arange(self.first_node + c.begin, self.first_node + c.end) for c in self.composites
        ]
        kept = np.concatenate([np.arange(self.n_inputs), self.outputs, *touched]).astype(np.int32)
        count = scalar.recycle_adjoints(self.left, self.right, self.activity, kept, places)
        return frozen(places), count

    @property
    def adjoint_places(self) -> Ints:
        """Place of every slot (n_slots,) among the adjoints that a second-order sweep holds, found when asked."""
        return self._recycled_adjoints[0]

    @property
    def n_adjoint_places(self) -> int:
        """Number of these places."""
        return self._recycled_adjoints[1]

    # ---- arguments --------------------------------------------------------------------------------------------

    @property
    def has_lanes(self) -> bool:
        """Whether an argument varies from lane to lane."""
        return self.lane_slots.size > 0

    @property
    def n_active(self) -> int:
        """Number of scalars that are differentiated (in one lane)."""
        return int(self.input_active.sum())

    def check_count(self, arguments: Sequence[Any]) -> None:
        """Raise unless there is one value per argument."""
        if len(arguments) != len(self.arguments):
            raise AadTypeError(
                f"this program was recorded with {len(self.arguments)} arguments, got {len(arguments)}"
            )

    def numbers(self, position: int, given: Any) -> Floats:
        """Return one argument as floats, checked for its shape and for NaN."""
        argument = self.arguments[position]
        numbers = as_floats(f"argument {position}", given)
        shape = numbers.shape[1:] if argument.lane and numbers.ndim else numbers.shape
        if shape != argument.shape or (argument.lane and numbers.ndim == 0):
            wanted = (
                f"(n_lanes, {', '.join(map(str, argument.shape))})" if argument.lane else f"{argument.shape}"
            )
            raise AadValueError(
                f"argument {position} has shape {numbers.shape}: this program was recorded for {wanted}; record again"
            )
        if not np.isfinite(numbers).all():
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
            raise AadValueError(
                f"argument {position} is {float(numbers[index])!r} at {index}: inputs must be finite"
            )
        return numbers

    def _pack(self, vector: Floats, arguments: Sequence[Any], what: str) -> None:
        """Fill the active positions of `vector` (n_inputs) from one array per active argument."""
        active = [a for a in self.arguments if a.active]
        if len(arguments) != len(active):
            raise AadTypeError(
                f"{what}: give one array per active argument ({len(active)}), got {len(arguments)}"
            )
        for argument, given in zip(active, arguments, strict=True):
            numbers = np.asarray(given, dtype=np.float64)
            if numbers.shape != argument.shape:
                raise AadValueError(f"{what} has shape {numbers.shape}: must have shape {argument.shape}")
            vector[argument.span] = numbers.ravel()

    def _unpack(self, flat: Floats) -> Any:
        """Cut a flat array over the inputs (last axis) into one array per active argument."""
        parts = [
            flat[..., a.span].reshape(flat.shape[:-1] + a.shape)
            if a.shape or flat.ndim > 1
            else float(flat[a.offset])
            for a in self.arguments
            if a.active
        ]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _shape_output(self, flat: Floats) -> Any:
        return flat.reshape(self.output_shape) if self.output_shape else float(flat[0])

    def raise_changed(self, position: int, where: str) -> None:
        """Raise `BranchChanged` for guard number `position`."""
        guard = self.guards[position]
        # Lanes may branch apart: no recording at other inputs holds them all.
        instead = (
            "" if self.has_lanes else ', record at these inputs, or record with on_branch_change="retrace"'
        )
        raise BranchChanged(
            f"the comparison at {describe_line(guard.line)} was {guard.outcome} when recorded and comes out "
            f"{not guard.outcome} now{where}: the recording holds one branch only. Use where/maximum in its place"
            f"{instead}"
        )

    # ---- one market state -------------------------------------------------------------------------------------

    @contextmanager
    def replay(self) -> Iterator[Replay]:
        """Hand out scratch arrays that no other thread uses until the block ends."""
        try:
            replay = self._idle.pop()
        except IndexError:
            replay = Replay(self)
        try:
            yield replay
        finally:
            self._idle.append(replay)

    def _in_one_call(self, verb: str, arguments: Sequence[Any]) -> Any:
        """Return what the compiled replay of a small program has to say, or None where the checked path is needed."""
        if not self._small or len(arguments) != 1:
            return None
        inputs = arguments[0]
        if (
            type(inputs) is not np.ndarray
            or inputs.dtype != np.float64
            or inputs.shape != self.arguments[0].shape
        ):
            return None
        try:
            point = self._points.pop()
        except IndexError:
            point = PointReplay(self)
        found = getattr(point, verb)(inputs.ravel())
        self._points.append(point)
        return found

    def load(self, values: Floats, arguments: Sequence[Any]) -> None:
        """Write the inputs of one market state into their slots."""
        self.check_count(arguments)
        if self.has_lanes:
            raise AadTypeError(
                "this program has lanes: value, gradient and value_and_gradient replay it over them"
            )
        for position, given in enumerate(arguments):
            values[self.arguments[position].span] = self.numbers(position, given).ravel()

    def _require_scalar(self, verb: str) -> None:
        if self.output_shape:
            raise AadTypeError(
                f"{verb} needs a scalar result, this program returns shape {self.output_shape}: use jacobian"
            )

    def _direction(self, direction: Any) -> Floats:
        """Return one direction over the inputs as a row."""
        seed = np.zeros((1, self.n_inputs))
        self._pack(
            seed[0],
            (direction,) if sum(a.active for a in self.arguments) == 1 else direction,
            "the direction",
        )
        return seed

    def _input_adjoints(self, adjoints: Floats) -> Any:
        return self._unpack(np.where(self.input_active, adjoints[: self.n_inputs], 0.0))

    def value(self, *arguments: Any) -> Any:
        """Return the recorded function's value at new inputs.

        Raises `BranchChanged` where a recorded comparison comes out otherwise. With lane arguments the result has a
        leading axis of lanes.
        """
        if (found := self._in_one_call("value", arguments)) is not None:
            return found
        if self.has_lanes:
            with self.replay() as uniform:
                return LaneReplay(self, uniform, arguments).values()
        with self.replay() as replay:
            return self._shape_output(replay.evaluate(arguments)[self.outputs])

    def value_and_gradient(self, *arguments: Any) -> tuple[Any, Any]:
        """Return the value and the gradient: one array per active argument, of the argument's shape.

        Over lanes the gradient in shared arguments is summed over the lanes, that in lane arguments has the lanes as
        its first axis.
        """
        if (found := self._in_one_call("value_and_gradient", arguments)) is not None:
            return found[0], found[1].reshape(self.arguments[0].shape) if self.arguments[0].shape else float(
                found[1][0]
            )
        self._require_scalar("a gradient")
        if self.has_lanes:
            with self.replay() as uniform:
                outputs, gradients = LaneReplay(self, uniform, arguments).value_and_gradient()
                return outputs, gradients[0] if len(gradients) == 1 else tuple(gradients)
        with self.replay() as replay:
            values = replay.evaluate(arguments)
            adjoints = replay.sweep_adjoints(np.ones(1))
            return float(values[self.outputs[0]]), self._input_adjoints(adjoints)

    def gradient(self, *arguments: Any) -> Any:
        """Return the gradient: see `value_and_gradient`."""
        return self.value_and_gradient(*arguments)[1]

    def vjp(self, *arguments: Any) -> Any:
        """Return the adjoints of the inputs for adjoints of the outputs, which come as the last argument."""
        *inputs, seeds = arguments
        weights = np.asarray(seeds, dtype=np.float64)
        if weights.shape != self.output_shape:
            raise AadValueError(
                f"the adjoints have shape {weights.shape}: the output has shape {self.output_shape}"
            )
        with self.replay() as replay:
            replay.evaluate(inputs)
            return self._input_adjoints(replay.sweep_adjoints(weights.ravel()))

    def jvp(self, *arguments: Any) -> Any:
        """Return the output's derivative along a direction, which comes as the last argument."""
        *inputs, direction = arguments
        with self.replay() as replay:
            values = replay.evaluate(inputs)
            tangents = replay.sweep_tangents(values, self._direction(direction))
            return self._shape_output(tangents[0, self.outputs, 0].copy())

    def jacobian(self, *arguments: Any) -> Any:
        """Return the derivative of every output in every active input, shape output + argument.

        Sweeps directions as lanes, or adjoints per output, whichever is less work.
        """
        flat = np.zeros((self.n_outputs, self.n_inputs))
        active = np.flatnonzero(self.input_active)
        blocks = [active[k : k + lanes.LANES] for k in range(0, active.size, lanes.LANES)]
        with self.replay() as replay:
            values = replay.evaluate(arguments)
            if self.n_outputs <= 2 * len(blocks):
                for row, seeds in enumerate(np.eye(self.n_outputs)):
                    flat[row, active] = replay.sweep_adjoints(seeds)[active]
            else:
                for block in blocks:
                    directions = np.zeros((block.size, self.n_inputs))
                    directions[np.arange(block.size), block] = 1.0
                    flat[:, block] = replay.sweep_tangents(values, directions)[0, self.outputs, : block.size]
        return self._unpack(
            flat.reshape((*self.output_shape, self.n_inputs)) if self.output_shape else flat[0]
        )

    def hvp(self, *arguments: Any) -> Any:
        """Return the Hessian times a direction, which comes as the last argument: about five prices, any size."""
        self._require_scalar("hvp")
        *inputs, direction = arguments
        with self.replay() as replay:
            values = replay.evaluate(inputs)
            adjoints = replay.sweep_adjoints(np.ones(1))
            return self._unpack(replay.sweep_second_order(values, adjoints, self._direction(direction))[0])

    def hessian_products(self, *arguments: Any) -> Floats:
        """Return the Hessian times many directions: rows of the last argument, (m, n_active), as lanes."""
        self._require_scalar("a Hessian")
        *inputs, rows = arguments
        matrix = np.zeros((len(rows), self.n_inputs))
        matrix[:, self.input_active] = rows
        # Plain nodes take the directions block by block, on all cores; a composite takes them all at once.
        width = len(rows) if self.composites else lanes.LANES
        pieces = [matrix[k : k + width] for k in range(0, len(rows), max(1, width))]
        with self.replay() as replay:
            values = replay.evaluate(inputs)
            adjoints = replay.sweep_adjoints(np.ones(1))

            def products(piece: Floats) -> Floats:
                with self.replay() as own:
                    own.states = replay.states
                    return own.sweep_second_order(values, adjoints, piece)[:, self.input_active]

            found = map_pieces(products, pieces, work=20.0 * lanes.LANES * self.n_nodes * len(pieces))
        return np.concatenate(found) if found else np.zeros((0, self.n_active))

    def curvature(self, *arguments: Any) -> Floats:
        """Return the Hessian in all active inputs as the sum of every node's curvature, (n_active, n_active).

        One adjoint sweep and one tangent sweep in all directions, no second backward sweep: the cheapest way through
        composites, and where few nodes are nonlinear.
        """
        self._require_scalar("a Hessian")
        directions = np.eye(self.n_inputs)[self.input_active]
        with self.replay() as replay:
            values = replay.evaluate(arguments)
            adjoints = replay.sweep_adjoints(np.ones(1))
            found = replay.sweep_curvature(values, adjoints, directions)
        return 0.5 * (found + found.T)

    def hessian(self, *arguments: Any) -> Floats:
        """Return the symmetric matrix of second derivatives in all active inputs, (n_active, n_active).

        Forward over reverse on plain nodes, `curvature` where there are composites.
        """
        if self.composites:
            return self.curvature(*arguments)
        rows = self.hessian_products(*arguments, np.eye(self.n_active))
        return 0.5 * (rows + rows.T)

    # ---- lanes ------------------------------------------------------------------------------------------------

    def derivatives(self, *arguments: Any) -> tuple[Any, Floats, Floats]:
        """Return value, gradient and Hessian in all active inputs from one replay.

        Shapes (), (n_active,) and (n_active, n_active). Over lanes, where every active argument varies per lane: all
        three per lane with the lanes first. Where every active argument is shared: the values per lane, gradient and
        Hessian summed over the lanes, by the meeting sweep (`aadlib.lanes.bottleneck`).
        """
        if (found := self._in_one_call("derivatives", arguments)) is not None:
            return found
        self._require_scalar("a Hessian")
        if self.has_lanes:
            return self._lane_derivatives(arguments)
        directions = np.eye(self.n_inputs)[self.input_active]
        with self.replay() as replay:
            values = replay.evaluate(arguments)
            adjoints = replay.sweep_adjoints(np.ones(1))
            if self.composites:
                matrix = replay.sweep_curvature(values, adjoints, directions)
            else:
                matrix = replay.sweep_second_order(values, adjoints, directions)[:, self.input_active]
            gradient = adjoints[: self.n_inputs][self.input_active]
            return float(values[self.outputs[0]]), gradient, 0.5 * (matrix + matrix.T)

    def _lane_derivatives(self, arguments: Sequence[Any]) -> tuple[Floats, Floats, Floats]:
        kinds = {argument.lane for argument in self.arguments if argument.active}
        if len(kinds) > 1:
            raise AadTypeError(
                "Hessians over lanes need the active arguments to be all shared, or all to vary per lane: name all or "
                "none of them in lanes=, or make some passive"
            )
        if kinds == {True}:
            with self.replay() as uniform:
                return LaneReplay(self, uniform, arguments).derivatives()
        self.check_count(arguments)
        if "sums over lanes" not in self.cache:
            self.cache["sums over lanes"] = LaneSums(self, meeting_code(self))
        sums: LaneSums = self.cache["sums over lanes"]
        return sums.over_all([self.numbers(k, given) for k, given in enumerate(arguments)])

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_idle": [], "_points": [], "cache": {}}

    def over_lanes(self) -> Program:
        """Return the same recording with every argument varying from lane to lane.

        Raises
        ------
        AadTypeError
            When the program has composites, which do not run over lanes.
        """
        if self.composites:
            raise AadTypeError("a program with composite operations does not run over lanes")
        if self.has_lanes:
            raise AadTypeError("this program runs over lanes already")
        twin = copy.copy(self)
        twin.arguments = tuple(replace(argument, lane=True) for argument in self.arguments)
        twin.lane_slots = frozen(np.arange(self.n_inputs, dtype=np.int32))
        twin.n_uniform = 0
        twin.segments = ((0, 0),)
        twin._idle, twin._points, twin.cache, twin._small = [], [], {}, False
        return twin

    # ---- what it is -------------------------------------------------------------------------------------------

    def memory_report(self) -> dict[str, int]:
        """Return bytes: of the program, of one value and one gradient replay, and per node of each."""
        layout = (
            self.op,
            self.left,
            self.right,
            self.activity,
            self.constants,
            self.value_code,
            self.adjoint_code,
        )
        fixed = sum(a.nbytes for a in layout)
        value, gradient = 8 * self.n_slots, 16 * self.n_slots
        return {
            "recorded": self.n_recorded,
            "nodes": self.n_nodes,
            "program_bytes": fixed,
            "value_bytes": value,
            "gradient_bytes": gradient,
            "bytes_per_node": round((fixed + gradient) / max(1, self.n_nodes)),
        }

    def to_dot(self, input_names: list[str] | None = None) -> str:
        """Return the computation graph in Graphviz's DOT language."""
        return graph.to_dot(self, input_names)

    def draw(self, ax: Any = None, *, input_names: list[str] | None = None) -> Any:
        """Draw the computation graph with matplotlib and return the axes."""
        return graph.draw(self, ax, input_names=input_names)

    def __repr__(self) -> str:
        lanes_text = ", lanes" if self.has_lanes else ""
        return (
            f"<Program: {self.n_inputs} inputs ({self.n_active} active{lanes_text}), {self.n_nodes} nodes, "
            f"{self.n_outputs} outputs, {len(self.guards)} guards, {len(self.kinks)} kinks>"
        )
