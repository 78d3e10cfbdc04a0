from typing import Any

import numpy.typing as npt

from aadlib.types import Flags, Ints

def mark_reached(left: Ints, right: Ints, activity: Flags, reached: Flags, first: int) -> None: ...
def widen_rows(
    nodes: Ints,
    left: Ints,
    right: Ints,
    activity: Flags,
    row_of: Ints,
    first: int,
    low: Ints,
    high: Ints,
) -> None: ...

class Tracer:
    pushes: int
    stretched: int
    live: int
    peak: int
    n_flushes: int
    def __init__(
        self, n_slots: int, first: int, end_row: Ints, first_input: Ints, last_input: Ints, inputs: Ints
    ) -> None: ...
    def trace(
        self,
        left: Ints,
        right: Ints,
        activity: Flags,
        curvature: npt.NDArray[Any],
        reached: Flags,
        cap: int,
        limit: int,
    ) -> bool: ...
    def between_inputs(self) -> Ints: ...
    def streams(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]: ...
