"""The record of a second-order method over lanes: its name, the code it writes, and what it offers the planner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aadlib.extend import PathCode, Program


@dataclass(frozen=True, eq=False)
class Offer:
    """What a path costs by a method.

    Attributes
    ----------
    block_time : float, estimated nanoseconds for a block of lanes; infinite for a method that gave up
    counts : what the time was found from, beyond the counts of the code
    path : PathCode, where it was written on the way
    """

    block_time: float
    counts: Mapping[str, int] = field(default_factory=dict)
    path: PathCode | None = None


@dataclass(frozen=True)
class PathMethod:
    """One exact second-order method over lanes.

    Attributes
    ----------
    name : str, as users write it
    write : return the code of a path, values and gradients included
    offer : return what the method costs, given the nanoseconds to beat; it may give up where it takes longer
    """

    name: str
    write: Callable[[Program], PathCode]
    offer: Callable[[Program, float], Offer]
