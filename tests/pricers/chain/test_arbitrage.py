"""Static arbitrage in quotes, and who is to blame."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from pricers.analytic.black_scholes import price
from pricers.analytic.implied_volatilities import implied_volatility
from pricers.chain import find_arbitrage, quote_name
from pricers.chain.quotes import Quotes, Slice

DATE = datetime.date(2024, 1, 2)
EXPIRIES = (0.25, 0.5, 1.0)
STRIKES = np.arange(80.0, 125.0, 5.0)
SPREAD = 0.02


def market(changes: dict[tuple[int, float], float] | None = None) -> Quotes:
    """Return out-of-the-money quotes at 20% and a forward of 100; mids of (slice, strike) moved by `changes`."""
    index = np.repeat(np.arange(3), STRIKES.size)
    strike = np.tile(STRIKES, 3)
    is_call = strike >= 100.0
    expiry = np.array(EXPIRIES)[index]
    mid = np.array(price(spot=100.0, strike=strike, expiry=expiry, rate=0.0, volatility=0.2, is_call=is_call))
    for (k, at), change in (changes or {}).items():
        mid[(index == k) & (strike == at)] += change
    implied = implied_volatility(
        price=mid, forward=100.0, strike=strike, expiry=expiry, discount=1.0, is_call=is_call
    )
    flat = np.full(strike.size, 0.2)
    return Quotes(
        slices=tuple(
            Slice("X", DATE + datetime.timedelta(days=round(365 * t)), t, 100.0, 1.0) for t in EXPIRIES
        ),
        spot=100.0, quote_date=DATE, slice_index=index, strike=strike, log_moneyness=np.log(strike / 100.0),
        is_call=is_call, mid=mid, bid=mid - 0.5 * SPREAD, ask=mid + 0.5 * SPREAD,
        volatility=implied, bid_volatility=flat, ask_volatility=flat, spread=np.full(strike.size, SPREAD), vega=flat,
    )  # fmt: skip


def test_a_model_has_none() -> None:
    report = find_arbitrage(market())
    assert report.found == () and report.worst == ()


@pytest.mark.parametrize(
    ("where", "change", "kinds"),
    [
        ((1, 90.0), 0.5, {"butterfly"}),
        ((1, 90.0), 2.5, {"vertical", "calendar"}),
        ((1, 115.0), 1.0, {"vertical"}),
        ((2, 100.0), -3.5, {"calendar", "butterfly"}),
        ((0, 120.0), 0.5, {"vertical"}),
    ],
)
def test_one_wrong_quote_is_to_blame(where: tuple[int, float], change: float, kinds: set[str]) -> None:
    quotes = market({where: change})
    report = find_arbitrage(quotes)
    assert {item.kind for item in report.found} >= kinds
    (position,) = np.flatnonzero((quotes.slice_index == where[0]) & (quotes.strike == where[1]))
    assert [name for name, _ in report.worst] == [quote_name(quotes, position)]
    assert report.worst[0][1] == pytest.approx(sum(item.gain for item in report.found))
    assert all(position in item.quotes for item in report.found)
    gains = [item.gain for item in report.found]
    assert gains == sorted(gains, reverse=True)


def test_a_butterfly_by_hand() -> None:
    """The put of 90 is sold, half of each neighbour bought."""
    quotes = market({(1, 90.0): 0.5})
    (item,) = (item for item in find_arbitrage(quotes).found if item.kind == "butterfly")
    at = {
        k: int(np.flatnonzero((quotes.slice_index == 1) & (quotes.strike == k))[0])
        for k in (85.0, 90.0, 95.0)
    }
    assert item.sold == at[90.0] and item.bought == (at[85.0], at[95.0])
    cost = 0.5 * (quotes.ask[at[85.0]] + quotes.ask[at[95.0]])
    assert item.gain == pytest.approx(quotes.bid[at[90.0]] - cost)


def test_a_position_of_an_arbitrage_never_loses() -> None:
    """Within a slice the payoff of the quotes bought, by the weights of the chord, covers the one sold."""
    quotes = market({(1, 85.0): 0.6, (1, 110.0): 0.9, (1, 100.0): -0.8})
    for item in find_arbitrage(quotes).found:
        if item.kind != "butterfly" or len(item.bought) != 2:
            continue
        left, right = (quotes.strike[k] for k in item.bought)
        share = (quotes.strike[item.sold] - left) / (right - left)
        assert 0.0 < share < 1.0


def test_several_wrong_quotes_are_told_from_their_neighbours() -> None:
    wrong = {(1, 80.0): 1.8, (1, 95.0): 2.0, (2, 90.0): 1.0}
    quotes = market(wrong)
    blamed = {name for name, _ in find_arbitrage(quotes).worst}
    assert blamed == {f"{quotes.slices[k].label} {strike:g} put" for k, strike in wrong}
