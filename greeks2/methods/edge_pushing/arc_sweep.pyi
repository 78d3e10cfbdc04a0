"""Python face of arc_sweep.pyx."""

from aadlib.extend import Nodes
from aadlib.types import Floats, Ints
from greeks2.methods.edge_pushing.arc_schedule import Streams
from greeks2.structure.hub_rows import Hubs

def replay_pushes(
    streams: Streams,
    hubs: Hubs,
    forward: Floats,
    nodes: Nodes,
    values: Floats,
    adjoints: Floats,
    weights: Floats,
    rows: Floats,
    half: Floats,
) -> None: ...
def collect(weights: Floats, rows: Ints, columns: Ints, addresses: Ints, half: Floats) -> None: ...
