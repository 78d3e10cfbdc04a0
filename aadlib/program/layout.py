"""What a program is: its nodes, inputs, constants, outputs and guards, and which source line each came from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import BranchChanged
from aadlib.program import passes
from aadlib.program.nodes import Nodes
from aadlib.program.once import once_per_program
from aadlib.program.parts import Argument, Guard, Kink, Line, PlacedComposite, describe_line
from aadlib.types import Flags, Floats, Ints, frozen


@dataclass(frozen=True, eq=False)
class Layout:
    """A recording laid out for sweeps; immutable.

    Slots number everything a sweep touches: inputs `0 .. n_inputs - 1`, then the constants, then the nodes in an order
    in which operands come first (nodes that no lane changes before those that one does).

    Attributes
    ----------
    nodes : Nodes
    constants : (n_constants,) values of the constant slots
    outputs : (n_outputs,) slots
    output_shape : shape of the recorded function's result
    arguments : the recorded function's arguments
    n_recorded : int, operations recorded, before repeats were merged and unused ones dropped
    n_uniform : int, nodes that no lane changes
    kinks, guards : operations that are not smooth, and comparisons, each with its source line
    guard_arrays : per guard the operation code, the slots of both sides, and the outcome
    lines : the source line of every node, where they were traced
    composites : composite operations, in order; between them lie the segments of plain nodes
    cache : facts about this program, each found once; neither copied nor pickled
    """

    nodes: Nodes
    constants: Floats
    outputs: Ints
    output_shape: tuple[int, ...]
    arguments: tuple[Argument, ...]
    n_recorded: int
    n_uniform: int
    guards: tuple[Guard, ...]
    guard_arrays: tuple[Flags, Ints, Ints, Flags]
    kinks: tuple[Kink, ...]
    lines: tuple[Line, ...] | None
    composites: tuple[PlacedComposite, ...]
    cache: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    # ---- nodes ------------------------------------------------------------------------------------------------

    @property
    def op(self) -> Flags:
        """Operation code of every node (n_nodes,), a row of `aadlib.rules.RULES`."""
        return self.nodes.op

    @property
    def left(self) -> Ints:
        """Slot of every node's left operand (n_nodes,)."""
        return self.nodes.left

    @property
    def right(self) -> Ints:
        """Slot of every node's right operand (n_nodes,); of a unary operation the same as the left one."""
        return self.nodes.right

    @property
    def activity(self) -> Flags:
        """Bits 1 and 2 of every node where the derivative in its left and right operand is wanted, (n_nodes,)."""
        return self.nodes.activity

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.nodes.n_nodes

    @property
    def first_node(self) -> int:
        """Slot of the first node."""
        return self.nodes.first_node

    @property
    def n_slots(self) -> int:
        """Number of inputs, constants and nodes."""
        return self.nodes.n_slots

    @property
    @once_per_program
    def segments(self) -> tuple[tuple[int, int], ...]:
        """Ranges (begin, end) of nodes that no lane changes before, between and after the composites."""
        edges = [0, *(edge for c in self.composites for edge in (c.begin, c.end)), self.n_uniform]
        return tuple(zip(edges[::2], edges[1::2], strict=True))

    # ---- inputs and outputs -----------------------------------------------------------------------------------

    @property
    def n_inputs(self) -> int:
        """Number of scalar inputs (in one lane)."""
        return self.first_node - self.constants.size

    @property
    def n_outputs(self) -> int:
        """Number of scalar outputs (in one lane)."""
        return self.outputs.size

    @property
    @once_per_program
    def input_active(self) -> npt.NDArray[np.bool_]:
        """Whether each input is differentiated, (n_inputs,)."""
        return frozen(np.concatenate([np.full(a.size, a.active) for a in self.arguments]))

    @property
    @once_per_program
    def lane_slots(self) -> Ints:
        """Slots of the inputs that vary from lane to lane, ascending."""
        lane = np.concatenate([np.full(a.size, a.lane) for a in self.arguments])
        return frozen(np.flatnonzero(lane).astype(np.int32))

    @property
    def has_lanes(self) -> bool:
        """Whether an argument varies from lane to lane."""
        return any(argument.lane and argument.size for argument in self.arguments)

    @property
    def n_active(self) -> int:
        """Number of scalars that are differentiated (in one lane)."""
        return sum(argument.size for argument in self.arguments if argument.active)

    def unit_directions(self) -> Floats:
        """Return the unit directions of the active inputs as new rows (n_active, n_inputs)."""
        active = np.flatnonzero(self.input_active)
        rows = np.zeros((active.size, self.n_inputs))
        rows[np.arange(active.size), active] = 1.0
        return rows

    # ---- guards and dependence --------------------------------------------------------------------------------

    def raise_changed(self, position: int, where: str) -> None:
        """Raise `BranchChanged` for guard number `position`."""
        guard = self.guards[position]
        # Lanes may branch apart: no recording at other inputs holds them all.
        instead = (
            "" if self.has_lanes else ', record at these inputs, or record with on_branch_change="retrace"'
        )
        raise BranchChanged(
            f"the comparison at {describe_line(guard.line)} was {guard.outcome} when recorded and comes out "
            f"{not guard.outcome} now{where}: the recording holds one branch only. Use where/maximum in its place"
            f"{instead}"
        )


def spread(
    left: Ints,
    right: Ints,
    handed: Flags,
    marked: Flags,
    first_node: int,
    composites: Sequence[PlacedComposite],
) -> None:
    """Mark every node that depends on a marked slot, through operations and composites.

    `handed` says per node through which operands (bits 1 and 2) a mark is handed on.
    """
    begin = 0
    for composite in composites:
        passes.mark_dependent(left, right, handed, marked, first_node, begin, composite.begin)
        depends = marked[composite.operands].any()
        marked[first_node + composite.begin : first_node + composite.end] = depends
        begin = composite.end
    passes.mark_dependent(left, right, handed, marked, first_node, begin, handed.size)
