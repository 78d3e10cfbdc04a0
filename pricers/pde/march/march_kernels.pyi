"""Python face of march_kernels.pyx: array shapes stand there."""

from collections.abc import Sequence
from typing import final

from aadlib.types import Floats
from pricers.surfaces.surface import Link
from pricers.types import Bools, Longs

LINKS: tuple[Link, ...]

def lanes_together() -> int: ...

@final
class History:
    def __init__(
        self,
        stencil: Floats,
        row: Longs,
        damped: Bools,
        last: Longs,
        above: Floats,
        inverse: Floats,
        ratio: Floats,
        doubled: Floats,
        exercised: Longs,
    ) -> None: ...

@final
class Rows:
    def __init__(
        self,
        start: Longs,
        weight: Longs,
        factor: Floats,
        node_columns: Longs,
        in_node: Floats,
        n_columns: int,
        run_end: Longs,
        n_weights: int,
        slope: Floats,
        variance: Floats,
    ) -> None: ...

@final
class Directions:
    def __init__(
        self,
        n_lanes: int,
        lane_of: Longs | None,
        reached: Longs | None,
        parts: Sequence[Floats | None] | None,
    ) -> None: ...

def diffusion_kernel(
    link: Link,
    scale: float,
    row_scale: Floats,
    predictor: Floats,
    diffusion: Floats,
    variance: Floats,
    slope: Floats,
) -> bool: ...
def composite_march_kernel(
    history: History,
    diffusion: Floats,
    drift: Floats,
    discount: Floats,
    lower: Floats,
    upper: Floats,
    initial: Floats,
    floor: Floats,
    results: Floats,
) -> bool: ...
def backward_march_kernel(
    values: Floats,
    below: Floats,
    diagonal: Floats,
    above: Floats,
    row: Longs,
    damped: Bools,
    lower: Floats,
    upper: Floats,
    exercise: Floats,
) -> None: ...
def composite_adjoint_kernel(
    history: History,
    seeds: Floats,
    with_coefficients: bool,
    multipliers: Floats,
    diffusion_bar: Floats,
    coefficients_bar: Floats,
    lower_bar: Floats,
    upper_bar: Floats,
    initial_bar: Floats,
    floor_bar: Floats,
) -> None: ...
def composite_tangents_kernel(
    history: History,
    basis: Rows,
    directions: Directions,
    begin: int,
    multipliers: Floats | None,
    results: Floats,
    product: Floats | None,
    of_coefficients: Floats | None,
    solutions: Floats | None,
) -> None: ...
def composite_adjoint_lanes_kernel(
    history: History,
    basis: Rows,
    directions: Directions,
    begin: int,
    multipliers: Floats | None,
    seeds: Floats | None,
    solutions: Floats | None,
    weights_bar: Floats,
    coefficients_bar: Floats,
    lower_bar: Floats,
    upper_bar: Floats,
    initial_bar: Floats,
    floor_bar: Floats,
) -> None: ...
