"""Code of a recorded path: values, partials and adjoints as straight-line steps, summed over lanes.

What varies from lane to lane becomes steps for one block of lanes; what no lane changes (the *uniform* part) stands
outside, is swept once, and receives sums over lanes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.lanes.block_code import MINUS_ONE, ONE, ZERO, BlockCode, BlockWriter, Term
from aadlib.program.layout import Layout
from aadlib.rules.table import RULES
from aadlib.types import Floats, Ints, frozen

Positions = npt.NDArray[np.intp]

CONSTANT = {"0.0": ZERO, "1.0": ONE, "-1.0": MINUS_ONE}
OPERAND = {"x": 0, "y": 1, "v": 2}


STEP, COLUMN_PRODUCT, PACKED = 1.2, 0.3, 4.0
"""Nanoseconds of a step, of a multiply-add of columns and of a packed column, for a block: what plans compare."""


def checksum(part: Any) -> int:
    """Return the checksum of a part of a path's code: of its arrays, its numbers, and the parts that it has."""
    if isinstance(part, np.ndarray):
        return zlib.crc32(
            np.ascontiguousarray(part).view(np.uint8).data, zlib.crc32(repr(part.dtype).encode())
        )
    if is_dataclass(part):
        part = [getattr(part, field.name) for field in fields(part)]
    if isinstance(part, (list, tuple)):
        return zlib.crc32(repr([checksum(one) for one in part]).encode())
    return zlib.crc32(repr(part).encode())


@dataclass(frozen=True, eq=False)
class FixedNumbers:
    """Where the numbers of the fixed registers come from; registers and columns by number, tables column by column.

    Attributes
    ----------
    numbers : (n_fixed,) of those that never change, 0 for the others
    values : register, slot whose value it holds
    rows : register, slot, position of an active input: it holds the derivative of the one in the other
    tangents : register, slot whose derivative along the direction of a sweep it holds
    """

    numbers: Floats
    values: Positions
    rows: Positions
    tangents: Positions


@dataclass(frozen=True, eq=False)
class PathCode:
    """Code for one path, and what its sums over lanes are: a function of the program's structure alone.

    Attributes
    ----------
    order : 0, 1 or 2
    code : BlockCode; its sums are the value, then the adjoints of `adjoint_slots`, then those of `pairs`, or where the
        code is `directional` the derivatives of the adjoints of `columns` along one direction of the active inputs
    active : (n_active,) slots of the active inputs
    adjoint_slots : (k,) uniform slots that lanes use
    columns : (c,) uniform slots whose second derivatives are summed: active inputs, or slots on the way
    pairs : (p, 2) positions among the columns, first <= second
    wide_products : number of multiply-adds of whole columns for one lane
    directional : whether it is swept once per active input
    """

    order: int
    code: BlockCode
    active: Positions
    adjoint_slots: Ints
    columns: Ints
    pairs: Ints
    wide_products: int
    directional: bool

    @property
    def block_time(self) -> float:
        """Estimated nanoseconds for one block of lanes."""
        return STEP * self.code.steps + COLUMN_PRODUCT * self.wide_products + PACKED * self.code.n_columns

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, about."""
        arrays = (self.adjoint_slots, self.columns, self.pairs)
        return self.code.nbytes + sum(array.nbytes for array in arrays)

    @cached_property
    def at_inputs(self) -> bool:
        """Whether all columns are active inputs."""
        return bool(np.isin(self.columns, self.active).all())

    @cached_property
    def fixed(self) -> FixedNumbers:
        """Where the numbers of the code's fixed registers come from."""
        positions = {int(slot): position for position, slot in enumerate(self.active)}
        keys: list[Any] = list(self.code.fixed)
        numbers: Floats = np.array([key[1] if key[0] == "number" else 0.0 for key in keys])
        values = [(register, key[1]) for register, key in enumerate(keys) if key[0] == "value"]
        rows = [(register, key[2], positions[key[1]]) for register, key in enumerate(keys) if key[0] == "row"]
        tangents = [(register, key[1]) for register, key in enumerate(keys) if key[0] == "tangent"]
        return FixedNumbers(
            numbers,
            np.array(values, dtype=np.intp).reshape(-1, 2).T,
            np.array(rows, dtype=np.intp).reshape(-1, 3).T,
            np.array(tangents, dtype=np.intp).reshape(-1, 2).T,
        )

    @cached_property
    def sums_of_entries(self) -> Positions:
        """Number of the pair whose sum stands in each entry of the columns' matrix, or the inputs' where all are such.

        Where there is none, one past the last.
        """
        size, (rows, others) = self.columns.size, self.pairs.T.astype(np.intp)
        if self.at_inputs:
            size, positions = self.active.size, np.searchsorted(self.active, self.columns)
            rows, others = positions[rows], positions[others]
        numbers = np.full((size, size), len(self.pairs), dtype=np.intp)
        numbers[rows, others] = numbers[others, rows] = np.arange(len(self.pairs))
        return numbers


