"""What a program is: its nodes, inputs, constants, outputs and guards, and which source line each came from."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import BranchChanged, Line, describe_line
from aadlib.program import passes
from aadlib.program.nodes import Nodes
from aadlib.program.parts import Argument, Guard, Kink, PlacedComposite
from aadlib.program.unpickled import check_state
from aadlib.rules.properties import RESULT
from aadlib.types import Flags, Floats, Ints, frozen


@dataclass(frozen=True, eq=False, repr=False)
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
    strict : whether derivatives that are not determined are NaN: see `aadlib.strict`
    cache, idle : facts about this program, each found once, and replays that nobody uses; neither copied nor pickled
    op, left, right, activity, n_nodes, first_node, n_slots : those of `nodes`
    n_inputs, n_active, n_outputs : int, scalars: all inputs, those differentiated, outputs (in one lane)
    input_active : (n_inputs,) whether each input is differentiated
    lane_slots, has_lanes : slots of the inputs that vary from lane to lane, ascending; whether there are any
    segments : ranges (begin, end) of the nodes that no lane changes before, between and after the composites
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
    strict: bool = False
    cache: dict[Hashable, Any] = field(default_factory=dict)
    idle: list[Any] = field(init=False)
    op: Flags = field(init=False)
    left: Ints = field(init=False)
    right: Ints = field(init=False)
    activity: Flags = field(init=False)
    n_nodes: int = field(init=False)
    first_node: int = field(init=False)
    n_slots: int = field(init=False)
    n_inputs: int = field(init=False)
    n_active: int = field(init=False)
    n_outputs: int = field(init=False)
    input_active: npt.NDArray[np.bool_] = field(init=False)
    lane_slots: Ints = field(init=False)
    has_lanes: bool = field(init=False)
    segments: tuple[tuple[int, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        nodes = self.nodes
        n_inputs = nodes.first_node - self.constants.size
        active, lane = np.zeros((2, n_inputs), dtype=bool)
        for argument in self.arguments:
            active[argument.span], lane[argument.span] = argument.active, argument.lane
        edges = [0]
        for composite in self.composites:
            edges += [composite.begin, composite.end]
        edges.append(self.n_uniform)
        vars(self).update(
            idle=[],
            op=nodes.op,
            left=nodes.left,
            right=nodes.right,
            activity=nodes.activity,
            n_nodes=nodes.n_nodes,
            first_node=nodes.first_node,
            n_slots=nodes.n_slots,
            n_inputs=n_inputs,
            n_active=int(active.sum()),
            n_outputs=self.outputs.size,
            input_active=frozen(active),
            lane_slots=frozen(np.flatnonzero(lane).astype(np.int32)),
            has_lanes=bool(lane.any()),
            segments=tuple(zip(edges[::2], edges[1::2], strict=True)),
        )

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.init} | {"cache": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_state(state, kinds=(Nodes, Argument, PlacedComposite), result=RESULT)
        vars(self).update(state)
        self.__post_init__()

    def apart(self) -> Layout:
        """Return the same layout with a cache of its own, which a fact in `cache` may keep without a circle."""
        return Layout(**{f.name: getattr(self, f.name) for f in fields(Layout) if f.init} | {"cache": {}})

    def unit_directions(self) -> Floats:
        """Return the unit directions of the active inputs as new rows (n_active, n_inputs)."""
        active = np.flatnonzero(self.input_active)
        rows = np.zeros((active.size, self.n_inputs))
        rows[np.arange(active.size), active] = 1.0
        return rows

    def memory_report(self) -> dict[str, int]:
        """Return bytes: of the program, of one value and one gradient replay, and per node of each."""
        fixed = self.nodes.nbytes + self.constants.nbytes
        value, gradient = 8 * self.n_slots, 16 * self.n_slots
        return {
            "recorded": self.n_recorded,
            "nodes": self.n_nodes,
            "program_bytes": fixed,
            "value_bytes": value,
            "gradient_bytes": gradient,
            "bytes_per_node": round((fixed + gradient) / max(1, self.n_nodes)),
        }

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

    def mark_dependent(self, handed: Flags, marked: Flags) -> None:
        """Mark every node that depends on a marked slot, through operations and composites.

        `marked` (n_slots,) flags slots; `handed` (n_nodes,) says per node through which operands (bits 1 and 2) a mark
        is handed on.
        """
        begin, first = 0, self.first_node
        for composite in self.composites:
            passes.mark_dependent(self.left, self.right, handed, marked, first, begin, composite.begin)
            depends = marked[composite.operands].any()
            marked[first + composite.begin : first + composite.end] = depends
            begin = composite.end
        passes.mark_dependent(self.left, self.right, handed, marked, first, begin, self.n_nodes)
