"""Weighted options: what options on a weighted sum of prices share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from aadlib.types import Floats
from aadlib.validation import one_number, require_finite
from pricers.monte_carlo.payoffs.payoff import check_call, check_weights, require_length
from pricers.monte_carlo.triangular import total


def weighted(weights: tuple[float, ...], numbers: list[Any]) -> Any:
    """Return the sum of weight * number over the weights that are not zero."""
    return total([w * x for w, x in zip(weights, numbers, strict=True) if w != 0.0])


@dataclass(frozen=True, kw_only=True)
class WeightedOption:
    """Fields that options on a weighted sum share."""

    strike: float
    weights: Any = (1.0,)
    is_call: bool = True

    AT_EXPIRY: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", check_weights("weights", self.weights))
        one_number("strike", self.strike)
        require_finite("strike", self.strike)
        check_call(self.is_call)

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there is one weight per asset."""
        require_length("weights", self.weights, n_assets)

    def signed(self, underlying: Any) -> Any:
        """Return how far the underlying is in the money."""
        return underlying - self.strike if self.is_call else self.strike - underlying

    def at_expiry(self, n_dates: int) -> Floats:
        """Return the weights over dates and assets: on the last date alone."""
        rows = np.zeros((n_dates, len(self.weights)))
        rows[-1] = self.weights
        return rows
