"""One replay of a program at one market state: scratch arrays and the sweeps over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aadlib.errors import NotFinite
from aadlib.freeze import Flags, Floats, Ints, Line
from aadlib.rules import RULES
from aadlib.sweeps import lanes, scalar


def describe_line(line: Line) -> str:
    """Return a source line the way a traceback names it."""
    return f"{line[0]}:{line[1]} in {line[2]}"


class Layout(Protocol):
    """What a replay needs to know of its program."""

    n_inputs: int
    n_slots: int
    first_node: int
    n_nodes: int
    constants: Floats
    op: Flags
    left: Ints
    right: Ints
    activity: Flags
    outputs: Ints
    value_code: npt.NDArray[np.uint16]
    adjoint_code: npt.NDArray[np.uint16]
    input_active: npt.NDArray[np.bool_]
    guard_arrays: tuple[Flags, Ints, Ints, Flags]
    lines: tuple[Line, ...] | None

    def load(self, values: Floats, arguments: Sequence[Any]) -> None:
        """Write the inputs into their slots."""

    def raise_changed(self, position: int, where: str) -> None:
        """Raise for a changed guard."""


class Replay:
    """Scratch arrays of one replay, kept by the program for the next one.

    Arrays over slots times lanes are made when a sweep first needs them.
    """

    def __init__(self, program: Layout) -> None:
        self.program = program
        self.values: Floats = np.zeros(program.n_slots)
        self.values[program.n_inputs : program.first_node] = program.constants
        self.adjoints: Floats = np.zeros(program.n_slots)
        self._blocks: dict[str, Floats] = {}

    def block(self, name: str) -> Floats:
        """Return the array of that name over slots times lanes, with whatever the last replay left in it."""
        if name not in self._blocks:
            self._blocks[name] = np.zeros(self.program.n_slots * lanes.LANES)
        return self._blocks[name]

    def evaluate(self, arguments: Sequence[Any]) -> Floats:
        """Run the value sweep, check the guards, and return the values (n_slots,)."""
        program = self.program
        values = self.values
        program.load(values, arguments)
        scalar.value_sweep(
            program.value_code, program.left, program.right, values, program.first_node, 0, program.n_nodes
        )
        changed = scalar.first_changed_guard(*program.guard_arrays, values)
        if changed >= 0:
            program.raise_changed(changed, "")
        if program.lines is not None and np.isnan(values[program.outputs]).any():
            self._raise_not_finite(values, program.lines)
        return values

    def _raise_not_finite(self, values: Floats, lines: Sequence[Line]) -> None:
        """Name the first operation that made a NaN out of numbers."""
        program = self.program
        bad = np.isnan(values)
        made = bad[program.first_node :] & ~bad[program.left] & ~bad[program.right]
        node = int(np.flatnonzero(made)[0])
        rule = RULES[program.op[node]]
        operands = [values[program.left[node]], values[program.right[node]]][: rule.arity]
        raise NotFinite(
            f"{rule.name}({', '.join(f'{v:.17g}' for v in operands)}) at {describe_line(lines[node])} made a NaN"
            + (f": it is finite where {rule.domain}" if rule.domain else "")
        )

    def sweep_adjoints(self, values: Floats, seeds: Floats) -> Floats:
        """Run the adjoint sweep from seeds of the outputs (n_outputs,) and return the adjoints (n_slots,)."""
        program, adjoints = self.program, self.adjoints
        adjoints[:] = 0.0
        np.add.at(adjoints, program.outputs, seeds)
        scalar.adjoint_sweep(
            program.adjoint_code,
            program.left,
            program.right,
            values,
            adjoints,
            program.first_node,
            0,
            program.n_nodes,
        )
        return adjoints

    def sweep_tangents(self, values: Floats, directions: Floats) -> Floats:
        """Carry up to LANES directions, rows (m, n_inputs), forward; return the tangents (n_slots, LANES)."""
        program = self.program
        tangents = self.block("tangents")
        shaped = tangents.reshape(-1, lanes.LANES)
        shaped[: program.first_node] = 0.0
        shaped[: program.n_inputs, : len(directions)] = directions.T
        lanes.tangent_sweep(
            program.op, program.left, program.right, program.activity, values, tangents, program.first_node
        )
        return shaped

    def sweep_second_order(self, values: Floats, adjoints: Floats, directions: Floats) -> Floats:
        """Return the Hessian times each row of `directions` (m <= LANES), shape (m, n_inputs)."""
        program = self.program
        tangents = self.sweep_tangents(values, directions).reshape(-1)
        result = self.block("adjoint_tangents")
        result[:] = 0.0
        lanes.second_order_sweep(
            program.op, program.left, program.right, program.activity, values, adjoints, tangents, result,
            program.first_node,
        )  # fmt: skip
        products = result.reshape(-1, lanes.LANES)[: program.n_inputs, : len(directions)].T.copy()
        products[:, ~program.input_active] = 0.0
        return products
