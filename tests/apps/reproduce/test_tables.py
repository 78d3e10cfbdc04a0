"""Published tables: every published number has a row of ours, and ours are what they say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import mpmath
import numpy as np
import pytest

from apps.__main__ import main
from apps.reproduce.comparison import Ours, PublishedTable
from apps.reproduce.contents import LEARNED, SIMULATED, TABLE_NAMES, published_table
from apps.reproduce.contracts import bsm_call, svi_call
from apps.reproduce.measures.timing import median_seconds, timed
from apps.reproduce.tables import section_4_3, table_2, table_4, table_5, table_6, table_14
from greeks2 import METHODS
from pricers.pde import grids

QUICK = [name for name in TABLE_NAMES if name not in ("section-4.3.2", "section-4.3.3", *SIMULATED, *LEARNED)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cut grids and repetitions, so that a table takes a second: its accuracy stays, its times mean nothing."""
    once = partial(median_seconds, least=1, budget=0.0)
    for module in (table_2, table_4, table_5, table_14, section_4_3):
        monkeypatch.setattr(
            module, "median_seconds", lambda call, once=once, **options: once(call, warm=False)
        )
    monkeypatch.setattr(table_6, "median_seconds", lambda call, **options: once(call, warm=False))
    monkeypatch.setattr(table_2, "N_NODES", 21)
    monkeypatch.setattr(table_2, "N_STEPS", 4)
    monkeypatch.setattr(svi_call, "_GRID", grids.uniform_grid(lowest=0.0, highest=300.0, n_nodes=41))
    monkeypatch.setattr(svi_call, "N_STEPS", 10)
    _forget()
    yield
    _forget()


def _forget() -> None:
    svi_call.recorded.cache_clear()
    svi_call.recorded_march.cache_clear()


def measured(name: str) -> tuple[PublishedTable, dict[str, Ours], list[str]]:
    """Return a table, its rows by name, and the stages it announced."""
    announced: list[str] = []

    @contextmanager
    def stage(what: str) -> Iterator[None]:
        announced.append(what)
        yield

    shown = published_table(name)
    ours = shown.rows(stage)
    assert len({row.what for row in ours}) == len(ours)
    return shown, {row.what: row for row in ours}, announced


@pytest.mark.parametrize("name", QUICK)
def test_every_published_number_stands_beside_ours(name: str, small: None) -> None:
    shown, ours, announced = measured(name)
    assert set(shown.published) <= set(ours)
    assert tuple(announced) == shown.stages
    texts = {line[0]: line for line in shown.beside(list(ours.values())).texts}
    for what, published in shown.published.items():
        assert texts[what][2] not in ("", "-") and texts[what][3] not in ("", "-")
        value = ours[what].value
        numbers = not isinstance(published, str) and not isinstance(value, str)
        assert (texts[what][4] != "-") == (numbers and value != 0)


def test_the_command_prints_published_and_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "table-3"]) == 0
    shown = capsys.readouterr().out
    for text in ("published / ours", "0.0182", "taylor against edge_pushing", "its edge pushing was off"):
        assert text in shown


def test_names_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in TABLE_NAMES)


def test_the_closed_form_hessian_agrees_with_fifty_digits() -> None:
    def price(s, sigma, k, r, t):
        deviation = sigma * mpmath.sqrt(t)
        d1 = (mpmath.log(s / k) + r * t) / deviation + deviation / 2
        return s * mpmath.ncdf(d1) - k * mpmath.exp(-r * t) * mpmath.ncdf(d1 - deviation)

    with mpmath.workdps(50):
        point = [mpmath.mpf(float(x)) for x in bsm_call.POINT]
        orders = [[tuple(int(k == i) + int(k == j) for k in range(5)) for j in range(5)] for i in range(5)]
        truth = np.array([[float(mpmath.diff(price, point, order)) for order in row] for row in orders])
    assert bsm_call.closed_form_hessian(bsm_call.POINT) == pytest.approx(truth, rel=1e-12, abs=1e-12)


def test_table_2_methods_give_one_matrix(small: None) -> None:
    _, ours, _ = measured("table-2")
    assert ours["largest difference of the matrices, of the largest entry"].value < 1e-11
    assert ours["pure Python"].value == 1.0


def test_table_3_exact_methods_meet_the_closed_form() -> None:
    _, ours, _ = measured("table-3")
    for method in METHODS:
        error = ours[f"{method} against the closed form"].value
        assert error < (1e-5 if method == "bumping2" else 1e-13)
        assert error > (1e-9 if method == "bumping2" else -1.0)


@pytest.mark.parametrize(("name", "bar"), [("table-5", 1e-9), ("table-6", 1e-8)])
def test_svi_derivatives_agree_with_extrapolated_differences(name: str, bar: float, small: None) -> None:
    _, ours, _ = measured(name)
    assert ours["average relative error"].value <= ours["largest relative error"].value < bar


@pytest.mark.slow
@pytest.mark.parametrize("name", ["table-5", "table-6"])
def test_svi_derivatives_hold_the_bar_on_the_full_grid(name: str) -> None:
    _, ours, _ = measured(name)
    assert ours["largest relative error"].value < 1e-6


@pytest.mark.parametrize(
    ("name", "solves"), [("section-4.3.1", 180), ("section-4.3.2", 420), ("section-4.3.3", 760)]
)
def test_section_4_3_methods_agree(name: str, solves: int, small: None) -> None:
    shown, ours, _ = measured(name)
    assert ours["PDE solves, bumping2"].value == solves == shown.published["PDE solves, bumping2"]
    assert ours["largest difference of the exact methods"].value < 1e-9
    assert ours["largest error of an entry"].value < 1e-4 < shown.published["largest error of an entry"]


def test_table_14_has_an_entry_for_every_method(small: None) -> None:
    _, ours, _ = measured("table-14")
    aspects = {what.rsplit(", ", 1)[0] for what in ours}
    assert set(ours) == {f"{aspect}, {method}" for aspect in aspects for method in table_14.METHODS}
    assert ours["sparsity, edge_pushing"].value.startswith("stores 598 of 40,000")
    for method in ("edge_pushing", "taylor"):
        assert float(ours[f"accuracy, {method}"].value.split()[0]) < 1e-9


def test_svi_parameters_of_the_tables_are_free_of_arbitrage() -> None:
    from pricers.surfaces.svi_local_volatility import SVILocalVolatility

    for moved in (svi_call.POINT, svi_call.POINT + svi_call.STEPS, svi_call.POINT - svi_call.STEPS):
        surface = SVILocalVolatility(parameters=moved, expiries=svi_call.EXPIRIES, spot=100.0, reach=1.5)
        assert surface.check_arbitrage().is_free


def test_median_seconds_runs_as_often_as_asked() -> None:
    runs: list[int] = []
    assert median_seconds(lambda: runs.append(1), budget=0.0, least=3) >= 0.0
    assert len(runs) == 4  # one of them to warm up
    result, seconds = timed(lambda: 7)
    assert result == 7 and seconds >= 0.0
