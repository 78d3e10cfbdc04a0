"""The chain reader: vendor variants, and every kind of bad file with its own message."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.chain import COLUMN_ALIASES, read_chain

HEADER = "quote_date,spot,root,expiry,strike,cp,bid,ask,last,volume,open_interest,iv"
ROW = "2019-05-17,2859.53,SPXW,2019-06-28,2850,C,45.1,45.6,45.0,10,500,0.13"


def write(folder: Path, *lines: str, ending: str = "\n", encoding: str = "utf-8") -> Path:
    path = folder / "chain.csv"
    path.write_bytes((ending.join(lines) + ending).encode(encoding))
    return path


def test_reads_the_plain_columns(tmp_path):
    put = ROW.replace(",C,", ",P,").replace("SPXW", "SPX").replace("2850", "2800.5")
    chain = read_chain(write(tmp_path, HEADER, ROW, put))
    assert (len(chain), chain.quote_date, chain.spot) == (2, datetime.date(2019, 5, 17), 2859.53)
    assert [chain.roots[k] for k in chain.root_index] == ["SPXW", "SPX"]
    assert [chain.expiry_dates[k] for k in chain.expiry_index] == [datetime.date(2019, 6, 28)] * 2
    assert chain.strike.tolist() == [2850.0, 2800.5]
    assert chain.is_call.tolist() == [True, False]
    assert (chain.bid.tolist(), chain.ask.tolist()) == ([45.1] * 2, [45.6] * 2)
    assert chain.open_interest.tolist() == [500.0] * 2
    assert chain.days.tolist() == [42, 42]
    assert chain.dropped == {}


@pytest.mark.parametrize(
    ("column", "alias"), [(column, alias) for column, names in COLUMN_ALIASES.items() for alias in names]
)
def test_reads_every_alias(tmp_path, column, alias):
    names = [alias if name == column else name for name in HEADER.split(",")]
    chain = read_chain(write(tmp_path, ",".join(names), ROW))
    assert (chain.strike[0], chain.bid[0], chain.roots[0]) == (2850.0, 45.1, "SPXW")


@pytest.mark.parametrize("better", ["underlying_symbol", "ticker", "root"])
def test_a_symbol_beside_the_root_is_the_option_s_own(tmp_path, better):
    header = HEADER.replace("root", better) + ",symbol"
    chain = read_chain(write(tmp_path, header, ROW + ",SPXW190628C02850000"))
    assert chain.roots == ("SPXW",)


@pytest.mark.parametrize("name", ["Open Interest", "[OPEN_INTEREST]", " open-interest ", "OpenInterest"])
def test_column_names_ignore_case_and_punctuation(tmp_path, name):
    chain = read_chain(write(tmp_path, HEADER.replace("open_interest", name), ROW))
    assert chain.open_interest[0] == 500.0


def test_empty_price_is_nan(tmp_path):
    chain = read_chain(write(tmp_path, HEADER, ROW.replace("45.1", ""), ROW.replace("45.6", "nan")))
    assert np.isnan(chain.bid[0])
    assert np.isnan(chain.ask[1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_byte_order_mark_line_endings_comments_and_tabs(tmp_path, encoding, ending, delimiter):
    lines = ["# a comment, with a comma", HEADER, "", ROW, "# another", ROW.replace("2850", "2855"), ""]
    lines = [line.replace(",", delimiter) for line in lines]
    chain = read_chain(write(tmp_path, *lines, ending=ending, encoding=encoding))
    assert chain.strike.tolist() == [2850.0, 2855.0]


def test_quoted_fields_and_thousands_separators(tmp_path):
    row = ROW.replace("2850", '"2,850"').replace("2859.53", '"2,859.53"').replace("SPXW", '"SPXW"')
    chain = read_chain(write(tmp_path, HEADER, row))
    assert (chain.strike[0], chain.spot, chain.roots) == (2850.0, 2859.53, ("SPXW",))


def test_american_dates_and_words_in_a_whole_file(tmp_path):
    header = "date,underlying_price,expiration,strike,option_type,bid,ask,openinterest"
    chain = read_chain(write(tmp_path, header, "5/17/2019,2859.53,6/28/2019,2850,put,45.1,45.6,500"))
    assert (chain.quote_date, chain.expiry_dates) == (
        datetime.date(2019, 5, 17),
        (datetime.date(2019, 6, 28),),
    )
    assert chain.roots == ("",)
    assert not chain.is_call[0]


def test_missing_file(tmp_path):
    with pytest.raises(AadValueError, match="no such file"):
        read_chain(tmp_path / "absent.csv")


def test_folder(tmp_path):
    with pytest.raises(AadValueError, match="not a file"):
        read_chain(tmp_path)


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "/proc/self/mem"])
def test_what_the_system_cannot_read(tmp_path, name):
    if name.startswith("/") and not Path(name).exists():
        pytest.skip(f"no {name} here")
    with pytest.raises(AadValueError, match="cannot be read"):
        read_chain(tmp_path / name)


def test_file_without_permission(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, HEADER, ROW)
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(AadValueError, match=r"cannot be read \(Permission denied\)"):
        read_chain(path)


def test_path_of_another_type():
    with pytest.raises(AadTypeError, match="path = 3"):
        read_chain(3)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_file(tmp_path, content):
    path = tmp_path / "chain.csv"
    path.write_bytes(content)
    with pytest.raises(AadValueError, match="the file is empty"):
        read_chain(path)


def test_only_comments(tmp_path):
    with pytest.raises(AadValueError, match="only comments"):
        read_chain(write(tmp_path, "# nothing", "# here"))


def test_header_only(tmp_path):
    with pytest.raises(AadValueError, match="a header and no rows"):
        read_chain(write(tmp_path, HEADER))


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0", b"\x1f\x8b\x08rest", b"PK\x03\x04rest"])
def test_binary_file(tmp_path, content):
    path = tmp_path / "chain.csv"
    path.write_bytes(content)
    with pytest.raises(AadValueError, match=r"binary content|compressed"):
        read_chain(path)


def test_text_in_another_encoding(tmp_path):
    path = tmp_path / "chain.csv"
    path.write_bytes(b"# caf\xe9\n" + f"{HEADER}\n{ROW}\n".encode())
    chain = read_chain(path)
    assert len(chain) == 1
    assert "encoding cp1252" in chain.explanation.notes


def test_truncated_last_row(tmp_path):
    path = write(tmp_path, "# comment", HEADER, ROW, ROW)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        AadValueError, match=r"line 4: the last row has 5 of 12 fields; the file is truncated"
    ):
        read_chain(path)


def test_truncated_row_of_a_later_block(tmp_path):
    path = write(tmp_path, HEADER, *[ROW] * 2000, ROW[:30])
    with pytest.raises(AadValueError, match=r"line 2002: .* truncated"):
        read_chain(path)


@pytest.mark.parametrize("odd", [ROW[:30], ROW + ",1,2"])
def test_row_of_another_width(tmp_path, odd):
    with pytest.raises(AadValueError, match=r"line 3: \d+ fields where the header has 12"):
        read_chain(write(tmp_path, HEADER, ROW, odd, ROW))


def test_missing_columns_are_all_named_with_their_aliases(tmp_path):
    path = write(tmp_path, "quote_date,spot,expiry,strike,cp,size", "2019-05-17,1,2019-06-28,1,C,1")
    with pytest.raises(AadValueError) as caught:
        read_chain(path)
    message = str(caught.value)
    for word in ("bid (or bid_price", "best_offer", "--columns", "'quote_date, spot"):
        assert word in message
    assert "strike (or" not in message


@pytest.mark.parametrize(
    ("old", "new", "column", "reason"),
    [
        ("45.1", "abc", "bid", "not a number"),
        ("2850", "K", "strike", "not a number"),
        ("500", "many", "open_interest", "not a number"),
        ("2859.53", "high", "spot", "not a number"),
        (",C,", ",X,", "cp", "neither a call nor a put"),
        ("2019-06-28", "31.6.2019", "expiry", "not a date"),
        ("2019-05-17", "17/05", "quote_date", "not a date"),
    ],
)
def test_field_that_cannot_be_read_is_named_with_its_line(tmp_path, old, new, column, reason):
    path = write(tmp_path, "# comment", HEADER, *[ROW] * 2500, ROW.replace(old, new), ROW)
    with pytest.raises(AadValueError, match=rf"line 2503, column {column}: .*{reason}"):
        read_chain(path)


@pytest.mark.parametrize("strike", ["-2850", "0", "nan", "inf", ""])
def test_strike_that_is_not_positive(tmp_path, strike):
    with pytest.raises(AadValueError, match=r"line 3: strike = .* finite and above zero"):
        read_chain(write(tmp_path, HEADER, ROW, ROW.replace("2850", strike)))


@pytest.mark.parametrize("spot", ["-1", "0", "nan", "inf"])
def test_spot_that_is_not_positive(tmp_path, spot):
    with pytest.raises(AadValueError, match=r"spot = .* finite and above zero"):
        read_chain(write(tmp_path, HEADER, ROW.replace("2859.53", spot)))


def test_strikes_in_thousandths(tmp_path):
    with pytest.raises(AadValueError, match="divide them by 1000"):
        read_chain(write(tmp_path, HEADER, ROW.replace("2850", "2850000")))


@pytest.mark.parametrize(
    ("column", "old", "new"), [("quote_date", "2019-05-17", "2019-05-20"), ("spot", "2859.53", "2860")]
)
def test_mixed_quote_dates_or_spots(tmp_path, column, old, new):
    with pytest.raises(AadValueError, match=f"column {column} has 2 values .* split the file"):
        read_chain(write(tmp_path, HEADER, ROW, ROW.replace(old, new)))


@pytest.mark.slow
def test_a_million_rows(tmp_path):
    path = write(tmp_path, HEADER, *[ROW] * 1_000_000)
    chain = read_chain(path)
    assert len(chain) == 1_000_000
    assert chain.bid.sum() == pytest.approx(45.1e6)


def test_real_chains(shared):
    chain = read_chain(shared / "data" / "spx_2019-05-17" / "chain.csv")
    assert (len(chain), chain.spot, set(chain.roots)) == (12_626, 2859.53, {"SPX", "SPXW"})
    chain = read_chain(shared / "data" / "spx_2020-03-20" / "chain.csv")
    assert (len(chain), chain.spot, len(chain.expiry_dates)) == (19_000, 2304.92, 37)
