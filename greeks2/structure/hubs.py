"""Which slots of a program are hubs, and what replaces an arc with one: arcs with the inputs that the hub depends on.

A hub is a coefficient or curve point that nodes use from one end of the program to the other. An arc with a hub would
live for most of the sweep, in the row of every live node. By the chain rule it equals arcs with inputs, weighted by the
hub's derivatives in them, its *forward row*; there are fewer inputs than hubs, and they stand side by side, so that
moving a row's arcs with inputs is one contiguous vector operation.
"""

from __future__ import annotations

import numpy as np

from aadlib.extend import Program, mark_reached, once_per_program
from aadlib.types import Floats, Ints
from greeks2.point import Point
from greeks2.structure.hub_rows import Hubs, carry_forward_rows

CONSUMERS = 8
"""A hub has at least so many."""

SPAN = 8
"""From a hub to its last consumer lies at least the length of the program divided by this."""

FEWEST = 16
"""With fewer hubs the rows are short enough as they are."""

LONGEST = 8
"""Entries of all forward rows together, over the nodes of the program: more would cost a sweep of their own."""

NO_ENTRIES: Floats = np.zeros(0)


def hub_slots(program: Program) -> Ints:
    """Return the slots among active inputs and nodes that many nodes use, ascending; none where there are few."""
    left, right = program.nodes.left, program.nodes.right
    slots = np.arange(program.first_node, program.n_slots, dtype=np.int32)
    consumers = np.bincount(np.concatenate([left, right]), minlength=program.n_slots)
    last = np.arange(program.n_slots, dtype=np.int32)
    last[left] = slots  # the last write stays: slots ascend
    last[right] = np.maximum(last[right], slots)
    wide = (consumers >= CONSUMERS) & (last - np.arange(program.n_slots) >= program.n_nodes // SPAN)
    wide[: program.n_inputs] &= program.input_active
    wide[program.n_inputs : program.first_node] = False
    wide[program.first_node :] &= program.nodes.activity != 0
    hubs = np.flatnonzero(wide).astype(np.int32)
    return hubs if hubs.size >= FEWEST else hubs[:0]


@once_per_program
def hubs_of(program: Program) -> Hubs:
    """Return the hubs of a program whose forward rows are short enough to pay."""
    slots = hub_slots(program)
    hubs = _laid_out(program, slots)
    short = (hubs.high - hubs.low + 1)[hubs.row_of[slots]] <= slots.size
    if not short.all():
        slots = slots[short]
        hubs = _laid_out(program, slots)
    if hubs.size > LONGEST * program.n_nodes:
        slots = slots[slots < program.n_inputs]
        hubs = _laid_out(program, slots)
    return hubs if slots.size == 0 or slots.size >= FEWEST else no_hubs(program)


@once_per_program
def no_hubs(program: Program) -> Hubs:
    """Return an empty set of hubs."""
    return _laid_out(program, np.empty(0, dtype=np.int32))


def _laid_out(program: Program, slots: Ints) -> Hubs:
    behind = np.zeros(program.n_slots, dtype=np.uint8)
    behind[slots] = 1
    if slots.size:
        mark_reached(program.nodes, behind)
    return Hubs(program.nodes, slots, behind, program.n_inputs)


def hub_rows(point: Point, hubs: Hubs) -> Floats:
    """Return the entries of all forward rows, one after the other, at an evaluated program."""
    if hubs.inputs.size == 0:
        return NO_ENTRIES
    return carry_forward_rows(hubs, point.program.nodes, point.values)
