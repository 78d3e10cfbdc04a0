"""Every given chain against its right answer; what is refused says which option reads it, and the option does."""

from __future__ import annotations

import pytest

from aadlib.errors import AadValueError
from pricers.chain import MarketWarning, drop_unusable, load_quotes, read_chain

from .invented import assert_right

RIGHT = [
    "plain", "bom_crlf", "tabs", "thousands", "optionmetrics_div", "occ_symbol_ticker", "nan_words", "iso_utc",
    "us_time", "pandas_index", "trailing_comma", "lower_cp_words", "underlying_is_name", "percent_and_units",
    "quoted_everything", "semicolon_in_quotes", "spaces_after_commas", "date_is_lasttrade", "cboe_datashop",
    "orats_wide", "nse_ce_pe", "occ_symbol_only", "headers_caps_brackets", "indian_grouping",
    "dashes_for_missing", "null_words", "dollar_signs", "nbsp_thousands", "epoch_ms", "dots", "month_names",
    "semicolon_decimal_comma", "tab_decimal_comma", "tab_decimal_comma_3", "day_first",
]  # fmt: skip

NOTED = {
    "optionmetrics": "strikes are in thousandths",
    "cboe_quotedata_wide": "spot 4400.0 from the lines above",
    "no_open_interest": "not filtered",
    "sep_line": "sep=",
    "title_line": "SPX option chain",
    "footer": "1 row(s) that are no options left out: 'Total 198'",
    "note_footer": "Data delayed",
    "rows_only_trailing_comma": "198 row(s)",
    "utf16": "utf-16",
    "latin1_note": "cp1252",
    "spot_per_expiry": "own forward",
    "deribit": "units of the underlying",
}

REFUSED = {
    "day_first_ambiguous": ("--dates day-first or month-first", {"dates": "day-first"}),
    "two_snapshots": (r"09:45:00, 2024-09-03 15:45:00.*--at", {"at": "15:45"}),
    "yfinance_calls_puts": (
        "--quote-date 2024-09-03.*--spot 4400",
        {"quote_date": "2024-09-03", "spot": 4400.0},
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(shared, name):
    assert_right(load_quotes(shared / "cases" / "chains" / f"{name}.csv"))


@pytest.mark.parametrize("name", NOTED)
def test_right_and_said(shared, name):
    quotes = load_quotes(shared / "cases" / "chains" / f"{name}.csv")
    assert_right(quotes)
    assert any(NOTED[name] in note for note in quotes.explanation.notes), quotes.explanation.notes


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_naming_the_option_that_reads_it(shared, name):
    message, options = REFUSED[name]
    path = shared / "cases" / "chains" / f"{name}.csv"
    with pytest.raises(AadValueError, match=message):
        load_quotes(path)
    assert_right(load_quotes(path, **options))


def test_every_case_has_a_test(shared):
    names = {path.stem for path in (shared / "cases" / "chains").glob("*.csv")}
    assert names == {*RIGHT, *NOTED, *REFUSED, "exercise_style_A"}


def test_two_snapshots_ends_with_the_other_time_refused_by_parity_or_read(shared):
    chain = read_chain(shared / "cases" / "chains" / "two_snapshots.csv", at="09:45")
    assert len(chain) == 99 and chain.dropped == {"another snapshot than 09:45": 198}


def test_european_prices_that_a_column_calls_american_are_read_right_and_said(shared):
    with pytest.warns(MarketWarning, match="call less put is a straight line"):
        quotes = load_quotes(shared / "cases" / "chains" / "exercise_style_A.csv")
    assert_right(quotes)
    assert quotes.exercise_style == "european" and "the source says so" in quotes.exercise_reason


def test_one_price_per_option_of_several_indices(shared):
    path = shared / "data" / "index_2023-06-05" / "option_prices.csv"
    with pytest.raises(
        AadValueError, match=r"missing columns: spot .*bid .*ask .*'price' is a mid price, mid=price"
    ):
        read_chain(path)
    with pytest.raises(AadValueError, match=r"several underlyings: .*--underlying"):
        read_chain(path, columns={"mid": "price"}, spot=15964.0)
    chain = read_chain(path, columns={"mid": "price"}, spot=15964.0, underlying=".GDAXI")
    assert len(chain) == 2_168 and chain.roots == (".GDAXI",)
    assert drop_unusable(chain).is_mid_only
