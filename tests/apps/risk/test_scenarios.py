"""Ladders and stress: against other grids, closed forms and the Greeks that they should agree with; bad files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from aadlib.errors import AadValueError
from apps.programs import build_parser
from apps.report.progress import Stages
from apps.risk import command
from apps.risk.book_file import read_book
from apps.risk.desk import scenario_tables
from apps.risk.desk.book_price import book_price
from apps.risk.desk.moved_book import MovedBook
from apps.risk.desk.moves import Move, Scenario
from apps.risk.desk.scenarios import SPOTS, require_possible, scenarios_of
from apps.risk.desk.stress import EMBEDDED, read_scenarios
from apps.risk.model import BookModel
from apps.risk.results import RiskResult
from pricers import pde

SMALL = ["risk", "--strikes", "7", "--expiries", "6", "--max-years", "0.3", "--holdout", "0"]


@pytest.fixture(scope="module")
def result() -> RiskResult:
    """Return the report of a small fit."""
    return command.calculate(build_parser().parse_args(SMALL), Stages(lambda name, done: None))


@pytest.fixture(scope="module")
def book(result: RiskResult) -> MovedBook:
    """Return its book."""
    assert result.desk is not None
    return MovedBook(result, result.desk.price, result.desk.time)


def of_rows(result: RiskResult, folder: Path, *rows: str) -> MovedBook:
    """Return a book of barrier options in the same market; its Greeks are not its own."""
    header = "quantity,expiry,strike,cp,product,barrier,barrier_type,rebate\n"
    (folder / "book.csv").write_text(header + "\n".join(rows) + "\n")
    positions = read_book(folder / "book.csv", result.quotes)
    assert result.desk is not None
    return MovedBook(result, book_price(positions, result.calibration), result.desk.time)


MOVES = [
    Move(spot=0.004),
    Move(volatility=0.8),
    Move(tilt=0.5),
    Move(rate=40.0),
    Move(spot=-0.003, volatility=0.5, tilt=-0.3, rate=20.0),
]


@pytest.mark.parametrize("move", MOVES)
def test_small_moves_are_of_second_order(move: Move, book: MovedBook) -> None:
    """What the second order misses falls like the cube of the move, but for what its grid differs by."""
    small = Move(*(0.25 * x for x in move))
    full, second = book.profit([move, small]), book.predicted([move, small])
    miss = np.abs(full - second)
    assert miss[0] < 0.03 * np.abs(full[0]) + 1e-3
    assert miss[1] < 0.1 * miss[0] + 2e-3 * np.abs(full[1]) + 1e-4


def test_a_day_is_theta_and_nothing_is_nothing(book: MovedBook) -> None:
    assert book.profit([Move()]) == 0.0 and book.predicted([Move()]) == 0.0
    assert book.profit([Move(days=0.1)]) == pytest.approx(0.1 * book.time.theta, rel=2e-3)
    up, down, up_now, down_now = book.profit(
        [Move(spot=h, days=days) for days in (0.1, 0.0) for h in (1e-3, -1e-3)]
    )
    charm = (up - down - up_now + down_now) / (0.1 * 2e-3 * book.valuation.quotes.spot)
    assert charm == pytest.approx(book.time.charm, rel=0.02)


def test_large_moves_are_those_of_a_finer_grid(result: RiskResult, book: MovedBook) -> None:
    model = BookModel(result.quotes, result.calibration.surface, result.book, result.buckets)
    fine = model.record_in_spot(model.finer_grid(2.0))
    spot = result.quotes.spot

    def value(of: float) -> float:
        return float(model.quantities @ fine.value(np.array([of])))

    for share in (-0.1, 0.05):
        expected = value(spot * (1.0 + share)) - value(spot)
        assert book.profit([Move(spot=share)]) == pytest.approx(expected, rel=1e-3)


def test_far_moves_leave_intrinsic_values(result: RiskResult, book: MovedBook) -> None:
    """Nine tenths down the march is laid out anew: calls are worth nothing, puts their discounted strikes."""
    spot, market = 0.1 * result.quotes.spot, result.calibration
    expected = sum(
        p.size * max(0.0, (1.0 if p.is_call else -1.0) * (spot / market.spot * p.term.forward - p.strike))
        * float(market.discount(p.term.expiry))
        for p in result.book
    )  # fmt: skip
    expected -= float(book.price.value_at(market))
    assert book.profit([Move(spot=-0.9)]) == pytest.approx(expected, rel=1e-4)


def test_a_barrier_that_a_move_reaches_is_crossed(result: RiskResult, tmp_path: Path) -> None:
    """A knock-out pays its rebate, a knock-in is a European option."""
    rows = ("1,0.2,1230,P,barrier,1150,down-and-out,3", "1,0.2,1230,P,barrier,1150,down-and-in,")
    for row, beyond in zip(rows, (3.0, None), strict=True):
        moved = of_rows(result, tmp_path, row)
        today = float(moved.price.value_at(result.calibration))
        if beyond is None:
            market = result.calibration.replaced({"spot": [0.9 * result.quotes.spot]})
            option = pde.european(market, strike=1230.0, expiry=0.2, is_call=False)
            beyond = float(option.price_at(market))
        assert moved.profit([Move(spot=-0.1)]) == pytest.approx(beyond - today, rel=1e-3)
        near = moved.profit([Move(spot=0.001, days=1.0)])
        assert np.isfinite(near).all() and abs(float(near[0])) < 5.0


def test_the_report_has_ladders_and_the_sample(result: RiskResult) -> None:
    found = result.scenarios
    assert found is not None
    names = [one.name for one in read_scenarios(None)]
    assert [one.name for one in found.stress] == [n for n in names if n not in found.omitted]
    middle = SPOTS.index(0.0)
    assert found.time.profit[middle, 0] == 0.0 and found.time.others[0] == 0.0
    assert found.volatility.profit[middle, list(found.volatility.others).index(0.0)] == 0.0
    np.testing.assert_array_equal(
        found.time.profit[:, 0], found.volatility.profit[:, list(found.volatility.others).index(0.0)]
    )
    for shown in scenario_tables.shown(found):
        assert shown.rows and {len(row) for row in shown.rows} == {len(shown.columns)}
    for columns in scenario_tables.csv_columns(found).values():
        assert len({len(column) for column in columns.values()}) == 1


def test_embedded_scenarios_that_do_not_suit_are_left_out_and_said(result: RiskResult) -> None:
    assert result.desk is not None
    far = [Scenario("next year", Move(days=365.0)), Scenario("calm", Move(volatility=-60.0))]
    far.append(Scenario("up", Move(spot=0.01)))
    found = scenarios_of(result, result.desk, far, embedded=True)
    assert found.omitted == ("next year", "calm") and [one.name for one in found.stress] == ["up"]
    assert "next year, calm" in scenario_tables.stress(found).note
    with pytest.raises(AadValueError, match="before the first expiry of the book"):
        scenarios_of(result, result.desk, far, embedded=False)
    with pytest.raises(AadValueError, match="'calm': volatility_points = -60"):
        require_possible(far[1:], MovedBook(result, result.desk.price, result.desk.time))


def test_simulated_positions_are_in_neither(result: RiskResult, book: MovedBook) -> None:
    """Their Greeks are taken off the report's."""
    from apps.risk.results import StandardErrors, UnitGreeks

    g, n = result.greeks, len(result.greeks.inputs) + result.buckets.size
    errors = StandardErrors(0.1, np.ones(n + 1), np.ones((n + 1, n + 1)))
    unit = UnitGreeks(1.0, np.arange(n) + 1.0, np.ones((n, n)), "Monte Carlo", errors)
    position = replace(result.book[0], quantity=2.0)
    with_it = replace(g, gradient=g.gradient + 2.0 * unit.gradient[: len(g.inputs)], units=(unit,))
    with_it = replace(
        with_it,
        hessian=g.hessian + 2.0,
        vega=g.vega + 0.02 * unit.gradient[len(g.inputs) :],
        vega_vega=g.vega_vega + 2e-4,
        spot_vega=g.spot_vega + 0.02,
        rate_vega=g.rate_vega + 0.02,
    )
    other = MovedBook(replace(result, greeks=with_it, book=(position,)), book.price, book.time)
    np.testing.assert_allclose(other.predicted(MOVES), book.predicted(MOVES), rtol=1e-8, atol=1e-6)


