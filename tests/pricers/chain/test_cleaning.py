"""Cleaning: what is dropped is counted under its reason, and nothing left is an error."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.chain import drop_thin, drop_unusable, is_settled_at_open, years_to_expiry

MONDAY = datetime.date(2024, 1, 2)


def changed(chain, column, rows, value):
    """Return the chain with other values in some rows of one column."""
    values = getattr(chain, column).copy()
    values[rows] = value
    return replace(chain, **{column: values})


def test_a_good_chain_stays_whole(make_chain):
    chain = make_chain()
    cleaned = drop_thin(drop_unusable(chain), min_open_interest=100)
    assert len(cleaned) == len(chain)
    assert cleaned.dropped == {}


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("bid", np.nan, "bid or ask missing"),
        ("ask", np.inf, "bid or ask missing"),
        ("bid", 0.0, "bid not above zero"),
        ("bid", -1.0, "bid not above zero"),
        ("bid", 1e6, "crossed or locked, ask not above bid"),
        ("ask", 0.001, "crossed or locked, ask not above bid"),
    ],
)
def test_bad_quotes_are_counted_under_their_reason(make_chain, column, value, reason):
    chain = make_chain()
    cleaned = drop_unusable(changed(chain, column, [3, 17], value))
    assert cleaned.dropped == {reason: 2}
    assert len(cleaned) == len(chain) - 2
    kept = np.delete(np.arange(len(chain)), [3, 17])
    assert np.array_equal(cleaned.strike, chain.strike[kept])
    assert np.array_equal(cleaned.bid, chain.bid[kept])


def test_locked_quotes_are_dropped(make_chain):
    chain = make_chain()
    locked = changed(chain, "ask", [5], chain.bid[5])
    assert drop_unusable(locked).dropped == {"crossed or locked, ask not above bid": 1}


def test_of_duplicates_the_first_row_is_kept(make_chain):
    chain = make_chain()
    again = np.concatenate([np.arange(len(chain)), [4, 4, 9]])
    columns = ("root_index", "expiry_index", "strike", "is_call", "bid", "ask", "open_interest")
    doubled = replace(chain, **{name: getattr(chain, name)[again] for name in columns})
    doubled.bid[-3:] -= 0.005  # the later rows quote something else
    cleaned = drop_unusable(doubled)
    assert cleaned.dropped == {"duplicate of an earlier row": 3}
    assert np.array_equal(cleaned.bid, chain.bid)


@pytest.mark.parametrize(("column", "value"), [("bid", np.nan), ("bid", 0.0), ("ask", 0.001)])
def test_a_usable_row_survives_an_unusable_one_of_the_same_option(make_chain, column, value):
    chain = make_chain()
    again = np.concatenate([[7], np.arange(len(chain))])
    columns = ("root_index", "expiry_index", "strike", "is_call", "bid", "ask", "open_interest")
    doubled = replace(chain, **{name: getattr(chain, name)[again] for name in columns})
    cleaned = drop_unusable(changed(doubled, column, [0], value))
    assert "duplicate of an earlier row" not in cleaned.dropped
    assert np.array_equal(cleaned.bid, chain.bid) and sum(cleaned.dropped.values()) == 1


def test_same_strike_of_another_root_or_kind_is_no_duplicate(make_chain):
    chain = make_chain(roots=("SPX", "SPXW"))
    assert drop_unusable(chain).dropped == {}


def test_expired_options_are_dropped(make_chain):
    chain = make_chain(days=(30, 90))
    chain = replace(chain, expiry_dates=(MONDAY - datetime.timedelta(days=1), chain.expiry_dates[1]))
    assert drop_unusable(chain).dropped == {"expiry not after the quote date": len(chain) // 2}


def test_all_expired_is_an_error_with_the_count(make_chain):
    chain = replace(make_chain(days=(30,)), expiry_dates=(MONDAY,))
    with pytest.raises(
        AadValueError, match=r"expired on the quote date: .* expiry not after the quote date: 34"
    ):
        drop_unusable(chain)


def test_every_quote_crossed_is_an_error_with_the_count(make_chain):
    chain = make_chain(days=(30,))
    with pytest.raises(AadValueError, match=r"no usable quote: nothing left .* crossed or locked.*: 34"):
        drop_unusable(replace(chain, bid=chain.ask, ask=chain.bid))


def test_window_includes_both_ends(make_chain):
    chain = make_chain(days=(6, 7, 730, 731))
    cleaned = drop_unusable(chain, min_expiry=7 / 365, max_expiry=2.0)
    assert set(cleaned.days) == {7, 730}
    assert cleaned.dropped == {"expiry before the window": 34, "expiry after the window": 34}


def test_nothing_inside_the_window(make_chain):
    with pytest.raises(AadValueError, match=r"no expiry inside the window: .*expiry after the window: 136"):
        drop_unusable(make_chain(), max_expiry=0.01)


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (np.nan, 1.0), (0.0, np.nan)])
def test_window_that_is_none(make_chain, low, high):
    with pytest.raises(AadValueError, match="expiry = "):
        drop_unusable(make_chain(), min_expiry=low, max_expiry=high)


def test_thin_and_missing_open_interest(make_chain):
    chain = changed(make_chain(), "open_interest", [0, 1], [99.0, np.nan])
    assert drop_thin(chain, min_open_interest=100).dropped == {"open interest below 100": 2}
    assert len(drop_thin(chain, min_open_interest=0)) == len(chain)
    with pytest.raises(AadValueError, match=r"open interest asked for: .*open interest below 1000: 136"):
        drop_thin(chain, min_open_interest=1000)
    with pytest.raises(AadValueError, match="min_open_interest = -1"):
        drop_thin(chain, min_open_interest=-1)


@pytest.mark.parametrize(
    ("root", "date", "at_open"),
    [
        ("SPX", "2019-06-21", True),
        ("SPXW", "2019-06-21", False),
        ("SPX", "2019-06-28", False),
        ("SPX", "2019-04-18", True),  # Good Friday moved the last day to the Thursday
        ("SPX", "2024-03-15", True),
        ("SPX", "2021-10-15", True),  # the 1st is a Friday
        ("SPX", "2021-10-22", False),
        ("", "2019-06-21", False),
        ("spx", "2019-06-21", True),
        (" ^SPX ", "2019-06-21", True),
        ("spxw", "2019-06-21", False),
    ],
)
def test_settlement_at_the_open(root, date, at_open):
    assert is_settled_at_open(root=root, expiry_date=datetime.date.fromisoformat(date)) is at_open


def test_years_are_act_365_and_shorter_at_the_open():
    dates = {"quote_date": datetime.date(2019, 5, 17), "expiry_date": datetime.date(2019, 6, 21)}
    assert years_to_expiry(root="SPXW", **dates) == 35 / 365
    assert years_to_expiry(root="SPX", **dates) == pytest.approx((35 - 0.27) / 365, rel=1e-15)
    with pytest.raises(AadValueError, match="must be after the quote date"):
        years_to_expiry(root="SPX", quote_date=MONDAY, expiry_date=MONDAY)


def test_mid_prices_get_a_spread_and_say_so(make_chain):
    chain = make_chain()
    mid = 0.5 * (chain.bid + chain.ask)
    cleaned = drop_unusable(replace(chain, bid=mid, ask=mid))
    assert cleaned.is_mid_only and len(cleaned) == len(chain)
    assert 0.5 * (cleaned.bid + cleaned.ask) == pytest.approx(mid, rel=1e-12)
    assert np.all((cleaned.bid > 0.0) & (cleaned.ask > cleaned.bid))
    some = replace(chain, ask=np.where(np.arange(len(chain)) < 5, chain.bid, chain.ask))
    assert drop_unusable(some).dropped == {"crossed or locked, ask not above bid": 5}
    assert not drop_unusable(some).is_mid_only


def test_two_chains_in_one_are_no_duplicates(make_chain):
    chain = make_chain()
    again = np.tile(np.arange(len(chain)), 2)
    columns = ("root_index", "expiry_index", "strike", "is_call", "bid", "ask", "open_interest")
    doubled = replace(chain, **{name: getattr(chain, name)[again] for name in columns})
    assert drop_unusable(doubled).dropped == {"duplicate of an earlier row": len(chain)}
    doubled.ask[len(chain) :] *= 1.03
    with pytest.raises(
        AadValueError, match=r"136 of 136 options stand twice at different prices: the put 90 of .*root"
    ):
        drop_unusable(doubled)
