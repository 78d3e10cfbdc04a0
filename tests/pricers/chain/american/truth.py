"""What the American chains of this folder are made of."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

SPOT = 100.0
QUOTE_DATE = datetime.date(2024, 3, 1)
DIVIDENDS = ((77, 1.2), (259, 1.3))  # days ahead, amount


@dataclass(frozen=True)
class Case:
    """A market: flat rate and yield, dividends (days, amount), the expiries in days."""

    rate: float
    dividend_yield: float
    dividends: tuple[tuple[int, float], ...] = ()
    escrowed: bool = True
    days: tuple[int, ...] = (14, 35, 63, 112, 203, 322, 476)

    def forward(self, expiry: float) -> float:
        """Return the forward."""
        owed = sum(a * math.exp(-self.rate * d / 365.0) for d, a in self.dividends if d / 365.0 <= expiry)
        return (SPOT - owed) * math.exp((self.rate - self.dividend_yield) * expiry)

    def volatility(self, strike: float, expiry: float) -> float:
        """Return what the options of a strike are priced with."""
        if not self.escrowed:
            return 0.22
        k = math.log(strike / self.forward(expiry))
        return 0.22 - 0.15 * k / math.sqrt(expiry + 0.2) + 0.3 * k * k


CASES = {
    "low_rate": Case(0.01, 0.04),
    "high_rate": Case(0.06, 0.0),
    "middle": Case(0.035, 0.02),
    "dividends": Case(0.045, 0.005, DIVIDENDS),
    "spot_dividends": Case(0.045, 0.0, DIVIDENDS, escrowed=False),
}
