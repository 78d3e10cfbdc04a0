"""What replays over lanes read of a program."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aadlib.errors import Line
from aadlib.program.nodes import Nodes
from aadlib.types import Codes, Flags, Floats, Ints


class LaneProgram(Protocol):
    """The part of `aadlib.program.program.Program` that replays over lanes read: see there for the attributes."""

    nodes: Nodes
    arguments: tuple[Any, ...]
    constants: Floats
    outputs: Ints
    output_shape: tuple[int, ...]
    n_inputs: int
    n_outputs: int
    n_uniform: int
    input_active: npt.NDArray[np.bool_]
    lane_slots: Ints
    guards: tuple[Any, ...]
    guard_arrays: tuple[Flags, Ints, Ints, Flags]
    kinks: tuple[Any, ...]
    lines: tuple[Line, ...] | None
    composites: tuple[Any, ...]
    value_code: Codes

    def check_count(self, arguments: Sequence[Any]) -> None:
        """Raise unless there is one value per argument."""

    def numbers(self, position: int, given: Any) -> Floats:
        """Return one argument as floats of the right shape."""

    def replay(self) -> AbstractContextManager[Any]:
        """Lend scratch arrays."""

    def raise_changed(self, position: int, where: str) -> None:
        """Raise for a changed guard."""
