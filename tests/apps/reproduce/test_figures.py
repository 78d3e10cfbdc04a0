"""The reproduced figures: written whole, and their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.reproduce.contents import FIGURE_NAMES, LEARNED, SIMULATED, reproduced_figure
from apps.reproduce.figures import figure_1, figure_2, figure_6, monte_carlo_scaling


@pytest.mark.parametrize("name", FIGURE_NAMES)
def test_figures_are_written_whole(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monte_carlo_scaling, "N_ASSETS", (2, 3))
    options = ["--paths", "2048"] if name in SIMULATED else ["--quick"] if name in LEARNED else []
    assert main(["reproduce", name, "--out", str(tmp_path), *options]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{name}.png", f"{name}.svg"]
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert ("Monte Carlo scaling" if name == "monte-carlo-scaling" else "Figure") in capsys.readouterr().out


def test_a_missing_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "figure-1", "--out", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["figure-1", "figure-2"])
def test_every_number_agrees_with_the_one_by_hand(name: str) -> None:
    for shown in reproduced_figure(name).checks:
        for row in shown.rows:
            assert isinstance(row[-1], float) and abs(row[-1]) < 1e-13


def test_figure_1_draws_every_operation() -> None:
    figure = figure_1.reproduce().figure
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {"y", "μ", "σ", "log", "exp"} <= texts


def test_figure_2_tells_the_reports_steps() -> None:
    _, stages = figure_2.sweep(figure_2.POINT)
    assert [stage.node for stage in stages] == [None, 3, 2, 1]
    assert [set(stage.arcs) for stage in stages] == [
        set(),
        {(1, 2)},
        {(0, 1), (-1, 1), (0, 0)},
        {(-2, -1), (-1, -1), (-2, 0), (-1, 0), (0, 0)},
    ]


def test_figure_6_is_dense_and_right() -> None:
    checks = dict(figure_6.reproduce().checks[1].rows)
    assert isinstance(checks["largest entry"], float)
    assert checks["largest difference from bumping"] < 1e-4 * checks["largest entry"]
    assert isinstance(figure_6.price(np.full(figure_6.N_WEIGHTS, 0.2)), float)
