"""The bottleneck sum over lanes: second derivatives as outer products of forward rows at every nonlinear node,

    H = sum over lanes, over nonlinear nodes v, of  w_v  sum_ab d_ab  row_a row_b',

with the lane's adjoints w, second partials d and rows of derivatives in the columns (shared inputs). Rows are sparse,
their entries known from the program alone. They are stored for the ends of arcs and for what several rows need; a run
of operations with one active operand is a factor, and what is used once in between is passed in the same step.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from aadlib.lanes.block_code import ONE, ZERO, Term
from aadlib.lanes.path_code import PathCode, PathWriter
from aadlib.program.layout import Layout
from aadlib.rules.properties import PASSES

WIDE = 64
"""Products of two rows from which they go through the tiled product of columns, and not entry by entry."""

MOST_SLOTS = 4
"""Times more uniform slots than inputs from which code over the slots is not tried: writing takes their square."""

Row = dict[int, int]


def bottleneck_code(program: Layout) -> PathCode:
    """Return code for values, gradients and Hessians by the bottleneck sum.

    The columns are the active inputs, or where that is cheaper the uniform slots that the lanes start from: where many
    inputs act through few slots, the uniform part carries the small matrix on.
    """
    uniform = uniform_inputs(program)
    codes = [_BottleneckWriter(program, uniform, at_inputs=True).written()]
    slots = sum(len(inputs) > 1 for inputs in uniform.values())
    if 0 < slots <= MOST_SLOTS * int(program.input_active.sum()):
        codes.append(_BottleneckWriter(program, uniform, at_inputs=False).written())
    return min(codes, key=lambda path: path.block_time)


def uniform_inputs(program: Layout) -> dict[int, list[int]]:
    """Return the active inputs on which each uniform slot that a lane node uses depends."""
    nodes, lane_nodes = program.nodes, slice(program.n_uniform, None)
    left, right, activity = nodes.left[lane_nodes], nodes.right[lane_nodes], nodes.activity[lane_nodes]
    used = np.concatenate([left[(activity & 1) > 0], right[(activity & 2) > 0]])
    slots = np.unique(used[used < nodes.first_node + program.n_uniform])
    active = np.flatnonzero(program.input_active)
    passes = (PASSES[nodes.op] & nodes.activity).astype(np.uint8)
    depends: npt.NDArray[np.uint8] = np.zeros((slots.size, active.size), dtype=np.uint8)
    for position, slot in enumerate(active):
        marked = np.zeros(nodes.n_slots, dtype=np.uint8)
        marked[slot] = 1
        program.mark_dependent(passes, marked)
        depends[:, position] = marked[slots]
    return {int(slot): active[np.flatnonzero(row)].tolist() for slot, row in zip(slots, depends, strict=True)}


class _BottleneckWriter:
    """One writing of the code, over the active inputs or over the uniform slots that lanes use."""

    def __init__(self, program: Layout, uniform: dict[int, list[int]], *, at_inputs: bool) -> None:
        self.path = PathWriter(program)
        self.writer = self.path.writer
        self.first = self.path.first_node
        self.columns: dict[int, int] = {}
        self.uniform = {
            slot: inputs if at_inputs or len(inputs) < 2 else [slot] for slot, inputs in uniform.items()
        }
        self.factors: dict[int, Term] = {}
        self.rows: dict[int, Row] = {}
        self.pairs: dict[Term, int] = {}
        self.wide_products = 0

    # ---- ends: a slot as a factor times its base -------------------------------------------------------------------

    def base(self, slot: int) -> Term:
        """Return (base, factor): the row of a slot is the factor times the row of its base.

        The base is uniform, or a node with two active operands.
        """
        chain: list[int] = []
        while slot not in self.factors:
            if self.path.is_uniform(slot):
                self.factors[slot] = (slot, ONE)
            else:
                partials = self.path.partials(slot - self.first)
                if len(partials) == 2 and partials[0][0] != partials[1][0]:
                    self.factors[slot] = (slot, ONE)
                else:
                    chain.append(slot)
                    slot = partials[0][0]
        base, factor = self.factors[slot]
        for upper in reversed(chain):
            partial = self.writer.total(
                [(partial, ONE) for _, partial in self.path.partials(upper - self.first)]
            )
            factor = self.writer.product(factor, partial)
            self.factors[upper] = (base, factor)
        return base, factor

    def arcs(self) -> dict[Term, int]:
        """Write the adjoints; return the weight of every pair of bases, in which mixed derivatives count once."""
        terms: dict[Term, list[Term]] = {}
        for k, adjoint in self.path.adjoints():
            for a, b, mixed, second in self.path.curvatures(k):
                weight = self.writer.product(adjoint, second)
                (base_a, factor_a), (base_b, factor_b) = self.base(a), self.base(b)
                factor = self.writer.product(factor_a, factor_b)
                if mixed and base_a == base_b:
                    factor = self.writer.total([(factor, ONE), (factor, ONE)])
                terms.setdefault((min(base_a, base_b), max(base_a, base_b)), []).append((weight, factor))
        weights = {pair: self.writer.total(products) for pair, products in terms.items()}
        return {pair: weight for pair, weight in weights.items() if weight != ZERO}

    # ---- rows ------------------------------------------------------------------------------------------------------

    def operands(self, base: int) -> list[Term]:
        """Return (base, factor) for both operands of a base that is a lane node."""
        factors = []
        for slot, partial in self.path.partials(base - self.first):
            lower, factor = self.base(slot)
            factors.append((lower, self.writer.product(partial, factor)))
        return factors

    def stored_rows(self, ends: set[int]) -> list[int]:
        """Return the bases whose rows are stored, lowest first: ends of arcs and what is needed more than once."""
        uses: Counter[int] = Counter()
        seen: set[int] = set()
        waiting = sorted(end for end in ends if not self.path.is_uniform(end))
        lanes = set(waiting)
        while waiting:
            base = waiting.pop()
            if base in seen:
                continue
            seen.add(base)
            for slot, _ in self.path.partials(base - self.first):
                lower, _ = self.base(slot)
                if not self.path.is_uniform(lower):
                    uses[lower] += 1
                    waiting.append(lower)
        return sorted(lanes | {base for base, count in uses.items() if count > 1})

    def column(self, slot: int) -> int:
        """Return the position of a column."""
        return self.columns.setdefault(slot, len(self.columns))

    def row(self, base: int) -> Row:
        """Return a row that is known: of a base whose row is stored, or of a uniform slot."""
        if base not in self.rows:
            inputs = self.uniform[base]
            self.rows[base] = {
                self.column(slot): ONE if slot == base else self.writer.constant(("row", slot, base))
                for slot in inputs
            }
        return self.rows[base]

    def write_rows(self, ends: set[int]) -> None:
        """Write the stored rows, each from rows below it."""
        bases = self.stored_rows(ends)
        known = set(bases)
        for base in bases:
            leaves: dict[int, list[Term]] = {}
            waiting = [(base, ONE)]
            while waiting:
                node, factor = waiting.pop()
                for lower, partial in reversed(self.operands(node)):
                    if lower in known or self.path.is_uniform(lower):
                        leaves.setdefault(lower, []).append((factor, partial))
                    else:
                        waiting.append((lower, self.writer.product(factor, partial)))
            entries: dict[int, list[Term]] = {}
            for leaf, terms in leaves.items():
                factor = self.writer.total(terms)
                for column, entry in self.row(leaf).items():
                    entries.setdefault(column, []).append((factor, entry))
            totals = {column: self.writer.total(entries[column]) for column in sorted(entries)}
            self.rows[base] = {column: total for column, total in totals.items() if total != ZERO}

    # ---- outer products of rows ------------------------------------------------------------------------------------

    def sum_of(self, i: int, j: int) -> int:
        """Return the register of sums for two columns."""
        key = (min(i, j), max(i, j))
        if key not in self.pairs:
            self.pairs[key] = self.writer.sum_register()
        return self.pairs[key]

    def written(self) -> PathCode:
        """Write everything and return the code."""
        weights = self.arcs()
        self.write_rows({end for pair in weights for end in pair})
        wide: dict[int, list[Term]] = {}
        for (a, b), weight in weights.items():
            one, other = self.row(a), self.row(b)
            if len(one) * len(other) < WIDE:
                self.add_products(one, other, weight, same=a == b)
            elif a == b:
                self.add_wide_square(one, weight)
            else:
                wide.setdefault(a, []).append((b, weight))
        for a, others in wide.items():
            self.add_wide_products(self.row(a), others)
        return self.path.finish(
            2,
            columns=list(self.columns),
            pairs=list(self.pairs),
            sums=list(self.pairs.values()),
            wide_products=self.wide_products,
        )

    def add_products(self, one: Row, other: Row, weight: int, *, same: bool) -> None:
        """Add weight (one other' + other one'), or weight one one' where they are the same, entry by entry."""
        if len(one) > len(other):
            one, other = other, one
        for i, entry in one.items():
            weighted = self.writer.product(weight, entry)
            for j, other_entry in other.items():
                if same and j < i:
                    continue
                factor = weighted
                if i == j and not same:
                    factor = self.writer.total([(weighted, ONE), (weighted, ONE)])
                self.writer.add_to(self.sum_of(i, j), factor, other_entry)

    def add_wide_square(self, row: Row, weight: int) -> None:
        """Add weight row row', the upper triangle alone."""
        columns = sorted(row)
        registers = [row[column] for column in columns]
        n = len(columns)
        plain = self.writer.pack(registers)
        weighted = self.writer.pack(registers, weight)
        table = [self.sum_of(columns[i], columns[j]) if i <= j else -1 for i in range(n) for j in range(n)]
        self.writer.column_products((plain, n), (weighted, n), True, table)
        self.wide_products += n * (n + 1) // 2

    def add_wide_products(self, row: Row, others: list[Term]) -> None:
        """Add row y' + y row', where y is the sum of weights times the other rows."""
        entries: dict[int, list[Term]] = {}
        for base, weight in others:
            for column, entry in self.row(base).items():
                entries.setdefault(column, []).append((weight, entry))
        columns, other_columns = sorted(row), sorted(entries)
        one = self.writer.pack([row[column] for column in columns])
        other = self.writer.pack([self.writer.total(entries[column]) for column in other_columns])
        sums = [(i, j, self.sum_of(i, j)) for i in columns for j in other_columns]
        table = [-2 - register if i == j else register for i, j, register in sums]
        self.writer.column_products((one, len(columns)), (other, len(other_columns)), False, table)
        self.wide_products += len(table)
