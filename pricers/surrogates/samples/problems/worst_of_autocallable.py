"""An autocallable note on the worst of several assets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pricers.monte_carlo.payoffs import Autocallable
from pricers.surrogates.samples.market_problem import MarketProblem, Range


@dataclass(frozen=True, kw_only=True, eq=False)
class WorstOfAutocallable(MarketProblem):
    """A note that is redeemed early, with coupons, once the worst performance is at or above a level on a date.

    Parameters
    ----------
    coupon : float, per date; call_level, protection : float, performances; notional : float, currency
        As for `pricers.monte_carlo.Autocallable`, whose references are all 100.
    n_assets, vary, spots, volatilities, rate, expiry, correlation, dividend_yield, n_steps, bandwidth, window
        As for `MarketProblem`; n_steps is the number of call dates.
    """

    n_assets: int = 3
    vary: tuple[str, ...] = ("spots", "volatilities")
    spots: Range = (70.0, 130.0)
    expiry: Range = (3.0, 3.0)
    n_steps: int = 6
    coupon: float = 0.04
    call_level: float = 1.0
    protection: float = 0.7
    notional: float = 100.0

    LABELS: ClassVar[tuple[str, ...]] = ("hybrid", "likelihood_ratio", "smoothed")
    JUMP: ClassVar[str] = (
        "the payoff jumps where the worst performance crosses the call level or the protection"
    )

    def claim(self) -> Autocallable:
        """Return the note."""
        return Autocallable(
            references=(100.0,) * self.n_assets,
            coupon=self.coupon,
            call_level=self.call_level,
            protection=self.protection,
            notional=self.notional,
        )
