"""Python face of passes.pyx."""

from aadlib.extend import Nodes
from aadlib.types import Flags, Ints
from greeks2.structure.hub_rows import Hubs

def plan_front(nodes: Nodes, input_active: Flags, reached: Flags, hubs: Hubs) -> tuple[Ints, int, int]: ...
