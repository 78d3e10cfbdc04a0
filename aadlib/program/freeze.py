"""From a tape to the layout of a program: merge repeats, drop what is unused, number the slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, Line, TapeError
from aadlib.program import passes
from aadlib.rules.properties import COMMUTES, INPUT, OPERANDS, PASSES
from aadlib.rules.table import RULES
from aadlib.tape.advar import ADVar
from aadlib.tape.tape import Tape
from aadlib.types import Flags, Floats, Ints, frozen


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
    op, left_ids, right_ids, constants = tape.columns()
    is_input = op == INPUT
    _require_whole(tape, is_input, inputs, outputs)

    # Places: the tape's constants, constant outputs, then the tape's nodes.
    literal = np.array([float(o) for o in outputs if not isinstance(o, ADVar)], dtype=np.float64)
    pool = np.concatenate([constants, literal])
    first = pool.size
    places = np.empty(first + op.size, dtype=np.int32)
    same, positions = np.unique(pool.view(np.int64), return_inverse=True)
    distinct = np.full(same.size, first, dtype=np.int32)
    np.minimum.at(distinct, positions, np.arange(first, dtype=np.int32))
    places[:first] = distinct[positions]
    left, right, stale = passes.merge_repeated(op, left_ids, right_ids, COMMUTES, places, first)
    if stale >= 0:
        raise TapeError(STALE)

    def place(ids: Sequence[int]) -> Ints:
        numbers = np.array(ids, dtype=np.int64)
        found: Ints = places[np.where(numbers < 0, -numbers - 1, numbers + first)]
        return found

    composites = [
        PlacedComposite(operation, begin, begin + count, place(ids))
        for begin, count, operation, ids in tape.composites
    ]
    literals = iter(range(constants.size, first))
    roots = places[[o.id + first if isinstance(o, ADVar) else next(literals) for o in outputs]]
    guards = list(tape.guards)
    guard_left, guard_right = place([g[1] for g in guards]), place([g[2] for g in guards])
    kink_places = place([k[0] for k in tape.kinks])
    input_places = np.array([variable.id + first for variable in inputs], dtype=np.int64)

    live = np.zeros(places.size, dtype=np.uint8)
    live[np.concatenate([roots, guard_left, guard_right])] = 1
    end = op.size
    for composite in reversed(composites):
        passes.mark_live(left, right, live, first, composite.end, end)
        results = live[first + composite.begin : first + composite.end]
        if results.any():
            results[:] = 1
            live[composite.operands] = 1
        end = composite.begin
    passes.mark_live(left, right, live, first, 0, end)
    composites = [composite for composite in composites if live[first + composite.begin]]

    # Nodes that no lane changes come first: sweeps over lanes compute them once.
    varying = np.zeros(places.size, dtype=np.uint8)
    if input_lane.any():
        varying[input_places] = input_lane
        _spread_lanes(op, left, right, varying, first, composites)

    # Everything that is still to be found has its place: the array is used again for the slots.
    slots = places
    slots[:] = -1
    n_inputs = len(inputs)
    slots[input_places] = np.arange(n_inputs)
    unlisted = np.flatnonzero(is_input) + first
    unlisted = unlisted[(slots[unlisted] < 0) & (live[unlisted] != 0)]
    fixed = np.flatnonzero(live[:first])
    pool_values = np.concatenate([pool[fixed], constants[-1 - left_ids[unlisted - first]]])
    pool_places = np.concatenate([fixed, unlisted])
    slots[pool_places] = n_inputs + np.arange(pool_places.size)
    first_node = n_inputs + pool_places.size
    op, left, right, n_uniform = passes.number_nodes(op, left, right, live, varying, slots, first, first_node)

    placed = [_moved(c, slots[first + c.begin] - first_node, slots) for c in composites]
    active = np.zeros(first_node + op.size, dtype=np.uint8)
    active[:n_inputs] = input_active
    activity = _spread_derivatives(op, left, right, active, first_node, placed)

    kinks = {
        int(slot): (what if isinstance(what, str) else RULES[what].name, line)
        for slot, (_, what, line) in zip(slots[kink_places][::-1], reversed(tape.kinks), strict=True)
        if slot >= first_node and (active[left[slot - first_node]] or active[right[slot - first_node]])
    }
    return Layout(
        n_inputs=n_inputs,
        n_recorded=is_input.size - int(is_input.sum()),
        n_uniform=n_uniform,
        constants=frozen(pool_values),
        op=frozen(op),
        left=frozen(left),
        right=frozen(right),
        activity=frozen(activity),
        outputs=frozen(slots[roots]),
        composites=tuple(placed),
        guard_arrays=(
            frozen(np.array([g[0] for g in guards], dtype=np.uint8)),
            frozen(slots[guard_left]),
            frozen(slots[guard_right]),
            frozen(np.array([g[3] for g in guards], dtype=np.uint8)),
        ),
        guards=tuple(Guard(RULES[g[0]].name, bool(g[3]), g[4]) for g in guards),
        kinks=tuple(Kink(slot, name, line) for slot, (name, line) in sorted(kinks.items())),
        lines=tuple(tape.lines[k] for k in _in_order(slots[first:], first_node)) if tape.lines else None,
    )


STALE = "a variable made before Tape.rewind was used after it: make it again"


def _require_whole(
    tape: Tape, is_input: npt.NDArray[np.bool_], inputs: Sequence[ADVar], outputs: Sequence[ADVar | float]
) -> None:
    """Raise where an input is no input, or an output, a guard or a composite uses what `rewind` took back."""
    ids = [variable.id for variable in inputs]
    if len(set(ids)) != len(ids) or any(i >= is_input.size or not is_input[i] for i in ids):
        raise AadTypeError("inputs must be different variables made by Tape.input, not results of operations")
    later = [o.id for o in outputs if isinstance(o, ADVar)] + [i for g in tape.guards for i in g[1:3]]
    early = any(i >= begin for begin, _, _, operands in tape.composites for i in operands)
    if early or any(i >= is_input.size for i in later):
        raise TapeError(STALE)


def _moved(composite: PlacedComposite, begin: int, slots: Ints) -> PlacedComposite:
    """Return a composite renumbered: its first node's new number and the table of new operand slots."""
    return PlacedComposite(
        operation=composite.operation,
        begin=int(begin),
        end=int(begin) + composite.end - composite.begin,
        operands=frozen(slots[composite.operands]),
    )


