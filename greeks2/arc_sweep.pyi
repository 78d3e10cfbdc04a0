import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

def push_arcs(
    records: Ints,
    targets: Ints,
    moves: Ints,
    flushes: Ints,
    op: Flags,
    left: Ints,
    right: Ints,
    values: Floats,
    adjoints: Floats,
    first: int,
    weights: Floats,
    rows: Floats,
    half: Floats,
) -> None: ...
def collect(weights: Floats, rows: Ints, columns: Ints, places: Ints, half: Floats) -> None: ...
