"""Asian options: on the arithmetic or the geometric mean of a basket over the dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from aadlib.validation import require_positive
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import Prices
from pricers.monte_carlo.payoffs.weighted_option import WeightedOption, weighted
from pricers.monte_carlo.triangular import total


@dataclass(frozen=True, kw_only=True)
class AsianOption(WeightedOption):
    """A call or put on the arithmetic mean over the dates of sum_i w_i S_i(t_k); the start is no date."""

    AT_EXPIRY: ClassVar[bool] = False

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(mean - strike), 0)."""
        mean = total([weighted(self.weights, row) for row in prices]) / len(prices)
        return discounts[-1] * surrogate.positive_part(self.signed(mean))

    def over_dates(self, n_dates: int) -> Floats:
        """Return the weights over dates and assets."""
        return np.tile(np.array(self.weights) / n_dates, (n_dates, 1))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.over_dates(n_dates), self.strike, self.is_call)


@dataclass(frozen=True, kw_only=True)
class GeometricAsianOption(AsianOption):
    """A call or put on the geometric mean over the dates of prod_i S_i(t_k)^w_i; priced by a closed form."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("strike", self.strike)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(geometric mean - strike), 0)."""
        logs = [weighted(self.weights, [ad.log(price) for price in row]) for row in prices]
        return discounts[-1] * surrogate.positive_part(self.signed(ad.exp(total(logs) / len(prices))))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.over_dates(n_dates), self.strike, self.is_call, geometric=True)
