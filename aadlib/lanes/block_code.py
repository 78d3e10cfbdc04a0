"""Straight-line code of products and sums over blocks of lanes, written symbolically and run by the block machine.

A *register* stands for one number per lane. The writer folds ones and zeros, writes no product twice, and passes on a
sum of one term as that term, so that an addition hands its adjoint to its operands for nothing. `finish` drops what
nothing depends on, orders the steps into runs of one kind, and gives registers addresses that are used again.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from aadlib.lanes.block_steps import (
    FIRST,
    MINUS,
    MINUS_TO,
    NEGATE,
    PLUS,
    PLUS_TO,
    SECOND,
    TIMES,
    TIMES_TO,
    VALUE,
    n_results,
)
from aadlib.sweeps.sizes import LANES
from aadlib.types import Flags, Ints, frozen

ONE, MINUS_ONE, ZERO = -1, -2, -3
"""Registers that stand for constants: nothing is ever multiplied by them."""

WINDOW = 128
"""Steps that are ordered together: enough for runs of one kind, few enough that registers do not live long."""

Step = tuple[int, ...]
Term = tuple[int, int]


@dataclass(frozen=True, eq=False)
class BlockCode:
    """Code for the block machine: see `aadlib/sweeps/kernels/block_machine.h`.

    Attributes
    ----------
    value_runs, value_operands : values and partials; kinds and counts (k, 2), and addresses step by step
    sum_runs, sum_operands : derivatives and their sums over lanes
    loads : (k, 3) lane argument, position in it, address
    fixed : what the fixed registers stand for, in the order of their addresses
    packs : (k, 3) column, address, address of a weight or -1
    groups : (k, 6) columns of one side: first, number; of the other: first, number; symmetric or not; start in `table`
    table : addresses of sums for products of columns; -1 for none, -2 - address for twice
    guards : operation codes, addresses of left and right operands, outcomes
    seed, output : addresses of the output's adjoint and of the output
    n_fixed, n_addresses, n_sums, n_columns : sizes of the arena's parts, in blocks; the fixed registers are the first
        of those before the sums
    steps : number of steps for one block
    """

    value_runs: Ints
    value_operands: Ints
    sum_runs: Ints
    sum_operands: Ints
    loads: Ints
    fixed: tuple[Hashable, ...]
    packs: Ints
    groups: Ints
    table: Ints
    guards: tuple[Flags, Ints, Ints, Flags]
    seed: int
    output: int
    n_fixed: int
    n_addresses: int
    n_sums: int
    n_columns: int
    steps: int

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays, about."""
        arrays = (
            self.value_runs,
            self.value_operands,
            self.sum_runs,
            self.sum_operands,
            self.packs,
            self.table,
        )
        return sum(array.nbytes for array in arrays)


