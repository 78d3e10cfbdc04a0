"""What the tables of the risk report say, and what they warn of."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.programs import build_parser
from apps.report.drawing import draw_here
from apps.report.progress import Stages
from apps.report.tables import Table
from apps.risk import command, csv_tables, page, pictures, positions, tables
from apps.risk.results import Check, RiskResult
from pricers.chain.synthetic import synthetic_chain

SMALL = ["risk", "--strikes", "7", "--expiries", "6", "--max-years", "0.3"]


def calculate(*extra: str) -> RiskResult:
    return command.calculate(build_parser().parse_args([*SMALL, *extra]), Stages(lambda name, done: None))


def report_page(result: RiskResult) -> str:
    """Return the page with its pictures drawn in this process."""
    wanted = {**pictures.greek_pictures(result), **pictures.fit_pictures(result, result.svi, 1)}
    return page.report_page(result, draw_here(wanted))


@pytest.fixture(scope="module")
def result() -> RiskResult:
    return calculate()


def cell(shown: Table, row: str, column: int = 1) -> str:
    """Return the text of one cell."""
    (found,) = [line[column] for line in shown.texts if line[0] == row]
    return found


def test_the_range_of_the_surface_is_the_quoted_one(result: RiskResult) -> None:
    q, surface = result.quotes, result.calibration.surface
    shown = tables.optimisation(result)
    volatility = 100.0 * surface.local_volatility(log_moneyness=q.log_moneyness, time=q.expiry)
    expected = f"{volatility.min():.3g}% to {volatility.max():.3g}%"
    assert cell(shown, "local volatility at the quotes") == expected
    low, high = (float(end.rstrip("%")) for end in cell(shown, "at 98% of the quotes").split(" to "))
    assert 0.97 < np.mean((volatility > 0.999 * low) & (volatility < 1.001 * high)) < 0.995
    assert cell(shown, "on the whole grid, unquoted wings too") != expected
    assert "2% and 300%" in shown.note and "exp(+-0.75)" in shown.note


@pytest.mark.parametrize(
    ("optimiser", "converged", "expected"),
    [
        ("gauss_newton", True, "yes"),
        ("gauss_newton", False, "no: stopped at the march limit"),
        ("L-BFGS-B", False, "no: scipy reported a failure"),
        ("least_squares", True, "yes"),
    ],
)
def test_why_a_fit_ended(optimiser: str, converged: bool, expected: str, result: RiskResult) -> None:
    calibration = replace(result.calibration, optimiser=optimiser, converged=converged)
    shown = tables.optimisation(replace(result, calibration=calibration))
    assert cell(shown, "converged") == expected


@pytest.mark.parametrize(("factor", "warned"), [(1.0, False), (1.9, False), (2.1, True)])
def test_a_held_out_error_far_above_the_others_is_flagged(
    factor: float, warned: bool, result: RiskResult
) -> None:
    assert result.holdout is not None
    inside = result.holdout.in_sample
    outside = replace(result.holdout.held_out, rmse=factor * inside.rmse)
    shown = tables.fit(replace(result, holdout=replace(result.holdout, held_out=outside)))
    assert f"Held-out to in-sample rmse {factor:.2f}" in shown.note
    assert ("WARNING, overfitted" in shown.note) == warned


def test_a_clean_chain_has_nothing_left_out_and_no_arbitrage(result: RiskResult) -> None:
    assert result.quotes is result.loaded
    assert tables.left_out(result).rows == () and tables.arbitrage(result).rows == ()
    assert "0 vertical, 0 butterfly, 0 calendar" in tables.arbitrage(result).note


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> RiskResult:
    """Return the report of the synthetic chain with three puts of one slice at twice their prices."""
    lines = synthetic_chain().splitlines()
    for k, line in enumerate(lines):
        fields = line.split(",")
        if (
            fields[2:4] == ["SPX", "2005-12-16"]
            and fields[5:6] == ["P"]
            and fields[4] in ("1190", "1195", "1205")
        ):
            fields[6], fields[7], fields[8] = str(2.0 * float(fields[6])), str(2.0 * float(fields[7])), "5000"
            lines[k] = ",".join(fields)
    path = tmp_path_factory.mktemp("stale") / "chain.csv"
    path.write_text("\n".join(lines) + "\n")
    return calculate(str(path))


def test_stale_quotes_are_named_and_the_rest_counts(stale: RiskResult, result: RiskResult) -> None:
    shown = tables.left_out(stale)
    names = {f"SPX 2005-12-16 {k} put" for k in (1190, 1195, 1205)}
    assert {line[0] for line in shown.texts} == names and {line[1] for line in shown.texts} == {"stale"}
    assert {name for name, _ in stale.arbitrage.worst} == names
    assert len(stale.loaded) - len(stale.quotes) == 3
    assert cell(tables.dropped(stale), "dropped: stale, more than 6 deviations off the other quotes") == "3"
    found = tables.arbitrage(stale)
    assert len(found.rows) >= 3 and "Quotes to blame" in found.note
    assert stale.greeks.gradient[0] == pytest.approx(result.greeks.gradient[0], rel=0.02)


def test_what_was_left_out_and_arbitrage_are_files(stale: RiskResult) -> None:
    files = csv_tables.csv_files(stale)
    assert len(list(csv.DictReader(io.StringIO(files["left_out.csv"])))) == 3
    rows = list(csv.DictReader(io.StringIO(files["arbitrage.csv"])))
    assert len(rows) == len(stale.arbitrage.found)
    assert "Quotes left out" in report_page(stale)


def test_a_poor_fit_is_said_on_the_page_and_in_the_table(result: RiskResult) -> None:
    poor = replace(result, calibration=replace(result.calibration, converged=False, active_levels=2))
    n_levels = result.calibration.surface.levels.size
    assert f"WARNING, poor fit: 2 of {n_levels} levels on their bounds." in tables.fit(poor).note
    text = report_page(poor)
    assert "poor fit: the optimiser did not converge" in text


def test_without_spreads_the_page_says_that_inside_has_no_meaning(result: RiskResult) -> None:
    quality = replace(result.calibration.quality, share_inside=float("nan"))
    locked = replace(result, calibration=replace(result.calibration, quality=quality))
    assert "inside bid-ask has no meaning" in tables.fit(locked).note
    assert "bid = ask: no meaning" in report_page(locked)


def test_the_two_vegas_are_told_apart(result: RiskResult) -> None:
    shown = positions.book(result)
    assert [column.heading for column in shown.columns[-2:]] == ["local vega", "Black vega"]
    assert "point of local volatility" in shown.note and "implied volatility" in shown.note
    local, black = ([line[j] for line in shown.rows] for j in (-2, -1))
    assert isinstance(black[-1], float) and black[-1] == pytest.approx(sum(black[:-1]))
    assert isinstance(local[-1], float) and local[-1] == pytest.approx(result.greeks.vega.sum())
    assert black[-1] != pytest.approx(local[-1], rel=0.01)


def test_what_the_greeks_leave_out_is_said(result: RiskResult) -> None:
    note = tables.named_greeks(result).note
    assert "theta" in note and "multiplier" in note


def test_a_check_against_zero_has_no_relative_difference(result: RiskResult) -> None:
    checks = (Check("delta", "price", 0.0, 0.0, "by hand"), Check("vega", "price", 2.0, 1.0, "by hand"))
    shown = tables.checks(replace(result, checks=checks))
    assert [line[4] for line in shown.texts] == ["-", "1.0e+00"]


def test_the_hessian_is_labelled_where_its_basis_functions_are(result: RiskResult) -> None:
    surface = result.calibration.surface
    groups = pictures.hessian_groups(surface)
    assert sum(size for _, size in groups) == len(result.greeks.inputs)
    rows = csv.DictReader(io.StringIO(csv_tables.csv_files(result)["surface_weights.csv"]))
    first_of_row = [float(row["years"]) for row in rows if row["parameter"].endswith(",0]")]
    np.testing.assert_allclose(first_of_row, np.exp(surface.time_basis.greville), rtol=1e-11)
    days = [f"{365.0 * t:.0f}d" for t in first_of_row if t < 0.25]
    assert [label for label, _ in groups[2:-1]][: len(days)] == days


def test_the_holdout_is_fitted_by_the_same_optimiser(
    result: RiskResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pricers.calibration

    told = {}

    def holdout(**options: object) -> None:
        told.update(options)

    monkeypatch.setattr(pricers.calibration, "calibrate", lambda **options: result.calibration)
    monkeypatch.setattr(pricers.calibration, "holdout", holdout)
    calculate("--optimiser", "least_squares")
    assert told["optimiser"] == "least_squares"
