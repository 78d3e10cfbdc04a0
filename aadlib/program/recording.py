"""Record a plain Python function once and freeze it into a `Program`."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np

from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from aadlib.program.program import Program
from aadlib.program.replay import Argument
from aadlib.tape.advar import ADVar, Condition
from aadlib.tape.arrays import ADArray
from aadlib.tape.tape import Tape
from aadlib.validation import as_floats

BRANCH_POLICIES = ("raise", "retrace")


def _positions(name: str, given: Iterable[int], count: int) -> set[int]:
    positions: set[int] = {int(given)} if isinstance(given, numbers.Integral) else set(given)
    if not positions <= set(range(count)):
        raise AadValueError(f"{name} = {sorted(positions)}: the function has arguments 0 to {count - 1}")
    return positions


def _as_input(position: int, given: Any, *, lane: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    if isinstance(given, (ADVar, Condition, ADArray)):
        raise AadTypeError(
            f"argument {position} is recorded already: derivatives of derivatives come from hvp, hessian or greeks2, "
            "not from recording inside a recording"
        )
    numbers = as_floats(f"argument {position}", given)
    if not np.isfinite(numbers).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
        where = f"[{', '.join(map(str, index))}]" if index else ""
        raise AadValueError(f"argument {position}{where} = {float(numbers[index])!r}: inputs must be finite")
    if lane:
        if numbers.ndim == 0:
            raise AadValueError(
                f"argument {position} = {given!r} is a lane argument: its first axis counts the lanes"
            )
        if len(numbers) == 0:
            raise AadValueError(f"argument {position} has no lanes: give at least one")
        numbers = numbers[0]
    return numbers


def _outputs(result: Any, *, guarded: bool) -> tuple[list[ADVar | float], tuple[int, ...]]:
    """Flatten what the function returned; a constant is a result only where a guard protects its branch."""
    if isinstance(result, (ADVar, Condition, float, int, np.floating, np.integer)):
        flat, shape = [result], ()
    else:
        boxed = np.array(result, dtype=object)
        flat, shape = list(boxed.ravel()), boxed.shape
    outputs: list[ADVar | float] = []
    for item in flat:
        if isinstance(item, Condition):
            item = item + 0.0
        if not isinstance(item, ADVar):
            try:
                item = float(item)
            except (TypeError, ValueError):
                raise AadTypeError(
                    f"the function returned {result!r}: it must return a number or an array of numbers"
                ) from None
        outputs.append(item)
    if not guarded and not any(isinstance(item, ADVar) for item in outputs):
        raise AadTypeError(
            f"the function returned {result!r}, which does not depend on its arguments: nothing was recorded. A "
            "common cause is float(), math.* or a float array that dropped the derivatives"
        )
    return outputs, shape


def _call(function: Callable[..., Any], recorded: Sequence[Any]) -> Any:
    """Run the function on recorded numbers; explain NumPy's refusal of an array that mixes them with floats."""
    try:
        return function(*recorded)
    except TypeError as error:
        if "no callable" not in str(error):
            raise
        raise AadTypeError(
            f"{error}: an array made by np.array out of recorded numbers and floats is a plain object array; make it "
            "with aadlib.array"
        ) from error


def trace(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    *,
    passive: Iterable[int] = (),
    lanes: Iterable[int] = (),
    trace_lines: bool = False,
    max_nodes: int | None = None,
) -> Program:
    """Run `function` once on recorded numbers and freeze what it did: see `record`."""
    if not callable(function):
        raise AadTypeError(f"{function!r} is not a function: pass a function of numbers or arrays")
    if not arguments:
        raise AadTypeError("record needs at least one argument to run the function on")
    passive_positions = _positions("passive", passive, len(arguments))
    lane_positions = _positions("lanes", lanes, len(arguments))
    numbers = [_as_input(k, given, lane=k in lane_positions) for k, given in enumerate(arguments)]
    if len(passive_positions) == len(arguments):
        raise AadValueError(f"passive = {sorted(passive_positions)}: no argument is left to differentiate")
    tape = (
        Tape(trace_lines=trace_lines)
        if max_nodes is None
        else Tape(max_nodes=max_nodes, trace_lines=trace_lines)
    )
    described: list[Argument] = []
    inputs: list[ADVar] = []
    with tape:
        recorded: list[Any] = []
        for position, given in enumerate(numbers):
            described.append(
                Argument(
                    given.shape, len(inputs), position not in passive_positions, position in lane_positions
                )
            )
            variables = [tape.input(number) for number in given.ravel().tolist()]
            inputs += variables
            if given.ndim == 0:
                recorded.append(variables[0])
            else:
                boxed = np.empty(given.size, dtype=object)
                boxed[:] = variables
                recorded.append(boxed.reshape(given.shape).view(ADArray))
        outputs, shape = _outputs(_call(function, recorded), guarded=bool(tape.guards))
    return Program(tape, inputs=inputs, outputs=outputs, arguments=described, output_shape=shape)


REPLAYS = frozenset(
    {
        "value",
        "gradient",
        "value_and_gradient",
        "vjp",
        "jvp",
        "jacobian",
        "hvp",
        "hessian",
        "hessian_products",
        "derivatives",
        "curvature",
    }
)


class RetracingProgram:
    """A program that records its function again where a replay would take another branch.

    Everything else is passed on to the latest recording. Threads may share it: each replay uses one recording whole.
    """

    def __init__(self, function: Callable[..., Any], program: Program, options: dict[str, Any]) -> None:
        self._function = function
        self._program = program
        self._options = options

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        program = self._program
        attribute = getattr(program, name)
        if name not in REPLAYS:
            return attribute

        def replay(*arguments: Any) -> Any:
            try:
                return attribute(*arguments)
            except BranchChanged:
                fresh = trace(self._function, arguments[: len(program.arguments)], **self._options)
                self._program = fresh
                return getattr(fresh, name)(*arguments)

        return replay

    def __repr__(self) -> str:
        return f"<RetracingProgram: {self._program!r}>"


def record(
    function: Callable[..., Any],
    *arguments: Any,
    passive: Iterable[int] = (),
    lanes: Iterable[int] = (),
    on_branch_change: str = "raise",
    trace_lines: bool = False,
    max_nodes: int | None = None,
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

    Returns
    -------
    Program

    Examples
    --------
    >>> import numpy as np, aadlib as ad
    >>> program = ad.record(lambda x: np.exp(x[0]) * x[1], [0.0, 2.0])
    >>> round(program.value([1.0, 3.0]), 6)
    8.154845
    """
    if on_branch_change not in BRANCH_POLICIES:
        raise AadValueError(f"on_branch_change = {on_branch_change!r}: choose 'raise' or 'retrace'")
    options: dict[str, Any] = {
        "passive": tuple(_positions("passive", passive, len(arguments))),
        "lanes": tuple(_positions("lanes", lanes, len(arguments))),
        "trace_lines": trace_lines,
        "max_nodes": max_nodes,
    }
    program = trace(function, arguments, **options)
    if on_branch_change == "raise":
        return program
    if options["lanes"]:
        raise AadValueError(
            "on_branch_change='retrace' does not go with lanes: lanes may branch apart; use where"
        )
    return cast(Program, RetracingProgram(function, program, options))


__all__ = ["RetracingProgram", "record", "trace"]
