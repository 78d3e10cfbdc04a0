"""Options on a basket at expiry: on the weighted sum of its prices, and on their weighted geometric mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aadlib as ad
from aadlib.validation import require_positive
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import Prices
from pricers.monte_carlo.payoffs.weighted_option import WeightedOption, weighted


@dataclass(frozen=True, kw_only=True)
class BasketOption(WeightedOption):
    """A call or put on sum_i w_i S_i(T); the default is one asset.

    Parameters
    ----------
    strike : float, currency
    weights : (n_assets,) floats, of any sign
    is_call : bool

    Raises
    ------
    AadValueError, AadTypeError
        For NaN, weights that are all zero or as many as there are no assets, or a flag that is no bool.
    """

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(basket - strike), 0)."""
        return discounts[-1] * surrogate.positive_part(self.signed(weighted(self.weights, prices[-1])))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.at_expiry(n_dates), self.strike, self.is_call)


@dataclass(frozen=True, kw_only=True)
class GeometricBasketOption(WeightedOption):
    """A call or put on prod_i S_i(T)^w_i; its price is a closed form, so it is the arithmetic basket's control.

    Weights should add up to one, so that the product is a price; any are allowed. The strike is positive.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive("strike", self.strike)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(geometric mean - strike), 0)."""
        logs = [ad.log(price) for price in prices[-1]]
        return discounts[-1] * surrogate.positive_part(self.signed(ad.exp(weighted(self.weights, logs))))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(self.at_expiry(n_dates), self.strike, self.is_call, geometric=True)
