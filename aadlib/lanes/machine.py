"""The block machine on this processor, and its plan of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from aadlib.lanes.block_machine import Machine
from aadlib.lanes.block_steps import n_operands
from aadlib.sweeps.simd import LANES
from aadlib.types import Ints


@dataclass(frozen=True, eq=False)
class ColumnPlan:
    """How a code's sums and products of columns are taken here.

    Attributes
    ----------
    packs : (k,) addresses of what is set aside, block by block
    groups : (g, 7) columns of one side: first, number; of the other: first, number; symmetric or not; the column of a
        weight, or -1; start in `table`
    table : number of the sum that receives a product; -1 for none, -2 - number for twice
    zone : numbers of the sums that steps add to
    """

    packs: Ints
    groups: Ints
    table: Ints
    zone: Ints


def column_plan(code: Any) -> ColumnPlan:
    """Return the plan for a `BlockCode`: weighted copies of columns become one column of weights."""
    packs: list[int] = []
    groups: list[tuple[int, ...]] = []

    def packed(addresses: Sequence[int]) -> int:
        packs.extend(addresses)
        return len(packs) - len(addresses)

    for one, n_one, other, n_other, symmetric, start in code.groups.tolist():
        rows = code.packs[one : one + n_one]
        others = code.packs[other : other + n_other]
        first = packed(rows[:, 1].tolist())
        weighted = symmetric and np.array_equal(rows[:, 1], others[:, 1]) and len(set(others[:, 2])) == 1
        if weighted:
            weight = packed(others[:1, 2].tolist())
            groups.append((first, n_one, first, n_other, symmetric, weight, start))
        else:
            groups.append((first, n_one, packed(others[:, 1].tolist()), n_other, symmetric, -1, start))
    table = code.table // LANES - code.n_addresses
    twice = code.table < -1
    table[twice] = -2 - ((-2 - code.table[twice]) // LANES - code.n_addresses)
    table[code.table == -1] = -1
    return ColumnPlan(
        packs=np.array(packs, dtype=np.int32),
        groups=np.array(groups, dtype=np.int32).reshape(-1, 7),
        table=table.astype(np.int32),
        zone=_added_to(code),
    )


def _added_to(code: Any) -> Ints:
    """Return the numbers of the sums among the targets of the code's steps."""
    runs = np.array([n_operands(kind) for kind in code.sum_runs[:, 0].tolist()], dtype=np.intp)
    widths = np.repeat(runs, code.sum_runs[:, 1])
    targets = code.sum_operands[np.cumsum(widths) - widths] // LANES - code.n_addresses
    return np.unique(targets[targets >= 0]).astype(np.int32)


_machines: WeakKeyDictionary[Any, Machine] = WeakKeyDictionary()
"""Machines by their codes, which programs of one structure share: a machine has no state, and threads may share it."""


def BlockMachine(code: Any) -> Machine:
    """Return the machine for a code: see `aadlib/sweeps/kernels/block_machine.h`."""
    machine = _machines.get(code)
    if machine is None:
        machine = _machines[code] = Machine(code, column_plan(code))
    return machine