def _spread_lanes(
    op: Flags, left: Ints, right: Ints, varying: Flags, first: int, composites: Sequence[PlacedComposite]
) -> None:
    """Mark every place that depends on a lane; composites must not."""
    passes.mark_dependent(left, right, OPERANDS[op], varying, first, 0, op.size)
    if any(varying[composite.operands].any() for composite in composites):
        raise AadTypeError(
            "a composite operation depends on a lane argument: composites run on shared arguments only"
        )


def _spread_derivatives(
    op: Flags, left: Ints, right: Ints, active: Flags, first: int, composites: Sequence[PlacedComposite]
) -> Flags:
    """Mark every slot that depends on an active one, and return through which operands each node does."""
    activity = np.zeros(op.size, dtype=np.uint8)
    begin = 0
    for composite in composites:
        passes.mark_active(op, left, right, PASSES, active, activity, first, begin, composite.begin)
        active[first + composite.begin : first + composite.end] = active[composite.operands].any()
        begin = composite.end
    passes.mark_active(op, left, right, PASSES, active, activity, first, begin, op.size)
    return activity


def _in_order(slots: Ints, first_node: int) -> npt.NDArray[np.intp]:
    """Return the nodes that have a slot from `first_node` on, in the order of their slots."""
    nodes = np.flatnonzero(slots >= first_node)
    return nodes[np.argsort(slots[nodes])]


def spread(
    left: Ints,
    right: Ints,
    handed: Flags,
    marked: Flags,
    first_node: int,
    composites: Sequence[PlacedComposite],
) -> None:
    """Mark every node that depends on a marked slot, through operations and composites.

    `handed` says per node through which operands (bits 1 and 2) a mark is handed on.
    """
    begin = 0
    for composite in composites:
        passes.mark_dependent(left, right, handed, marked, first_node, begin, composite.begin)
        depends = marked[composite.operands].any()
        marked[first_node + composite.begin : first_node + composite.end] = depends
        begin = composite.end
    passes.mark_dependent(left, right, handed, marked, first_node, begin, handed.size)
