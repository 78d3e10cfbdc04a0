"""The arguments of a program: checked, packed into its inputs, and cut out of arrays over the inputs again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.program.parts import Argument
from aadlib.types import Floats
from aadlib.validation import as_floats


def check_count(arguments: Sequence[Argument], given: Sequence[Any]) -> None:
    """Raise unless there is one value per argument."""
    if len(given) != len(arguments):
        raise AadTypeError(f"this program was recorded with {len(arguments)} arguments, got {len(given)}")


def checked_numbers(arguments: Sequence[Argument], given: Sequence[Any]) -> list[Floats]:
    """Return every argument as floats, checked for its shape and for NaN."""
    check_count(arguments, given)
    return [
        _numbers(k, argument, one) for k, (argument, one) in enumerate(zip(arguments, given, strict=True))
    ]


def _numbers(position: int, argument: Argument, given: Any) -> Floats:
    numbers = as_floats(f"argument {position}", given)
    shape = numbers.shape[1:] if argument.lane and numbers.ndim else numbers.shape
    if shape != argument.shape or (argument.lane and numbers.ndim == 0):
        wanted = f"(n_lanes, {', '.join(map(str, argument.shape))})" if argument.lane else f"{argument.shape}"
        raise AadValueError(
            f"argument {position} has shape {numbers.shape}: this program was recorded for {wanted}; record again"
        )
    if not np.isfinite(numbers).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
        raise AadValueError(
            f"argument {position} is {float(numbers[index])!r} at {index}: inputs must be finite"
        )
    return numbers


def require_no_lanes(arguments: Sequence[Argument]) -> None:
    """Raise where an argument varies from lane to lane."""
    if any(argument.lane for argument in arguments):
        raise AadTypeError(
            "this program has lanes: value, gradient and value_and_gradient replay it over them"
        )


def load(arguments: Sequence[Argument], values: Floats, given: Sequence[Any]) -> None:
    """Write the inputs of one market state into their slots."""
    check_count(arguments, given)
    require_no_lanes(arguments)
    for argument, numbers in zip(arguments, checked_numbers(arguments, given), strict=True):
        values[argument.span] = numbers.ravel()


def direction_over_inputs(arguments: Sequence[Argument], direction: Any) -> Floats:
    """Return one direction, an array per active argument, as a row over the inputs (1, n_inputs)."""
    row = np.zeros((1, sum(argument.size for argument in arguments)))
    active = [argument for argument in arguments if argument.active]
    parts = (direction,) if len(active) == 1 else direction
    if len(parts) != len(active):
        raise AadTypeError(
            f"the direction: give one array per active argument ({len(active)}), got {len(parts)}"
        )
    for argument, given in zip(active, parts, strict=True):
        numbers = np.asarray(given, dtype=np.float64)
        if numbers.shape != argument.shape:
            raise AadValueError(f"the direction has shape {numbers.shape}: must have shape {argument.shape}")
        row[0, argument.span] = numbers.ravel()
    return row


def by_argument(arguments: Sequence[Argument], flat: Floats) -> Any:
    """Cut an array over the inputs (last axis) into one array per active argument."""
    parts = [
        flat[..., a.span].reshape(flat.shape[:-1] + a.shape)
        if a.shape or flat.ndim > 1
        else float(flat[a.offset])
        for a in arguments
        if a.active
    ]
    return parts[0] if len(parts) == 1 else tuple(parts)
