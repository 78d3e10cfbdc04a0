"""Passive composites over lanes: what they find in every lane enters the sweeps as one more lane argument.

A stage is a composite whose operands vary from lane to lane, and the program that leads to these operands. Stages run
in the order of the recording, each on the arguments and on what the stages before it found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.errors import AadError, AadTypeError
from aadlib.program import passes
from aadlib.program.freeze import freeze
from aadlib.program.parts import Argument
from aadlib.rules.properties import OPERANDS, RESULT
from aadlib.tape.advar import variable_at
from aadlib.types import Floats


@dataclass(frozen=True)
class Stage:
    """One passive composite over lanes.

    Attributes
    ----------
    operation : Composite
    feeder : Program over the lanes that returns the operands
    """

    operation: Any
    feeder: Any

    def results(self, arguments: Sequence[Any]) -> Floats:
        """Return the results in every lane, (n_lanes, m)."""
        rows = []
        for lane, operands in enumerate(self.feeder.value(*arguments)):
            try:
                rows.append(self.operation.forward(operands)[0])
            except AadError as error:
                raise type(error)(f"lane {lane}: {error}") from error
        return np.stack(rows)


def with_solved(program: Any, arguments: Sequence[Any]) -> Sequence[Any]:
    """Return the arguments with what every stage of a program finds for them."""
    if not program.stages:
        return arguments
    if len(arguments) != len(program.taken):
        raise AadTypeError(
            f"this program was recorded with {len(program.taken)} arguments, got {len(arguments)}"
        )
    given = list(arguments)
    for stage in program.stages:
        given.append(stage.results(given))
    return given


def _lane_composites(recording: Any) -> list[tuple[int, int, Any, list[int]]]:
    """Return the composites that depend on a lane, as the tape has them."""
    tape = recording.tape
    lanes = [argument.span for argument in recording.arguments if argument.lane]
    if not lanes or not tape.composites:
        return []
    op, left, right, constants = tape.columns()
    first = constants.size
    left, right = (np.where(ids < 0, -1 - ids, ids + first).astype(np.int32) for ids in (left, right))
    varying = np.zeros(first + op.size, dtype=np.uint8)
    for span in lanes:
        varying[[first + variable.id for variable in recording.inputs[span]]] = 1
    dependent, begin, own = [], 0, np.arange(first, first + op.size, dtype=np.int32)
    leaves = op >= RESULT
    left, right = np.where(leaves, own, left), np.where(leaves, own, right)
    for row in tape.composites:
        passes.mark_dependent(left, right, OPERANDS[op], varying, first, begin, row[0])
        begin = row[0]
        if any(varying[first + k] for k in row[3] if k >= 0):
            varying[first + row[0] : first + row[0] + row[1]] = 1
            dependent.append(row)
    return dependent


def freeze_stages(recording: Any, make: Callable[..., Any]) -> dict[str, Any]:
    """Lay out a `Recording`, passive composites over lanes as stages; return the arguments of `Program`, which is
    `make`.

    Raises `AadTypeError` where another composite depends on a lane argument.
    """
    tape, constants = recording.tape, recording.tape.columns()[3]
    inputs, arguments = list(recording.inputs), list(recording.arguments)
    stages = []
    for begin, count, operation, ids in _lane_composites(recording):
        if not operation.passive:
            break
        operands = [variable_at(tape, k) if k >= 0 else float(constants[-1 - k]) for k in ids]
        laid_out = freeze(
            tape,
            inputs=inputs,
            outputs=operands,
            arguments=arguments,
            output_shape=(len(ids),),
            guarded=False,
        )
        stages.append(Stage(operation, make(**laid_out)))
        arguments.append(Argument((count,), len(inputs), active=False, lane=True))
        inputs += [variable_at(tape, begin + k) for k in range(count)]
    return freeze(
        tape,
        inputs=inputs,
        outputs=recording.outputs,
        arguments=arguments,
        output_shape=recording.output_shape,
    ) | {"stages": tuple(stages)}
