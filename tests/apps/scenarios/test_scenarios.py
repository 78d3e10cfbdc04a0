"""The program `scenarios`: profit and loss against closed forms, attribution, what it writes, and bad input."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.report.progress import Stages
from apps.scenarios import tables
from apps.scenarios.stress import stresses
from apps.scenarios.stressed_book import StressedBook
from apps.scenarios.valuation import Sizes, Stressed, stress
from pricers.surrogates import random_netting_set, simulate

BOOK = random_netting_set(n_assets=2, n_trades=12, maturity=2)


@pytest.fixture(scope="module")
def found() -> Stressed:
    sizes = Sizes(n_samples=16384, epochs=50, n_paths=1024, seed=1)
    return stress(BOOK, sizes, Stages(lambda name, done: None))


def test_some_hundred_different_scenarios() -> None:
    base = np.array([0.03, 100.0, 80.0])
    made = stresses(base)
    states = np.array([one.state for one in made])
    assert len({one.name for one in made}) == len(np.unique(states, axis=0)) == len(made) == 7 * (1 + 3 * 10)
    by_name = {one.name: one.state.tolist() for one in made}
    assert by_name["all spots -40%, rate +200 bp"] == pytest.approx([0.05, 60.0, 48.0])
    assert by_name["spot[1] +5%, rate +0 bp"] == pytest.approx([0.03, 100.0, 84.0])
    assert len(stresses(base[:2])) == 7 * 11


def test_training_states_cover_the_scenarios() -> None:
    states = np.array([one.state for one in stresses(BOOK.market.state)])
    problem = StressedBook.around(BOOK, states)
    drawn = simulate(problem, 2000, seed=1).x
    low, high = problem.ranges.T
    assert (low < states).all() and (states < high).all()
    assert (low <= drawn).all() and (drawn <= high).all()


def test_profit_and_loss_is_that_of_closed_forms(found: Stressed) -> None:
    assert found.exact is not None
    size, rmse = (float(np.sqrt(np.mean(x**2))) for x in (found.exact, found.network - found.exact))
    assert rmse < 0.02 * size
    assert np.abs(found.revalued - found.exact).max() < 6.0 * found.stderr.max()
    assert not found.outside.any()
    assert found.seconds["full revaluation"] > 100.0 * found.seconds["network"]


def test_the_attribution_explains_small_moves(found: Stressed) -> None:
    small = [
        k for k, one in enumerate(found.scenarios) if one.name in ("rate +50 bp", "all spots +5%, rate +0 bp")
    ]
    explained = found.delta.sum(axis=1) + found.gamma
    largest = np.abs(found.network).max()
    assert len(small) == 2 and np.abs(explained - found.network)[small].max() < 0.02 * largest
    assert len(tables.worst(found).rows) == 2 * tables.SHOWN


def test_files_without_closed_forms(tmp_path: Path) -> None:
    options = ["--trades", "5", "--assets", "1", "--baskets", "1", "--maturity", "1", "--samples", "1024"]
    assert main(["scenarios", *options, "--paths", "64", "--out", str(tmp_path / "out")]) == 0
    listed = ["manifest.csv", "report.html", "scenarios.csv", "scenarios.png"]
    assert sorted(os.listdir(tmp_path / "out")) == listed
    with open(tmp_path / "out" / "scenarios.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 77 and "closed_forms" not in rows[0] and rows[0]["outside"] == "false"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--samples", "1"], "--samples 1: must be 256 or more"),
        (["--paths", "1"], "--paths 1: must be 2 or more"),
        (["--assets", "51"], "--assets 51: must be from 1 to 50"),
        (["--book-seed", "-1"], "--book-seed -1: must be 0 or more"),
    ],
)
def test_bad_arguments(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scenarios", *options, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(self: Stages, share: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Stages, "within", pressed)
    with pytest.warns(UserWarning, match="interrupted"):
        assert main(["scenarios", "--samples", "256", "--out", str(tmp_path / "out")]) == 130
    assert list(tmp_path.iterdir()) == []
