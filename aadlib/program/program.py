"""A recording frozen for replay: immutable, shareable between threads; and `record`, which makes one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from aadlib.lanes.bottleneck import bottleneck_code
from aadlib.lanes.machine import BlockMachine
from aadlib.lanes.per_lane import LaneReplay
from aadlib.lanes.summed import LaneSums
from aadlib.program import graph
from aadlib.program.arguments import by_argument, checked_numbers, direction_over_inputs, require_no_lanes
from aadlib.program.decisions import searches, turning_lines, warn_of_searches
from aadlib.program.layout import Layout
from aadlib.program.once import once_per_program
from aadlib.program.parts import Argument
from aadlib.program.replay import Replay, lent_replay
from aadlib.program.retracing import retraced
from aadlib.program.second_order import bottleneck_sum, hessian_at, hessian_products
from aadlib.program.small import SmallReplays, small_replays
from aadlib.program.stages import Stage, freeze_stages, with_solved
from aadlib.singular.lanes import settle_gradients, settle_hessians, undetermined_lanes
from aadlib.singular.replay import settle_slopes, settled_adjoints, singular_replay
from aadlib.singular.report import AGAIN, at_one_lane, is_strict
from aadlib.sweeps.simd import LANES
from aadlib.sweeps.watch import unusual
from aadlib.tape.recording import Recording, argument_positions, run_recorded
from aadlib.types import Floats

BRANCH_POLICIES = ("raise", "retrace")
ONE: Floats = np.ones(1)


@dataclass(frozen=True, eq=False, repr=False)
class Program(Layout):
    """A function recorded once, replayed many times: what it is (see `Layout`), and the verbs.

    Made by `aadlib.record`. Slots number everything a sweep touches: inputs `0 .. n_inputs - 1`, then the constants,
    then the nodes in an order in which operands come first (nodes that no lane changes before those that one does).

    Attributes
    ----------
    n_inputs, n_outputs, n_nodes, n_slots : int
    n_recorded : int, operations recorded, before repeats were merged and unused ones dropped
    op, left, right : (n_nodes,) arrays, operation codes (rows of `aadlib.rules.RULES`) and operand slots; a unary
        operation has its operand in both
    activity : (n_nodes,) bits, 1 and 2 where the derivative in the left and right operand is wanted
    nodes : Nodes, these arrays as every compiled sweep takes them
    constants : (n_constants,) values of the constant slots
    outputs : (n_outputs,) slots
    arguments : the recorded function's arguments
    kinks, guards : operations that are not smooth, and comparisons, each with its source line
    composites : composite operations, in order; between them lie the segments of plain nodes
    cache : facts about this program, each found once; neither copied nor pickled
    retrace : records the function again at other arguments, where on_branch_change="retrace" allowed it
    stages : what is solved for in every lane before a sweep: its results are the last lane arguments
    """

    retrace: Callable[[Sequence[Any]], Program] | None = None
    stages: tuple[Stage, ...] = ()
    _small: SmallReplays | None = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        vars(self).update(_small=small_replays(self))

    @property
    def taken(self) -> tuple[Argument, ...]:
        """The arguments that the verbs take: all but those that stages find."""
        return self.arguments[: len(self.arguments) - len(self.stages)]

    def replay(self) -> AbstractContextManager[Replay]:
        """Hand out scratch arrays that no other thread uses until the block ends."""
        return lent_replay(self)

    # ---- branches ---------------------------------------------------------------------------------------------

    def at(self, arguments: Sequence[Any]) -> Program:
        """Return the program whose branches hold at these arguments: this one, or where it may retrace a fresh one.

        A program recorded with on_branch_change="raise" is returned as it is: its replays raise `BranchChanged`.
        """
        if self.retrace is None:
            return self
        latest = self._latest()
        try:
            with latest.replay() as replay:
                replay.evaluate(arguments)
        except BranchChanged:
            return self._record_again(arguments)
        return latest

    def _latest(self) -> Program:
        """Return the latest recording; threads may share a program: each replay uses one recording whole."""
        latest: Program = self.cache.get("latest recording", self)
        return latest

    def _record_again(self, arguments: Sequence[Any]) -> Program:
        assert self.retrace is not None
        fresh = self.cache["latest recording"] = self.retrace(arguments[: len(self.arguments)])
        return fresh

    # ---- first order ------------------------------------------------------------------------------------------

    def value(self, *arguments: Any) -> Any:
        """Return the recorded function's value at new inputs.

        Raises `BranchChanged` where a recorded comparison comes out otherwise. With lane arguments the result has a
        leading axis of lanes.
        """
        if self._small is not None and (value := self._small.replay(self, "value", arguments)) is not None:
            return value
        return self._value(*arguments)

    @retraced
    def _value(self, *arguments: Any) -> Any:
        with self.replay() as replay:
            if self.has_lanes:
                return LaneReplay(self, replay, with_solved(self, arguments)).values()
            return self._shaped(replay.evaluate(arguments)[self.outputs])

    def value_and_gradient(self, *arguments: Any) -> tuple[Any, Any]:
        """Return the value and the gradient: one array per active argument, of the argument's shape.

        Over lanes the gradient in shared arguments is summed over the lanes, that in lane arguments has the lanes as
        its first axis.
        """
        if (
            self._small is not None
            and (both := self._small.replay(self, "value_and_gradient", arguments)) is not None
        ):
            shape = self.arguments[0].shape
            return both[0], both[1].reshape(shape) if shape else float(both[1][0])
        return self._value_and_gradient(*arguments)

    @retraced
    def _value_and_gradient(self, *arguments: Any) -> tuple[Any, Any]:
        self._require_scalar("a gradient")
        with self.replay() as replay:
            if self.has_lanes:
                lanes = LaneReplay(self, replay, with_solved(self, arguments))
                outputs, lane_adjoints = lanes.sweep_adjoints()
                settle_gradients(lanes, lane_adjoints)
                gradients = lanes.gradients(lane_adjoints)
                return outputs, gradients[0] if len(gradients) == 1 else tuple(gradients)
            values = replay.evaluate(arguments)
            return float(values[self.outputs[0]]), by_argument(
                self.arguments, settled_adjoints(replay, ONE, arguments)
            )

    def gradient(self, *arguments: Any) -> Any:
        """Return the gradient: see `value_and_gradient`."""
        return self.value_and_gradient(*arguments)[1]

    @retraced
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
            return by_argument(self.arguments, settled_adjoints(replay, weights.ravel(), arguments))

    @retraced
    def jvp(self, *arguments: Any) -> Any:
        """Return the output's derivative along a direction, which comes as the last argument."""
        *inputs, direction = arguments
        with self.replay() as replay:
            values = replay.evaluate(inputs)
            row = direction_over_inputs(self.arguments, direction)
            slopes = replay.sweep_tangents(values, row)[0, self.outputs, 0].copy()
            settle_slopes(replay, row[0], slopes, arguments)
            return self._shaped(slopes)

    @retraced
    def jacobian(self, *arguments: Any) -> Any:
        """Return the derivative of every output in every active input, shape output + argument.

        Sweeps directions as lanes, or adjoints per output, whichever is less work.
        """
        flat = np.zeros((self.n_outputs, self.n_inputs))
        active = np.flatnonzero(self.input_active)
        blocks = [slice(k, k + LANES) for k in range(0, active.size, LANES)]
        with self.replay() as replay:
            values = replay.evaluate(arguments)
            by_tangents = self.n_outputs > 2 * len(blocks)
            if by_tangents:
                units = self.unit_directions()
                for block in blocks:
                    tangents = replay.sweep_tangents(values, units[block])
                    flat[:, active[block]] = tangents[0, self.outputs, : active[block].size]
            if not by_tangents or replay.met_infinity():
                for row, seeds in enumerate(np.eye(self.n_outputs)):
                    flat[row] = settled_adjoints(replay, seeds, arguments)
        shaped = flat.reshape((*self.output_shape, self.n_inputs)) if self.output_shape else flat[0]
        return by_argument(self.arguments, shaped)

    # ---- second order -----------------------------------------------------------------------------------------

    @retraced
    def hvp(self, *arguments: Any) -> Any:
        """Return the Hessian times a direction, which comes as the last argument: about five prices, any size."""
        *inputs, direction = arguments
        with self.replay() as replay:
            self._evaluate_adjoints("hvp", replay, inputs)
            row = direction_over_inputs(self.arguments, direction)
            product = replay.sweep_second_order(replay.values, replay.adjoints, row)
            if (singular := singular_replay(replay, ONE, 2, product)) is not None:
                product = singular.products(row)
                singular.warn(arguments)
            return by_argument(self.arguments, product[0])

    @retraced
    def hessian_products(self, *arguments: Any) -> Floats:
        """Return the Hessian times many directions: rows of the last argument, (m, n_active), as lanes."""
        *inputs, rows = arguments
        directions = np.zeros((len(rows), self.n_inputs))
        directions[:, self.input_active] = rows
        with self.replay() as replay:
            self._evaluate_adjoints("a Hessian", replay, inputs)
            products = hessian_products(replay, directions)
            if (singular := singular_replay(replay, ONE, 2, products)) is not None:
                products = singular.products(directions)[:, self.input_active]
                singular.warn(arguments)
            return products

    @retraced
    def curvature(self, *arguments: Any) -> Floats:
        """Return the Hessian in all active inputs by the bottleneck sum, (n_active, n_active)."""
        with self.replay() as replay:
            self._evaluate_adjoints("a Hessian", replay, arguments)
            matrix = bottleneck_sum(replay)
            if (singular := singular_replay(replay, ONE, 2, matrix)) is not None:
                matrix = singular.hessian()
                singular.warn(arguments)
            return matrix

    def hessian(self, *arguments: Any) -> Floats:
        """Return the symmetric matrix of second derivatives in all active inputs, (n_active, n_active).

        By forward over reverse, all directions as lanes, or by the bottleneck sum: whichever is less work. greeks2
        has more methods, sparse matrices among them.
        """
        require_no_lanes(self.arguments)
        return self.derivatives(*arguments)[2]

    def derivatives(self, *arguments: Any) -> tuple[Any, Floats, Floats]:
        """Return value, gradient and Hessian in all active inputs from one replay.

        Shapes (), (n_active,) and (n_active, n_active). Over lanes, where every active argument varies per lane: all
        three per lane with the lanes first. Where every active argument is shared: the values per lane, gradient and
        Hessian summed over the lanes, by the bottleneck sum (`aadlib.lanes.bottleneck`).
        """
        if (
            self._small is not None
            and (all_three := self._small.replay(self, "derivatives", arguments)) is not None
        ):
            return all_three
        return self._derivatives(*arguments)

    @retraced
    def _derivatives(self, *arguments: Any) -> tuple[Any, Floats, Floats]:
        if self.has_lanes:
            self._require_scalar("a Hessian")
            return self._lane_derivatives(arguments)
        with self.replay() as replay:
            self._evaluate_adjoints("a Hessian", replay, arguments)
            value = float(replay.values[self.outputs[0]])
            gradient, matrix = replay.adjoints[: self.n_inputs][self.input_active], hessian_at(replay)
            if (singular := singular_replay(replay, ONE, 2, gradient, matrix)) is not None:
                gradient, matrix = singular.gradient()[self.input_active], singular.hessian()
                singular.warn(arguments)
            return value, gradient, matrix

    def _lane_derivatives(self, arguments: Sequence[Any]) -> tuple[Floats, Floats, Floats]:
        arguments = with_solved(self, arguments)
        kinds = {argument.lane for argument in self.arguments if argument.active}
        if len(kinds) > 1:
            raise AadTypeError(
                "Hessians over lanes need the active arguments to be all shared, or all to vary per lane: name all or "
                "none of them in lanes=, or make some passive"
            )
        if kinds == {True}:
            with self.replay() as uniform:
                lanes = LaneReplay(self, uniform, arguments)
                values, gradients, hessians = lanes.derivatives()
                settle_hessians(lanes, gradients, hessians)
                return values, gradients, hessians
        return self._sums_over_lanes(checked_numbers(self.arguments, arguments))

    def _sums_over_lanes(self, numbers: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
        before, sums = unusual(), _lane_sums(self)
        values, gradient, hessian = sums.over_all(numbers)
        pairs = list(zip(self.arguments, numbers, strict=True))
        uniform = sums.at([given for argument, given in pairs if not argument.lane])
        arrays = [given.reshape(len(given), argument.size) for argument, given in pairs if argument.lane]
        n_lanes = len(values)
        unknown = undetermined_lanes(self, uniform, arrays, (0, n_lanes), 2, before)
        if unknown is not None:
            if is_strict(self):
                gradient[unknown.gradient[self.input_active]] = np.nan
                hessian[unknown.hessian] = np.nan
            unknown.warn(self, n_lanes)
        return values, gradient, hessian

    def over_lanes(self) -> Program:
        """Return the same recording with every argument varying from lane to lane.

        Raises
        ------
        AadTypeError
            When the program has composites: they do not run over lanes, but for passive ones (`ad.root`) of a program
            that was not pickled.
        """
        if self.has_lanes:
            raise AadTypeError("this program runs over lanes already")
        arguments = tuple(replace(argument, lane=True) for argument in self.arguments)
        if self.composites:
            if (recording := self.cache.get("recording")) is None:
                raise AadTypeError("a program with composite operations does not run over lanes")
            return Program(
                **freeze_stages(replace(recording, arguments=arguments), Program), strict=self.strict
            )
        known: dict[Hashable, Any] = (
            {AGAIN: functools.partial(at_one_lane, self.cache[AGAIN])} if AGAIN in self.cache else {}
        )
        return replace(self, arguments=arguments, n_uniform=0, cache=known, retrace=None)

    # ---- what the verbs share ---------------------------------------------------------------------------------

    def _require_scalar(self, verb: str) -> None:
        if self.output_shape:
            raise AadTypeError(
                f"{verb} needs a scalar result, this program returns shape {self.output_shape}: use jacobian"
            )

    def _evaluate_adjoints(self, verb: str, replay: Replay, arguments: Sequence[Any]) -> None:
        self._require_scalar(verb)
        replay.evaluate(arguments)
        replay.sweep_adjoints(ONE)

    def _shaped(self, flat: Floats) -> Any:
        return flat.reshape(self.output_shape) if self.output_shape else float(flat[0])

    # ---- what it is -------------------------------------------------------------------------------------------

    def to_dot(self, input_names: list[str] | None = None) -> str:
        """Return the computation graph in Graphviz's DOT language."""
        return graph.to_dot(self, input_names)

    def draw(self, ax: Any = None, *, input_names: list[str] | None = None) -> Any:
        """Draw the computation graph with matplotlib and return the axes."""
        return graph.draw(self, ax, input_names=input_names)

    def __repr__(self) -> str:
        lanes_text = ", lanes" if self.has_lanes else ""
        kind = "Retracing program" if self.retrace is not None else "Program"
        return (
            f"<{kind}: {self.n_inputs} inputs ({self.n_active} active{lanes_text}), {self.n_nodes} nodes, "
            f"{self.n_outputs} outputs, {len(self.guards)} guards, {len(self.kinks)} kinks>"
        )


@once_per_program
def _lane_sums(program: Layout) -> LaneSums:
    return LaneSums(program, bottleneck_code(program), BlockMachine)


def trace(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    *,
    retrace: Callable[[Sequence[Any]], Program] | None = None,
    strict: bool = False,
    **options: Any,
) -> Program:
    """Run `function` once on recorded numbers and freeze what it did: see `record`."""
    recording = run_recorded(function, arguments, **options)
    return frozen_program(recording, function, arguments, options, retrace=retrace, strict=strict)


def frozen_program(
    recording: Recording,
    function: Callable[..., Any],
    arguments: Sequence[Any],
    options: dict[str, Any],
    *,
    retrace: Callable[[Sequence[Any]], Program] | None = None,
    strict: bool = False,
) -> Program:
    """Return the program of what `function` did at the arguments when it was run with options: see `run_recorded`."""
    program = Program(**freeze_stages(recording, Program), retrace=retrace, strict=strict)
    if program.composites and all(composite.operation.passive for composite in program.composites):
        program.cache["recording"] = recording  # for `over_lanes`
    if program.guards and (lines := turning_lines(program)) and not program.has_lanes:
        with program.replay() as replay:
            warn_of_searches(searches(program, replay.evaluate(arguments), lines))
    program.cache[AGAIN] = functools.partial(_with_lines, function, options)
    return program


def _with_lines(function: Callable[..., Any], options: dict[str, Any], arguments: Sequence[Any]) -> Program:
    return trace(function, arguments, **options | {"trace_lines": True})


def record(
    function: Callable[..., Any],
    *arguments: Any,
    passive: Iterable[int] = (),
    lanes: Iterable[int] = (),
    on_branch_change: str = "raise",
    trace_lines: bool = False,
    max_nodes: int | None = None,
    strict: bool = False,
) -> Program:
    """Record a function of numbers and arrays once, for replay at any inputs of the same shapes.

    Parameters
    ----------
    function : callable, plain Python and NumPy; returns a number or an array
    *arguments : floats or float arrays, the point at which it is recorded
    passive : positions of arguments that are inputs but are not differentiated
    lanes : positions of arguments with one value per lane (path, scenario, sample): their first axis counts the
        lanes, and the function sees one lane of them
    on_branch_change : "raise" or "retrace"
        What a replay does where a comparison that steered the recording comes out otherwise.
    trace_lines : bool
        Keep source lines, so that a NaN in a replay at one market state raises `NotFinite` with the line that made it.
    max_nodes : int, optional
        Memory cap: recording more raises `TapeError`.
    strict : bool
        Whether every verb gives NaN for derivatives that are not determined: see `aadlib.strict`.

    Returns
    -------
    Program

    Warns
    -----
    DecisionWarning
        Where the function searches by comparisons, as a bisection does: the derivative of what it finds is lost.

    Examples
    --------
    >>> import numpy as np, aadlib as ad
    >>> program = ad.record(lambda x: np.exp(x[0]) * x[1], [0.0, 2.0])
    >>> round(program.value([1.0, 3.0]), 6)
    8.154845
    """
    if on_branch_change not in BRANCH_POLICIES:
        raise AadValueError(f"on_branch_change = {on_branch_change!r}: choose 'raise' or 'retrace'")
    options: dict[str, Any] = {"trace_lines": trace_lines, "max_nodes": max_nodes, "strict": strict}
    if on_branch_change == "raise":
        return trace(function, arguments, passive=passive, lanes=lanes, **options)
    options["passive"] = tuple(argument_positions("passive", passive, len(arguments)))
    if argument_positions("lanes", lanes, len(arguments)):
        raise AadValueError(
            "on_branch_change='retrace' does not go with lanes: lanes may branch apart; use where"
        )
    return _trace_again(function, options, arguments)


def _trace_again(function: Callable[..., Any], options: dict[str, Any], arguments: Sequence[Any]) -> Program:
    retrace = functools.partial(_trace_again, function, options)
    return trace(function, arguments, retrace=retrace, **options)
