"""A frame that moves with the forward: no drift and no discounting is left in the march.

On a fixed grid of spots a drift of many deviations carries the narrow profile of a low volatility through cells that
are too coarse for it. In y = S exp(c (1 - t / T)), with c = (r - q) T a plain number, the profile stays where the
strike is: y is a spot of drift r - q - c / T, zero in value. The frame is a constant of a recording; a replay at
another rate has the difference as its drift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import aadlib as ad
from aadlib.types import Floats
from aadlib.validation import values_of


@dataclass(frozen=True)
class ForwardFrame:
    """A European option on y: its spot today, what is left of the carry, its volatility and the discount factor."""

    spot: Any
    carry: Any
    volatility: Any
    discount: Any

    @property
    def market(self) -> dict[str, Any]:
        """What the march takes: it discounts nothing, so that a dividend yield of -carry is the drift."""
        return {"rate": 0.0, "dividend_yield": -self.carry, "volatility": self.volatility}


def forward_frame(*, spot: Any, expiry: Any, rate: Any, dividend_yield: Any, volatility: Any) -> ForwardFrame:
    """Return the option in the frame of its forward.

    Parameters
    ----------
    spot, expiry, rate, dividend_yield : numbers of any kind
    volatility : a number, or a function of (spots, time)
    """
    years = float(values_of(expiry))
    carry = rate - dividend_yield
    discount = ad.exp(-rate * expiry)
    travel = float(values_of(carry)) * years
    if travel == 0.0:
        return ForwardFrame(spot, carry, volatility, discount)
    moved = volatility
    if callable(volatility):

        def moved(spots: Floats, time: Any) -> Any:
            return volatility(spots * math.exp(-travel * (1.0 - float(values_of(time)) / years)), time)

    return ForwardFrame(spot * math.exp(travel), carry - travel / expiry, moved, discount)
