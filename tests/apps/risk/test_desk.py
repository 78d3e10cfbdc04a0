"""What a desk asks of a book: one report's worth of it, against what it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.data.synthetic import synthetic_quotes
from apps.programs import run
from apps.risk.book import default_book
from apps.risk.book_file import read_book
from apps.risk.desk import tables
from apps.risk.desk.book_price import book_price
from apps.risk.desk.greeks import DeskGreeks, black_greeks, desk_greeks
from pricers.calibration import CalibrationResult, calibrate
from pricers.chain.quotes import Quotes


def refit(quotes: Quotes, changed: dict[str, Any]) -> CalibrationResult:
    """Calibrate otherwise."""
    return calibrate(quotes, **changed)


@pytest.fixture(scope="module")
def fit() -> CalibrationResult:
    """Return the fit of the embedded chain."""
    return calibrate(synthetic_quotes())


@pytest.fixture(scope="module")
def desk(fit: CalibrationResult) -> DeskGreeks:
    """Return the desk Greeks of four positions of the embedded book."""
    found = desk_greeks(fit, default_book(fit.problem.quotes)[:4], refit)
    assert found is not None
    return found


def test_positions_add_up_to_the_book(desk: DeskGreeks) -> None:
    """Under the dynamics that need no calibration, and theta; sticky strike to what the fit misses of its quotes."""
    deltas, gammas = desk.price.sizes @ desk.unit_deltas, desk.price.sizes @ desk.unit_gammas
    assert deltas[[0, 2]] == pytest.approx(desk.spot.delta[[0, 2]], rel=1e-6)
    assert gammas[[0, 2]] == pytest.approx(desk.spot.gamma[[0, 2]], rel=1e-6)
    assert deltas[1] == pytest.approx(desk.spot.delta[1], abs=0.02 * np.abs(desk.price.sizes).sum())
    assert desk.price.sizes @ desk.time.thetas == pytest.approx(desk.time.theta)


def test_sticky_strike_is_black(fit: CalibrationResult, desk: DeskGreeks) -> None:
    """A straddle's call and put have one gamma and deltas a discounted forward over the spot apart."""
    call, put = desk.price.positions[:2]
    assert call.strike == put.strike
    terms = desk.unit_deltas[:2, 1], desk.unit_gammas[:2, 1]
    share = fit.discount(call.term.expiry) * fit.forward(call.term.expiry) / fit.spot
    assert terms[0][0] - terms[0][1] == pytest.approx(float(share), rel=1e-8)
    assert terms[1][0] == pytest.approx(terms[1][1], rel=1e-6)
    assert np.isnan(black_greeks(fit, call, 1e9)).all()


def test_tables_and_files(desk: DeskGreeks) -> None:
    """Every table has rows, every file equal columns; the at-the-money rows add up to the parallel vega."""
    for shown in tables.shown(desk):
        assert shown.rows and shown.title
    for columns in tables.csv_columns(desk).values():
        assert len({len(column) for column in columns.values()}) == 1
    rows = tables.quoted(desk).rows
    money = sum(float(row[1]) for row in rows if str(row[0]).endswith("ATM"))  # type: ignore[arg-type]
    assert money == pytest.approx(0.01 * desk.quotes.quote_vegas.sum())


def test_what_the_numbers_rest_on(desk: DeskGreeks) -> None:
    """Values and moneyness Greeks hardly move; the first row is the report's own surface."""
    values = np.array([variant.value for variant in desk.variants])
    gammas = np.array([variant.gamma for variant in desk.variants])
    assert desk.variants[0].name == "the report's surface" and values.size >= 4
    assert np.ptp(values) < 0.01 * np.abs(values[0]) + 5.0
    assert np.ptp(gammas[:, 1]) < np.ptp(gammas[:, 0])


def test_simulated_positions_are_left_out(fit: CalibrationResult, tmp_path: Path) -> None:
    """They are named; a book of nothing else has no desk Greeks."""
    path = tmp_path / "book.csv"
    header = "quantity,expiry,strike,cp,product,fixings,label\n"
    path.write_text(header + "1,0.5,1200,C,asian,6,mean\n1,0.5,1200,C,,,call\n", encoding="utf-8")
    book = read_book(path, fit.problem.quotes)
    price = book_price(book, fit)
    assert price.left_out == ("mean",) and [p.label for p in price.positions] == ["call"]
    assert desk_greeks(fit, book[:1], refit) is None


def test_the_report_without_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--no-desk` leaves its tables and files out."""
    out = tmp_path / "report"
    assert run(["risk", "--no-desk", "--holdout", "0", "--out", str(out)]) == 0
    assert "When the spot moves" not in capsys.readouterr().out
    assert not (out / "smile_dynamics.csv").exists()
