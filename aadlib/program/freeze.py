"""From a tape to the layout of a program: merge repeats, drop what is unused, number the slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, TapeError
from aadlib.program import passes
from aadlib.program.nodes import Nodes
from aadlib.program.parts import Argument, Guard, Kink, PlacedComposite
from aadlib.rules.properties import COMMUTES, INPUT, OPERANDS, PASSES, RESULT
from aadlib.rules.table import RULES
from aadlib.tape.advar import ADVar
from aadlib.tape.tape import Tape
from aadlib.types import Flags, Floats, Ints, frozen

NOTHING: Ints = np.zeros(0, dtype=np.int32)
NO_GUARDS: dict[str, Any] = {
    "guards": (),
    "guard_arrays": (
        frozen(NOTHING.astype(np.uint8)),
        frozen(NOTHING),
        frozen(NOTHING),
        frozen(NOTHING.astype(np.uint8)),
    ),
}
ID = attrgetter("id")
STALE = "a variable made before Tape.rewind was used after it: make it again"


@dataclass
class _Merged:
    """A tape without repeats. Everything on it has a *position*: its constants first, then its nodes from `first` on.

    Attributes
    ----------
    op, left, right : per node, operands as positions
    pool : values of the constants
    positions : per position that of what stands for it: its own, or that of the first one equal to it
    inputs, roots, guard_left, guard_right, kinks : positions
    composites : with operands as positions
    """

    first: int
    op: Flags
    left: Ints
    right: Ints
    pool: Floats
    positions: Ints
    inputs: npt.NDArray[np.int64]
    roots: Ints
    guard_left: Ints
    guard_right: Ints
    kinks: Ints
    composites: list[PlacedComposite]


def freeze(
    tape: Tape,
    *,
    inputs: Sequence[ADVar],
    outputs: Sequence[ADVar | float],
    arguments: Sequence[Argument],
    output_shape: tuple[int, ...] = (),
    guarded: bool = True,
) -> dict[str, Any]:
    """Lay out the part of a tape that leads to `outputs`; return the arguments of `Layout`.

    Repeated operations are merged and pairs like sqrt(x)**2 become one (values stay the same to the last bit), unused
    ones are dropped, constants pooled.
    Slots are numbered: inputs in the order given, constants, nodes that no lane changes, nodes that one does. Inputs
    of the tape that are not among `inputs` become constants. Results of a composite may be given as inputs: it is left
    out then. Guards are left out where it is not `guarded`.
    """
    _require_whole(tape, inputs, outputs)
    guards = tape.guards if guarded else []
    merged = _merge(tape, inputs, outputs, guards)
    live = _live(merged)
    varying = _varying(merged, arguments)
    slots, constants = _number_leaves(tape, merged, live)
    first, first_node = merged.first, len(inputs) + constants.size
    op, left, right, n_uniform = passes.number_nodes(
        merged.op, merged.left, merged.right, live, varying, slots, first, first_node
    )
    placed = tuple(map(partial(_renumbered, first, first_node, slots), merged.composites))
    active = np.zeros(first_node + op.size, dtype=np.uint8)
    for argument in arguments:
        active[argument.span] = argument.active
    activity = _activity(op, left, right, active, first_node, placed)
    nodes = Nodes(op, left, right, activity, first_node, n_uniform)
    return dict(
        nodes=nodes,
        constants=frozen(constants),
        outputs=frozen(slots[merged.roots]),
        output_shape=output_shape,
        arguments=tuple(arguments),
        n_recorded=merged.op.size - int((merged.op == INPUT).sum()),
        n_uniform=n_uniform,
        **(_guards(guards, slots, merged) if guards else NO_GUARDS),
        kinks=_kinks(tape, slots[merged.kinks], nodes, active) if tape.kinks else (),
        lines=tuple(tape.lines[k] for k in _in_order(slots[first:], first_node)) if tape.lines else None,
        composites=placed,
    )


def _require_whole(tape: Tape, inputs: Sequence[ADVar], outputs: Sequence[ADVar | float]) -> None:
    """Raise where a variable is not this tape's, an input is none, or something uses what `rewind` took back."""
    op = tape.columns()[0]
    ids: set[int] = set()
    stale = False
    for number, variable in enumerate((*inputs, *outputs)):
        if not isinstance(variable, ADVar):
            continue
        if variable.serial != tape.serial:
            raise AadTypeError(f"variable {number} ({variable!r}) belongs to another tape than {tape!r}")
        beyond = variable.id >= op.size
        if number < len(inputs) and (beyond or op[variable.id] < RESULT or variable.id in ids):
            raise AadTypeError(
                "inputs must be different variables made by Tape.input, not results of operations"
            )
        ids.add(variable.id)
        stale |= beyond
    for guard in tape.guards:
        stale |= max(guard[1], guard[2]) >= op.size
    for begin, _, _, operands in tape.composites:
        stale |= max(operands) >= begin
    if stale:
        raise TapeError(STALE)


