"""The embedded book names what the chain has, and a book file is read with care."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aadlib import norm_cdf
from aadlib.errors import AadValueError
from apps.data.synthetic import synthetic_quotes
from apps.risk.book import Position, default_book
from apps.risk.book_file import read_book
from pricers.chain.quotes import Quotes, Slice

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
    slices: dict[str, Slice] = {}
    for position in book:
        tenor = position.label.split()[0]
        assert 1.0 / 1.5 < position.term.expiry / years[tenor] < 1.5, position
        slices.setdefault(tenor, position.term)
    assert len(set(slices.values())) == len(slices) >= 1
    assert all(label.split()[0] in slices for label in kinds(book))


def call_delta(quotes: Quotes, position: Position) -> float:
    """Return the forward Black delta of a position's strike as a call, at its quoted volatility."""
    mine = quotes.slice_index == quotes.slices.index(position.term)
    (k,) = np.flatnonzero(mine & (quotes.strike == position.strike))
    deviation = quotes.volatility[k] * np.sqrt(quotes.expiry[k])
    return float(norm_cdf(-quotes.log_moneyness[k] / deviation + 0.5 * deviation))


def test_a_label_says_the_delta_of_the_strike(quotes: Quotes) -> None:
    for position in default_book(quotes):
        delta = call_delta(quotes, position)
        said = int(position.label.split("-delta ")[0].split()[-1])
        assert said == pytest.approx(100.0 * (delta if position.is_call else 1.0 - delta), abs=0.51)
        assert position.label.split()[-1] == ("call" if position.is_call else "put")


@pytest.mark.parametrize("gap", [0.03, 0.08])
def test_a_slice_without_strikes_near_the_money_is_passed_over(quotes: Quotes, gap: float) -> None:
    """The slice nearest to a month has its wings only: another one takes its place."""
    first = quotes.slices.index(default_book(quotes)[0].term)
    thin = quotes.select((quotes.slice_index != first) | (np.abs(quotes.log_moneyness) > gap))
    book = default_book(thin)
    assert tenors(book) == ["1m", "3m", "6m", "1y"]
    assert quotes.slices[first] not in {position.term for position in book}
    assert book[0].label in {f"1m {n}-delta call" for n in range(47, 56)}


def test_where_no_slice_holds_the_deltas_the_labels_tell(quotes: Quotes) -> None:
    wings = quotes.select(np.abs(quotes.log_moneyness) > 0.12)
    for position in default_book(wings):
        said = int(position.label.split("-delta ")[0].split()[-1])
        assert said < 40 or said > 60


def test_a_chain_far_from_every_tenor_is_named_by_its_expiry(quotes: Quotes) -> None:
    short = between(quotes, 0.0, 0.03)
    book = default_book(short)
    days = [f"{365.0 * years:.0f}d" for years in sorted({p.term.expiry for p in book})]
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
        ("product", "swap", "product = 'swap': must be one of vanilla, american, barrier, digital, asian"),
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
