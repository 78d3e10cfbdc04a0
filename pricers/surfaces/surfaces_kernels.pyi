"""Python face of surfaces_kernels.pyx."""

from aadlib.types import Floats
from pricers.types import Longs

def basis_table_kernel(
    coordinate: Floats, breakpoints: Floats, pieces: Floats, first: Longs, values: Floats
) -> None: ...
def predictor_kernel(
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    weights: Floats,
    result: Floats,
) -> None: ...
def gather_kernel(
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    seeds: Floats,
    result: Floats,
) -> None: ...
def gram_kernel(
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    reach: int,
    factors: Floats,
    result: Floats,
) -> None: ...
