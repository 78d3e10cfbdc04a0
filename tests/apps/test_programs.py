"""The list of programs, and the reproduced figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from apps.__main__ import main
from apps.reproduce import figure_1, figure_2, figure_6, monte_carlo_scaling
from apps.reproduce.command import FIGURES, SIMULATED, reproduce


def test_without_a_name_everything_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for name in ("risk", "reproduce", *FIGURES):
        assert name in shown


def test_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom apps.__main__ import main\nmain([])\n"
        "print('heavy:', *[m for m in ('numba', 'matplotlib', 'pandas', 'rich', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1].strip() == "heavy:"


def test_an_interrupt_while_loading_is_met() -> None:
    code = (
        "import runpy, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numpy':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "runpy.run_module('apps', run_name='__main__', alter_sys=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("interrupted") and "Traceback" not in done.stderr


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["reproduce", "figure-99"])
    assert left.value.code == 2
    assert "figure-99" in capsys.readouterr().err


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_written_whole(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monte_carlo_scaling, "N_ASSETS", (2, 3))
    options = ["--paths", "100"] if name in SIMULATED else []
    assert main(["reproduce", name, "--out", str(tmp_path), *options]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{name}.png", f"{name}.svg"]
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert ("Monte Carlo scaling" if name in SIMULATED else "Figure") in capsys.readouterr().out


def test_a_missing_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "figure-1", "--out", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["figure-1", "figure-2"])
def test_every_number_agrees_with_the_one_by_hand(name: str) -> None:
    for shown in reproduce(name).checks:
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
