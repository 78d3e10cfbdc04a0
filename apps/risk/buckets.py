"""The volatility buckets of a report: which there are and what they are called.

Bucket b raises the local volatility by h_b times a hat function of (ln expiry, deviations from the money). The h_b are
inputs of the recorded pricing, so bucketed vega and the vega-vega matrix are exact first and second derivatives. The
hats add up to one: the sum over all buckets is a parallel shift of the local volatility.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aadlib.types import Floats
from apps.report.plots import readable_expiry

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes
    from pricers.surfaces.volatility_hats import VolatilityHats


DEVIATIONS = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0)
"""Bucket centres in x / sqrt(w(t)): log-moneyness over the at-the-money standard deviation to that expiry."""

_YEARS = (1.0 / 24.0, 1.0 / 12.0, 0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Buckets:
    """Buckets expiry by expiry, deviations running fastest.

    Attributes
    ----------
    hats : VolatilityHats
        Their shapes.
    """

    hats: VolatilityHats

    @property
    def expiries(self) -> Floats:
        """Centres, years, (n_expiries,)."""
        return self.hats.expiries

    @property
    def deviations(self) -> Floats:
        """Centres in at-the-money standard deviations, (n_deviations,)."""
        return self.hats.deviations

    @property
    def size(self) -> int:
        """Number of buckets."""
        return self.hats.size

    @property
    def labels(self) -> list[str]:
        """One label per bucket: expiry and deviations."""
        return [f"{row} {column}" for row in self.expiry_labels for column in self.deviation_labels]

    @property
    def expiry_labels(self) -> list[str]:
        """The expiries as short text."""
        return [readable_expiry(t) for t in self.expiries.tolist()]

    @property
    def deviation_labels(self) -> list[str]:
        """The deviations as short text."""
        return ["ATM" if d == 0.0 else f"{d:+g} dev" for d in self.deviations]


def volatility_buckets(expiries: Sequence[float], deviations: Sequence[float] = DEVIATIONS) -> Buckets:
    """Return buckets with centres at the expiries (years) and deviations, both increasing; one of either will do.

    Raises
    ------
    AadValueError
        The centres are out of order, or an expiry is not positive.
    """
    from pricers.surfaces.volatility_hats import VolatilityHats

    return Buckets(VolatilityHats(np.asarray(expiries), np.asarray(deviations)))


def bucket_expiries(quotes: Quotes) -> list[float]:
    """Return the usual bucket centres within the chain; where there are fewer than two, its ends if they are apart."""
    # A slice may have lost all its quotes.
    expiries = [quotes.slices[k].expiry for k in np.unique(quotes.slice_index)]
    first, last = min(expiries), max(expiries)
    inside = [t for t in _YEARS if first <= t <= 1.05 * last]
    if len(inside) >= 2:
        return inside
    return [first, last] if last > 1.5 * first else [last]
