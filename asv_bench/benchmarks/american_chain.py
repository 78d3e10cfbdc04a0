"""An American chain of 3,000 quotes: what de-Americanising it costs, with a yield and with cash dividends."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from pricers.american import CashDividend, early_exercise_premium, premium_with_cash_dividends
from pricers.analytic import black_scholes
from pricers.chain import Chain, deamericanise

from .sizes import SMALLEST

QUOTE_DATE = datetime.date(2024, 3, 1)
N_EXPIRIES, N_STRIKES = (4, 15) if SMALLEST else (20, 75)
DIVIDENDS = (CashDividend(0.2, 1.0), CashDividend(0.7, 1.0))


def american_chain(dividends: tuple[CashDividend, ...]) -> Chain:
    """Return quotes at 4% and a dividend yield of 1%, 20% volatility."""
    days = np.unique(np.round(np.geomspace(14, 700, N_EXPIRIES)).astype(int))
    expiry = np.repeat(days / 365.0, 2 * N_STRIKES)
    deviations = np.tile(np.linspace(-2.5, 2.5, N_STRIKES), 2 * days.size)
    strike = 100.0 * np.exp(0.2 * deviations * np.sqrt(expiry))
    is_call = np.tile(np.repeat([True, False], N_STRIKES), days.size)
    market: dict[str, Any] = dict(
        strike=strike, expiry=expiry, rate=0.04, dividend_yield=0.01, volatility=0.2, is_call=is_call
    )
    owed = sum(d.amount * np.exp(-0.04 * d.time) * (d.time <= expiry) for d in dividends)
    price = black_scholes.price(spot=100.0 - owed, **market)
    if dividends:
        price = price + premium_with_cash_dividends(spot=100.0, dividends=dividends, **market)
    else:
        price = price + early_exercise_premium(spot=100.0, **market)
    half = np.maximum(0.002, 0.005 * price)
    dates = tuple(QUOTE_DATE + datetime.timedelta(days=int(day)) for day in days)
    index = np.repeat(np.arange(days.size), 2 * N_STRIKES)
    columns = (np.zeros(index.size, dtype=np.int64), index, strike, is_call, price - half, price + half)
    chain = Chain(QUOTE_DATE, 100.0, ("X",), dates, *columns, np.full(index.size, 1000.0))
    return chain.drop("bid not above zero", chain.bid <= 0.0)


class DeAmericanise:
    """Rates, forwards and premiums of a whole chain."""

    params = ("yield", "dividends")
    param_names = ("carry",)

    def setup(self, carry: str) -> None:
        """Make the chain and compile."""
        self.dividends = DIVIDENDS if carry == "dividends" else ()
        self.chain = american_chain(self.dividends)
        deamericanise(self.chain, dividends=self.dividends)

    def time_deamericanise(self, carry: str) -> None:
        """Bar: 2 s for 3,000 quotes."""
        deamericanise(self.chain, dividends=self.dividends)

    def track_rate_error(self, carry: str) -> float:
        """Return the worst error of a rate, in basis points."""
        return float(1e4 * np.abs(deamericanise(self.chain, dividends=self.dividends).rate - 0.04).max())
