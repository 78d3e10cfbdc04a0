"""The front of a program: the slots whose consumers are finished in part while a sweep runs from the last node back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aadlib.extend import Program, once_per_program, reached_slots
from aadlib.types import Ints
from greeks2.structure.hub_rows import Hubs
from greeks2.structure.hubs import hubs_of
from greeks2.structure.passes import plan_front


class Front(NamedTuple):
    """Where the rows of a program's slots stand while these are on the front.

    Attributes
    ----------
    addresses : (n_slots,) number of every slot's row, -1 where it never has one; of hubs, a row below the front
    size : int, the most slots on the front at once
    n_rows : int, rows of the front and of hubs
    hubs : Hubs, which are not on the front: the inputs they depend on are
    """

    addresses: Ints
    size: int
    n_rows: int
    hubs: Hubs


@once_per_program
def front_of(program: Program) -> Front:
    """Return the front of a program of single operations."""
    hubs = hubs_of(program)
    active = program.input_active.view(np.uint8)
    return Front(*plan_front(program.nodes, active, reached_slots(program), hubs), hubs)
