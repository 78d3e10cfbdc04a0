"""A call on a basket of correlated lognormal assets, the whole market its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from aadlib.validation import require_positive
from pricers.monte_carlo.payoffs import BasketOption
from pricers.surrogates.samples.market_problem import GROUPS, MarketProblem, Range


@dataclass(frozen=True, kw_only=True, eq=False)
class BasketCall(MarketProblem):
    """A call on the equally weighted mean of assets; spots, volatilities, rate, expiry and correlation are inputs.

    Parameters
    ----------
    strike : float, currency, > 0
    n_assets, vary, spots, volatilities, rate, expiry, correlation, dividend_yield
        As for `MarketProblem`.

    Notes
    -----
    The truth integrates one direction of the normals in closed form and the others by Sobol points. With "conditional"
    labels the samples do so as well: the same expectations with far less noise, and no corner.
    """

    n_assets: int = 5
    vary: tuple[str, ...] = GROUPS
    spots: Range = (70.0, 130.0)
    strike: float = 100.0

    LABELS: ClassVar[tuple[str, ...]] = ("pathwise", "conditional")
    CONDITIONAL: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_positive("strike", self.strike)
        super().__post_init__()

    def claim(self) -> BasketOption:
        """Return the option."""
        return BasketOption(strike=self.strike, weights=(1.0 / self.n_assets,) * self.n_assets)
