"""From a tape to the layout of a program: merge repeats, drop what is unused, number the slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib import generate_rules
from aadlib.advar import ADVar
from aadlib.errors import AadTypeError, TapeError
from aadlib.rules import CODES, RULES, Rule
from aadlib.sweeps import scalar
from aadlib.tape import Tape

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]
Line = tuple[str, int, str]

INPUT = 255
RESULT = 254
"""Codes of nodes that are no rows of the table: an input, and a result of a composite operation."""


def _by_code(of_rule: Callable[[Rule], int]) -> Flags:
    """Tabulate a property over every code a node may have; 0 for inputs and results."""
    table = np.zeros(256, dtype=np.uint8)
    table[: len(RULES)] = [of_rule(rule) for rule in RULES]
    return table


PASSES = _by_code(lambda rule: sum(1 << side for side, text in enumerate(rule.first) if text != "0.0"))
"""Through which operands (bits 1 and 2) each operation has a derivative at all."""

OPERANDS = _by_code(lambda rule: 1 if rule.arity == 1 else 3)
"""Which operands (bits 1 and 2) each operation has."""

LINEAR = _by_code(lambda rule: rule.linear)
"""Operations without curvature, by code."""

COMMUTES: Flags = np.zeros(256, dtype=np.uint8)
COMMUTES[[CODES["add"], CODES["multiply"]]] = 1
"""Operations whose operands may be exchanged, by code."""

PAIRED = np.full(256, len(generate_rules.PAIRED), dtype=np.uint16)
PAIRED[[CODES[name] for name in generate_rules.PAIRED]] = np.arange(len(generate_rules.PAIRED))
"""Number of each operation among those that are scheduled in pairs."""


@dataclass(frozen=True)
class Kink:
    """One recorded operation that is not smooth everywhere; a composite is called what its `kink` says."""

    slot: int
    operation: str
    line: Line


@dataclass(frozen=True)
class Guard:
    """One comparison that steered the recording."""

    operation: str
    outcome: bool
    line: Line


@dataclass(frozen=True)
class PlacedComposite:
    """A composite operation in a program: its results are the nodes begin..end-1."""

    operation: Any
    begin: int
    end: int
    operands: Ints


@dataclass(frozen=True)
class Layout:
    """Everything a sweep needs, in read-only arrays; see `aadlib.program.Program` for the meaning of the fields."""

    n_inputs: int
    n_recorded: int
    n_uniform: int
    constants: Floats
    op: Flags
    left: Ints
    right: Ints
    activity: Flags
    outputs: Ints
    composites: tuple[PlacedComposite, ...]
    guard_arrays: tuple[Flags, Ints, Ints, Flags]
    guards: tuple[Guard, ...]
    kinks: tuple[Kink, ...]
    lines: tuple[Line, ...] | None


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array contiguous and read-only."""
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


