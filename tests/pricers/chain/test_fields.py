"""Numbers, dates and words one by one, and round trips over their forms."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricers.chain.reading.dates import parse_date, parse_moment
from pricers.chain.reading.names import COLUMN_ALIASES, meaning_of, squash
from pricers.chain.reading.numbers import decimal_proved_by, parse_number
from pricers.chain.reading.symbols import symbol_reader
from pricers.chain.reading.words import parse_is_call, parse_style


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5),
        ("12,345,678", 12345678.0),
        ("1,05,325", 105325.0),
        ("12,34,567.5", 1234567.5),
        (" 7 ", 7.0),
        ("1e3", 1000.0),
        ("$5", 5.0),
        ("€ 1,000.25", 1000.25),
        ("5.5 USD", 5.5),
        ("₹1,05,325.50", 105325.5),
        ("1'234.5", 1234.5),
        ("1 234.5", 1234.5),
        ("1\u202f234\u00a0567", 1234567.0),
        ("(1.20)", -1.2),
        ("−3", -3.0),
        ("1.2k", 1200.0),
        ("3M", 3e6),
        (".5", 0.5),
        ("5.", 5.0),
        ("inf", math.inf),
    ],
)
def test_numbers(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.234,5", 1234.5), ("1.234", 1234.0), ("0,05", 0.05), (",5", 0.5), ("1 234,5 €", 1234.5)],
)
def test_numbers_with_a_decimal_comma(text, value):
    assert parse_number(text, decimal=",") == value


@pytest.mark.parametrize(
    "text", ["1,5", "1,2345", "0,050", "abc", "5%", "1 2", "4 1/8", "1.2.3", "1,23,45", "12:30"]
)
def test_text_that_only_looks_like_a_number_is_refused(text):
    with pytest.raises(ValueError, match="is not a number"):
        parse_number(text)


@pytest.mark.parametrize(
    "text", ["", " ", "-", "--", "—", "N/A", "#N/A", "null", "NaN", "None", "<NA>", "\\N", "$ -"]
)
def test_missing_numbers(text):
    assert math.isnan(parse_number(text))


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("801,1", ","),
        ("801,10", ","),
        ("0,123", ","),
        ("1234,567", ","),
        ("1.234,567", ","),
        ("1.234.567", ","),
        ("801.1", "."),
        ("1,234.5", "."),
        ("1,234,567", "."),
        ("1,05,325", "."),
        ("1234.567", "."),
        ("1,234", "either"),
        ("801,100 €", "either"),
        ("1.234", ""),
        ("1234", ""),
        ("-", ""),
    ],
)
def test_what_a_number_proves(text, proof):
    assert decimal_proved_by(text) == proof


def written(value, *, decimal, group, places):
    """Write a number with a decimal sign and a grouping sign."""
    text = f"{value:,.{places}f}"
    return text.replace(",", "G").replace(".", decimal).replace("G", group)


@given(
    value=st.decimals(min_value=0, max_value=10**9, places=2),
    signs=st.sampled_from(
        [(".", ""), (".", ","), (".", "'"), (".", " "), (",", ""), (",", "."), (",", "\u202f")]
    ),
    around=st.sampled_from(["{}", " {} ", "${}", "{} EUR", "€{}"]),
)
def test_numbers_round_trip(value, signs, around):
    decimal, group = signs
    text = around.format(written(value, decimal=decimal, group=group, places=2))
    assert parse_number(text, decimal=decimal) == float(value)
    assert decimal_proved_by(text) == decimal


FORMS = (
    "%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%m-%d-%Y", "%d %b %Y", "%d-%b-%Y", "%d%b%y", "%b %d, %Y",
    "%B %d %Y", "%a %b %d %Y", "%A, %B %d, %Y", "%Y-%b-%d", "%d. %B %Y", "%b-%d-%Y",
)  # fmt: skip
CLOCKS = (
    "",
    " %H:%M",
    " %H:%M:%S",
    "T%H:%M:%S",
    " %I:%M %p",
    " %H:%M:%S.000",
    " at %I:%M %p EDT",
    "T%H:%M:%S-04:00",
)


@given(
    moment=st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2068, 12, 31)),
    form=st.sampled_from(FORMS),
    clock=st.sampled_from(CLOCKS),
)
def test_dates_round_trip(moment, form, clock):
    found = parse_moment(moment.strftime(form + clock))
    assert found.date == moment.date()
    if "%S" in clock and not (clock.endswith("-04:00") and found.time is None):
        assert found.time == moment.time().replace(microsecond=0)


@given(
    moment=st.datetimes(datetime.datetime(2010, 1, 1), datetime.datetime(2068, 12, 31)),
    per_second=st.sampled_from([1, 1000]),
)
def test_epochs_round_trip(moment, per_second):
    moment = moment.replace(microsecond=0, tzinfo=datetime.timezone.utc)
    found = parse_moment(str(int(moment.timestamp()) * per_second), zone=datetime.timezone.utc)
    assert found.date == moment.date()
    assert found.time in (None, moment.time())


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Tue Sep  3 16:15:00 2024", "2024-09-03"),
        ("Tue Sep 03 2024 16:15:00 GMT-0400 (Eastern Daylight Time)", "2024-09-03"),
        ("20240903T161500Z", "2024-09-03"),
        ("20240903.0", "2024-09-03"),
        ("3. Oktober 2024", "2024-10-03"),
        ("3 mars 2024", "2024-03-03"),
        ("5/17/19", "2019-05-17"),
        ("2024/09/03 20:15 America/New_York", "2024-09-03"),
        ("2024-09-04T00:15:00Z", "2024-09-03"),
        ("2024-09-04T00:00:00Z", "2024-09-04"),
    ],
)
def test_dates(text, date):
    assert str(parse_date(text)) == date


@pytest.mark.parametrize(
    "text",
    [
        "17/05/2019",
        "2019-13-01",
        "2019-02-30",
        "May 17",
        "43602",
        "",
        "Oct 2024",
        "2024-10",
        "2024-09-03 25:00",
    ],
)
def test_other_dates_are_refused(text):
    with pytest.raises(ValueError, match="YYYY-MM-DD or M/D/YYYY"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "is_call"),
    [
        ("C", True),
        ("c", True),
        ("CALL", True),
        (" Call ", True),
        ("CE", True),
        ("European Call", True),
        ("P", False),
        ("PUT", False),
        ("puts", False),
        ("PE", False),
        ("PUT_OPTION", False),
    ],
)
def test_calls_and_puts(text, is_call):
    assert parse_is_call(text) is is_call


@pytest.mark.parametrize("text", ["", "X", "call or put", "callable", "1"])
def test_neither_call_nor_put(text):
    with pytest.raises(ValueError, match="neither a call nor a put"):
        parse_is_call(text)


def test_styles():
    assert [parse_style(text) for text in ("A", "American style", "e", "European", "")] == [
        "american"
    ] * 2 + ["european"] * 2 + [""]
    with pytest.raises(ValueError, match="no style of exercise"):
        parse_style("Bermudan")


def test_no_alias_means_two_columns():
    names = [name for aliases in COLUMN_ALIASES.values() for name in {squash(alias) for alias in aliases}]
    assert len(names) == len(set(names))


DRESSES = {
    "as it is": str,
    "capitals": str.upper,
    "title": str.title,
    "brackets": "[{}]".format,
    "spaces": lambda name: name.replace("_", " "),
    "end of day": "{}_eod".format,
}


@pytest.mark.parametrize("dress", DRESSES)
def test_every_alias_in_every_dress(dress):
    for field, aliases in COLUMN_ALIASES.items():
        for alias in aliases:
            meaning = meaning_of(DRESSES[dress](alias))
            assert (meaning.field, meaning.side) == (field, ""), alias


@pytest.mark.parametrize(
    ("header", "name", "side", "factor"),
    [
        ("cBidPx", "bid", "call", 1.0),
        ("Put Ask", "ask", "put", 1.0),
        ("ask_put", "ask", "put", 1.0),
        ("bid_c", "bid", "call", 1.0),
        ("[P_BID]", "bid", "put", 1.0),
        ("CE.openInterest", "open_interest", "call", 1.0),
        ("Strike (USD)", "strike", "", 1.0),
        ("strike_x1000", "strike", "", 1e-3),
        ("Bid (cents)", "bid", "", 1e-2),
        ("bid.1", "bid", "", 1.0),
    ],
)
def test_sides_and_units_in_names(header, name, side, factor):
    meaning = meaning_of(header)
    assert (meaning.field, meaning.side, meaning.factor) == (name, side, factor)


@pytest.mark.parametrize(
    "header",
    [
        "bid_size",
        "Bid (% of spot)",
        "ask (lots of 100)",
        "lastTradeDate",
        "volume",
        "",
        "iv",
        "price",
        "cDelta",
    ],
)
def test_names_that_mean_nothing_here(header):
    assert meaning_of(header) is None


def test_symbols_are_of_one_form():
    reader = symbol_reader(["SPXW241004C03600000", "SPX241018P04400500"])
    assert reader("SPX241018P04400500") == ("SPX", datetime.date(2024, 10, 18), False, 4400.5)
    with pytest.raises(ValueError, match="no option symbol"):
        reader("SPX")
    with pytest.raises(ValueError, match="its date is none"):
        reader("SPX241318P04400500")
    assert symbol_reader(["SPX", "SPXW"]) is None
    assert symbol_reader([]) is None


@given(
    root=st.text("ABCXYZ", min_size=1, max_size=6),
    date=st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)),
    thousandths=st.integers(1, 99_999_999),
    cp=st.sampled_from("CP"),
)
def test_clearing_house_symbols_round_trip(root, date, thousandths, cp):
    text = f"{root:6}{date:%y%m%d}{cp}{thousandths:08d}"
    symbol = symbol_reader([text])(text)
    assert symbol[:3] == (root, date, cp == "C")
    assert np.isclose(symbol.strike, thousandths / 1000)
