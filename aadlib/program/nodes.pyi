"""Python face of nodes.pyx."""

from typing import Any, final

import numpy.typing as npt

from aadlib.types import Flags, Ints

@final
class Nodes:
    """Operation, operands and activity of every node of a program, read-only: what every sweep takes."""

    @property
    def op(self) -> Flags: ...
    @property
    def left(self) -> Ints: ...
    @property
    def right(self) -> Ints: ...
    @property
    def activity(self) -> Flags: ...
    @property
    def first_node(self) -> int: ...
    @property
    def n_nodes(self) -> int: ...
    @property
    def n_slots(self) -> int: ...
    def __init__(
        self,
        op: npt.ArrayLike,
        left: npt.ArrayLike,
        right: npt.ArrayLike,
        activity: npt.ArrayLike,
        first_node: int,
    ) -> None: ...
    def __len__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
