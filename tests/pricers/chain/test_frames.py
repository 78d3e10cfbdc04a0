"""Frames and dictionaries: the same market from memory."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.chain import load_quotes, read_chain

from .invented import OPTIONS, QUOTE_DATE, assert_right, occ_symbol


def arrays():
    """Return the market as arrays of the types that a user would have."""
    return {
        "quote_date": QUOTE_DATE,
        "spot": 4400.0,
        "expiry": np.array([o["expiry"] for o in OPTIONS], dtype="datetime64[D]"),
        "strike": np.array([int(o["strike"]) for o in OPTIONS]),
        "is_call": np.array([o["cp"] == "C" for o in OPTIONS]),
        "bid": np.array([float(o["bid"]) for o in OPTIONS]),
        "ask": [float(o["ask"]) for o in OPTIONS],
    }


def test_dictionary_of_arrays():
    quotes = load_quotes(arrays())
    assert_right(quotes)
    assert quotes.explanation.source == "dict"


def test_the_decimal_option_does_not_touch_numbers():
    assert_right(load_quotes(arrays(), decimal=","))


def test_dates_of_the_standard_library_and_missing_prices():
    data = arrays()
    data["expiry"] = [datetime.date.fromisoformat(o["expiry"]) for o in OPTIONS]
    data["bid"] = [None if o["cp"] == "C" and int(o["strike"]) > 5100 else float(o["bid"]) for o in OPTIONS]
    quotes = load_quotes(data)
    assert_right(quotes)
    assert quotes.dropped["bid or ask missing"] == 6


def test_pandas():
    pandas = pytest.importorskip("pandas")
    data = arrays()
    frame = pandas.DataFrame(data)
    assert_right(load_quotes(frame))
    assert_right(load_quotes(frame.set_index(["expiry", "strike"])))
    frame["quote_date"] = pandas.Timestamp("2024-09-04 00:15", tz="UTC")
    assert_right(load_quotes(frame))
    frame["quote_date"] = pandas.Timestamp("2024-09-03 20:15", tz="America/New_York")
    assert_right(load_quotes(frame))
    frame["bid"] = frame["bid"].astype("Float64").where(frame["bid"] > 0.3)
    assert_right(load_quotes(frame))
    twice = pandas.concat([frame, frame[["bid"]] + 1.0], axis=1)
    with pytest.raises(AadValueError, match="both named 'bid'"):
        load_quotes(twice)


def test_pandas_with_sides_above_the_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(arrays())
    frame["cp"] = np.where(frame.pop("is_call"), "call", "put")
    wide = frame.pivot(index=["quote_date", "spot", "expiry", "strike"], columns="cp", values=["bid", "ask"])
    assert_right(load_quotes(wide))


def test_calls_and_puts_of_yfinance():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(arrays())
    frame["contractSymbol"] = [occ_symbol(o) for o in OPTIONS]
    frame["lastTradeDate"] = pandas.Timestamp("2024-08-01", tz="UTC")
    columns = ["contractSymbol", "lastTradeDate", "strike", "bid", "ask"]
    calls, puts = (frame.loc[frame["is_call"] == side, columns] for side in (True, False))
    for pair in (SimpleNamespace(calls=calls, puts=puts, underlying={}), {"calls": calls, "puts": puts}):
        with pytest.raises(AadValueError, match="'lastTradeDate' is when each option last traded"):
            load_quotes(pair, spot=4400)
        assert_right(load_quotes(pair, spot=4400, quote_date="2024-09-03"))


class Column(list):
    """A column without a library, with the face that polars' has here."""


class Frame:
    """A frame that is no pandas: names, and columns by name."""

    def __init__(self, data):
        n = len(data["strike"])
        self._data = {k: v if np.ndim(v) else [v] * n for k, v in data.items()}

    @property
    def columns(self):
        return list(self._data)

    def __getitem__(self, name):
        return Column(self._data[name])


def test_a_frame_that_is_no_pandas():
    quotes = load_quotes(Frame(arrays()))
    assert_right(quotes)
    assert quotes.explanation.source == "Frame"


def test_rows_are_named_in_messages():
    data = arrays()
    data["expiry"] = [o["expiry"] for o in OPTIONS[:-1]] + ["soon"]
    with pytest.raises(
        AadValueError, match=f"dict, row {len(OPTIONS) - 1}, column expiry: 'soon' is not a date"
    ):
        read_chain(data)


def test_what_is_no_frame():
    with pytest.raises(AadValueError, match=r"different lengths: .*strike 198.*bid 3"):
        read_chain({**arrays(), "bid": [1.0, 2.0, 3.0]})
    with pytest.raises(AadTypeError, match="at least one must be an array"):
        read_chain({"strike": 5.0, "bid": 4.0})
    with pytest.raises(AadValueError, match="no rows"):
        read_chain({"strike": [], "bid": []})
    with pytest.raises(AadTypeError, match="path = 3"):
        read_chain(3)
