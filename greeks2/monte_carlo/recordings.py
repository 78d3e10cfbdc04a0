"""Paths recorded at every call: one that does what an earlier one did finds its program, and all that is known of it.

For functions whose tapes hold neither comparisons nor composites. The same is the same code object and the same tape:
operations, operands, constants, kinks and result, but not the values of inputs.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.extend import ADVar, Program, Recording, frozen_program, run_recorded
from aadlib.types import Floats

MOST_NODES, MOST_PROGRAMS = 2**15, 16
"""Programs that are cached: how large each may be, and how many; what was recorded first goes first."""


class _Weakly:
    """Runs a path again for the lines of a warning, while it is there: a cached program must not hold what it holds."""

    def __init__(self, path: Callable[..., Any]) -> None:
        self.path = weakref.ref(path)

    def __call__(self, *arguments: Any) -> Any:
        path = self.path()
        if path is None:
            raise AadTypeError("the path is gone")
        return path(*arguments)


_programs: dict[Hashable, tuple[Program, _Weakly]] = {}


def path_program(path: Callable[..., Any], arguments: Sequence[Floats], lanes: Sequence[int]) -> Program:
    """Return the program of a path at its arguments; those at the positions `lanes` are passive, one row per path."""
    options: dict[str, Any] = {"lanes": lanes, "passive": lanes}
    recording = run_recorded(path, arguments, **options)
    content = _content_of(recording, path)
    if content is None:
        return frozen_program(recording, path, arguments, options)
    if (known := _programs.get(content)) is not None:
        program, run_again = known
        run_again.path = weakref.ref(path)
        return program
    run_again = _Weakly(path)
    program = frozen_program(recording, run_again, arguments, options)
    _programs[content] = program, run_again
    for oldest in list(_programs)[:-MOST_PROGRAMS]:  # no lock: every step is one of a dict's own
        _programs.pop(oldest, None)
    return program


def _content_of(recording: Recording, path: Callable[..., Any]) -> Hashable | None:
    """Return all that decides about a recording's program, or None where there is more: guards, composites."""
    tape, n_inputs = recording.tape, len(recording.inputs)
    if not isinstance(path, FunctionType):  # a bound method has no weak references that last
        return None
    if tape.guards or tape.composites or len(tape) > MOST_NODES or len(recording.outputs) != 1:
        return None
    result = recording.outputs[0]
    if not isinstance(result, ADVar) or result.serial != tape.serial or result.id >= len(tape):
        return None
    op, left, right, constants = tape.columns()
    operands = np.concatenate([left[n_inputs:], right[n_inputs:]])
    # a constant's number on the tape may be that of an input that had its value: what counts is the value
    fixed = operands < 0
    return (
        id(path.__code__),
        tuple(recording.arguments),
        recording.output_shape,
        result.id,
        tuple(tape.kinks),
        op.tobytes(),
        np.where(fixed, -1, operands).tobytes(),
        constants[~operands[fixed]].tobytes(),
    )
