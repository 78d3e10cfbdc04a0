"""Where arcs that are flushed to the inputs go when each of their ends depends on few inputs: sparse forward rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aadlib.extend import Program, mark_reached
from aadlib.types import Floats, Ints
from greeks2.point import Point
from greeks2.structure.sparse_rows import carry_sparse_rows

FEWEST_INPUTS = 64
"""With fewer inputs rows are short enough as they are, and dense ones cost less to find."""

PER_ARC = 16
"""Entries of the Hessian that a flushed arc may come to on average; beyond, dense rows are no larger."""

Long = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FlushedRows:
    """Sparse rows of the slots behind flushed arcs, and the entries that these arcs add to.

    Attributes
    ----------
    behind, places, row_of, starts : as `greeks2.structure.sparse_rows.carry_sparse_rows` takes them
    seeds : entries of the rows of inputs, which are 1
    end_starts : (n_ends + 1,) where the rows of arcs' ends begin among `end_entries`
    end_entries : where the entries of these rows stand among those of all rows
    targets : per arc, input of one end and input of the other, the number of the entry of the Hessian
    rows, columns : of these entries, numbers of active inputs
    """

    behind: Ints
    places: Ints
    row_of: Ints
    starts: Long
    seeds: Long
    end_starts: Long
    end_entries: Long
    targets: Ints
    rows: Ints
    columns: Ints

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, and of the entries of rows and of the Hessian."""
        return sum(array.nbytes for array in vars(self).values()) + 8 * int(self.starts[-1] + self.rows.size)

    def entries(self, point: Point) -> Floats:
        """Return the entries of the rows of arcs' ends at an evaluated program."""
        entries = np.zeros(int(self.starts[-1]))
        entries[self.seeds] = 1.0
        nodes = point.program.nodes
        carry_sparse_rows(nodes, point.values, self.behind, self.starts, self.places, self.row_of, entries)
        return entries[self.end_entries]


def flushed_rows(program: Program, ends: npt.NDArray[np.intp], arcs: Ints) -> FlushedRows | None:
    """Return sparse rows for flushed arcs (m, 2), pairs of positions in `ends`; None where dense ones are no larger."""
    n = program.n_active
    if ends.size == 0 or n < FEWEST_INPUTS:
        return None
    marked = np.zeros(program.n_slots, dtype=np.uint8)
    marked[ends] = 1
    mark_reached(program.nodes, marked)
    slots = np.flatnonzero(marked)
    found = _sets_of_inputs(program, slots, limit=ends.size * n)
    if found is None:
        return None
    sets, places = found
    row_of = np.full(program.n_slots, -1, dtype=np.int32)
    row_of[slots] = np.arange(slots.size)
    sizes = np.array([len(sets[slot]) for slot in slots.tolist()], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    of_ends = sizes[row_of[ends]]
    if int((of_ends[arcs[:, 0]] * of_ends[arcs[:, 1]]).sum()) > PER_ARC * (len(arcs) + program.n_nodes):
        return None
    targets, rows, columns = _targets([sets[slot] for slot in ends.tolist()], arcs, n)
    begin = starts[row_of[ends]]
    end_starts = np.concatenate([[0], np.cumsum(of_ends)])
    within = np.arange(end_starts[-1]) - np.repeat(end_starts[:-1], of_ends)
    return FlushedRows(
        behind=(slots[slots >= program.first_node] - program.first_node).astype(np.int32),
        places=places,
        row_of=row_of,
        starts=starts,
        seeds=starts[: int(np.count_nonzero(slots < program.n_inputs))],
        end_starts=end_starts,
        end_entries=np.repeat(begin, of_ends) + within,
        targets=targets,
        rows=rows,
        columns=columns,
    )


def _sets_of_inputs(
    program: Program, slots: npt.NDArray[np.intp], limit: int
) -> tuple[dict[int, Ints], Ints] | None:
    """Return the active inputs that slots depend on, by their numbers, and where operands' stand in their nodes' sets.

    None where all sets together would be larger than `limit`.
    """
    nodes, first = program.nodes, program.first_node
    number = np.cumsum(program.input_active) - 1
    sets: dict[int, Ints] = {}
    places: list[Ints] = []
    total = 0
    for slot in slots.tolist():
        if slot < program.n_inputs:
            sets[slot] = np.array([number[slot]], dtype=np.int32)
            continue
        k = slot - first
        activity = int(nodes.activity[k])
        sides = ((1, int(nodes.left[k])), (2, int(nodes.right[k])))
        operands = [sets[operand] for bit, operand in sides if activity & bit]
        both = len(operands) == 2 and operands[0] is not operands[1]
        joined = np.union1d(*operands) if both else operands[0]
        sets[slot] = joined
        places += [np.searchsorted(joined, operand).astype(np.int32) for operand in operands]
        total += joined.size
        if total > limit:
            return None
    return sets, np.concatenate([*places, np.empty(0, dtype=np.int32)])


def _targets(sets: list[Ints], arcs: Ints, n: int) -> tuple[Ints, Ints, Ints]:
    """Return for every arc and pair of inputs the number of its entry, and the entries' rows and columns."""
    keys: list[Long] = []
    for i, j in arcs.tolist():
        one, other = sets[i].astype(np.int64), sets[j].astype(np.int64)
        high, low = np.maximum.outer(one, other), np.minimum.outer(one, other)
        keys.append((high * n + low).ravel())
    entries, targets = np.unique(np.concatenate(keys), return_inverse=True)
    return targets.astype(np.int32), (entries // n).astype(np.int32), (entries % n).astype(np.int32)
