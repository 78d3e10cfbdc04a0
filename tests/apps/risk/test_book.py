"""The embedded book names what the chain has, and a book file is read with care."""

from __future__ import annotations

from pathlib import Path

import pytest

from aadlib.errors import AadValueError
from apps.data.synthetic import synthetic_quotes
from apps.risk.book import Position, default_book, read_book
from pricers.chain.quotes import Quotes

HEADER = "quantity,expiry,strike,cp,root\n"


@pytest.fixture(scope="module")
def quotes() -> Quotes:
    return synthetic_quotes(min_open_interest=100.0, min_expiry=7.0 / 365.0, max_expiry=2.0)


def between(quotes: Quotes, least: float, most: float) -> Quotes:
    """Return the quotes of the expiries between two, in years."""
    return quotes.select((quotes.expiry >= least) & (quotes.expiry <= most))


def tenors(book: list[Position]) -> list[str]:
    return list(dict.fromkeys(position.label.split()[0] for position in book))


def kinds(book: list[Position]) -> set[str]:
    return {position.label.split(",")[0] for position in book if "," in position.label}


def test_a_whole_chain_has_every_tenor(quotes: Quotes) -> None:
    book = default_book(quotes)
    assert tenors(book) == ["1m", "3m", "6m", "1y"]
    assert len(book) == 4 * 4 + 2 + 3
    assert kinds(book) == {"3m risk reversal", "6m butterfly"}


@pytest.mark.parametrize(("least", "most"), [(0.0, 0.3), (0.15, 2.0), (0.3, 0.8), (0.9, 2.0)])
def test_a_tenor_is_near_its_slice_and_has_it_alone(quotes: Quotes, least: float, most: float) -> None:
    years = {"1m": 1.0 / 12.0, "3m": 0.25, "6m": 0.5, "1y": 1.0}
    some = between(quotes, least, most)
    book = default_book(some)
    slices: dict[str, int] = {}
    for position in book:
        tenor = position.label.split()[0]
        assert 1.0 / 1.5 < some.slices[position.slice_index].expiry / years[tenor] < 1.5, position
        slices.setdefault(tenor, position.slice_index)
    assert len(set(slices.values())) == len(slices) >= 1
    assert all(label.split()[0] in slices for label in kinds(book))


def test_a_chain_far_from_every_tenor_is_named_by_its_expiry(quotes: Quotes) -> None:
    short = between(quotes, 0.0, 0.03)
    book = default_book(short)
    days = [f"{365.0 * short.slices[k].expiry:.0f}d" for k in sorted({p.slice_index for p in book})]
    assert tenors(book) == days
    assert kinds(book) == {f"{days[-1]} risk reversal", f"{days[-1]} butterfly"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{n},{date},x,C,", "column strike: 'x' is not a number"),
        ("ten,{date},1200,C,", "column quantity: 'ten' is not a number"),
        ("0,{date},1200,C,", "quantity = 0.0: must be finite and not zero"),
        (",{date},1200,C,", "quantity = nan"),
        ("1,{date},0,C,", "strike = 0.0: must be finite and above zero"),
        ("1,soon,1200,C,", "column expiry: 'soon'"),
        ("1,{date},1200,up,", "column cp: 'up'"),
        ("1,{date},1200,C,NDX", r"no slice NDX .*calibrated ones are {label}"),
    ],
)
def test_a_bad_field_is_named(row: str, expected: str, quotes: Quotes, tmp_path: Path) -> None:
    first = quotes.slices[0]
    text = {"n": "1", "date": first.expiry_date.isoformat(), "label": first.label}
    (tmp_path / "book.csv").write_text(HEADER + row.format(**text) + "\n")
    with pytest.raises(AadValueError, match=f"position 1.*{expected.format(**text)}"):
        read_book(tmp_path / "book.csv", quotes)


def test_thousands_are_read(quotes: Quotes, tmp_path: Path) -> None:
    date = quotes.slices[0].expiry_date.isoformat()
    (tmp_path / "book.csv").write_text(HEADER + f'"-1,000",{date},"1,200.5",P,\n')
    (position,) = read_book(tmp_path / "book.csv", quotes)
    assert (position.quantity, position.strike, position.is_call) == (-1000.0, 1200.5, False)


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("multiplyer", "100", "unknown columns 'multiplyer': a book has .*multiplier"),
        ("multiplier", "-1", "multiplier = -1.0: must be finite and above zero"),
        ("multiplier", "many", "column multiplier: 'many' is not a number"),
        ("product", "barrier", "product = 'barrier': this report prices vanilla options only"),
    ],
)
def test_what_a_book_may_add(header: str, row: str, expected: str, quotes: Quotes, tmp_path: Path) -> None:
    date = quotes.slices[0].expiry_date.isoformat()
    (tmp_path / "book.csv").write_text(f"quantity,expiry,strike,cp,{header}\n1,{date},1200,C,{row}\n")
    with pytest.raises(AadValueError, match=expected):
        read_book(tmp_path / "book.csv", quotes)


def test_multipliers_and_products_are_read(quotes: Quotes, tmp_path: Path) -> None:
    date = quotes.slices[0].expiry_date.isoformat()
    (tmp_path / "book.csv").write_text(
        f"quantity,expiry,strike,cp,multiplier,product\n-3,{date},1200,C,100,Vanilla\n2,{date},1200,C,,\n"
    )
    first, second = read_book(tmp_path / "book.csv", quotes)
    assert (first.quantity, first.multiplier, first.size) == (-3.0, 100.0, -300.0)
    assert second.size == second.quantity == 2.0
