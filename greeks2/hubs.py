"""Which slots of a program are hubs: coefficients and curve points that nodes use from one end to the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aadlib.program import Program

CONSUMERS = 8
"""A hub has at least so many."""

SPAN = 8
"""From a hub to its last consumer lies at least the length of the program divided by this."""

FEWEST, MOST = 16, 8192
"""With fewer the contiguous stretches are too short to pay; more would make the rows too wide."""


def hub_slots(program: Program) -> npt.NDArray[np.int32]:
    """Return the hubs among inputs and nodes, in the order of their slots; none where they would not pay."""
    places = np.arange(program.first_node, program.n_slots, dtype=np.int32)
    operands = np.concatenate([program.left, program.right])
    consumers = np.bincount(operands, minlength=program.n_slots)
    last = np.arange(program.n_slots, dtype=np.int32)
    last[program.left] = places  # the last write stays: places ascend
    last[program.right] = np.maximum(last[program.right], places)
    wide = (consumers >= CONSUMERS) & (last - np.arange(program.n_slots) >= program.n_nodes // SPAN)
    wide[program.n_inputs : program.first_node] = False
    hubs = np.flatnonzero(wide)
    if hubs.size < FEWEST:
        return np.empty(0, dtype=np.int32)
    if hubs.size > MOST:
        hubs = np.sort(hubs[np.argsort(consumers[hubs], kind="stable")[-MOST:]])
    return hubs.astype(np.int32)
