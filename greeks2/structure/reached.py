"""Which slots an output's derivative reaches."""

from __future__ import annotations

import numpy as np

from aadlib.program.once import once_per_program
from aadlib.program.program import Program
from aadlib.types import Flags, frozen
from greeks2.structure.passes import mark_reached


@once_per_program
def reached_slots(program: Program) -> Flags:
    """Return one flag per slot: whether an output's derivative in it can be other than zero."""
    reached = np.zeros(program.n_slots, dtype=np.uint8)
    reached[program.outputs] = 1
    mark_reached(program.nodes, reached)
    return frozen(reached)
