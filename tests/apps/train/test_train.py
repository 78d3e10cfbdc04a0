"""The program `train`: what it writes, what it says, and what bad input and Ctrl-C get."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.train.problems import OFFERS, offer, unit_of
from pricers.surrogates import TwinNetwork

FILES = ["errors.csv", "manifest.csv", "model.npz", "predictions.png", "report.html", "training.png"]
SMALL = ["--samples", "512", "--epochs", "20"]


def run(out: Path, *extra: str) -> int:
    return main(["train", *extra, *SMALL, "--out", str(out)])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("train") / "basket"
    assert run(out, "basket", "--dim", "3", "--standard") == 0
    return out


def test_files(whole: Path) -> None:
    assert sorted(os.listdir(whole)) == sorted([*FILES, "learning.png"])
    assert (whole / "learning.png").read_bytes().startswith(b"\x89PNG")
    page = (whole / "report.html").read_text(encoding="utf-8")
    for text in ("values alone", "Learning curves", "rmse of Greeks", "<svg", "currency per unit of spot"):
        assert text in page
    with open(whole / "errors.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["quantity"] for row in rows] == ["price", "spot[0]", "spot[1]", "spot[2]"]
    assert 0.0 < float(rows[0]["rmse"]) < 0.02


def test_the_model_is_the_network_that_was_judged(whole: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "again", "basket", "--dim", "3", "--no-curves") == 0
    first, again = (TwinNetwork.load(out / "model.npz") for out in (whole, tmp_path / "again"))
    x = np.ones((4, 3))
    assert (first.predict(x) == again.predict(x)).all()
    assert (tmp_path / "again" / "errors.csv").read_bytes() == (whole / "errors.csv").read_bytes()


QUICK = ("himalaya", "netting-set")
"""Problems of the default run; the others take the same way, and a few seconds each."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(one.name, marks=() if one.name in QUICK else pytest.mark.slow)
        for one in OFFERS
        if one.name != "basket"
    ],
)
def test_every_problem(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.train.training.truth_options", lambda problem, chosen: few_paths(problem))
    monkeypatch.setattr("apps.train.training.test_states", few_states)
    assert run(tmp_path / "out", name, "--no-curves") == 0
    assert sorted(os.listdir(tmp_path / "out")) == FILES
    shown = capsys.readouterr().out
    assert f"Twin network: {name}" in shown and "all Greeks" in shown and "model.npz" in shown


def few_paths(problem: Any) -> dict[str, int]:
    return {"n_paths": 256} if hasattr(problem, "claim") else {}


def few_states(chosen: Any, problem: Any, seed: int) -> Any:
    from pricers.surrogates import held_out_states

    return held_out_states(problem, 8, seed=seed)


def test_labels_that_are_wrong_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "out", "digital", "--labels", "pathwise", "--no-curves") == 0
    assert "warning: labels = 'pathwise': the payoff jumps" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["black-scholes", "--dim", "3"], "--dim 3: black-scholes has one asset"),
        (["basket", "--dim", "0"], "--dim 0: must be from 1 to 200 assets"),
        (["basket", "--samples", "10"], "--samples 10: must be 256 or more"),
        (["basket", "--epochs", "0"], "--epochs 0: must be 1 or more"),
        (["basket", "--seed", "-1"], "--seed -1: must be 0 or more"),
        (["basket", "--labels", "hybrid", "--samples", "256"], "labels = 'hybrid'"),
    ],
)
def test_bad_arguments(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *options, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_foreign_folder_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    assert main(["train", "--out", str(tmp_path)]) == 2
    assert "thesis.txt" in capsys.readouterr().err and (tmp_path / "thesis.txt").exists()


def interrupt_at(monkeypatch: pytest.MonkeyPatch, training: int, epoch: int) -> None:
    """Press Ctrl-C in an epoch of a training, both counted from one."""
    from apps.report.progress import Stages

    begun = [0]
    within = Stages.within

    def pressed(self: Stages, share: float) -> None:
        begun[0] += share == pytest.approx(1.0 / 20.0)
        if begun[0] == training and share == pytest.approx(epoch / 20.0):
            raise KeyboardInterrupt
        within(self, share)

    monkeypatch.setattr(Stages, "within", pressed)


def test_an_interrupted_training_is_judged_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 1, 15)
    assert run(tmp_path / "out", "basket", "--dim", "2", "--standard") == 0
    shown = capsys.readouterr().out
    assert "interrupted after 15 of 20 epochs: the best state is kept" in shown and "512, 15" in shown
    assert sorted(os.listdir(tmp_path / "out")) == FILES  # no learning curves after that


def test_an_interrupt_later_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_at(monkeypatch, 2, 15)
    assert run(tmp_path / "out", "basket", "--dim", "2", "--standard") == 130
    assert list(tmp_path.iterdir()) == []


def test_units_and_names() -> None:
    assert (
        unit_of("volatility[3]") == "currency per 1.00 of volatility"
        and unit_of("expiry") == "currency per year"
    )
    for one in OFFERS:
        for name in one.problem(None).inputs:
            assert unit_of(name).startswith("currency per")
    assert len(offer("lognormal-basket").problem(1).inputs) == 4
    assert offer("himalaya").problem(2).inputs[:2] == ("spot[0]", "spot[1]")
