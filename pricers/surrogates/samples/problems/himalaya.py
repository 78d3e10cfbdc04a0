"""A Himalayan call: the best asset's performance is locked in on every date, and the asset leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pricers.monte_carlo.payoffs import HimalayaOption
from pricers.surrogates.samples.market_problem import MarketProblem, Range


@dataclass(frozen=True, kw_only=True, eq=False)
class Himalaya(MarketProblem):
    """A call on the mean of the performances locked in, one on each date, each of an asset that is left.

    Parameters
    ----------
    strike : float, a performance; notional : float, currency
        As for `pricers.monte_carlo.HimalayaOption`, whose references are all 100.
    n_assets, vary, spots, volatilities, rate, expiry, correlation, dividend_yield, n_steps, bandwidth, window
        As for `MarketProblem`; n_steps is the number of dates, not more than assets.

    Notes
    -----
    "hybrid" labels have less noise than smoothed ones of a small bias would, so that these are not offered.
    """

    n_assets: int = 4
    vary: tuple[str, ...] = ("spots", "volatilities")
    spots: Range = (70.0, 130.0)
    n_steps: int = 4
    strike: float = 1.0
    notional: float = 100.0

    LABELS: ClassVar[tuple[str, ...]] = ("hybrid", "likelihood_ratio")
    JUMP: ClassVar[str] = "the payoff jumps where two assets are level on a date: either may leave"

    def claim(self) -> HimalayaOption:
        """Return the option."""
        return HimalayaOption(references=(100.0,) * self.n_assets, strike=self.strike, notional=self.notional)