class BlockWriter:
    """Writes steps; registers are whole numbers, those of fixed contents and of sums over lanes included."""

    def __init__(self) -> None:
        self.n_registers = 0
        self.values: list[Step] = []
        self.steps: list[Step] = []
        self.fixed: dict[Hashable, int] = {}
        self.inputs: dict[tuple[int, int], int] = {}
        self.sums: list[int] = []
        self.packed: list[tuple[int, int]] = []
        self.groups: list[tuple[int, int, int, int, int, int]] = []
        self.table: list[int] = []
        self._known: dict[Step, int] = {}
        self._negated: dict[int, int] = {}

    def register(self) -> int:
        """Return a new register."""
        self.n_registers += 1
        return self.n_registers - 1

    def constant(self, key: Hashable) -> int:
        """Return the register of something that is the same in every block."""
        if key not in self.fixed:
            self.fixed[key] = self.register()
        return self.fixed[key]

    def literal(self, number: float) -> int:
        """Return a register holding a number."""
        return self.constant(("number", number))

    def lane_input(self, argument: int, position: int) -> int:
        """Return the register that a lane argument is read into, block by block."""
        key = (argument, position)
        if key not in self.inputs:
            self.inputs[key] = self.register()
        return self.inputs[key]

    def sum_register(self) -> int:
        """Return a register that is zero at first and keeps what is added to it over all blocks."""
        self.sums.append(self.register())
        return self.sums[-1]

    # ---- values: plain arithmetic, where zero times infinity is not a number ---------------------------------------

    def operation(self, code: int, left: int, right: int) -> int:
        """Write the value of an operation."""
        result = self.register()
        self.values.append((VALUE + code, result, left, right))
        return result

    def first_partials(self, code: int, left: int, right: int, value: int) -> tuple[int, int]:
        """Write both first partials of an operation."""
        dx, dy = self.register(), self.register()
        self.values.append((FIRST + code, dx, dy, left, right, value))
        return dx, dy

    def second_partials(self, code: int, left: int, right: int, value: int) -> tuple[int, int, int]:
        """Write the three second partials of an operation."""
        partials = self.register(), self.register(), self.register()
        self.values.append((SECOND + code, *partials, left, right, value))
        return partials

    # ---- derivatives: a zero factor ends a chain ------------------------------------------------------------------

    def _once(self, kind: int, *operands: int) -> int:
        key = (kind, *operands)
        result = self._known.get(key)
        if result is None:
            result = self._known[key] = self.register()
            self.steps.append((kind, result, *operands))
        return result

    def product(self, a: int, b: int) -> int:
        """Return a times b."""
        if a > b:
            a, b = b, a
        if a >= 0:
            return self._once(TIMES, a, b)
        if ZERO in (a, b):
            return ZERO
        if a == MINUS_ONE:
            return self.negative(b)
        return b if a == ONE else self.negative(a)

    def negative(self, a: int) -> int:
        """Return minus a."""
        if a < 0:
            return {ONE: MINUS_ONE, MINUS_ONE: ONE, ZERO: ZERO}[a]
        if a not in self._negated:
            result = self._once(NEGATE, a)
            self._negated[a], self._negated[result] = result, a
        return self._negated[a]

    def total(self, terms: Sequence[Term]) -> int:
        """Return the sum of the products of pairs, in a register that nothing is added to later."""
        products, plus, minus = self._sorted(terms)
        if len(products) + len(plus) + len(minus) == 0:
            return ZERO
        if len(products) + len(plus) + len(minus) == 1:
            return self.product(*products[0]) if products else plus[0] if plus else self.negative(minus[0])
        if plus and minus and plus[0] == minus[0] and not products and len(plus) == len(minus) == 1:
            return ZERO
        numbers = [self.literal(1.0) if r == ONE else r for r in plus]
        negatives = [self.literal(1.0) if r == ONE else r for r in minus]
        result = self.register()
        if products:
            self.steps.append((TIMES, result, *products.pop(0)))
        elif len(numbers) > 1:
            self.steps.append((PLUS, result, numbers.pop(0), numbers.pop(0)))
        elif numbers:
            self.steps.append((MINUS, result, numbers.pop(0), negatives.pop(0)))
        else:
            self.steps.append((NEGATE, result, negatives.pop(0)))
        self._add(result, products, numbers, negatives)
        return result

    def add_to(self, target: int, a: int, b: int = ONE) -> None:
        """Add a times b to a register of sums."""
        products, plus, minus = self._sorted([(a, b)])
        one = self.literal(1.0) if ONE in (*plus, *minus) else ONE
        self._add(
            target, products, [one if r == ONE else r for r in plus], [one if r == ONE else r for r in minus]
        )

    def _sorted(self, terms: Sequence[Term]) -> tuple[list[Term], list[int], list[int]]:
        """Split terms in products, what is added and what is taken away."""
        products: list[Term] = []
        plus: list[int] = []
        minus: list[int] = []
        for a, b in terms:
            if a >= 0 and b >= 0:
                products.append((a, b))
                continue
            single = self.product(a, b)
            if single == MINUS_ONE:
                minus.append(ONE)
            elif single != ZERO:
                plus.append(single)
        return products, plus, minus

    def _add(self, target: int, products: list[Term], plus: list[int], minus: list[int]) -> None:
        self.steps += [(TIMES_TO, target, a, b) for a, b in products]
        self.steps += [(PLUS_TO, target, a) for a in plus]
        self.steps += [(MINUS_TO, target, a) for a in minus]

    # ---- products of whole columns, summed over lanes --------------------------------------------------------------

    def pack(self, registers: Sequence[int], weight: int = ONE) -> int:
        """Set registers, times a weight, aside as consecutive columns; return the first column."""
        begin = len(self.packed)
        scale = weight if weight == ONE else self.held(weight)
        self.packed += [(self.held(r), scale) for r in registers]
        return begin

    def held(self, r: int) -> int:
        """Return a register that holds a number, for 0, 1 and -1 too, which need none elsewhere."""
        return r if r >= 0 else self.literal({ZERO: 0.0, ONE: 1.0, MINUS_ONE: -1.0}[r])

    def column_products(self, one: Term, other: Term, symmetric: bool, table: Sequence[int]) -> None:
        """Add products of two ranges of columns (first, number) to sums.

        `table` has a register of sums for every pair, -1 for none, -2 - register for twice.
        """
        self.groups.append((*one, *other, int(symmetric), len(self.table)))
        self.table += table

    def finish(
        self,
        *,
        seed: int,
        output: int,
        guards: Sequence[tuple[int, int, int, int]],
    ) -> BlockCode:
        """Return the code; `guards` are (operation code, left, right, outcome)."""
        to_the_end = {
            output,
            *(r for pair in self.packed for r in pair if r >= 0),
            *(r for g in guards for r in g[1:3]),
        }
        wanted = [False] * self.n_registers
        for register in (*self.sums, *to_the_end, seed):
            wanted[register] = True
        steps = _in_runs(_needed(self.steps, wanted))
        values = _in_runs(_needed(self.values, wanted))
        constants = [(key, r) for key, r in self.fixed.items() if wanted[r]]
        loads = [(key, r) for key, r in self.inputs.items() if wanted[r]]
        given = [r for _, r in (*constants, *loads)]
        address, n_addresses = self._addresses([*values, *steps], given, to_the_end)
        value_runs, value_operands = _encoded(values, address)
        sum_runs, sum_operands = _encoded(steps, address)
        guard_array = np.array(guards, dtype=np.int64).reshape(-1, 4)
        return BlockCode(
            value_runs=value_runs,
            value_operands=value_operands,
            sum_runs=sum_runs,
            sum_operands=sum_operands,
            loads=frozen(np.array([(*key, address[r]) for key, r in loads], dtype=np.int32).reshape(-1, 3)),
            fixed=tuple(key for key, _ in constants),
            packs=self._packs(address),
            groups=frozen(np.array(self.groups, dtype=np.int32).reshape(-1, 6)),
            table=self._table(address),
            guards=(
                frozen(guard_array[:, 0].astype(np.uint8)),
                frozen(address[guard_array[:, 1]]),
                frozen(address[guard_array[:, 2]]),
                frozen(guard_array[:, 3].astype(np.uint8)),
            ),
            seed=int(address[seed]),
            output=int(address[output]),
            n_fixed=len(constants),
            n_addresses=n_addresses,
            n_sums=len(self.sums),
            n_columns=len(self.packed),
            steps=len(values) + len(steps),
        )

    def _addresses(
        self, steps: Sequence[Step], given: Sequence[int], to_the_end: set[int]
    ) -> tuple[Ints, int]:
        """Return the address of every register, -LANES for none, and the number of blocks before those of the sums.

        What is given comes first, in that order; the others share addresses, but for those needed to the end.
        """
        last = _last_uses(steps, self.n_registers)
        for register in to_the_end:
            last[register] = len(steps)
        blocks = [-1] * self.n_registers
        for number, register in enumerate(given):
            blocks[register] = number
        n_blocks = _share_blocks(steps, last, blocks, len(given), set(self.sums))
        for number, register in enumerate(self.sums):
            blocks[register] = n_blocks + number
        # (one more, for the tables that look up a register number where there is none)
        return (LANES * np.array([*blocks, 0], dtype=np.int64)).astype(np.int32), n_blocks

    def _packs(self, address: Ints) -> Ints:
        """Return (k, 3) column, address, address of a weight or -1."""
        packed = np.array(self.packed, dtype=np.int64).reshape(-1, 2)
        weights = np.where(packed[:, 1] >= 0, address[packed[:, 1]], -1)
        return frozen(
            np.column_stack([np.arange(len(packed)), address[packed[:, 0]], weights]).astype(np.int32)
        )

    def _table(self, address: Ints) -> Ints:
        """Return the addresses of sums for products of columns; -1 for none, -2 - address for twice."""
        table = np.array(self.table, dtype=np.int64)
        aims = np.where(table >= 0, address[np.maximum(table, 0)], -1)
        twice = table < -1
        aims[twice] = -2 - address[-2 - table[twice]]
        return frozen(aims.astype(np.int32))


