"""Python face of arc_count.pyx."""

from aadlib.extend import Nodes
from aadlib.types import Flags, Ints
from greeks2.structure.hub_rows import Hubs

def count_pushes(
    nodes: Nodes, created: Flags, addresses: Ints, size: int, hubs: Hubs, limit: int
) -> tuple[int, int, int, int, bool]: ...
