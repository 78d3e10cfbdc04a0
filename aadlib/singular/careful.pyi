"""Python face of careful.pyx."""

from aadlib.program.nodes import Nodes
from aadlib.types import Flags, Floats

Segment = tuple[int, int]

def carry_marks(nodes: Nodes, values: Floats, marks: Flags, corners: bool, segment: Segment) -> None: ...
def carry_marks_back(nodes: Nodes, values: Floats, marks: Flags, segment: Segment) -> None: ...
def singular_node(nodes: Nodes, values: Floats, marks: Flags, order: int, begin: int) -> int: ...
def singular_lanes(
    nodes: Nodes,
    values: Floats,
    stride: int,
    n_lanes: int,
    start: Flags,
    order: int,
    marks: Flags,
    singular: Flags,
) -> None: ...
def carry_adjoints(
    nodes: Nodes,
    values: Floats,
    marks: Flags,
    adjoints: Floats,
    states: Flags,
    undetermined: Flags,
    segment: Segment,
) -> None: ...
def carry_tangents(
    nodes: Nodes,
    values: Floats,
    marks: Flags,
    tangents: Floats,
    states: Flags,
    undetermined: Flags,
    segment: Segment,
) -> None: ...
def carry_second_order(
    nodes: Nodes,
    values: Floats,
    marks: Flags,
    adjoints: Floats,
    adjoint_states: Flags,
    tangents: Floats,
    tangent_states: Flags,
    moved: Floats,
    moved_states: Flags,
    undetermined: Flags,
    segment: Segment,
) -> None: ...