def _needed(steps: Sequence[Step], wanted: list[bool]) -> list[Step]:
    """Return the steps whose results are wanted, and mark what they need as wanted too."""
    needed = []
    for step in reversed(steps):
        results = n_results(step[0])
        if any([wanted[r] for r in step[1 : 1 + results]]):
            needed.append(step)
            for operand in step[1 + results :]:
                wanted[operand] = True
    needed.reverse()
    return needed


def _in_runs(steps: Sequence[Step]) -> list[Step]:
    """Reorder steps within windows so that those of one kind stand together, none before what it needs."""
    ordered: list[Step] = []
    for begin in range(0, len(steps), WINDOW):
        window = steps[begin : begin + WINDOW]
        made: dict[int, int] = {}
        levels = []
        for step in window:
            results = n_results(step[0])
            level = 1 + max([made.get(r, -1) for r in step[1:]])
            for result in step[1 : 1 + results]:
                made[result] = level
            levels.append((level, step[0]))
        ordered += [window[k] for k in sorted(range(len(window)), key=levels.__getitem__)]
    return ordered


def _last_uses(steps: Sequence[Step], n_registers: int) -> list[int]:
    last = [-1] * n_registers
    for k, step in enumerate(steps):
        for register in step[1:]:
            last[register] = k
    return last


def _share_blocks(
    steps: Sequence[Step], last: list[int], blocks: list[int], begin: int, sums: set[int]
) -> int:
    """Give every register that a step makes a block of the arena, used again after its last use; return how many."""
    free: list[int] = []
    n_blocks = begin
    for k, step in enumerate(steps):
        for result in step[1 : 1 + n_results(step[0])]:
            if blocks[result] < 0 and result not in sums:
                if free:
                    blocks[result] = free.pop()
                else:
                    blocks[result] = n_blocks
                    n_blocks += 1
        for register in set(step[1:]):
            if last[register] == k and blocks[register] >= begin:
                free.append(blocks[register])
    return n_blocks


def _encoded(steps: Sequence[Step], address: Ints) -> tuple[Ints, Ints]:
    """Return runs (k, 2) and the addresses of all operands."""
    runs: list[list[int]] = []
    operands: list[int] = []
    for step in steps:
        if runs and runs[-1][0] == step[0]:
            runs[-1][1] += 1
        else:
            runs.append([step[0], 1])
        operands += step[1:]
    return (
        frozen(np.array(runs, dtype=np.int32).reshape(-1, 2)),
        frozen(address[np.array(operands, dtype=np.int64)].astype(np.int32)),
    )
