"""Python face of lane_plan.pyx."""

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int32]
_Flags = npt.NDArray[np.uint8]

def plan_tangents(
    left: _Ints, right: _Ints, activity: _Flags, curves: _Flags, units: _Flags, active_slots: _Ints, first: int
) -> tuple[_Ints, _Ints, int]:
    """Return starts (n_nodes + 1,), entries (n_entries, 5) and the number of blocks of tangents and partials."""