def _merge(
    tape: Tape, inputs: Sequence[ADVar], outputs: Sequence[ADVar | float], guards: Sequence[Any]
) -> _Merged:
    """Merge repeats of constants, those among the outputs too, and of operations."""
    recorded, left_ids, right_ids, constants = tape.columns()
    given = set(map(ID, inputs)) if tape.composites else ()
    literals: list[float] = []
    roots: list[int] = []  # ids as on the tape, where literals are constants after the tape's own
    for output in outputs:
        if isinstance(output, ADVar):
            roots.append(output.id)
        else:
            literals.append(float(output))
            roots.append(-constants.size - len(literals))
    pool = np.concatenate([constants, literals])
    first = pool.size
    positions = np.empty(first + recorded.size, dtype=np.int32)
    distinct, number_of = np.unique(pool.view(np.int64), return_inverse=True)
    earliest = np.full(distinct.size, first, dtype=np.int32)
    np.minimum.at(earliest, number_of, np.arange(first, dtype=np.int32))
    positions[:first] = earliest[number_of]
    op, left, right, stale = passes.merge_repeated(recorded, left_ids, right_ids, COMMUTES, positions, pool)
    if stale >= 0:
        raise TapeError(STALE)
    return _Merged(
        first=first,
        op=op,
        left=left,
        right=right,
        pool=pool,
        positions=positions,
        inputs=first + np.fromiter(map(ID, inputs), dtype=np.int64, count=len(inputs)),
        roots=_of_ids(positions, first, roots),
        guard_left=_nth_of_ids(positions, first, 1, guards) if guards else NOTHING,
        guard_right=_nth_of_ids(positions, first, 2, guards) if guards else NOTHING,
        kinks=_nth_of_ids(positions, first, 0, tape.kinks) if tape.kinks else NOTHING,
        composites=[_placed(positions, first, *row) for row in tape.composites if row[0] not in given],
    )


def _of_ids(positions: Ints, first: int, ids: Sequence[int]) -> Ints:
    """Return the positions of ids on the tape: a node's number, or -(k + 1) for constant k."""
    numbers = np.array(ids, dtype=np.int64)
    merged: Ints = positions[np.where(numbers < 0, -numbers - 1, numbers + first)]
    return merged


def _nth_of_ids(positions: Ints, first: int, n: int, rows: Sequence[Any]) -> Ints:
    """Return the positions of the ids that stand n-th in rows."""
    return _of_ids(positions, first, list(map(itemgetter(n), rows)))


def _placed(
    positions: Ints, first: int, begin: int, count: int, operation: Any, ids: list[int]
) -> PlacedComposite:
    return PlacedComposite(operation, begin, begin + count, _of_ids(positions, first, ids))


def _live(merged: _Merged) -> Flags:
    """Mark the positions that outputs and guards depend on, and leave out the composites that are not among them."""
    live = np.zeros(merged.positions.size, dtype=np.uint8)
    live[np.concatenate([merged.roots, merged.guard_left, merged.guard_right])] = 1
    first, end = merged.first, merged.op.size
    for composite in reversed(merged.composites):
        passes.mark_live(merged.left, merged.right, live, first, composite.end, end)
        results = live[first + composite.begin : first + composite.end]
        if results.any():
            results[:] = 1
            live[composite.operands] = 1
        end = composite.begin
    passes.mark_live(merged.left, merged.right, live, first, 0, end)
    if merged.composites:
        merged.composites = [composite for composite in merged.composites if live[first + composite.begin]]
    return live


