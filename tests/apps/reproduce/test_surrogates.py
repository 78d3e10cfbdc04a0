"""The tables and the figure about surrogates, at their quick sizes: every published number has ours beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.reproduce.comparison import Ours, PublishedTable
from apps.reproduce.contents import LEARNED, TABLE_NAMES, published_table
from apps.reproduce.contracts.overview import GREEKS_ERROR, PRICE_ERROR, SAMPLES
from apps.reproduce.contracts.three_baskets import ThreeBaskets
from apps.reproduce.measures.trainings import sample_ratio
from pricers.surrogates import LearningCurve, simulate

NAMES = [name for name in LEARNED if name in TABLE_NAMES]
SLOW = ("dml-bachelier", "dml-speed", "dml-autocallable", "dml-regression")
"""Some seconds each."""


@lru_cache
def measured(name: str) -> tuple[PublishedTable, dict[str, Ours], tuple[str, ...]]:
    """Return a table, its rows by name, and the stages it announced."""
    announced: list[str] = []

    @contextmanager
    def stage(what: str) -> Iterator[None]:
        announced.append(what)
        yield

    shown = published_table(name)
    ours = shown.rows(stage, quick=True)
    assert len({row.what for row in ours}) == len(ours)
    return shown, {row.what: row for row in ours}, tuple(announced)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in NAMES]
)
def test_every_published_number_stands_beside_ours(name: str) -> None:
    shown, ours, announced = measured(name)
    assert set(shown.published) <= set(ours) and announced == shown.stages
    for row in ours.values():
        assert not isinstance(row.value, float) or np.isfinite(row.value), row


def number(ours: dict[str, Ours], what: str) -> float:
    """Return a row's number."""
    value = ours[what].value
    assert isinstance(value, (int, float))
    return float(value)


def test_gradients_help_a_call() -> None:
    _, ours, _ = measured("dml-black-scholes")
    assert number(ours, "price rmse, differential") < number(ours, "price rmse, values alone")
    assert number(ours, "Greeks rmse, differential") < number(ours, "Greeks rmse, values alone")


@pytest.mark.slow
def test_regression_spreads_less_with_gradients() -> None:
    _, ours, _ = measured("dml-regression")
    for name in ("call, degree 7", "basket of 4, degree 4"):
        spread = [
            number(ours, f"spread over training sets, {kind}, {name}")
            for kind in ("values alone", "differential")
        ]
        assert spread[1] < spread[0]
        assert number(ours, f"price rmse, differential, {name}") < number(
            ours, f"price rmse, ridge at its best, {name}"
        )


def test_components_are_the_baskets() -> None:
    _, ours, _ = measured("dml-pca")
    assert number(ours, "factors by relevance, one basket") == 1
    assert number(ours, "factors by relevance, three baskets") == 3
    assert number(ours, "factors by variance, one basket") == 20
    assert number(ours, "axes less the weights, three baskets") < 1e-3


def test_likelihood_ratios_beat_pathwise_labels_across_a_jump() -> None:
    _, ours, _ = measured("dml-digital")
    for kind in ("likelihood ratio", "hybrid", "conditional"):
        assert number(ours, f"price rmse, pathwise over {kind}") > 10.0


def test_the_netting_set_is_a_hundred_times_faster() -> None:
    _, ours, _ = measured("dml-netting-set")
    assert number(ours, "speed over nested simulation") > 100.0
    assert number(ours, PRICE_ERROR) < 2.0 and number(ours, GREEKS_ERROR) < 5.0
    assert SAMPLES in ours


def test_three_baskets_of_a_third_of_the_assets() -> None:
    baskets = ThreeBaskets(n_assets=7)
    weights = baskets.basket_weights
    assert weights.sum(axis=1) == pytest.approx(1.0) and ((weights > 0.0).sum(axis=0) == 1).all()
    x, y, dydx = simulate(baskets, 2000, seed=3)
    assert y.shape == (2000, 3) and dydx is not None and dydx.shape == (2000, 3, 7)
    assert (dydx[:, :, 0][:, 1:] == 0.0).all()
    truth = baskets.truth(x[:2])
    assert truth.value.shape == (2, 3)


def test_the_ratio_of_samples_is_never_beyond_what_was_trained() -> None:
    sizes = np.array([100, 400])
    few = LearningCurve(sizes=sizes[:1], price=np.array([[1.0]]), greeks=np.array([[1.0]]))
    reached = LearningCurve(sizes=sizes, price=np.array([[2.0], [1.0]]), greeks=np.ones((2, 1)))
    missed = LearningCurve(sizes=sizes, price=np.array([[3.0], [2.0]]), greeks=np.ones((2, 1)))
    assert sample_ratio(few, reached) == pytest.approx(4.0)
    assert sample_ratio(few, missed) == "more than 4"


def test_the_figure_and_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "dml-learning", "--quick", "--seed", "2", "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dml-learning.png", "dml-learning.svg"]
    assert "the overview says 10 to 100" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["table-3", "--quick"], "--quick: table-3 simulates nothing; dml-black-scholes"),
        (["dml-pca", "--paths", "100"], "--paths 100: dml-pca simulates nothing"),
        (["dml-pca", "--seed", "-1"], "--seed -1: must be 0 or more"),
    ],
)
def test_options_that_do_not_fit(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", *options]) == 2
    assert message in capsys.readouterr().err
