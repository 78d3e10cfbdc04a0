import numpy as np
import numpy.typing as npt

from aadlib.types import Flags, Ints

Places = npt.NDArray[np.intp]

class InputSets:
    def __init__(self, most_bytes: int) -> None: ...
    def carry(
        self,
        left: Ints,
        right: Ints,
        activity: Flags,
        created: Flags,
        needed: Flags,
        inputs: Places,
        first: int,
        composites: Ints,
        operands: Ints,
        most: int,
    ) -> bool: ...
    def places(self, n: int, most: int) -> Places | None: ...
