"""The American tables at small sizes: caps and batches change nothing, and the truth is where it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from apps.reproduce.comparison import Ours, PublishedTable
from apps.reproduce.contents import published_table
from apps.reproduce.measures.timing import median_seconds
from apps.reproduce.tables import julia_lsm


def measured(name: str, **options: int) -> tuple[PublishedTable, dict[str, Ours]]:
    """Return a table and its rows by name; every published number has a row, every stage was announced."""
    announced: list[str] = []

    @contextmanager
    def stage(what: str) -> Iterator[None]:
        announced.append(what)
        yield

    shown = published_table(name)
    ours = {row.what: row for row in shown.rows(stage, **options)}
    assert set(shown.published) <= set(ours)
    assert tuple(announced) == shown.stages
    return shown, ours


def value(ours: dict[str, Ours], what: str) -> float:
    """Return a measured number."""
    found = ours[what].value
    assert isinstance(found, float)
    return found


def test_table_12_caps_change_nothing() -> None:
    _, ours = measured("table-12", n_paths=4000)
    assert value(ours, "largest difference of the two caps, of the largest entry") < 1e-10
    for cap in (200, 500):
        assert value(ours, f"relative error, cap_active = {cap}") < 0.0906


def test_table_13_cuts_change_nothing() -> None:
    _, ours = measured("table-13", n_paths=4000)
    assert value(ours, "largest difference of the two, of the largest entry") < 1e-10
    assert value(ours, "relative error, fine (1000 x 40)") < 0.0169


def test_american_truth_is_met_by_all_but_the_published_method() -> None:
    _, ours = measured("american-truth", n_paths=20_000)
    truth = value(ours, "gamma, truth: quadrature")
    assert value(ours, "gamma, published: frozen times") < 0.8 * truth
    for route in (
        "ours: the boundary moves",
        "policy refitted",
        "backward equation",
        "tree, exercise at any time",
    ):
        assert value(ours, f"gamma, {route}") == pytest.approx(truth, rel=0.03), route
    assert value(ours, "price, lower bound") < value(ours, "price, upper bound")
    assert value(ours, "price, upper bound") > value(ours, "price, truth: quadrature") - 0.02


def test_julia_lsm_is_near_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(julia_lsm, "N_STEPS", 50)
    once = partial(median_seconds, least=1, budget=0.0)
    monkeypatch.setattr(julia_lsm, "median_seconds", lambda call: once(call, warm=False))
    _, ours = measured("julia-lsm", n_paths=20_000)
    for name in ("price", "delta", "vega"):
        assert value(ours, f"{name} over the truth") == pytest.approx(1.0, abs=0.05)