class PathWriter:
    """Writes the values, the partials that are asked for and the adjoints of a program's lane part."""

    def __init__(self, program: Layout) -> None:
        self.program = program
        self.writer = BlockWriter()
        self.seed = self.writer.constant(("seed",))
        nodes = program.nodes
        self.n_nodes, self.first_node = nodes.n_nodes, nodes.first_node
        self.first_lane_node = program.n_uniform
        self.first_lane_slot = nodes.first_node + program.n_uniform
        self.op: list[int] = nodes.op.tolist()
        self.left: list[int] = nodes.left.tolist()
        self.right: list[int] = nodes.right.tolist()
        self.activity: list[int] = nodes.activity.tolist()
        self.output = int(program.outputs[0])
        self._registers: dict[int, int] = {}
        self._first: dict[int, tuple[int, int]] = {}
        self._second: dict[int, tuple[int, int, int]] = {}
        self.adjoint_sums: dict[int, int] = {}
        self._read_inputs()
        for k in range(program.n_uniform, self.n_nodes):
            self._registers[self.first_node + k] = self.writer.operation(
                self.op[k], self.value(self.left[k]), self.value(self.right[k])
            )
        self.value_sum = self.writer.sum_register()
        self.writer.add_to(self.value_sum, self.value(self.output), self.seed)

    def _read_inputs(self) -> None:
        number = 0
        for argument in self.program.arguments:
            if argument.lane:
                for position in range(argument.size):
                    self._registers[argument.offset + position] = self.writer.lane_input(number, position)
                number += 1

    def is_uniform(self, slot: int) -> bool:
        """Return whether a slot of an active operand is the same in every lane."""
        return slot < self.first_lane_slot

    def value(self, slot: int) -> int:
        """Return the register of a slot's value."""
        register = self._registers.get(slot)
        if register is None:
            n_inputs = self.program.n_inputs
            if n_inputs <= slot < self.first_node:
                register = self.writer.literal(float(self.program.constants[slot - n_inputs]))
            else:
                register = self.writer.constant(("value", slot))
            self._registers[slot] = register
        return register

    def _operands(self, k: int) -> tuple[int, int, int]:
        return self.value(self.left[k]), self.value(self.right[k]), self.value(self.first_node + k)

    def _simple(self, k: int, text: str) -> int | None:
        """Return the register that holds a partial already, or None where it has to be computed."""
        if text in CONSTANT:
            return CONSTANT[text]
        if text in OPERAND:
            return self._operands(k)[OPERAND[text]]
        try:
            return self.writer.literal(float(text))
        except ValueError:
            return None

    def first(self, k: int, side: int) -> int:
        """Return the first partial of node k in its left (0) or right (1) operand."""
        text = RULES[self.op[k]].first[side]
        simple = self._simple(k, text)
        if simple is not None:
            return simple
        if k not in self._first:
            self._first[k] = self.writer.first_partials(self.op[k], *self._operands(k))
        return self._first[k][side]

    def second(self, k: int, which: int) -> int:
        """Return the second partial dxx (0), dxy (1) or dyy (2) of node k."""
        texts = RULES[self.op[k]].second
        if which >= len(texts):
            return ZERO
        simple = self._simple(k, texts[which])
        if simple is not None:
            return simple
        if k not in self._second:
            self._second[k] = self.writer.second_partials(self.op[k], *self._operands(k))
        return self._second[k][which]

    def partials(self, k: int) -> list[Term]:
        """Return (operand slot, first partial) for every active operand of node k."""
        sides = (self.left[k], self.right[k])
        return [(sides[side], self.first(k, side)) for side in (0, 1) if self.activity[k] & (1 << side)]

    def curvatures(self, k: int) -> list[tuple[int, int, bool, int]]:
        """Return (slot, slot, mixed, second partial) for the pairs of active operands of node k, mixed ones once."""
        a, b, activity = self.left[k], self.right[k], self.activity[k]
        pairs = []
        if activity & 1:
            pairs.append((a, a, False, self.second(k, 0)))
        if activity == 3:
            pairs.append((a, b, True, self.second(k, 1)))
        if activity & 2:
            pairs.append((b, b, False, self.second(k, 2)))
        return [pair for pair in pairs if pair[3] != ZERO]

    def add_adjoint(self, slot: int, a: int, b: int = ONE) -> None:
        """Add a times b to the sum over lanes of a uniform slot's adjoint."""
        if slot not in self.adjoint_sums:
            self.adjoint_sums[slot] = self.writer.sum_register()
        self.writer.add_to(self.adjoint_sums[slot], a, b)

    def adjoints(self) -> list[Term]:
        """Write the adjoint sweep; return (node, adjoint) for the lane nodes that the output depends on, last first."""
        first, waiting, adjoints = self.first_node, dict[int, list[Term]](), []
        if self.is_uniform(self.output):
            self.add_adjoint(self.output, self.seed)
        else:
            waiting[self.output] = [(self.seed, ONE)]
        for k in range(self.n_nodes - 1, self.first_lane_node - 1, -1):
            terms = waiting.pop(first + k, None)
            if terms is None or self.activity[k] == 0:
                continue
            adjoint = self.writer.total(terms)
            if adjoint == ZERO:
                continue
            adjoints.append((k, adjoint))
            for slot, partial in self.partials(k):
                if partial == ZERO:
                    continue
                if self.is_uniform(slot):
                    self.add_adjoint(slot, adjoint, partial)
                else:
                    waiting.setdefault(slot, []).append((adjoint, partial))
        return adjoints

    def finish(
        self,
        order: int,
        *,
        columns: Sequence[int] = (),
        pairs: Sequence[Term] = (),
        sums: Sequence[int] = (),
        wide_products: int = 0,
        directional: bool = False,
    ) -> PathCode:
        """Return the code; `sums` has a register for every pair of columns, or for every column."""
        # The sums in the order in which they are read: value, adjoints, pairs.
        self.writer.sums = [self.value_sum, *self.adjoint_sums.values(), *sums]
        guards = [
            (int(op), self.value(int(a)), self.value(int(b)), int(outcome))
            for op, a, b, outcome in zip(*self.program.guard_arrays, strict=True)
        ]
        code = self.writer.finish(seed=self.seed, output=self.value(self.output), guards=guards)
        return PathCode(
            order=order,
            code=code,
            active=np.flatnonzero(self.program.input_active),
            adjoint_slots=frozen(np.array(list(self.adjoint_sums), dtype=np.int32)),
            columns=frozen(np.array(columns, dtype=np.int32)),
            pairs=frozen(np.array(pairs, dtype=np.int32).reshape(-1, 2)),
            wide_products=wide_products,
            directional=directional,
        )


def value_code(program: Layout) -> PathCode:
    """Return code for the values alone."""
    return PathWriter(program).finish(0)


def gradient_code(program: Layout) -> PathCode:
    """Return code for values and adjoints."""
    path = PathWriter(program)
    path.adjoints()
    return path.finish(1)
