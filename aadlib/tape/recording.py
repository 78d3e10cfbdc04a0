"""Run a plain Python function on recorded numbers: what it does stands on a tape afterwards."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError, BranchChanged
from aadlib.program.parts import Argument
from aadlib.tape.advar import ADVar, Condition
from aadlib.tape.advice import advice_on, steered_by_scipy
from aadlib.tape.arrays import ADArray, array, holds_complex
from aadlib.tape.creation import arrays_that_record, caused_by_float_array
from aadlib.tape.tape import Tape
from aadlib.validation import as_floats


@dataclass(frozen=True)
class Recording:
    """A tape, the inputs and outputs of the function that was run on it, and how it takes and returns them."""

    tape: Tape
    inputs: list[ADVar]
    outputs: list[ADVar | float]
    arguments: list[Argument]
    output_shape: tuple[int, ...]


def argument_positions(name: str, given: Iterable[int], count: int) -> set[int]:
    """Return positions among `count` arguments; raise where one lies outside."""
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
    if holds_complex(result):
        raise AadTypeError(
            f"the function returned {result!r}, which is complex: it must return a number or an array of real numbers, "
            "such as its real part or its modulus"
        )
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


def _call(function: Callable[..., Any], recorded: Callable[[], list[Any]], tape: Tape) -> Any:
    """Run the function on recorded numbers, once more where float arrays were in its way; explain what is refused."""
    mark = tape.mark()
    try:
        return function(*recorded())
    except Exception as error:
        if caused_by_float_array(error):
            tape.rewind(mark)
            try:
                with arrays_that_record(function, array):
                    return function(*recorded())
            except BranchChanged:
                raise
            except Exception:  # the first error says what is wrong
                pass
        # SciPy's compiled solvers go on after an error, and may end with another one that has nothing to do with it.
        if (advice := advice_on(error, error.__traceback__) or _steering(tape)) is not None:
            raise AadTypeError(advice) from error
        if not isinstance(error, TypeError) or "no callable" not in str(error):
            raise
        raise AadTypeError(
            f"{error}: an array made by np.array out of recorded numbers and floats is a plain object array; make it "
            "with aadlib.array"
        ) from error


def _steering(tape: Tape) -> str | None:
    """Return what to use instead of a solver of SciPy that compared recorded numbers, or None where none did."""
    files = {line[0] for *_, line, _ in tape.guards}
    return next(filter(None, map(steered_by_scipy, files)), None)


def run_recorded(
    function: Callable[..., Any],
    arguments: Sequence[Any],
    *,
    passive: Iterable[int] = (),
    lanes: Iterable[int] = (),
    trace_lines: bool = False,
    max_nodes: int | None = None,
) -> Recording:
    """Run `function` once on recorded numbers: see `aadlib.record`."""
    if not callable(function):
        raise AadTypeError(f"{function!r} is not a function: pass a function of numbers or arrays")
    if not arguments:
        raise AadTypeError("record needs at least one argument to run the function on")
    passive_positions = argument_positions("passive", passive, len(arguments))
    lane_positions = argument_positions("lanes", lanes, len(arguments))
    numbers = [_as_input(k, given, lane=k in lane_positions) for k, given in enumerate(arguments)]
    if len(passive_positions) == len(arguments):
        raise AadValueError(f"passive = {sorted(passive_positions)}: no argument is left to differentiate")
    described: list[Argument] = []
    inputs: list[ADVar] = []
    limits = {} if max_nodes is None else {"max_nodes": max_nodes}
    with Tape(trace_lines=trace_lines, **limits) as tape:
        for position, given in enumerate(numbers):
            active, lane = position not in passive_positions, position in lane_positions
            described.append(Argument(given.shape, len(inputs), active, lane))
            inputs += [tape.input(number) for number in given.ravel().tolist()]
        result = _call(function, lambda: [_boxed(inputs[one.span], one.shape) for one in described], tape)
        if (advice := _steering(tape)) is not None:
            raise AadTypeError(advice)
        outputs, shape = _outputs(result, guarded=bool(tape.guards))
    return Recording(tape, inputs, outputs, described, shape)


def _boxed(variables: list[ADVar], shape: tuple[int, ...]) -> Any:
    """Return recorded numbers as an array of a shape, even if there are none; one without a shape as it is."""
    if not shape:
        return variables[0]
    return np.fromiter(variables, dtype=object, count=len(variables)).reshape(shape).view(ADArray)