BAD = {
    "empty": ("", "missing column name"),
    "no rows": ("name,days\n", "no scenarios"),
    "unknown": ("name,spot,skew\nx,1,1\n", "unknown columns 'spot', 'skew'"),
    "double": ("name,days,days\nx,1,1\n", "'days' stand twice"),
    "no name": ("name,days\n,1\n", "name = ''"),
    "name twice": ("name,days\nx,1\nx,2\n", "scenario 2: name = 'x'"),
    "text": ("name,days\nx,soon\n", "scenario 1, x: days = 'soon': must be a number"),
    "nan": ("name,spot_percent\nx,nan\n", "spot_percent = nan: must be finite"),
    "inf": ("name,days\nx,inf\n", "must be finite"),
    "all of the spot": ("name,spot_percent\nx,-100\n", "must be above -100"),
    "slip": ("name,volatility_points\nx,1000\n", "within +-200"),
    "back": ("name,days\nx,-1\n", "must not be negative"),
    "long row": ("name,days\nx,1,2\n", "more fields than the header"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files(case: str, tmp_path: Path) -> None:
    content, expected = BAD[case]
    path = tmp_path / "stress.csv"
    path.write_text(content)
    with pytest.raises(AadValueError) as error:
        read_scenarios(path)
    assert expected in str(error.value) and str(path) in str(error.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AadValueError, match="cannot be read"):
        read_scenarios(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(AadValueError, match="not a CSV file"):
        read_scenarios(tmp_path / "binary.csv")


def test_the_sample_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    copy = tmp_path / "stress.csv"
    copy.write_bytes(EMBEDDED.read_bytes())
    assert read_scenarios(copy) == read_scenarios(None)
    assert read_scenarios(copy)[0].move.spot == pytest.approx(-0.2)
