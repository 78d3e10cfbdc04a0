"""Which slots of a program are hubs, and what replaces an arc with one: arcs with the inputs that the hub depends on.

A hub is a coefficient or curve point that nodes use from one end of the program to the other. An arc with a hub would
live for most of the sweep, in the row of every live node. By the chain rule it equals arcs with inputs, weighted by the
hub's derivatives in them, its *forward row*; there are fewer inputs than hubs, and they stand side by side, so that
moving a row's arcs with inputs is one contiguous vector operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from aadlib.extend import Program
from aadlib.types import Floats, Ints
from greeks2.methods.edge_pushing import arc_schedule, arc_sweep
from greeks2.point import Point

CONSUMERS = 8
"""A hub has at least so many."""

SPAN = 8
"""From a hub to its last consumer lies at least the length of the program divided by this."""

FEWEST = 16
"""With fewer hubs the rows are short enough as they are."""

LONGEST = 8
"""Entries of all forward rows together, over the nodes of the program: more would cost a sweep of their own."""

NO_ENTRIES: Floats = np.zeros(0)

_hubs: WeakKeyDictionary[Program, Hubs] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Hubs:
    """The hubs of a program, the inputs they depend on, and a forward row for each slot between the two.

    Attributes
    ----------
    inputs : (m,) slots of the inputs that hubs depend on, or that are hubs, ascending; rows count them 0, 1, ...
    row_of : (n_slots,) number of a slot's forward row, or -1
    end_row : (n_slots,) the same for hubs and `inputs` alone: where an arc ends in inputs
    low, high : (k,) first and last input of each forward row
    start : (k,) its first entry among those of all rows
    nodes : (j,) nodes whose forward rows are computed, ascending
    """

    inputs: Ints
    row_of: Ints
    end_row: Ints
    low: Ints
    high: Ints
    start: Ints
    nodes: Ints

    @property
    def size(self) -> int:
        """Entries of all forward rows."""
        return int(np.sum(self.high - self.low + 1))

    @property
    def nbytes(self) -> int:
        """Bytes of these arrays and of the forward rows."""
        kept = (self.inputs, self.row_of, self.end_row, self.low, self.high, self.start, self.nodes)
        return sum(array.nbytes for array in kept) + 8 * self.size


def hub_slots(program: Program) -> Ints:
    """Return the slots among active inputs and nodes that many nodes use, ascending; none where there are few."""
    places = np.arange(program.first_node, program.n_slots, dtype=np.int32)
    operands = np.concatenate([program.left, program.right])
    consumers = np.bincount(operands, minlength=program.n_slots)
    last = np.arange(program.n_slots, dtype=np.int32)
    last[program.left] = places  # the last write stays: places ascend
    last[program.right] = np.maximum(last[program.right], places)
    wide = (consumers >= CONSUMERS) & (last - np.arange(program.n_slots) >= program.n_nodes // SPAN)
    wide[: program.n_inputs] &= program.input_active
    wide[program.n_inputs : program.first_node] = False
    wide[program.first_node :] &= program.activity != 0
    hubs = np.flatnonzero(wide).astype(np.int32)
    return hubs if hubs.size >= FEWEST else hubs[:0]


def hubs_of(program: Program) -> Hubs:
    """Return the hubs of a program whose forward rows are short enough to pay, found at the first call and kept."""
    if program not in _hubs:
        _hubs[program] = _find_hubs(program)
    return _hubs[program]


def _find_hubs(program: Program) -> Hubs:
    hubs = hub_slots(program)
    found = _rows_of(program, hubs)
    short = (found.high - found.low + 1)[found.row_of[hubs]] <= hubs.size
    if not short.all():
        hubs = hubs[short]
        found = _rows_of(program, hubs)
    if found.size > LONGEST * program.n_nodes:
        hubs = hubs[hubs < program.n_inputs]
        found = _rows_of(program, hubs)
    return found if hubs.size >= FEWEST else no_hubs(program)


def no_hubs(program: Program) -> Hubs:
    """Return an empty set of hubs."""
    return _rows_of(program, np.empty(0, dtype=np.int32))


def _rows_of(program: Program, hubs: Ints) -> Hubs:
    behind = np.zeros(program.n_slots, dtype=np.uint8)
    behind[hubs] = 1
    if hubs.size:
        arc_schedule.mark_reached(program.left, program.right, program.activity, behind, program.first_node)
    slots = np.flatnonzero(behind)
    inputs = slots[slots < program.n_inputs]
    row_of = np.full(program.n_slots, -1, dtype=np.int32)
    row_of[slots] = np.arange(slots.size)
    low, high = np.full(slots.size, inputs.size, dtype=np.int32), np.full(slots.size, -1, dtype=np.int32)
    low[: inputs.size] = high[: inputs.size] = np.arange(inputs.size)
    nodes = (slots[inputs.size :] - program.first_node).astype(np.int32)
    arc_schedule.widen_rows(
        nodes, program.left, program.right, program.activity, row_of, program.first_node, low, high
    )
    end_row = np.full(program.n_slots, -1, dtype=np.int32)
    ends = np.concatenate([inputs, hubs])
    end_row[ends] = row_of[ends]
    sizes = high - low + 1
    return Hubs(
        inputs=inputs.astype(np.int32),
        row_of=row_of,
        end_row=end_row,
        low=low,
        high=high,
        start=(np.cumsum(sizes) - sizes).astype(np.int32),
        nodes=nodes,
    )


def hub_rows(point: Point, hubs: Hubs) -> Floats:
    """Return the entries of all forward rows, one after the other, at an evaluated program."""
    if hubs.inputs.size == 0:
        return NO_ENTRIES
    program = point.program
    entries = np.zeros(hubs.size)
    entries[: hubs.inputs.size] = 1.0
    arc_sweep.forward_rows(
        hubs.nodes, hubs.row_of, hubs.low, hubs.high, hubs.start,
        program.op, program.left, program.right, program.activity, point.values, program.first_node, entries,
    )  # fmt: skip
    return entries
