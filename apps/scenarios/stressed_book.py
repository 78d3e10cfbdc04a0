"""The problem that a book under stress is: its value at states of a box around the scenarios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.types import Floats
from pricers.surrogates import NettingSet, NettingSetExposure

ROOM = 0.1
"""How far the box goes beyond the scenarios, as a share of their range."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StressedBook(NettingSetExposure):
    """A netting set's value on its first horizon, trained on over a box of states.

    Parameters
    ----------
    netting_set, horizon, widening
        As for `NettingSetExposure`.
    low, high : (1 + n_assets,), the box of the short rate and the spots
    """

    low: Floats
    high: Floats

    @classmethod
    def around(cls, book: NettingSet, states: Floats) -> StressedBook:
        """Return the problem of a box somewhat wider than some states, (n, 1 + n_assets)."""
        low, high = states.min(axis=0), states.max(axis=0)
        room = ROOM * (high - low)
        return cls(netting_set=book, horizon=float(book.horizons[0]), low=low - room, high=high + room)

    @property
    def ranges(self) -> Floats:
        """The box, (d, 2)."""
        return np.stack([self.low, self.high], axis=1)

    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw n states uniformly in the box, (n, d)."""
        return generator.uniform(self.low, self.high, (n, len(self.low)))
