"""Python face of input_sets.pyx."""

import numpy as np
import numpy.typing as npt

from aadlib.extend import Nodes
from aadlib.types import Flags, Ints

Numbers = npt.NDArray[np.intp]

class InputSets:
    def __init__(self, most_bytes: int) -> None: ...
    def carry(
        self,
        nodes: Nodes,
        created: Flags,
        needed: Flags,
        inputs: Numbers,
        composites: Ints,
        operands: Ints,
        most: int,
    ) -> bool: ...
    def entries(self, n: int, most: int) -> Numbers | None: ...
