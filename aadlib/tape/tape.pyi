from types import TracebackType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from aadlib.tape.advar import ADVar

Mark = tuple[int, ...]

DEFAULT_CAP: int

def set_input_maker(maker: Any) -> None: ...

class Tape:
    guards: list[Any]
    kinks: list[Any]
    lines: list[tuple[str, int, str]]
    composites: list[Any]

    def __init__(self, max_nodes: int = ..., trace_lines: bool = False) -> None: ...
    def __enter__(self) -> Tape: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]: ...
    def __len__(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def serial(self) -> int: ...
    def input(self, value: float) -> ADVar: ...
    def mark(self) -> Mark: ...
    def rewind(self, mark: Mark) -> None: ...
    def arrays(
        self,
    ) -> tuple[
        npt.NDArray[np.uint8],
        npt.NDArray[np.int32],
        npt.NDArray[np.int32],
        npt.NDArray[np.float64],
    ]: ...
    def columns(
        self,
    ) -> tuple[
        npt.NDArray[np.uint8],
        npt.NDArray[np.int32],
        npt.NDArray[np.int32],
        npt.NDArray[np.float64],
    ]: ...
