"""Python face of sparse_rows.pyx."""

import numpy as np
import numpy.typing as npt

from aadlib.extend import Nodes
from aadlib.types import Floats, Ints

def carry_sparse_rows(
    nodes: Nodes,
    values: Floats,
    behind: Ints,
    starts: npt.NDArray[np.int64],
    places: Ints,
    row_of: Ints,
    entries: Floats,
) -> None: ...
