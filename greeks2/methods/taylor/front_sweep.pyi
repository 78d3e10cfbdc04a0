"""Python face of front_sweep.pyx."""

from aadlib.extend import Nodes
from aadlib.types import Floats, Ints
from greeks2.structure.hub_rows import Hubs

def substitute_backward(
    nodes: Nodes,
    values: Floats,
    adjoints: Floats,
    addresses: Ints,
    hubs: Hubs,
    forward: Floats,
    n_inputs: int,
    front: Floats,
) -> None: ...
def carry_series(nodes: Nodes, values: Floats, series: Floats) -> None: ...
