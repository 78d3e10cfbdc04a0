"""The script of the CUDA table runs without a card, and says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "asv_bench" / "cuda_table.py"


def test_table_prints_the_columns_that_can_run() -> None:
    from numba import cuda

    if cuda.is_available():
        pytest.skip("there is a CUDA card, or its simulator")
    sizes = ["--assets", "2", "--paths", "50", "--rounds", "1", "--jax-paths", "0"]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *sizes], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "no CUDA card: only the CPU's columns" in lines
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    assert cells[:5] == ["2", "50", "-", "-", "-"]
    assert cells[5].endswith("ns") and cells[6].endswith("ns") and cells[7] == "-"
