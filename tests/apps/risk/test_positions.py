"""Positions by expiry, Black beside the model, and Greeks in money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.programs import build_parser
from apps.report.progress import Stages
from apps.risk import command, money, positions, tables
from apps.risk.results import RiskResult

SMALL = ["risk", "--strikes", "7", "--expiries", "6", "--max-years", "0.3", "--holdout", "0"]


@pytest.fixture(scope="module")
def result() -> RiskResult:
    """Return the report of a small fit, a point of price worth 100 dollars."""
    arguments = build_parser().parse_args([*SMALL, "--multiplier", "100", "--currency", "USD"])
    return command.calculate(arguments, Stages(lambda name, done: None))


def test_expiries_have_subtotals_that_add_up(result: RiskResult) -> None:
    shown, sizes = positions.by_expiry(result)
    assert sum(sizes) == len(result.book) and len(shown.rows) == sum(sizes) + len(sizes) + 1
    first, sums = 0, []
    for size in sizes:
        rows = np.array([row[4:] for row in shown.rows[first : first + size]], dtype=float)
        sums.append(np.array(shown.rows[first + size][4:], dtype=float))
        np.testing.assert_allclose(sums[-1], rows.sum(axis=0), rtol=1e-12)
        first += size + 1
    book = np.array(shown.rows[-1][4:], dtype=float)
    np.testing.assert_allclose(book, np.sum(sums, axis=0), rtol=1e-4)
    assert result.desk is not None and book[-1] == result.desk.time.theta


def test_black_beside_the_model(result: RiskResult) -> None:
    """A straddle's call and put have one Black gamma; the book's columns are those of the file."""
    black = positions.black_deltas_gammas(result)
    call, put = (next(k for k, p in enumerate(result.book) if p.is_call == kind) for kind in (True, False))
    assert result.book[call].strike == result.book[put].strike
    assert black[call, 1] == pytest.approx(black[put, 1], rel=1e-5)
    assert black[call, 0] - black[put, 0] == pytest.approx(1.0, abs=0.05)
    shown = positions.book(result)
    assert [c.heading for c in shown.columns[7:10:2]] == ["Black delta", "Black gamma"]


def test_money(result: RiskResult) -> None:
    rows = {name: amount for name, amount, _ in money.money_rows(result)}
    spot, g = result.quotes.spot, result.greeks
    assert rows["delta"] == pytest.approx(spot * g.gradient[0])
    assert rows["gamma earned, 1%"] == pytest.approx(0.5 * g.hessian[0, 0] * (0.01 * spot) ** 2)
    assert result.desk is not None and result.scenarios is not None
    assert rows["theta"] == result.desk.time.theta
    assert {p.multiplier for p in result.book} == {100.0}
    shown = money.money_greeks(result)
    assert shown.columns[1].unit == "USD" and "100 are counted" in shown.note
    assert tables.named_greeks(result).texts[1][2] == "USD / point of spot"


def test_only_an_index_has_index_points(result: RiskResult) -> None:
    assert result.price_unit == "USD"
    nobody_said = replace(result, currency="")
    assert nobody_said.price_unit == "index points"
    for root, unit in (
        ("AAPL", "price"),
        ("BTC", "price"),
        ("OEX", "index points"),
        ("RUTW", "index points"),
    ):
        slices = tuple(replace(item, root=root) for item in result.quotes.slices)
        other = replace(nobody_said, quotes=replace(result.quotes, slices=slices))
        assert other.price_unit == unit


def test_expiries_of_one_date_and_two_roots_are_two_groups(result: RiskResult) -> None:
    position = result.book[0]
    twin = replace(position, term=replace(position.term, root="SPXX", expiry_date=date(2005, 10, 21)))
    twice = replace(result, book=(position, twin, *result.book[2:]))
    assert len(positions.by_expiry(twice).sizes) == len(positions.by_expiry(result).sizes) + 1


def test_the_largest_entries_of_a_matrix() -> None:
    matrix = np.array([[1.0, -5.0, 0.0], [-5.0, 2.0, 0.5], [0.0, 0.5, 3.0]])
    shown = tables.largest_entries(["a", "b", "c"], matrix, "entries", "unit")
    assert [row[:2] for row in shown.rows] == [("a", "b"), ("c", "c"), ("b", "b"), ("a", "a"), ("b", "c")]
    assert shown.rows[0][2] == -5.0
