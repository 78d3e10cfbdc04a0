"""A recorded path as straight-line code: values, partials and adjoints, summed over lanes.

What varies from lane to lane becomes steps for one block of lanes; what no lane changes (the *uniform* part) stands
outside, is swept once, and receives sums over lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aadlib.lanes.block_code import MINUS_ONE, ONE, ZERO, BlockCode, BlockWriter, Term
from aadlib.program.layout import Layout
from aadlib.rules.table import RULES
from aadlib.types import Ints, frozen

CONSTANT = {"0.0": ZERO, "1.0": ONE, "-1.0": MINUS_ONE}
OPERAND = {"x": 0, "y": 1, "v": 2}


@dataclass(frozen=True, eq=False)
class PathCode:
    """Code for one path, and what its sums over lanes are.

    Attributes
    ----------
    order : 0, 1 or 2
    code : BlockCode; its sums are the value, then the adjoints of `adjoint_slots`, then those of `pairs`, or where the
        code is `directional` the derivatives of the adjoints of `columns` along one direction of the active inputs
    adjoint_slots : (k,) uniform slots that lanes use
    columns : (c,) uniform slots whose second derivatives are summed: active inputs, or slots on the way
    pairs : (p, 2) positions among the columns, first <= second
    wide_products : number of multiply-adds of whole columns for one lane
    directional : whether it is swept once per active input
    """

    order: int
    code: BlockCode
    adjoint_slots: Ints
    columns: Ints
    pairs: Ints
    wide_products: int
    directional: bool


class PathWriter:
    """Writes the values, the partials that are asked for and the adjoints of a program's lane part."""

    def __init__(self, program: Layout) -> None:
        self.program = program
        self.writer = BlockWriter()
        self.seed = self.writer.constant(("seed",))
        self.first_lane_node = program.n_uniform
        self.first_lane_slot = program.first_node + program.n_uniform
        self.op: list[int] = program.op.tolist()
        self.left: list[int] = program.left.tolist()
        self.right: list[int] = program.right.tolist()
        self.activity: list[int] = program.activity.tolist()
        self.output = int(program.outputs[0])
        self._registers: dict[int, int] = {}
        self._first: dict[int, tuple[int, int]] = {}
        self._second: dict[int, tuple[int, int, int]] = {}
        self.adjoint_sums: dict[int, int] = {}
        self._read_inputs()
        for k in range(program.n_uniform, program.n_nodes):
            slot = program.first_node + k
            self._registers[slot] = self.writer.operation(
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
        found = self._registers.get(slot)
        if found is None:
            n_inputs, first = self.program.n_inputs, self.program.first_node
            if n_inputs <= slot < first:
                found = self.writer.literal(float(self.program.constants[slot - n_inputs]))
            else:
                found = self.writer.constant(("value", slot))
            self._registers[slot] = found
        return found

    def _operands(self, k: int) -> tuple[int, int, int]:
        return self.value(self.left[k]), self.value(self.right[k]), self.value(self.program.first_node + k)

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
        found = self._simple(k, text)
        if found is None:
            if k not in self._first:
                self._first[k] = self.writer.first_partials(self.op[k], *self._operands(k))
            found = self._first[k][side]
        return found

    def second(self, k: int, which: int) -> int:
        """Return the second partial dxx (0), dxy (1) or dyy (2) of node k."""
        texts = RULES[self.op[k]].second
        if which >= len(texts):
            return ZERO
        found = self._simple(k, texts[which])
        if found is None:
            if k not in self._second:
                self._second[k] = self.writer.second_partials(self.op[k], *self._operands(k))
            found = self._second[k][which]
        return found

    def partials(self, k: int) -> list[Term]:
        """Return (operand slot, first partial) for every active operand of node k."""
        sides = (self.left[k], self.right[k])
        return [(sides[side], self.first(k, side)) for side in (0, 1) if self.activity[k] & (1 << side)]

    def curvatures(self, k: int) -> list[tuple[int, int, bool, int]]:
        """Return (slot, slot, mixed, second partial) for the pairs of active operands of node k, mixed ones once."""
        a, b, activity = self.left[k], self.right[k], self.activity[k]
        found = []
        if activity & 1:
            found.append((a, a, False, self.second(k, 0)))
        if activity == 3:
            found.append((a, b, True, self.second(k, 1)))
        if activity & 2:
            found.append((b, b, False, self.second(k, 2)))
        return [entry for entry in found if entry[3] != ZERO]

    def add_adjoint(self, slot: int, a: int, b: int = ONE) -> None:
        """Add a times b to the sum over lanes of a uniform slot's adjoint."""
        if slot not in self.adjoint_sums:
            self.adjoint_sums[slot] = self.writer.sum_register()
        self.writer.add_to(self.adjoint_sums[slot], a, b)

    def adjoints(self) -> list[Term]:
        """Write the adjoint sweep; return (node, adjoint) for the lane nodes that the output depends on, last first."""
        first, waiting, found = self.program.first_node, dict[int, list[Term]](), []
        if self.is_uniform(self.output):
            self.add_adjoint(self.output, self.seed)
        else:
            waiting[self.output] = [(self.seed, ONE)]
        for k in range(self.program.n_nodes - 1, self.first_lane_node - 1, -1):
            terms = waiting.pop(first + k, None)
            if terms is None or self.activity[k] == 0:
                continue
            adjoint = self.writer.total(terms)
            if adjoint == ZERO:
                continue
            found.append((k, adjoint))
            for slot, partial in self.partials(k):
                if partial == ZERO:
                    continue
                if self.is_uniform(slot):
                    self.add_adjoint(slot, adjoint, partial)
                else:
                    waiting.setdefault(slot, []).append((adjoint, partial))
        return found

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
