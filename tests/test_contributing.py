"""CONTRIBUTING names files and folders that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8") if (ROOT / "CONTRIBUTING.md").exists() else ""
PATHS = sorted(set(re.findall(r"`((?:aadlib|greeks2|pricers|apps|asv_bench|tests)/[\w/.]*)`", TEXT)))


@pytest.mark.parametrize("path", [path for path in PATHS if "NAME" not in path])
def test_what_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists(), f"CONTRIBUTING names {path}: say where it has gone"
