"""A spread option: on the difference of two prices at expiry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import require_finite
from pricers.monte_carlo.linear_claim import LinearClaim
from pricers.monte_carlo.payoffs.corners import EXACT, Surrogate
from pricers.monte_carlo.payoffs.payoff import Prices, check_call


@dataclass(frozen=True, kw_only=True)
class SpreadOption:
    """A call (or put) on S_1(T) - S_2(T): the right to exchange the second asset for the first at strike zero."""

    strike: float = 0.0
    is_call: bool = True

    AT_EXPIRY: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_finite("strike", self.strike)
        check_call(self.is_call)

    def require_assets(self, n_assets: int) -> None:
        """Raise unless there are two assets."""
        if n_assets != 2:
            raise AadValueError(f"a spread option is on 2 assets: the model has {n_assets}")

    def value(self, prices: Prices, discounts: list[Any], surrogate: Surrogate = EXACT) -> Any:
        """Return discount * max(+-(S_1 - S_2 - strike), 0)."""
        first, second = prices[-1]
        spread = first - second - self.strike
        return discounts[-1] * surrogate.positive_part(spread if self.is_call else -spread)

    def claim(self, n_dates: int) -> LinearClaim:
        """Describe the payoff to closed forms and conditional expectations."""
        rows = np.zeros((n_dates, 2))
        rows[-1] = (1.0, -1.0)
        return LinearClaim(rows, self.strike, self.is_call)
