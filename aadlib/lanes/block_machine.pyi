"""Python face of block_machine.pyx."""

from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.types import Floats

class Machine:
    """Runs one `aadlib.lanes.block_code.BlockCode` by an `aadlib.lanes.machine.ColumnPlan`; threads may share it."""

    @property
    def size(self) -> int: ...
    def __init__(self, code: Any, plan: Any) -> None: ...
    def run(
        self,
        fixed: Floats,
        workspace: Floats,
        arguments: list[Floats],
        edges: npt.NDArray[np.int64],
        outputs: Floats,
        changed: npt.NDArray[np.int64],
        sums: Floats,
    ) -> int: ...
