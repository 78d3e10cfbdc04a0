"""Python face of passes.pyx."""

from aadlib.program.nodes import Nodes
from aadlib.types import Flags, Ints
from greeks2.structure.hub_rows import Hubs

def mark_reached(nodes: Nodes, reached: Flags) -> None: ...
def find_created_arcs(
    nodes: Nodes, curvature: Flags, reached: Flags
) -> tuple[Flags, Ints, int, int, int]: ...
def plan_front(nodes: Nodes, input_active: Flags, reached: Flags, hubs: Hubs) -> tuple[Ints, int, int]: ...
