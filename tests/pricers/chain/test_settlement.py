"""Last days and settlement: old Saturdays, vendors' marks on roots, third Fridays."""

from __future__ import annotations

import datetime

import pytest

from aadlib.errors import AadValueError
from pricers.chain import is_settled_at_open, load_quotes, read_chain, years_to_expiry
from pricers.chain.settlement import last_day, normalise_root

from .invented import assert_right, plain

SEEN = datetime.date(2014, 1, 2)


@pytest.mark.parametrize(
    "root", ["SPX", "spx", "^SPX", "$SPX", ".SPX", "SPX.XO", "$SPX.X", "I:SPX", " SPX ", "SPX Index"]
)
def test_marks_on_roots(root):
    assert normalise_root(root) == "SPX"
    saturday = datetime.date(2014, 1, 18)
    assert 365 * years_to_expiry(root=root, quote_date=SEEN, expiry_date=saturday) == pytest.approx(14.73)


@pytest.mark.parametrize("root", ["SPXW", "XYZ", ""])
def test_saturdays_of_others_settle_at_the_close_of_friday(root):
    saturday = datetime.date(2014, 1, 18)
    assert 365 * years_to_expiry(root=root, quote_date=SEEN, expiry_date=saturday) == pytest.approx(15.0)


def test_later_saturdays_are_days_of_trading():
    assert last_day(datetime.date(2016, 1, 16)) == datetime.date(2016, 1, 15)
    assert last_day(datetime.date(2024, 10, 5)) == datetime.date(2024, 10, 5)
    assert last_day(datetime.date(2014, 1, 17)) == datetime.date(2014, 1, 17)
    assert not is_settled_at_open(root="SPX", expiry_date=datetime.date(2014, 1, 25))


def test_a_saturday_seen_on_its_friday_has_expired():
    with pytest.raises(AadValueError, match="must be after the quote date"):
        years_to_expiry(
            root="SPX", quote_date=datetime.date(2014, 1, 17), expiry_date=datetime.date(2014, 1, 18)
        )


def test_a_chain_counts_its_days_to_the_friday(tmp_path):
    path = tmp_path / "chain.csv"
    path.write_text(plain(quote_date="2014-01-02", expiry="2014-01-18", root="$SPX"))
    chain = read_chain(path)
    assert set(chain.days) == {15}
    assert chain.expiry_dates == (datetime.date(2014, 1, 18),)


def test_friday_in_the_symbol_and_saturday_in_the_column_are_one(tmp_path):
    path = tmp_path / "chain.csv"
    symbol = lambda o: f"SPX140117{o['cp']}{int(o['strike']) * 1000:08d}"  # noqa: E731
    path.write_text(plain(quote_date="2014-01-02", expiry="2014-01-18", symbol=symbol))
    assert read_chain(path).expiry_dates == (datetime.date(2014, 1, 18),)


def test_a_chain_without_open_interest_is_not_filtered_by_it(tmp_path):
    path = tmp_path / "chain.csv"
    path.write_text(plain(open_interest=""))
    quotes = load_quotes(path, min_open_interest=1e6)
    assert_right(quotes)
    assert "no open interest: options are not filtered by it" in quotes.explanation.notes
    assert not any("open interest" in reason for reason in quotes.dropped)
