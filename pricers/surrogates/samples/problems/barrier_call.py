"""A knock-out call, its barrier watched on some dates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aadlib.validation import require_positive
from pricers.monte_carlo.payoffs import BarrierOption
from pricers.surrogates.samples.market_problem import MarketProblem, Range


@dataclass(frozen=True, kw_only=True, eq=False)
class BarrierCall(MarketProblem):
    """A call on one asset, or the mean of several, that a barrier ends or brings to life on dates.

    Parameters
    ----------
    strike, barrier : float, currency, > 0
    kind : "up-and-out", "down-and-out", "up-and-in" or "down-and-in"
    n_assets, vary, spots, volatilities, rate, expiry, correlation, dividend_yield, n_steps, bandwidth, window
        As for `MarketProblem`; n_steps is the number of dates.

    Notes
    -----
    The truth draws every step given that the option survives it, and integrates the last one.
    """

    vary: tuple[str, ...] = ("spots", "volatilities", "rate", "expiry")
    spots: Range = (80.0, 120.0)
    volatilities: Range = (0.1, 0.35)
    n_steps: int = 12
    strike: float = 100.0
    barrier: float = 80.0
    kind: str = "down-and-out"
    window: float = 4.0

    LABELS: ClassVar[tuple[str, ...]] = ("hybrid", "likelihood_ratio", "smoothed", "conditional")
    JUMP: ClassVar[str] = "the payoff jumps where a price crosses the barrier on a date"
    CONDITIONAL: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive("strike", self.strike)
        require_positive("barrier", self.barrier)
        super().__post_init__()

    def claim(self) -> BarrierOption:
        """Return the option."""
        return BarrierOption(
            strike=self.strike,
            barrier=self.barrier,
            kind=self.kind,
            weights=(1.0 / self.n_assets,) * self.n_assets,
        )
