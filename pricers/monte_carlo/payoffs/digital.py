"""A digital option: a fixed amount where a basket ends beyond the strike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aadlib.validation import require_finite
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import Prices
from pricers.monte_carlo.payoffs.weighted_option import WeightedOption, weighted


@dataclass(frozen=True, kw_only=True)
class DigitalOption(WeightedOption):
    """Pays `payout` when sum_i w_i S_i(T) ends above (call) or below (put) the strike."""

    payout: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_finite("payout", self.payout)

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * payout where the option ends in the money."""
        return discounts[-1] * (self.payout * surrogate.step(self.signed(weighted(self.weights, prices[-1]))))

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        return LinearClaim(
            self.at_expiry(n_dates), self.strike, self.is_call, is_digital=True, payout=self.payout
        )
