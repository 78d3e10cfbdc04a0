"""One program at one market state: what every second-order method starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import Program, Replay, Tape, program_of, record
from aadlib.types import Floats

Source = Callable[..., Any] | Program
"""What the methods differentiate: a function of numbers, or a recording of one."""


@dataclass(frozen=True)
class Point:
    """Values and adjoints of a program's slots at one state: made by `point_at`, good inside its block.

    Attributes
    ----------
    program : Program
    replay : Replay, with the sweeps over the program
    arguments : tuple, where it was evaluated
    values, adjoints : (n_slots,)
    seeds : (n_outputs,), the adjoints of the outputs
    value : float, the output (the weighted sum of the outputs)
    gradient : (n_active,), over the flattened active inputs
    """

    program: Program
    replay: Replay
    arguments: tuple[Any, ...]
    values: Floats
    adjoints: Floats
    seeds: Floats
    value: float
    gradient: Floats

    @property
    def active(self) -> npt.NDArray[np.intp]:
        """Slots of the active inputs, in the order of rows and columns of the Hessian."""
        return np.flatnonzero(self.program.input_active)

    @property
    def directions(self) -> Floats:
        """Unit directions of the active inputs, as new rows (n, n_inputs)."""
        active = self.active
        rows = np.zeros((active.size, self.program.n_inputs))
        rows[np.arange(active.size), active] = 1.0
        return rows


def as_arguments(x: Any) -> tuple[Any, ...]:
    """Return the arguments of the function: a tuple of them, or the only one."""
    return x if isinstance(x, tuple) else (x,)


def require_number(program: Program, weights: Any) -> None:
    """Raise `AadTypeError` for a program with several outputs and no weights."""
    if program.output_shape and weights is None:
        raise AadTypeError(
            f"a Hessian is of one number and this function returns shape {program.output_shape}: give weights= of "
            "that shape for the Hessian of the weighted sum, one entry 1 and the others 0 for a single output"
        )


def require_plain(program: Program, method: str) -> None:
    """Raise `AadTypeError` where a method that sweeps single operations meets composite ones."""
    if program.composites:
        raise AadTypeError(
            f"{method} sweeps single operations and this program has composite ones ({len(program.composites)}): use "
            "hessian with method='forward_over_reverse', or 'auto', which chooses among those that take them"
        )


def as_program(f: Source, arguments: Sequence[Any], passive: Sequence[int] = ()) -> Program:
    """Return `f` if it is a recording (recorded again where a branch changed), else record it at the arguments."""
    if not isinstance(f, Program):
        return record(f, *arguments, passive=passive)
    if passive:
        raise AadValueError(
            f"passive = {passive!r}: a program has its passive arguments already, give them to record"
        )
    return f.at(arguments)


@contextmanager
def point_at(program: Program, arguments: Sequence[Any], weights: Any = None) -> Iterator[Point]:
    """Sweep values and adjoints of the output, or of the sum of weights times outputs, and hand out the point.

    Raises
    ------
    AadTypeError
        When the program has lanes, or several outputs and no `weights`.
    AadValueError
        When `weights` has another shape than the output, or is not finite.
    """
    require_number(program, weights)
    seeds = np.ones(1) if weights is None else np.asarray(weights, dtype=np.float64)
    if weights is not None and seeds.shape != program.output_shape:
        raise AadValueError(
            f"weights has shape {seeds.shape}: must have the output's shape {program.output_shape}"
        )
    if not np.isfinite(seeds).all():
        raise AadValueError(f"weights = {weights!r}: must be finite")
    seeds = seeds.ravel()
    with program.replay() as replay:
        values = replay.evaluate(arguments)
        adjoints = replay.sweep_adjoints(seeds)
        value = float(np.dot(seeds, values[program.outputs]))
        gradient = adjoints[: program.n_inputs][program.input_active]
        yield Point(program, replay, tuple(arguments), values, adjoints, seeds, value, gradient)


def point_of(source: Tape | Program, target: Any, inputs: Sequence[Any]) -> AbstractContextManager[Point]:
    """Hand out the point of a tape (target and inputs are its variables) or of a program.

    For a program `inputs` are its arguments and `target` is the flat position of the output (None for the only one).
    """
    if isinstance(source, Tape):
        program = program_of(source, target, inputs)
        return point_at(program, [x.value for x in inputs])
    if not isinstance(source, Program):
        raise AadTypeError(f"{source!r} is neither a Tape nor a Program: record the function first")
    if target is None:
        return point_at(source, inputs)
    if not isinstance(target, (int, np.integer)) or not 0 <= target < source.n_outputs:
        raise AadValueError(
            f"target = {target!r}: give the position of an output, 0 to {source.n_outputs - 1}"
        )
    weights = np.zeros(source.n_outputs)
    weights[target] = 1.0
    return point_at(source, inputs, weights.reshape(source.output_shape))
