import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

def count_pushes(
    left: Ints,
    right: Ints,
    activity: Flags,
    created: Flags,
    places: Ints,
    size: int,
    end_row: Ints,
    first_input: Ints,
    last_input: Ints,
    first: int,
    limit: int,
) -> tuple[int, int, int, int, bool]: ...
