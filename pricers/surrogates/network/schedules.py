"""Learning rates over a training: functions of its progress, from 0 to 1."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import as_floats, one_float, require_increasing, require_positive, whole_number


@runtime_checkable
class Schedule(Protocol):
    """The contract: a rate for every progress, and the same shape with another peak."""

    @property
    def peak(self) -> float:
        """The largest rate."""

    def rate(self, progress: float) -> float:
        """Return the rate at a progress in [0, 1)."""


@dataclass(frozen=True)
class OneCycle:
    """One cycle: a climb to the peak and a long fall, linear between points (progress, rate over the peak).

    Parameters
    ----------
    peak : float, > 0
        The largest rate, for Adam.
    points : pairs of floats
        Progress from 0 to 1, increasing, and the rate there over the peak, above 0 and at most 1.

    Notes
    -----
    The authors' peak is 0.1. At 0.008 the errors on baskets of 7 to 50 assets are down to half as large, and no
    training has been seen to collapse.

    References
    ----------
    Smith and Topin 2018, Super-Convergence, arXiv 1708.07120; the points of Huge and Savine 2020.
    """

    peak: float = 0.008
    points: tuple[tuple[float, float], ...] = ((0.0, 1e-7), (0.2, 1.0), (0.6, 0.1), (0.9, 1e-5), (1.0, 1e-7))

    def __post_init__(self) -> None:
        require_positive("peak", self.peak)
        pairs = as_floats("points", self.points)
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise AadValueError(f"points = {self.points}: must be pairs (progress, rate over the peak)")
        progress, shares = pairs.T
        require_increasing("progress of points", progress)
        if progress[0] != 0.0 or progress[-1] != 1.0 or shares.min() <= 0.0 or shares.max() > 1.0:
            raise AadValueError(
                f"points = {self.points}: must go from 0 to 1, with rates above 0 and at most 1"
            )

    def rate(self, progress: float) -> float:
        """Return the rate at a progress in [0, 1)."""
        at, shares = np.array(self.points).T
        return self.peak * float(np.interp(progress, at, shares))


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from the peak down to `final` times it, restarted warm so that there are `cycles` of them.

    Each cycle is `stretch` times as long as the one before it.

    References
    ----------
    Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, arXiv 1608.03983.
    """

    peak: float = 0.008
    cycles: int = 1
    stretch: float = 2.0
    final: float = 1e-3

    def __post_init__(self) -> None:
        require_positive("peak", self.peak)
        if not 0.0 < one_float("final", self.final) <= 1.0:
            raise AadValueError(f"final = {self.final!r}: must be above 0 and at most 1")
        whole_number("cycles", self.cycles, 1)
        require_positive("stretch", self.stretch)

    def rate(self, progress: float) -> float:
        """Return the rate at a progress in [0, 1)."""
        lengths = [self.stretch**cycle for cycle in range(self.cycles)]
        left = progress * sum(lengths)
        for length in lengths:
            if left < length:
                break
            left -= length
        share = 0.5 * (1.0 + math.cos(math.pi * min(left / length, 1.0)))
        return self.peak * (self.final + (1.0 - self.final) * share)


SCHEDULES: dict[str, type[OneCycle] | type[Cosine]] = {"OneCycle": OneCycle, "Cosine": Cosine}
"""By name, as files hold them."""

Shape = TypeVar("Shape", bound=Schedule)


def lowered(schedule: Shape, factor: float) -> Shape:
    """Return the schedule with its peak times a factor."""
    return replace(schedule, peak=schedule.peak * factor)  # type: ignore[type-var]
