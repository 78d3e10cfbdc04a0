"""Fixtures every test may use: the one seeded generator and the path of the shared market data.

`tests` is not a package: pytest puts this folder itself on the path, so a test imports a sibling by its bare
name, and the folder above stays off the path. That is what lets the suite run against an installed wheel.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with the seed all tests share."""
    return np.random.default_rng(20240229)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared inputs, or skip where the checkout has none beside it."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return SHARED
