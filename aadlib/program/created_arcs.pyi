from aadlib.program.nodes import Nodes
from aadlib.types import Flags, Ints

def find_created_arcs(nodes: Nodes, curves: Flags, reached: Flags) -> tuple[Flags, Ints, int, int, int]: ...
