"""The parts of a program beside its nodes: arguments, guards, kinks and composites."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from aadlib.errors import Line
from aadlib.types import Ints


@dataclass(frozen=True)
class Argument:
    """One argument of the recorded function: where it lies among the inputs and how it is treated."""

    shape: tuple[int, ...]
    offset: int
    active: bool
    lane: bool
    size: int = field(init=False, compare=False)
    """Number of scalars in one lane."""
    span: slice = field(init=False, compare=False)
    """Positions among the inputs."""

    def __post_init__(self) -> None:
        size = math.prod(self.shape)
        vars(self).update(size=size, span=slice(self.offset, self.offset + size))


@dataclass(frozen=True)
class Kink:
    """One recorded operation that is not smooth everywhere; a composite is called what its `kink` says."""

    slot: int
    operation: str
    line: Line


@dataclass(frozen=True)
class Guard:
    """One comparison that steered the recording; `module` is the one that asked, this library's or the user's."""

    operation: str
    outcome: bool
    line: Line
    module: str = ""


@dataclass(frozen=True)
class PlacedComposite:
    """A composite operation in a program: its results are the nodes begin..end-1."""

    operation: Any
    begin: int
    end: int
    operands: Ints
