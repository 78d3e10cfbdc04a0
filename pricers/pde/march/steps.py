"""Time steps of a backward march: equal, or laid between the times at which a surface jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.curves.rate_curve import is_curve, mean_rate
from pricers.number_kinds import is_plain

SHORTEST = 1e-9
"""Years: seams that near to each other, to today or to the expiry are one."""


@dataclass(frozen=True, eq=False)
class MarchSteps:
    """Steps from today to an expiry, in calendar order.

    Parameters
    ----------
    expiry : number of any kind, years
    n_steps : int
    ends : (n_steps + 1,) float from 0 to the expiry, or None for equal steps
    """

    expiry: Any
    n_steps: int
    ends: Floats | None

    @cached_property
    def step(self) -> Any:
        """Their mean length."""
        return self.expiry / self.n_steps

    @cached_property
    def midpoints(self) -> list[Any]:
        """Time in the middle of each, (n_steps,)."""
        if self.ends is None:
            return [(j + 0.5) * self.step for j in range(self.n_steps)]
        return list((0.5 * (self.ends[1:] + self.ends[:-1])).tolist())

    @cached_property
    def lengths(self) -> list[Any]:
        """Length of each, (n_steps,)."""
        return [self.step] * self.n_steps if self.ends is None else np.diff(self.ends).tolist()

    @property
    def relative(self) -> Floats:
        """Lengths over their mean, (n_steps,)."""
        return np.ones(self.n_steps) if self.ends is None else np.diff(self.ends) / float(self.step)

    def elapsed(self, marched: float) -> Any:
        """Return the time to expiry after so many steps marched back from it, halves included."""
        if self.ends is None:
            return marched * self.step
        whole = int(marched)
        begin = float(self.ends[self.n_steps - whole])
        part = marched - whole
        return float(self.expiry) - (
            begin - part * (begin - self.ends[self.n_steps - whole - 1]) if part else begin
        )

    def means(self, rate: Any) -> list[Any]:
        """Return the mean of a rate over each step: one entry where it is the same for all of them."""
        if not is_curve(rate):
            return [rate]
        ends = np.linspace(0.0, self._float_expiry(), self.n_steps + 1) if self.ends is None else self.ends
        return [mean_rate(rate, *pair) for pair in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]

    def _float_expiry(self) -> float:
        if not is_plain(self.expiry):
            raise AadTypeError(
                "expiry is being differentiated, and the rates are a curve, which jumps in time: give numbers for the "
                "rates, or the expiry as a float and difference prices"
            )
        return float(self.expiry)


def laid_steps(*, expiry: Any, n_steps: int, seams: Sequence[float], elapsed: float = 0.0) -> MarchSteps:
    """Lay steps between the seams inside the expiry, as equal as they allow; there are at least `n_steps` of them.

    Of a surface that is seen `elapsed` years later they are as many as they were, where its seams are still to come.

    Raises
    ------
    AadTypeError
        When there are seams and the expiry is being differentiated: steps between times that stay where they are do not
        move with it.
    """
    years = float(values_of(expiry))
    times = np.asarray(seams, dtype=np.float64)
    inside = times[(times > SHORTEST) & (times < years - SHORTEST)]
    if not inside.size:
        return MarchSteps(expiry, n_steps, None)
    if not is_plain(expiry):
        raise AadTypeError(
            "expiry is being differentiated, but this surface jumps between its expiries, where steps must end: give "
            "the "
            "expiry as a float and difference prices"
        )
    apart = inside[np.diff(inside, prepend=0.0) > SHORTEST]
    cuts = np.concatenate([[0.0], apart, [years]])
    widths = np.diff(cuts)
    widths[0] += elapsed
    counts = np.maximum(1, np.round(n_steps * widths / (years + elapsed))).astype(np.int64)
    while counts.sum() < n_steps:
        counts[np.argmax(widths / counts)] += 1
    pieces = [
        np.linspace(begin, end, count + 1)[:-1]
        for begin, end, count in zip(cuts[:-1], cuts[1:], counts, strict=True)
    ]
    return MarchSteps(expiry, int(counts.sum()), np.append(np.concatenate(pieces), years))
