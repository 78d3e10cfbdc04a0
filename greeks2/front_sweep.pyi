import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

def plan_front(
    left: Ints, right: Ints, activity: Flags, input_active: Flags, reached: Flags, first: int
) -> tuple[Ints, int]: ...
def substitute_backward(
    op: Flags,
    left: Ints,
    right: Ints,
    activity: Flags,
    values: Floats,
    adjoints: Floats,
    places: Ints,
    first: int,
    front: Floats,
) -> None: ...
def carry_series(
    op: Flags, left: Ints, right: Ints, activity: Flags, values: Floats, series: Floats, first: int
) -> None: ...
