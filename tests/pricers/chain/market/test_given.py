"""What the user gives of a market: numbers, mappings and files."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.american import CashDividend
from pricers.chain import given_market

TODAY = datetime.date(2024, 1, 2)
IN_A_YEAR = datetime.date(2025, 1, 1)


def given(**changes):
    return given_market(quote_date=TODAY, **changes)


def written(tmp_path, text):
    path = tmp_path / "given.csv"
    path.write_text(text)
    return path


def test_nothing_given_gives_nothing():
    nothing = given()
    assert nothing.rate(np.array([1.0])) is None
    assert np.isnan(nothing.forward(100.0, np.array([1.0]), [IN_A_YEAR], np.array([0.03]))).all()
    assert nothing.notes() == ()


def test_forward_rates_are_flat_between_the_points_and_zero_rates_beyond():
    curve = given(curve={1.0: 0.02, 2.0: 0.04})
    rate = curve.rate(np.array([0.5, 1.0, 1.5, 2.0, 3.0]))
    assert rate == pytest.approx([0.02, 0.02, (0.02 + 0.03) / 1.5, 0.04, 0.04])


@pytest.mark.parametrize(
    "text",
    [
        f"expiry,rate\n{IN_A_YEAR},3%\n",
        "years,zero_rate\n1,0.03\n",
        f"# a comment\nExpiry , Rate\n{IN_A_YEAR},0.03\n\n",
        f"time,discount\n1,{np.exp(-0.03):.16g}\n",
    ],
)
def test_files_of_curves(text, tmp_path):
    assert given(curve=written(tmp_path, text)).rate(np.array([1.0])) == pytest.approx(0.03)


def test_files_of_dividends_and_forwards(tmp_path):
    path = written(tmp_path, "ex_date,amount\n2023-12-01,1\n2024-07-02,0.5\n")
    assert given(dividends=path).dividends == (CashDividend(182 / 365, 0.5),)
    assert given(forwards=written(tmp_path, f"expiry,forward\n{IN_A_YEAR},101.5\n")).forwards == {
        IN_A_YEAR: 101.5
    }


def test_dividends_lower_forwards_where_the_yield_is_given():
    one = CashDividend(0.5, 2.0)
    known = given(rate=0.04, dividend_yield=0.01, dividends=[one])
    forward = known.forward(100.0, np.array([0.25, 1.0]), [TODAY, IN_A_YEAR], np.array([0.04, 0.04]))
    after = (100.0 - 2.0 * np.exp(-0.02)) * np.exp(0.03)
    assert forward == pytest.approx([100.0 * np.exp(0.0075), after])
    assert any("1 cash dividend" in note for note in known.notes())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 5.0}, "write 0.05 for 5%"),
        ({"rate": 0.05, "curve": {1.0: 0.05}}, "both given"),
        ({"dividend_yield": float("nan")}, "finite"),
        ({"forwards": {IN_A_YEAR: -1.0}}, "above zero"),
        ({"curve": "none.csv"}, "cannot be read"),
        ({"curve": {-1.0: 0.05}}, "above zero"),
    ],
)
def test_bad_numbers(changes, words):
    with pytest.raises(AadValueError, match=words):
        given(**changes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs a column"),
        ("expiry,price\n2025-01-01,3\n", "needs a column .*; it has expiry, price"),
        ("expiry,rate\n", "no rows"),
        ("expiry,rate\nsoon,0.03\n", "row 1, column expiry"),
        ("expiry,rate\n2025-01-01,three\n", "row 1, column rate"),
        ("years,rate\n1,0.03\n1,0.04\n", "twice"),
        ("years,discount\n1,-0.9\n", "above zero"),
    ],
)
def test_bad_files(text, words, tmp_path):
    with pytest.raises(AadValueError, match=words):
        given(curve=written(tmp_path, text))


def test_wrong_types():
    with pytest.raises(AadTypeError):
        given(curve=[0.03])
    with pytest.raises(AadTypeError):
        given(dividends=[0.5])
