"""From a file to out-of-the-money quotes, and the invariants of the result."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers import black_scholes
from pricers.chain import Quotes, Slice, drop_unusable, fit_parity, load_quotes, select_quotes


@pytest.fixture(scope="module")
def quotes(make_chain) -> Quotes:
    chain = drop_unusable(make_chain(roots=("SPXW", "SPX"), days=(17, 90, 365)))
    return select_quotes(chain, parity=fit_parity(chain))


def test_quotes_are_sorted_and_out_of_the_money(quotes):
    assert np.all(np.diff([s.expiry for s in quotes.slices]) >= 0.0)
    assert np.all(np.lexsort((quotes.strike, quotes.slice_index)) == np.arange(len(quotes)))
    assert np.array_equal(quotes.is_call, quotes.strike >= quotes.forward)
    assert quotes.log_moneyness == pytest.approx(np.log(quotes.strike / quotes.forward), abs=1e-15)
    assert np.array_equal(quotes.spread, quotes.ask - quotes.bid)


def test_volatilities_are_those_of_the_model(quotes):
    assert quotes.volatility == pytest.approx(np.full(len(quotes), 0.2), abs=1e-4)
    low, high = quotes.bid_volatility, quotes.ask_volatility
    assert np.all(np.isnan(low) | (low < quotes.volatility))
    assert np.all(quotes.volatility < high)


def test_volatilities_reprice_bid_mid_and_ask(quotes):
    for price, volatility in (
        (quotes.bid, quotes.bid_volatility),
        (quotes.mid, quotes.volatility),
        (quotes.ask, quotes.ask_volatility),
    ):
        rate = -np.log(quotes.discount) / quotes.expiry
        repriced = black_scholes.price(
            spot=quotes.forward * quotes.discount,
            strike=quotes.strike,
            expiry=quotes.expiry,
            rate=rate,
            volatility=volatility,
            is_call=quotes.is_call,
        )
        assert repriced == pytest.approx(price, rel=1e-11)


def test_vega_is_the_slope_of_the_price(quotes):
    slope = quotes.spread / (quotes.ask_volatility - quotes.bid_volatility)
    near = np.abs(quotes.log_moneyness) < 0.05
    assert quotes.vega[near] == pytest.approx(slope[near], rel=1e-3)


def test_dropped_counts_add_up(make_chain):
    chain = make_chain()
    bid = chain.bid.copy()
    bid[:3] = 0.0
    cleaned = drop_unusable(replace(chain, bid=bid))
    found = select_quotes(cleaned, parity=fit_parity(cleaned))
    assert sum(found.dropped.values()) + len(found) == len(chain)
    assert found.dropped["bid not above zero"] == 3


def test_short_slices_and_lonely_expiries_are_dropped(make_chain):
    chain = make_chain()
    few = (chain.expiry_index == 1) & (np.abs(chain.strike - 100.0) > 2.0)
    chain = chain.drop("far strikes", few)
    chain = chain.drop("puts of the first expiry", ~chain.is_call & (chain.expiry_index == 0))
    found = select_quotes(chain, parity=fit_parity(chain))
    assert found.dropped["expiry without a call-put pair"] == 17
    assert found.dropped["fewer than 5 quotes in the slice"] == 3
    assert len(found.slices) == 2
    assert np.bincount(found.slice_index).min() >= 5


def test_price_above_every_bound_is_dropped(make_chain):
    chain = make_chain()
    ask, bid = chain.ask.copy(), chain.bid.copy()
    row = int(np.flatnonzero(~chain.is_call & (chain.strike == 90.0))[0])
    bid[row], ask[row] = 90.0, 91.0
    chain = replace(chain, bid=bid, ask=ask)
    found = select_quotes(chain, parity=fit_parity(chain))
    assert found.dropped["mid above the no-arbitrage bound"] == 1


def test_nothing_left_is_an_error_with_the_counts(make_chain):
    chain = make_chain(days=(30,), strikes=(99.0, 100.0, 101.0))
    with pytest.raises(
        AadValueError, match=r"no slice with enough quotes: .*fewer than 5 quotes in the slice: 3"
    ):
        select_quotes(chain, parity=fit_parity(chain))


def test_quotes_cannot_be_changed(quotes):
    with pytest.raises(FrozenInstanceError):
        quotes.spot = 1.0
    for item in fields(quotes):
        column = getattr(quotes, item.name)
        if isinstance(column, np.ndarray):
            assert not column.flags.writeable


def test_select_keeps_slices_and_filters_every_column(quotes):
    calls = quotes.select(quotes.is_call)
    assert calls.slices == quotes.slices
    assert len(calls) == int(quotes.is_call.sum())
    assert np.array_equal(calls.volatility, quotes.volatility[quotes.is_call])
    with pytest.raises(AadValueError, match="keep has shape"):
        quotes.select([True])
    with pytest.raises(AadValueError, match="strike is empty"):
        quotes.select(np.zeros(len(quotes), dtype=bool))


def test_quotes_check_themselves(quotes):
    with pytest.raises(AadValueError, match="mid has shape"):
        replace(quotes, mid=quotes.mid[:-1])
    with pytest.raises(AadValueError, match=r"volatility\[0\] = nan"):
        replace(quotes, volatility=np.where(np.arange(len(quotes)) == 0, np.nan, quotes.volatility))
    with pytest.raises(AadValueError, match="slices are out of order"):
        replace(quotes, slices=quotes.slices[::-1])
    with pytest.raises(AadValueError, match="slice_index runs from"):
        replace(quotes, slices=quotes.slices[:1])


def test_slice_checks_itself(quotes):
    assert quotes.slices[0].label == "SPX 2024-01-19"
    for name in ("expiry", "forward", "discount"):
        with pytest.raises(AadValueError, match=f"{name} = -1"):
            replace(quotes.slices[0], **{name: -1.0})
    assert isinstance(quotes.slices[0], Slice)


@pytest.mark.parametrize(
    ("folder", "n_rows", "n_quotes", "n_slices"),
    [("spx_2019-05-17", 12_626, 3_159, 35), ("spx_2020-03-20", 19_000, 3_309, 37)],
)
def test_real_chains_give_the_expected_counts(shared, folder, n_rows, n_quotes, n_slices):
    found = load_quotes(shared / "data" / folder / "chain.csv")
    assert (len(found), len(found.slices)) == (n_quotes, n_slices)
    assert sum(found.dropped.values()) + len(found) == n_rows
    assert np.all((found.bid_volatility < found.volatility) & (found.volatility < found.ask_volatility))


def test_real_chain_open_interest_and_window(shared):
    path = shared / "data" / "spx_2019-05-17" / "chain.csv"
    wide = load_quotes(path, min_open_interest=0, min_expiry=0.0, max_expiry=10.0)
    assert len(wide) > 4_000
    assert len(wide.slices) == 39
