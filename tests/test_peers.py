"""The contests of the peers' script: each has its file, and one runs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "asv_bench" / "peers.py"
CONTESTS = SCRIPT.parent / "contests"


def test_every_contest_has_a_file() -> None:
    tree = ast.parse((CONTESTS / "__init__.py").read_text(encoding="utf-8"))
    (listed,) = [ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)]
    files = {path.stem for path in CONTESTS.glob("*.py")} - {"__init__", "racing"}
    assert len(listed) == len(files) and set(listed) == files


def test_a_contest_prints_its_figures() -> None:
    command = [sys.executable, str(SCRIPT), "black_scholes", "--rounds", "1"]
    lines = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True
    ).stdout.splitlines()
    assert lines[0] == "Black-Scholes call, five inputs, one state"
    assert "x the float price" in lines[2]


def test_an_unknown_contest_is_refused() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "chess"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "unknown contest ['chess']" in done.stderr