def _varying(merged: _Merged, arguments: Sequence[Argument]) -> Flags:
    """Mark the positions that depend on a lane: sweeps over lanes compute the others once. Composites must not."""
    varying = np.zeros(merged.positions.size, dtype=np.uint8)
    for argument in arguments:
        varying[merged.inputs[argument.span]] = argument.lane
    if not varying.any():
        return varying
    handed = OPERANDS[merged.op]
    passes.mark_dependent(merged.left, merged.right, handed, varying, merged.first, 0, merged.op.size)
    if any(varying[composite.operands].any() for composite in merged.composites):
        raise AadTypeError(
            "a composite operation depends on a lane argument: composites run on shared arguments only, but for those "
            "that are `passive`"
        )
    return varying


def _number_leaves(tape: Tape, merged: _Merged, live: Flags) -> tuple[Ints, Floats]:
    """Give slots to inputs and constants; return the slots, -1 where there is none yet, and the constants' values."""
    slots = merged.positions  # everything that is still to be found has its position: the array is used again
    slots[:] = -1
    slots[merged.inputs] = np.arange(merged.inputs.size)
    unlisted = np.flatnonzero(merged.op == INPUT) + merged.first
    unlisted = unlisted[(slots[unlisted] < 0) & (live[unlisted] != 0)]
    fixed = np.flatnonzero(live[: merged.first])
    _, left_ids, _, constants = tape.columns()
    leaves = np.concatenate([fixed, unlisted])
    slots[leaves] = merged.inputs.size + np.arange(leaves.size)
    return slots, np.concatenate([merged.pool[fixed], constants[-1 - left_ids[unlisted - merged.first]]])


def _guards(guards: Sequence[Any], slots: Ints, merged: _Merged) -> dict[str, Any]:
    """Return the guards, and arrays over them: operation, slots of both sides, outcome."""
    operations, _, _, outcomes, lines, modules = zip(*guards, strict=True)
    codes, came_out = np.array(operations, dtype=np.uint8), np.array(outcomes, dtype=np.uint8)
    arrays = (codes, slots[merged.guard_left], slots[merged.guard_right], came_out)
    rows = zip(operations, outcomes, lines, modules, strict=True)
    described = tuple(
        Guard(RULES[code].name, bool(outcome), line, module) for code, outcome, line, module in rows
    )
    return {"guards": described, "guard_arrays": tuple(frozen(array) for array in arrays)}


def _renumbered(first: int, first_node: int, slots: Ints, composite: PlacedComposite) -> PlacedComposite:
    """Return a composite with its first node's new number and its operands as slots."""
    begin = slots[first + composite.begin] - first_node
    return PlacedComposite(
        operation=composite.operation,
        begin=int(begin),
        end=int(begin) + composite.end - composite.begin,
        operands=frozen(slots[composite.operands]),
    )


def _activity(
    op: Flags, left: Ints, right: Ints, active: Flags, first: int, composites: Sequence[PlacedComposite]
) -> Flags:
    """Mark every slot that depends on an active one, and return through which operands each node does."""
    activity = np.zeros(op.size, dtype=np.uint8)
    begin = 0
    for composite in composites:
        passes.mark_active(op, left, right, PASSES, active, activity, first, begin, composite.begin)
        passed = not composite.operation.passive and active[composite.operands].any()
        active[first + composite.begin : first + composite.end] = passed
        begin = composite.end
    passes.mark_active(op, left, right, PASSES, active, activity, first, begin, op.size)
    return activity


def _kinks(tape: Tape, slots: Ints, nodes: Nodes, active: Flags) -> tuple[Kink, ...]:
    """Return the kinks that a derivative passes, one per slot: that of the first recording of a repeated operation."""
    kinks = {
        int(slot): (what if isinstance(what, str) else RULES[what].name, line)
        for slot, (_, what, line) in zip(slots[::-1], reversed(tape.kinks), strict=True)
        if slot >= nodes.first_node
        and (active[nodes.left[slot - nodes.first_node]] or active[nodes.right[slot - nodes.first_node]])
    }
    return tuple(Kink(slot, name, line) for slot, (name, line) in sorted(kinks.items()))


def _in_order(slots: Ints, first_node: int) -> npt.NDArray[np.intp]:
    """Return the tape's nodes that have a slot from `first_node` on, in the order of their slots."""
    nodes = np.flatnonzero(slots >= first_node)
    return nodes[np.argsort(slots[nodes])]
