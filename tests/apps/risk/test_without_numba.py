"""The main way runs no compiler: `risk` works where numba cannot be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            raise ImportError(f"{name} was asked for")
sys.meta_path.insert(0, Refuse())
if __name__ == "__main__":
    from apps.__main__ import main
    sys.exit(main(sys.argv[1:]))
"""


def risk(folder: Path, *arguments: str) -> str:
    """Run the program in a process of its own and return what it printed."""
    (folder / "without_numba.py").write_text(SCRIPT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "without_numba.py", "risk", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_shipped_chain_with_its_report(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    shown = risk(tmp_path, "--out", "report", "--smiles", "1", "--max-years", "0.3")
    assert "Greeks of the book" in shown and (tmp_path / "report" / "report.html").stat().st_size > 100_000


def test_the_chain_of_an_index(tmp_path: Path, shared: Path) -> None:
    chain = shared / "data" / "spx_2019-05-17" / "chain.csv"
    assert "Greeks of the book" in risk(
        tmp_path, str(chain), "--no-report", "--no-desk", "--max-years", "0.25"
    )


@pytest.mark.parametrize(
    "method",
    [pytest.param("edge_pushing", marks=pytest.mark.slow), "taylor", "forward_over_reverse", "bumping2"],
)
def test_every_method(tmp_path: Path, method: str) -> None:
    small = ["--strikes", "5", "--expiries", "4", "--max-years", "0.1", "--holdout", "0"]
    assert "Greeks of the book" in risk(tmp_path, "--no-report", "--no-desk", "--method", method, *small)


@pytest.mark.parametrize("name", ["middle", "dividends"])
def test_an_american_chain(tmp_path: Path, name: str) -> None:
    dividends = ["--dividends", "paid.csv"] if name == "dividends" else []
    (tmp_path / "paid.csv").write_text("years,amount\n0.1,2.0\n0.35,2.0\n", encoding="utf-8")
    chain = TESTS / "pricers" / "chain" / "american" / f"{name}.csv"
    shown = risk(tmp_path, str(chain), "--exercise", "american", "--no-report", "--no-desk", *dividends)
    assert "Greeks of the book" in shown
