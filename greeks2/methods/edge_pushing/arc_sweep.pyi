"""Python face of arc_sweep.pyx."""

import numpy as np
import numpy.typing as npt

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
    starts: npt.NDArray[np.int64],
    row_entries: Floats,
    flush_targets: Ints,
    sums: Floats,
) -> None: ...
def take_out(weights: Floats, addresses: Ints, entries: Floats) -> None: ...
def collect(entries: Floats, rows: Ints, columns: Ints, half: Floats) -> None: ...
