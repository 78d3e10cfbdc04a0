"""A small, exact chain that the tests of this folder spoil in their own ways."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pricers import black_scholes
from pricers.chain import Chain, years_to_expiry

QUOTE_DATE = datetime.date(2024, 1, 2)
STRIKES = np.arange(90.0, 110.1, 1.25)


@pytest.fixture(scope="session")
def make_chain() -> Callable[..., Chain]:
    """Return a function that builds a Black-Scholes chain with calls and puts at every strike."""

    def make(
        *,
        roots=("SPXW",),
        days=(30, 90, 180, 365),
        strikes=STRIKES,
        spot=100.0,
        rate=0.03,
        dividend_yield=0.01,
        volatility=0.2,
        spread=0.02,
    ) -> Chain:
        dates = tuple(QUOTE_DATE + datetime.timedelta(days=d) for d in days)
        root, date, strike, call = (
            grid.ravel()
            for grid in np.meshgrid(
                np.arange(len(roots)), np.arange(len(dates)), strikes, (True, False), indexing="ij"
            )
        )
        expiry = np.array(
            [
                years_to_expiry(root=roots[r], quote_date=QUOTE_DATE, expiry_date=dates[d])
                for r, d in zip(root, date, strict=True)
            ]
        )
        mid = black_scholes.price(
            spot=spot,
            strike=strike,
            expiry=expiry,
            rate=rate,
            dividend_yield=dividend_yield,
            volatility=volatility,
            is_call=call.astype(bool),
        )
        return Chain(
            quote_date=QUOTE_DATE,
            spot=spot,
            roots=tuple(roots),
            expiry_dates=dates,
            root_index=root.astype(np.int64),
            expiry_index=date.astype(np.int64),
            strike=strike.astype(np.float64),
            is_call=call.astype(bool),
            bid=mid - np.minimum(0.5 * spread, 0.25 * mid),
            ask=mid + np.minimum(0.5 * spread, 0.25 * mid),
            open_interest=np.full(mid.shape, 500.0),
        )

    return make


@pytest.fixture(scope="session")
def make_american(make_chain: Callable[..., Chain]) -> Callable[..., Chain]:
    """Return a function that adds early-exercise premiums to a chain of 5% rates, 1.5% yield and 20% volatility."""

    def make(**changes: object) -> Chain:
        from pricers.american import early_exercise_premium

        terms = {"rate": 0.05, "dividend_yield": 0.015, "volatility": 0.2}
        chain = make_chain(
            **{**terms, "roots": ("ABC",), "days": (45, 112, 203, 322), "spread": 0.1, **changes}
        )
        premium = early_exercise_premium(
            spot=chain.spot, strike=chain.strike, expiry=chain.days / 365.0, is_call=chain.is_call, **terms
        )
        return replace(chain, bid=chain.bid + premium, ask=chain.ask + premium)

    return make
