"""Python face of arc_addresses.pyx."""

from aadlib.extend import Nodes
from aadlib.types import Ints
from greeks2.methods.edge_pushing.arc_schedule import Streams

class Arena:
    size: int
    def __init__(self, length: Ints, low: Ints, high: Ints) -> None: ...

def assign_addresses(streams: Streams, final: Ints, arena: Arena, nodes: Nodes) -> int: ...
