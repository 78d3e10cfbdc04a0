"""Rows of a book: every product's own columns, expiries between the slices, and what does not belong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aadlib.errors import AadValueError
from apps.data.synthetic import synthetic_quotes
from apps.risk.book import Position
from apps.risk.book_file import book_warnings, read_book
from apps.risk.products import PRODUCTS, American, Asian, Barrier, Digital
from pricers.chain.quotes import Quotes

COLUMNS = "product,quantity,expiry,strike,cp,root,label,multiplier,barrier,barrier_type,rebate,payout,fixings,past_mean"


@pytest.fixture(scope="module")
def quotes() -> Quotes:
    return synthetic_quotes(min_open_interest=100.0, min_expiry=7.0 / 365.0, max_expiry=2.0)


def read(quotes: Quotes, folder: Path, **fields: str) -> Position:
    """Return the one position of a book with these fields, one call expiring on a slice unless they say otherwise."""
    row = {"quantity": "1", "expiry": "2005-12-16", "strike": "1250", "cp": "C", **fields}
    names = COLUMNS.split(",")
    assert set(row) <= set(names)
    cells = [f'"{row.get(name, "")}"' for name in names]
    (folder / "book.csv").write_text(f"{COLUMNS}\n{','.join(cells)}\n")
    (position,) = read_book(folder / "book.csv", quotes)
    return position


def test_products_are_read(quotes: Quotes, tmp_path: Path) -> None:
    american = read(quotes, tmp_path, product="American")
    assert american.contract == American() and american.option == "American 1250 call"
    barrier = {"product": "barrier", "barrier": "1,400", "barrier_type": "Up and out", "rebate": "5"}
    knocked = read(quotes, tmp_path, **barrier, cp="put")
    assert knocked.contract == Barrier(1400.0, "up-and-out", 5.0)
    assert knocked.option == "up-and-out 1400 1250 put, rebate 5" and knocked.label == "barrier put 1250"
    assert read(quotes, tmp_path, **{**barrier, "rebate": ""}).contract == Barrier(1400.0, "up-and-out")
    cash, asset = (read(quotes, tmp_path, product="digital", payout=paid) for paid in ("50", "Asset"))
    assert (cash.contract, asset.contract) == (Digital(50.0), Digital(None))
    assert asset.option == "digital 1250 call paying asset"


def test_fixings_are_a_number_or_a_list(quotes: Quotes, tmp_path: Path) -> None:
    many = read(quotes, tmp_path, product="asian", fixings="4")
    years = many.term.expiry
    assert isinstance(many.contract, Asian)
    assert many.contract.fixings == pytest.approx([0.25 * years, 0.5 * years, 0.75 * years, years])
    listed = read(
        quotes,
        tmp_path,
        product="asian",
        past_mean="1,230",
        fixings="2005-09-01;2005-09-15;2005-10-14; 2005-12-16",
    )
    assert isinstance(listed.contract, Asian)
    assert (listed.contract.n_past, listed.contract.past_mean) == (2, 1230.0)
    # On its last day, settled at the open, the last fixing is the settlement.
    assert listed.contract.fixings == pytest.approx([29.0 / 365.0, years])
    assert listed.option == "Asian 1250 call, 4 fixings, 2 past"
    in_years = read(quotes, tmp_path, product="asian", fixings="0.1;0.2", expiry="0.25")
    assert isinstance(in_years.contract, Asian) and in_years.contract.fixings == (0.1, 0.2)


def test_expiries_between_and_beyond_the_slices(quotes: Quotes, tmp_path: Path) -> None:
    on = read(quotes, tmp_path)
    assert on.term in quotes.slices and on.is_vanilla
    for between in (read(quotes, tmp_path, expiry="2006-01-20"), read(quotes, tmp_path, expiry="0.35")):
        nearest = next(term for term in quotes.slices if term.expiry > between.term.expiry)
        before = [term for term in quotes.slices if term.expiry < between.term.expiry][-1]
        assert before.discount > between.term.discount > nearest.discount
        assert before.forward < between.term.forward < nearest.forward
        assert book_warnings([between], quotes) == ()
    assert read(quotes, tmp_path, expiry="0.35").term.expiry == 0.35
    settled_at_open = read(quotes, tmp_path, expiry="2006-01-20", root="SPX").term.expiry
    assert settled_at_open == pytest.approx((127 - 0.27) / 365.0)
    far = read(quotes, tmp_path, expiry="2009-06-19")
    (warning,) = book_warnings([far], quotes)
    assert (
        "after the last calibrated slice, SPX" in warning
        and "local volatility of the last interval" in warning
    )


@pytest.mark.parametrize(
    ("kind", "now"), [("down-and-out", "counts as nothing"), ("down-and-in", "European")]
)
def test_a_crossed_barrier_is_warned_of(kind: str, now: str, quotes: Quotes, tmp_path: Path) -> None:
    position = read(quotes, tmp_path, product="barrier", barrier="1230", barrier_type=kind, label="mine")
    (warning,) = book_warnings([position], quotes)
    assert warning.startswith("position 1, mine: the spot, 1227.73, is beyond") and now in warning


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"product": "lookback"}, "product = 'lookback': must be one of vanilla, american, barrier, digital, asian"),
        ({"barrier": "1400"}, "barrier = '1400' means nothing to vanilla options, which have none of these"),
        ({"product": "digital", "payout": "1", "fixings": "3", "rebate": "2"},
         "rebate = '2', fixings = '3' means nothing to digital options, which have payout only"),
        ({"product": "barrier", "barrier": "1400"}, "barrier_type is empty: barrier options need it, one of up-and"),
        ({"product": "barrier", "barrier_type": "up-and-out"}, "barrier is empty: barrier options need it"),
        ({"product": "barrier", "barrier": "-1", "barrier_type": "up-and-out"}, "barrier = -1.0: must be finite"),
        ({"product": "barrier", "barrier": "1400", "barrier_type": "sideways"}, "barrier_type = 'sideways': must be"),
        ({"product": "barrier", "barrier": "1400", "barrier_type": "up-and-out", "rebate": "inf"}, "rebate = inf"),
        ({"product": "digital"}, "payout is empty: digital options need it, an amount of cash or 'asset'"),
        ({"product": "digital", "payout": "gold"}, "column payout: 'gold' is not a number"),
        ({"product": "asian"}, "fixings is empty: asian options need it"),
        ({"product": "asian", "fixings": "0"}, "fixings = '0': must be from 1 to 10,000"),
        ({"product": "asian", "fixings": "0.2;0.1"}, "must increase"),
        ({"product": "asian", "fixings": "0.1;2006-12-16"}, "2006-12-16 is after the expiry"),
        ({"product": "asian", "fixings": "0.1;monday"}, "column fixings: 'monday' is not a date"),
        ({"product": "asian", "fixings": "2005-01-03"}, "none is to come"),
        ({"product": "asian", "fixings": "2005-01-03;0.1"}, "past_mean = '': 1 fixings are past: give their mean"),
        ({"product": "asian", "fixings": "3", "past_mean": "1"}, "past_mean = '1': no fixing is past"),
        ({"expiry": "2005-09-15"}, "expired, the quotes are of 2005-09-15; take the position out"),
        ({"expiry": "-0.5"}, "expiry = '-0.5': must be a date after the quotes or years above zero"),
        ({"expiry": "0.5", "root": "SPX"}, "root = 'SPX': an expiry in years has no root"),
        ({"quantity": "1e12", "multiplier": "2"}, "quantity times multiplier"),
    ],
)  # fmt: skip
def test_what_does_not_belong_is_named(
    fields: dict[str, str], expected: str, quotes: Quotes, tmp_path: Path
) -> None:
    with pytest.raises(AadValueError) as error:
        read(quotes, tmp_path, **fields)
    assert expected in str(error.value)
    assert "position 1" in str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "quantity,expiry,strike,cp,barier\n1,0.5,1200,C,1300\n",
            "unknown columns 'barier': a book has .*barrier_type",
        ),
        ("quantity,expiry,strike,cp,cp\n1,0.5,1200,C,P\n", "'cp' stand twice"),
        ("quantity,expiry,strike,cp\n1,0.5,1200,C,P\n", "position 1: has more fields than the header"),
    ],
)
def test_what_is_wrong_with_the_header(text: str, expected: str, quotes: Quotes, tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text(text)
    with pytest.raises(AadValueError, match=expected):
        read_book(tmp_path / "book.csv", quotes)


def test_every_product_is_told_apart() -> None:
    assert list(PRODUCTS) == ["vanilla", "american", "barrier", "digital", "asian"]


def test_the_book_of_the_readme_is_read(quotes: Quotes, tmp_path: Path) -> None:
    readme = Path(__file__).resolve().parents[3] / "README.md"
    (block,) = re.findall(r"```csv\n(product,.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "book.csv").write_text(block)
    book = read_book(tmp_path / "book.csv", quotes)
    assert {position.contract.NAME for position in book} == set(PRODUCTS)
    assert book_warnings(book, quotes) == ()