def freeze(
    tape: Tape,
    *,
    inputs: Sequence[ADVar],
    outputs: Sequence[ADVar | float],
    input_active: npt.NDArray[np.bool_],
    input_lane: npt.NDArray[np.bool_],
) -> Layout:
    """Lay out the part of a tape that leads to `outputs`.

    Repeated operations are merged (values stay the same to the last bit), unused ones dropped, constants pooled.
    Slots are numbered: inputs in the order given, constants, nodes that no lane changes, nodes that one does. Inputs
    of the tape that are not among `inputs` become constants.
    """
    for position, variable in enumerate((*inputs, *outputs)):
        if isinstance(variable, ADVar) and variable.serial != tape.serial:
            raise AadTypeError(f"variable {position} ({variable!r}) belongs to another tape than {tape!r}")
    op, left, right, value, constants = tape.arrays()
    _require_whole(tape, op, left, right, inputs, outputs)

    # Places: the tape's constants, constant outputs, then the tape's nodes.
    literal = np.array([float(o) for o in outputs if not isinstance(o, ADVar)], dtype=np.float64)
    pool = np.concatenate([constants, literal])
    first = pool.size
    is_input = op == INPUT
    is_leaf = op >= RESULT
    places = np.arange(first + op.size, dtype=np.int32)
    same, positions = np.unique(pool.view(np.int64), return_inverse=True)
    distinct = np.full(same.size, first, dtype=np.int32)
    np.minimum.at(distinct, positions, np.arange(first, dtype=np.int32))
    places[:first] = distinct[positions]

    def place(ids: npt.NDArray[Any]) -> Ints:
        return np.where(ids < 0, -ids - 1, ids + first).astype(np.int32)

    left, right = place(left), place(right)
    left[is_leaf] = right[is_leaf] = np.flatnonzero(is_leaf) + first
    scalar.merge_repeated(op, left, right, is_leaf.view(np.uint8), COMMUTES, places, first)
    composites = [
        PlacedComposite(operation, begin, begin + count, places[place(np.array(ids, dtype=np.int64))])
        for begin, count, operation, ids in tape.composites
    ]
    literals = iter(range(constants.size, first))
    roots = places[[o.id + first if isinstance(o, ADVar) else next(literals) for o in outputs]]
    guards = list(tape.guards)
    guard_left = places[place(np.array([g[1] for g in guards], dtype=np.int64))]
    guard_right = places[place(np.array([g[2] for g in guards], dtype=np.int64))]
    input_places = np.array([variable.id + first for variable in inputs], dtype=np.int64)

    live = np.zeros(places.size, dtype=np.uint8)
    live[np.concatenate([roots, guard_left, guard_right])] = 1
    end = op.size
    for composite in reversed(composites):
        scalar.mark_live(left, right, live, first, composite.end, end)
        results = live[first + composite.begin : first + composite.end]
        if results.any():
            results[:] = 1
            live[composite.operands] = 1
        end = composite.begin
    scalar.mark_live(left, right, live, first, 0, end)
    composites = [composite for composite in composites if live[first + composite.begin]]
    constant = live.astype(bool)
    constant[first:] &= is_input
    constant[input_places] = False
    pool_places = np.flatnonzero(constant)
    all_values = np.concatenate([pool, value])
    nodes = np.flatnonzero(live[first:].astype(bool) & ~is_input)

    n_inputs, first_node = len(inputs), len(inputs) + pool_places.size
    slots = np.full(places.size, -1, dtype=np.int32)
    slots[input_places] = np.arange(n_inputs)
    slots[pool_places] = n_inputs + np.arange(pool_places.size)
    slots[nodes + first] = first_node + np.arange(nodes.size)
    op, left, right = op[nodes], slots[left[nodes]], slots[right[nodes]]

    # Nodes that no lane changes come first: sweeps over lanes compute them once.
    varying = np.zeros(first_node + nodes.size, dtype=np.uint8)
    varying[:n_inputs] = input_lane
    moved = [_moved(c, slots[first + c.begin] - first_node, slots) for c in composites]
    spread(left, right, OPERANDS[op], varying, first_node, moved)
    if any(varying[composite.operands].any() for composite in moved):
        raise AadTypeError(
            "a composite operation depends on a lane argument: composites run on shared arguments only"
        )
    order = np.argsort(varying[first_node:], kind="stable")
    renumber = np.arange(first_node + nodes.size, dtype=np.int32)
    renumber[first_node + order] = first_node + np.arange(nodes.size)
    op, left, right = op[order], renumber[left[order]], renumber[right[order]]
    final = np.where(slots >= 0, renumber[slots], -1)[places]

    placed = [_moved(c, renumber[first_node + c.begin] - first_node, renumber) for c in moved]
    active = np.zeros(first_node + nodes.size, dtype=np.uint8)
    active[:n_inputs] = input_active
    spread(left, right, PASSES[op], active, first_node, placed)
    activity = (PASSES[op] & (active[left] | (active[right] << 1))).astype(np.uint8)
    stops = active[left] | active[right]

    kinks = {
        int(final[node + first]): (what if isinstance(what, str) else RULES[what].name, line)
        for node, what, line in reversed(tape.kinks)
    }
    return Layout(
        n_inputs=n_inputs,
        n_recorded=int((~is_input).sum()),
        n_uniform=int(nodes.size - varying[first_node:].sum()),
        constants=frozen(all_values[pool_places]),
        op=frozen(op),
        left=frozen(left),
        right=frozen(right),
        activity=frozen(activity),
        outputs=frozen(final[roots].astype(np.int32)),
        composites=tuple(placed),
        guard_arrays=(
            frozen(np.array([g[0] for g in guards], dtype=np.uint8)),
            frozen(final[guard_left].astype(np.int32)),
            frozen(final[guard_right].astype(np.int32)),
            frozen(np.array([g[3] for g in guards], dtype=np.uint8)),
        ),
        guards=tuple(Guard(RULES[g[0]].name, bool(g[3]), g[4]) for g in guards),
        kinks=tuple(
            Kink(slot, name, line)
            for slot, (name, line) in sorted(kinks.items())
            if slot >= first_node and stops[slot - first_node]
        ),
        lines=tuple(tape.lines[k] for k in nodes[order]) if tape.lines else None,
    )


def _require_whole(
    tape: Tape,
    op: Flags,
    left: Ints,
    right: Ints,
    inputs: Sequence[ADVar],
    outputs: Sequence[ADVar | float],
) -> None:
    """Raise where an input is no input, or a variable made before `rewind` was used after it."""
    ids = [variable.id for variable in inputs]
    if len(set(ids)) != len(ids) or any(i >= op.size or op[i] != INPUT for i in ids):
        raise AadTypeError("inputs must be different variables made by Tape.input, not results of operations")
    here = np.arange(op.size)
    stale = ((left >= here) | (right >= here)) & (op < RESULT)
    later = [o.id for o in outputs if isinstance(o, ADVar)] + [i for g in tape.guards for i in g[1:3]]
    early = any(i >= begin for begin, _, _, operands in tape.composites for i in operands)
    if stale.any() or early or any(i >= op.size for i in later):
        raise TapeError("a variable made before Tape.rewind was used after it: make it again")


def _moved(composite: PlacedComposite, begin: int, slots: Ints) -> PlacedComposite:
    """Return a composite renumbered: its first node's new number and the table of new operand slots."""
    return PlacedComposite(
        operation=composite.operation,
        begin=int(begin),
        end=int(begin) + composite.end - composite.begin,
        operands=frozen(slots[composite.operands]),
    )


def spread(
    left: Ints,
    right: Ints,
    passes: Flags,
    marked: Flags,
    first_node: int,
    composites: Sequence[PlacedComposite],
) -> None:
    """Mark every node that depends on a marked slot, through operations and composites."""
    begin = 0
    for composite in composites:
        scalar.mark_dependent(left, right, passes, marked, first_node, begin, composite.begin)
        depends = marked[composite.operands].any()
        marked[first_node + composite.begin : first_node + composite.end] = depends
        begin = composite.end
    scalar.mark_dependent(left, right, passes, marked, first_node, begin, passes.size)
