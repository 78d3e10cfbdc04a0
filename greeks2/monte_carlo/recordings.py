"""Paths recorded at every call: one that does what an earlier one did finds its program, and all that is known of it.

The tape alone decides: operations, operands, constants, kinks and results, but not the values of inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from aadlib.extend import ADVar, Program, Recording, frozen_program, run_recorded
from aadlib.types import Floats

MOST_NODES, MOST_PROGRAMS = 2**15, 16
"""Programs that are cached: how large each may be, and how many; what was recorded first goes first."""

_programs: dict[Hashable, Program] = {}


def path_program(path: Callable[..., Any], arguments: Sequence[Floats], lanes: Sequence[int]) -> Program:
    """Return the program of a path at its arguments; those at the positions `lanes` are passive, one row per path."""
    options: dict[str, Any] = {"lanes": lanes, "passive": lanes}
    recording = run_recorded(path, arguments, **options)
    content = _content_of(recording, path)
    if (known := _programs.get(content)) is not None:
        return known
    program = frozen_program(recording, path, arguments, options)
    if content is not None:
        _programs[content] = program
        for oldest in list(_programs)[:-MOST_PROGRAMS]:  # no lock: every step is one of a dict's own
            _programs.pop(oldest, None)
    return program


def _content_of(recording: Recording, path: Callable[..., Any]) -> Hashable | None:
    """Return all that decides about a recording's program, or None where there is more: guards, composites."""
    tape, n_inputs = recording.tape, len(recording.inputs)
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
        # the code object, which the program keeps alive to trace it again with lines
        id(getattr(path, "__code__", type(path))),
        tuple(recording.arguments),
        recording.output_shape,
        result.id,
        tuple(tape.kinks),
        op.tobytes(),
        np.where(fixed, -1, operands).tobytes(),
        constants[~operands[fixed]].tobytes(),
    )
