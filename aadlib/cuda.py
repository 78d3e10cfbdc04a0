"""Replays of a recording's lanes on a CUDA card."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from aadlib.errors import AadTypeError
from aadlib.lanes.bottleneck import bottleneck_code
from aadlib.lanes.device_cuda import require_cuda
from aadlib.lanes.machine_cuda import CudaMachine
from aadlib.lanes.path_code import PathCode, gradient_code, value_code
from aadlib.lanes.summed import LaneSums
from aadlib.program.arguments import checked_numbers
from aadlib.program.program import Program
from aadlib.types import Floats


class LaneSweep:
    """A program's values, gradient and Hessian over many lanes, on a CUDA card: the results of `Program` over lanes.

    One thread a lane. What no lane changes is swept once on the CPU; sums over lanes have a fixed order, so that every
    run gives the same bits. Threads may share a sweep; they take turns.

    Parameters
    ----------
    program : Program with one number as its result, shared active arguments and passive lane arguments:
        `ad.record(path, params, noise, lanes=(1,), passive=(1,))`

    Raises
    ------
    AadValueError
        Without a CUDA card: nothing falls back to the CPU.
    AadTypeError
        For a program without lanes, with an array as its result, or with active lane arguments.
    """

    def __init__(self, program: Program) -> None:
        require_cuda()
        if not program.has_lanes:
            raise AadTypeError(
                "this program has no lane argument: record with lanes= naming what varies from lane to lane"
            )
        if program.output_shape:
            raise AadTypeError(
                f"a lane sweep needs a scalar result, this program returns shape {program.output_shape}"
            )
        if mixed := [k for k, argument in enumerate(program.arguments) if argument.lane and argument.active]:
            raise AadTypeError(
                f"lane arguments {mixed} are active: on CUDA only shared arguments are differentiated, so record with "
                f"passive={mixed}"
            )
        self.program = program
        self._sums: dict[Callable[..., PathCode], LaneSums] = {}

    def value(self, *arguments: Any) -> Floats:
        """Return the values, one per lane."""
        return self._swept(value_code, arguments)[0]

    def value_and_gradient(self, *arguments: Any) -> tuple[Floats, Floats]:
        """Return the values per lane and the gradient in all active inputs, (n_active,), summed over the lanes."""
        values, gradient, _ = self._swept(gradient_code, arguments)
        return values, gradient

    def derivatives(self, *arguments: Any) -> tuple[Floats, Floats, Floats]:
        """Return the values per lane, and gradient and Hessian in all active inputs, summed over the lanes."""
        return self._swept(bottleneck_code, arguments)

    def _swept(
        self, write: Callable[..., PathCode], arguments: Sequence[Any]
    ) -> tuple[Floats, Floats, Floats]:
        program = self.program
        given = checked_numbers(program.arguments, arguments)
        if write not in self._sums:
            self._sums[write] = LaneSums(program, write(program), CudaMachine)
        return self._sums[write].over_all(given, piece=sys.maxsize)  # (the card takes all lanes at once)
