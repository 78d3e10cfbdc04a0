"""Derivatives at a point where some partial is not finite: by sweeps that tell apart what is not determined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from aadlib.program.layout import Layout
from aadlib.program.parts import PlacedComposite
from aadlib.singular import careful
from aadlib.singular.report import is_strict, warn_of_singular
from aadlib.types import Flags, Floats
from aadlib.validation import require_rule_shape

ACTIVE, LIVE = 1, 2
PRESENT, UNDETERMINED = 1, 2
DIRECTIONS = 64
"""Directions carried at once."""


class SingularPoint:
    """Derivatives of a program at one state, where a sweep met an infinity or a NaN.

    Parameters
    ----------
    program : Layout
    values : (n_slots,) where it was evaluated
    states : of the composites there
    seeds : (n_outputs,) adjoints of the outputs
    order : 1 or 2, which partials matter

    Attributes
    ----------
    nodes : those in use whose partials are not finite
    adjoints, adjoint_states : (n_slots,)
    undetermined : whether any of the numbers returned so far was not determined
    """

    def __init__(
        self, program: Layout, values: Floats, states: Sequence[Any], seeds: Floats, order: int
    ) -> None:
        self.program, self.values, self.states, self.order = program, values, states, order
        edges = [0]
        for composite in program.composites:
            edges += [composite.begin, composite.end]
        edges.append(program.n_nodes)
        self._segments = list(zip(edges[::2], edges[1::2], strict=True))
        self.marks = self._marked(seeds)
        self.nodes = self._singular_nodes()
        self.undetermined = False
        self.adjoints: Floats = np.zeros(program.n_slots)
        self.adjoint_states: Flags = np.zeros(program.n_slots, dtype=np.uint8)
        self._trouble: Flags = np.zeros(program.n_nodes, dtype=np.uint8)
        self._seeds = seeds

    def _results(self, composite: PlacedComposite) -> slice:
        first = self.program.first_node
        return slice(first + composite.begin, first + composite.end)

    def _forwards(self) -> Iterator[tuple[tuple[int, int], tuple[PlacedComposite, Any] | None]]:
        """Yield segments, each with the composite after it and its state."""
        after = [*zip(self.program.composites, self.states, strict=True), None]
        return zip(self._segments, after, strict=True)

    def _backwards(self) -> Iterator[tuple[tuple[int, int], tuple[PlacedComposite, Any] | None]]:
        """Yield segments from the last to the first, each with the composite before it and its state."""
        return zip(
            reversed(self._segments),
            [*reversed(list(zip(self.program.composites, self.states, strict=True))), None],
            strict=True,
        )

    def _marked(self, seeds: Floats) -> Flags:
        program = self.program
        marks = np.zeros(program.n_slots, dtype=np.uint8)
        marks[: program.n_inputs] = program.input_active
        for segment, composite in self._forwards():
            careful.carry_marks(program.nodes, self.values, marks, self.order == 1, segment)
            if composite is not None:
                marks[self._results(composite[0])] = (marks[composite[0].operands] & ACTIVE).any()
        marks[program.outputs[seeds != 0.0]] |= LIVE
        for segment, composite in self._backwards():
            careful.carry_marks_back(program.nodes, self.values, marks, segment)
            if composite is not None and (marks[self._results(composite[0])] & LIVE).any():
                operands = composite[0].operands
                marks[operands] |= np.where(marks[operands] & ACTIVE, LIVE, 0).astype(np.uint8)
        return marks

    def _singular_nodes(self) -> list[int]:
        found: list[int] = []
        node = -1
        while (
            node := careful.singular_node(self.program.nodes, self.values, self.marks, self.order, node + 1)
        ) >= 0:
            found.append(node)
        return found

    # ---- sweeps -----------------------------------------------------------------------------------------------

    def carry_adjoints(self) -> None:
        """Sweep the adjoints back: everything else starts from them."""
        program, adjoints, states, seeds = self.program, self.adjoints, self.adjoint_states, self._seeds
        np.add.at(adjoints, program.outputs, seeds)
        states[program.outputs[seeds != 0.0]] = PRESENT
        for segment, placed in self._backwards():
            careful.carry_adjoints(
                program.nodes, self.values, self.marks, adjoints, states, self._trouble, segment
            )
            if placed is None:
                continue
            composite, state = placed
            results = self._results(composite)
            if states[results].any():
                added = composite.operation.adjoint(state, adjoints[results])
                np.add.at(adjoints, composite.operands, added)
                self._hand_on(states, states[results].max(), composite)

    def _hand_on(self, states: Flags, state: int, composite: PlacedComposite) -> None:
        """Hand the state of a composite's results on to its active operands."""
        operands = composite.operands[(self.marks[composite.operands] & ACTIVE) != 0]
        states[operands] |= state

    def hessian_rows(self, directions: Floats) -> tuple[Floats, Flags]:
        """Return the Hessian times directions (m, n_inputs), and the states of the numbers, both (m, n_inputs)."""
        program, m = self.program, len(directions)
        tangents, moved = np.zeros((2, program.n_slots, m))
        tangent_states, moved_states = np.zeros((2, program.n_slots, m), dtype=np.uint8)
        tangents[: program.n_inputs] = directions.T
        tangent_states[: program.n_inputs] = directions.T != 0.0
        nodes, values, marks = program.nodes, self.values, self.marks
        for segment, placed in self._forwards():
            careful.carry_tangents(nodes, values, marks, tangents, tangent_states, self._trouble, segment)
            if placed is not None:
                composite, state = placed
                results, operands = self._results(composite), composite.operands
                tangents[results] = composite.operation.tangents(state, tangents[operands])
                tangent_states[results] = tangent_states[operands].max(axis=0)
        for segment, placed in self._backwards():
            careful.carry_second_order(
                nodes, values, marks, self.adjoints, self.adjoint_states, tangents, tangent_states, moved,
                moved_states, self._trouble, segment,
            )  # fmt: skip
            if placed is not None:
                self._bend(placed, tangents, tangent_states, moved, moved_states)
        return moved[: program.n_inputs].T.copy(), moved_states[: program.n_inputs].T.copy()

    def _bend(
        self,
        placed: tuple[PlacedComposite, Any],
        tangents: Floats,
        along: Flags,
        moved: Floats,
        states: Flags,
    ) -> None:
        """Carry the tangents of the adjoints over a composite."""
        composite, state = placed
        operation, operands, results = composite.operation, composite.operands, self._results(composite)
        added = operation.adjoints(state, moved[results])
        bent = operation.second_order(state, self.adjoints[results], tangents[operands])
        shape = tangents[operands].shape
        np.add.at(moved, operands, require_rule_shape(operation, "adjoints", added, shape))
        np.add.at(moved, operands, require_rule_shape(operation, "second_order", bent, shape))
        handed = states[results].max(axis=0) | (
            along[operands].max(axis=0) * self.adjoint_states[results].max()
        )
        states[operands] |= handed.astype(np.uint8)

    # ---- results ----------------------------------------------------------------------------------------------

    def _shown(self, numbers: Floats, states: Flags) -> Floats:
        """Return numbers, NaN where they are not determined and that was asked for."""
        unknown = (states & UNDETERMINED) != 0
        self.undetermined |= bool(unknown.any())
        return np.where(unknown, np.nan, numbers) if is_strict(self.program) else numbers

    def gradient(self) -> Floats:
        """Return the adjoints of the inputs, (n_inputs,), zero for passive ones."""
        n, active = self.program.n_inputs, self.program.input_active
        adjoints, states = self._first_order()
        return np.where(active, self._shown(adjoints[:n], states[:n]), 0.0)

    def _first_order(self) -> tuple[Floats, Flags]:
        """Return the adjoints and their states as a gradient takes them: with corners of lengths."""
        if self.order == 1:
            return self.adjoints, self.adjoint_states
        first = SingularPoint(self.program, self.values, self.states, self._seeds, 1)
        first.carry_adjoints()
        return first.adjoints, first.adjoint_states

    def along(self, direction: Floats) -> float:
        """Return the derivative along a direction (n_inputs,)."""
        n = self.program.n_inputs
        state = self.adjoint_states[:n].copy()
        moves = (direction != 0.0) & (state != 0)
        parts = np.zeros(n)
        parts[moves] = self.adjoints[:n][moves] * direction[moves]
        return float(self._shown(parts, np.where(moves, state, 0).astype(np.uint8)).sum())

    def products(self, directions: Floats) -> Floats:
        """Return the Hessian times each row of directions (m, n_inputs), (m, n_inputs)."""
        rows = np.empty(directions.shape)
        for begin in range(0, len(directions), DIRECTIONS):
            part = slice(begin, begin + DIRECTIONS)
            rows[part] = self._shown(*self.hessian_rows(directions[part]))
        return rows

    def _matrix(self) -> tuple[Floats, Flags]:
        """Return the Hessian and its states over the active inputs, symmetric."""
        program = self.program
        units = program.unit_directions()
        parts = [self.hessian_rows(units[k : k + DIRECTIONS]) for k in range(0, len(units), DIRECTIONS)]
        rows = np.concatenate([part for part, _ in parts])[:, program.input_active]
        states = np.concatenate([part for _, part in parts])[:, program.input_active]
        unknown = (states & UNDETERMINED) != 0
        with np.errstate(invalid="ignore"):
            matrix = np.where(rows == rows.T, rows, 0.5 * rows + 0.5 * rows.T)
        one_sided = unknown & ~unknown.T  # found by one of the two sweeps alone: the other's number
        matrix = np.where(one_sided, rows.T, np.where(one_sided.T, rows, matrix))
        return matrix, states | states.T

    def hessian(self) -> Floats:
        """Return the Hessian over the active inputs, (n_active, n_active)."""
        return self._shown(*self._matrix())

    def sparse_hessian(self, starts: Any, columns: Any) -> tuple[Floats, Flags]:
        """Return the entries of a compressed sparse pattern over the active inputs, and their states, unsymmetrised."""
        program, active = self.program, np.flatnonzero(self.program.input_active)
        units, numbers = program.unit_directions(), np.empty(len(columns))
        states = np.empty(len(columns), dtype=np.uint8)
        for begin in range(0, len(units), DIRECTIONS):
            rows, of_rows = self.hessian_rows(units[begin : begin + DIRECTIONS])
            for k in range(len(rows)):
                part = slice(starts[begin + k], starts[begin + k + 1])
                numbers[part] = rows[k, active[columns[part]]]
                states[part] = of_rows[k, active[columns[part]]]
        return numbers, states

    def unknown_entries(self, order: int) -> tuple[Flags, Flags]:
        """Return which entries of the gradient (n_inputs,) and the Hessian (n_active, n_active) are not determined."""
        of_gradient = (self._first_order()[1][: self.program.n_inputs] & UNDETERMINED) != 0
        if order < 2:
            return of_gradient, np.zeros((0, 0), dtype=bool)
        return of_gradient, (self._matrix()[1] & UNDETERMINED) != 0

    def warn(self, arguments: Sequence[Any]) -> None:
        """Issue a `SingularWarning` where something that was returned is not determined."""
        if self.undetermined:
            warn_of_singular(self.program, self.nodes, self.values, arguments)


def singular_point(
    program: Layout, values: Floats, states: Sequence[Any], seeds: Floats, order: int, finite: bool = True
) -> SingularPoint | None:
    """Return the point where an operation in use has a partial that is not finite and outputs are numbers, or None.

    Also where nothing of the kind is in use and yet the derivatives that a sweep returned are not `finite`.
    """
    if np.isnan(values[program.outputs[seeds != 0.0]]).any():
        return None  # outside the domain: the value says so
    point = SingularPoint(program, values, states, seeds, order)
    if finite and not point.nodes:
        return None
    point.carry_adjoints()
    return point
