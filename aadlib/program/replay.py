"""One replay of a program at one market state: scratch arrays and the sweeps over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError, Line, NotFinite, describe_line
from aadlib.program.arguments import load
from aadlib.program.backward_passes import recycle_adjoints
from aadlib.program.layout import Layout
from aadlib.program.once import once_per_program
from aadlib.program.parts import PlacedComposite
from aadlib.rules.properties import RESULT
from aadlib.rules.table import RULES
from aadlib.sweeps import simd as lanes
from aadlib.sweeps.watch import unusual
from aadlib.types import Floats, Ints, frozen
from aadlib.validation import require_rule_shape


@once_per_program
def adjoint_addresses(program: Layout) -> tuple[Ints, int]:
    """Return the address of every slot (n_slots,) among the adjoints a second-order sweep holds, and their number."""
    lasting: list[npt.NDArray[Any]] = [np.arange(program.n_inputs), program.outputs]
    for composite in program.composites:
        lasting += [composite.operands, program.first_node + np.arange(composite.begin, composite.end)]
    addresses, count = recycle_adjoints(program.nodes, np.concatenate(lasting).astype(np.int32))
    return frozen(addresses), count


@contextmanager
def lent_replay(program: Layout) -> Iterator[Replay]:
    """Hand out scratch arrays that no other thread uses until the block ends.

    While they are idle they do not know their program, so that no circle of references keeps the arrays of both.
    """
    try:
        replay: Replay = program.idle.pop()
        replay.program = program
    except IndexError:
        replay = Replay(program)
    try:
        yield replay
    finally:
        del replay.program
        program.idle.append(replay)


class Replay:
    """Scratch arrays of one replay, and of the next one after it.

    Arrays over slots times lanes are made when a sweep first needs them.
    """

    def __init__(self, program: Layout) -> None:
        self.program = program
        self.values: Floats = np.zeros(program.n_slots)
        self.values[program.n_inputs : program.first_node] = program.constants
        self.adjoints: Floats = np.zeros(program.n_slots)
        self.states: list[Any] = []
        self._scratch: Floats = np.zeros(0)
        self._unusual = 0
        self._blocks: dict[str, Floats] = {}

    def block(self, name: str, n_blocks: int = 1, n_rows: int | None = None) -> Floats:
        """Return an array (n_blocks, n_rows or n_slots, LANES) of that name, with what the last replay left in it."""
        block = self._blocks.get(name)
        if block is None or len(block) < n_blocks:
            rows = self.program.n_slots if n_rows is None else n_rows
            block = self._blocks[name] = np.zeros((n_blocks, rows, lanes.LANES))
        return block[:n_blocks]

    def state_block(self, name: str) -> Floats:
        """Return an array (n_slots, BLOCK) of that name: a block of market states in every slot."""
        block = self._blocks.get(name)
        if block is None:
            block = self._blocks[name] = np.zeros((self.program.n_slots, lanes.BLOCK))
        return block

    def scratch(self, size: int) -> Floats:
        """Return a flat array of at least that size, with whatever the last replay left in it."""
        if self._scratch.size < size:
            self._scratch = np.zeros(size)
        return self._scratch

    def evaluate(self, arguments: Sequence[Any]) -> Floats:
        """Load the inputs, run the value sweep, check the guards, and return the values (n_slots,)."""
        program, values = self.program, self.values
        self._unusual = unusual()
        load(program.arguments, values, arguments)
        self.sweep_values()
        changed = lanes.first_changed_guard(program.guard_arrays, values)
        if changed >= 0:
            program.raise_changed(changed, "")
        if program.lines is not None and np.isnan(values[program.outputs]).any():
            self.raise_not_finite(values, program.lines)
        return values

    def met_infinity(self) -> bool:
        """Return whether a sweep made an infinity or a NaN since `evaluate` began; rarely, one of another thread."""
        return unusual() != self._unusual

    def sweep_values(self) -> None:
        """Recompute every node that no lane changes from the inputs."""
        program, values = self.program, self.values
        lanes.value_sweep(program.nodes, values, program.segments[0])
        if program.composites:
            self.states = []
            for composite, segment in zip(program.composites, program.segments[1:], strict=True):
                results, state = composite.operation.forward(values[composite.operands])
                if np.shape(results) != (composite.end - composite.begin,):
                    raise AadValueError(
                        f"{composite.operation.name}.forward returned shape {np.shape(results)} in a replay and "
                        f"({composite.end - composite.begin},) when recorded: it must always return the same"
                    )
                values[self._results(composite)] = results
                self.states.append(state)
                lanes.value_sweep(program.nodes, values, segment)

    def _results(self, composite: PlacedComposite) -> slice:
        """Return the slots of a composite's results."""
        return slice(self.program.first_node + composite.begin, self.program.first_node + composite.end)

    def _backwards(self) -> Iterator[tuple[PlacedComposite, Any, tuple[int, int]]]:
        """Yield composites from the last to the first, each with its state and the segment before it."""
        program = self.program
        return zip(reversed(program.composites), reversed(self.states), program.segments[-2::-1], strict=True)

    def raise_not_finite(self, values: Floats, lines: Sequence[Line]) -> None:
        """Name the first operation, if any, that made a NaN of numbers, or an infinity where no output is NaN."""
        program = self.program
        bad, made_what = np.isnan(values), "a NaN"
        if not bad[program.outputs].any():
            bad, made_what = ~np.isfinite(values), "an infinity"
        bad[: program.first_node] = (
            False  # inputs are finite, and a constant of the function's own is its business
        )
        # Only one that such an output depends on counts: not one in a branch that `where` did not take.
        led = np.zeros(program.n_slots, dtype=bool)
        led[program.outputs] = bad[program.outputs]
        for k in range(program.n_nodes - 1, -1, -1):
            if led[program.first_node + k]:
                for operand in (program.left[k], program.right[k]):
                    led[operand] |= bad[operand] and operand != program.first_node + k
        made = led[program.first_node :] & ~bad[program.left] & ~bad[program.right]
        made |= led[program.first_node :] & (program.op == RESULT)
        if not made.any():
            return
        node = int(np.flatnonzero(made)[0])
        if program.op[node] == RESULT:
            raise NotFinite(f"a composite operation at {describe_line(lines[node])} made {made_what}")
        rule = RULES[program.op[node]]
        operands = [values[program.left[node]], values[program.right[node]]][: rule.arity]
        raise NotFinite(
            f"{rule.name}({', '.join(f'{v:.17g}' for v in operands)}) at {describe_line(lines[node])} made {made_what}"
            + (f": it is finite where {rule.domain}" if rule.domain else "")
        )

    def sweep_adjoints(self, seeds: Floats) -> Floats:
        """Run the adjoint sweep from seeds of the outputs (n_outputs,) and return the adjoints (n_slots,)."""
        self.adjoints[:] = 0.0
        np.add.at(self.adjoints, self.program.outputs, seeds)
        self.pull_back()
        return self.adjoints

    def pull_back(self) -> None:
        """Sweep the adjoints that stand in `adjoints` back to the inputs."""
        program, values, adjoints = self.program, self.values, self.adjoints
        lanes.adjoint_sweep(program.nodes, values, adjoints, program.segments[-1])
        for composite, state, segment in self._backwards():
            results = adjoints[self._results(composite)]
            if results.any():
                added = composite.operation.adjoint(state, results)
                added = require_rule_shape(composite.operation, "adjoint", added, composite.operands.shape)
                np.add.at(adjoints, composite.operands, added)
            lanes.adjoint_sweep(program.nodes, values, adjoints, segment)

    def sweep_tangents(self, values: Floats, directions: Floats) -> Floats:
        """Carry directions, rows (m, n_inputs), forward; return the tangents (n_blocks, n_slots, LANES).

        Block b holds directions b LANES to (b + 1) LANES - 1, the last one padded with zeros.
        """
        program = self.program
        n_blocks = -(-len(directions) // lanes.LANES)
        tangents = self.block("tangents", n_blocks)
        tangents[:, : program.first_node] = 0.0
        for row, block in enumerate(tangents):
            part = directions[row * lanes.LANES : (row + 1) * lanes.LANES]
            block[: program.n_inputs, : len(part)] = part.T
        for block in tangents:
            lanes.tangent_sweep(program.nodes, values, block.reshape(-1), program.segments[0])
        for composite, state, segment in zip(
            program.composites, self.states, program.segments[1:], strict=True
        ):
            made = composite.operation.tangents(
                state, self.gather(tangents, composite.operands, len(directions))
            )
            n_results = composite.end - composite.begin
            padded = np.zeros((n_results, n_blocks * lanes.LANES))
            padded[:, : len(directions)] = require_rule_shape(
                composite.operation, "tangents", made, (n_results, len(directions))
            )
            tangents[:, self._results(composite)] = padded.reshape(-1, n_blocks, lanes.LANES).transpose(
                1, 0, 2
            )
            for block in tangents:
                lanes.tangent_sweep(program.nodes, values, block.reshape(-1), segment)
        return tangents

    def gather(self, tangents: Floats, slots: Ints | slice, n_directions: int) -> Floats:
        """Return the tangents of some slots side by side, (n, n_directions)."""
        chosen = tangents[:, slots]
        return chosen.transpose(1, 0, 2).reshape(chosen.shape[1], -1)[:, :n_directions]

    def sweep_second_order(self, values: Floats, adjoints: Floats, directions: Floats) -> Floats:
        """Return the Hessian times each row of `directions` (m, n_inputs), shape (m, n_inputs)."""
        program = self.program
        tangents = self.sweep_tangents(values, directions)
        addresses, n_addresses = adjoint_addresses(program)
        result = self.block("adjoint_tangents", len(tangents), n_addresses)
        result[:] = 0.0

        def sweep(segment: tuple[int, int]) -> None:
            for forward, backward in zip(tangents, result, strict=True):
                lanes.second_order_sweep(
                    program.nodes,
                    values,
                    adjoints,
                    forward.reshape(-1),
                    backward.reshape(-1),
                    addresses,
                    segment,
                )

        sweep(program.segments[-1])
        n_directions = len(directions)
        for composite, state, segment in self._backwards():
            along = self.gather(tangents, composite.operands, n_directions)
            seeds = self.gather(result, addresses[self._results(composite)], n_directions)
            operation, shape = composite.operation, (composite.operands.size, n_directions)
            added = np.zeros((composite.operands.size, len(result) * lanes.LANES))
            added[:, :n_directions] = require_rule_shape(
                operation, "adjoints", operation.adjoints(state, seeds), shape
            )
            curved = operation.second_order(state, adjoints[self._results(composite)], along)
            added[:, :n_directions] += require_rule_shape(operation, "second_order", curved, shape)
            by_block = added.reshape(composite.operands.size, len(result), lanes.LANES).transpose(1, 0, 2)
            for block, part in zip(result, by_block, strict=True):
                np.add.at(block, addresses[composite.operands], part)
            sweep(segment)
        products = self.gather(result, addresses[: program.n_inputs], n_directions).T.copy()
        products[:, ~program.input_active] = 0.0
        return products

    def sweep_curvature(self, values: Floats, adjoints: Floats, directions: Floats) -> Floats:
        """Return D (Hessian) D' for rows D (m, n_inputs): the bottleneck sum of tangent rows, (m, m).

        No second backward sweep: H = sum over nonlinear nodes of adjoint times second partials times the outer
        product of tangent rows. The cheapest way where composites or few nodes are nonlinear.
        """
        program = self.program
        tangents = self.sweep_tangents(values, directions)
        size = len(tangents) * lanes.LANES
        matrix = np.zeros((size, len(tangents), lanes.LANES))
        for segment in program.segments:
            lanes.bottleneck_terms(program.nodes, values, adjoints, tangents, matrix, segment)
        result = matrix.reshape(size, size)[: len(directions), : len(directions)].copy()
        for composite, state in zip(program.composites, self.states, strict=True):
            seeds = adjoints[self._results(composite)]
            if seeds.any():
                along = self.gather(tangents, composite.operands, len(directions))
                curved = composite.operation.curvature(state, seeds, along)
                result += require_rule_shape(composite.operation, "curvature", curved, result.shape)
        return result
