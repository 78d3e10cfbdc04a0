"""A digital call: the smallest problem whose pathwise gradients are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.validation import require_positive
from pricers.monte_carlo.closed_forms import lognormal_claim
from pricers.monte_carlo.payoffs import DigitalOption
from pricers.surrogates.samples.market_problem import MarketProblem
from pricers.surrogates.samples.monte_carlo_truth import closed_form_truth
from pricers.surrogates.samples.problem import Truth


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitalCall(MarketProblem):
    """A digital call on one asset.

    Parameters
    ----------
    strike : float, currency, > 0
    payout : float, currency
    vary, spots, volatilities, rate, expiry, dividend_yield, bandwidth, window
        As for `MarketProblem`.
    """

    strike: float = 100.0
    payout: float = 1.0
    bandwidth: float = 2.0
    window: float = 16.0

    LABELS: ClassVar[tuple[str, ...]] = ("hybrid", "likelihood_ratio", "smoothed", "conditional")
    JUMP: ClassVar[str] = "the payoff jumps where the price ends at the strike"
    CONDITIONAL: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive("strike", self.strike)
        super().__post_init__()

    def claim(self) -> DigitalOption:
        """Return the option."""
        return DigitalOption(
            strike=self.strike, payout=self.payout, weights=(1.0 / self.n_assets,) * self.n_assets
        )

    def truth(self, x: Any, *, n_paths: int = 2**15, seed: int = 2**31) -> Truth:
        """Return price and Greeks in closed form; on the mean of several assets by fresh simulation."""
        if self.n_assets > 1:
            return super().truth(x, n_paths=n_paths, seed=seed)
        return closed_form_truth(self, x, self.price)

    def price(self, x: Any) -> Any:
        """Return the price on one asset at one state, (d,) numbers of any kind."""
        market = self.market(x)
        (spot,), (volatility,), expiry = market["spots"], market["volatilities"], market["expiry"]
        variance = volatility * volatility * expiry
        growth = (market["rate"] - self.dividend_yield) * expiry
        return self.payout * lognormal_claim(
            mean=ad.log(spot) + growth - 0.5 * variance,
            variance=variance,
            discount=ad.exp(-market["rate"] * expiry),
            strike=self.strike,
            is_call=True,
            is_digital=True,
        )
