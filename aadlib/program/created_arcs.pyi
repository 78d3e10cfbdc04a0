from aadlib.program.nodes import Nodes
from aadlib.types import Flags, Ints

def mark_reached(nodes: Nodes, reached: Flags) -> None: ...
def find_created_arcs(
    nodes: Nodes, curvature: Flags, reached: Flags
) -> tuple[Flags, Ints, int, int, int]: ...
