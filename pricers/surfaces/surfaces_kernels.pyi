"""Python face of surfaces_kernels.pyx."""

from typing import final

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
    run_end: Longs,
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
    run_end: Longs,
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
    run_end: Longs,
    reach: int,
    factors: Floats,
    result: Floats,
) -> None: ...
def runs_kernel(
    start: Longs,
    weight: Longs,
    factor: Floats,
    node_columns: Longs,
    in_node: Floats,
    n_columns: int,
    run_end: Longs,
) -> None: ...

@final
class MovedSurface:
    def __init__(
        self,
        nodes: Floats,
        home: Floats,
        reach: float,
        inverse_scale: Floats,
        inverse_width: Floats,
        breakpoints: Floats,
        pieces: Floats,
        centres: Floats,
    ) -> None: ...

def moved_variance_kernel(surface: MovedSurface, lines: Floats, result: Floats) -> bool: ...
def moved_derivatives_kernel(
    surface: MovedSurface, lines: Floats, columns: Longs, inside: Floats
) -> None: ...
def moved_curvature_kernel(
    surface: MovedSurface,
    lines: Floats,
    start: Longs,
    weight: Longs,
    factor: Floats,
    factors: Floats,
    result: Floats,
) -> None: ...
