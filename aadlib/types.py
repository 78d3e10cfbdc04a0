"""The array types that signatures name, and arrays that cannot be written to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint16]


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array contiguous and read-only: a view, so that `setflags` cannot open it to writing again."""
    array = np.ascontiguousarray(array)
    if array.base is not None:
        array = array.copy()  # what is under a view stays writable
    array.setflags(write=False)
    return array.view()
