import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]

def place_rows(
    op: Flags, left: Ints, right: Ints, activity: Flags, curvature: Flags, reached: Flags, first: int
) -> tuple[Flags, Ints, int, int, int]: ...
