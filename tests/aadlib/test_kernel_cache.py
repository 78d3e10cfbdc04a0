"""Kernels compile where nothing can be written, and what that costs is said once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aadlib import kernel_cache

SCRIPT = """
import warnings
import numba.core.caching as caching
for locator in caching.CacheImpl._locator_classes:
    locator.from_function = classmethod(lambda cls, function, file: None)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from aadlib.generated import rules_numba
    from aadlib.kernel_cache import CACHE
    from pricers.analytic import implied_volatility
    price = implied_volatility(price=8.0, forward=100.0, strike=100.0, expiry=1.0)
said = [str(w.message) for w in caught if "NUMBA_CACHE_DIR" in str(w.message)]
print(CACHE, len(said), round(float(price), 4))
"""


def test_without_a_place_to_write_to() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["False", "1", "0.2009"], done.stderr


def test_with_one() -> None:
    assert kernel_cache.CACHE is True


def test_every_kernel_asks() -> None:
    root = Path(kernel_cache.__file__).parents[1]
    sources = [path for package in ("aadlib", "pricers", "apps") for path in (root / package).rglob("*.py")]
    wrong = [path for path in sources if "cache=True" in path.read_text() and path.stem != "kernel_cache"]
    assert not wrong


def test_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(kernel_cache, "njit", refuse)
    with pytest.warns(RuntimeWarning, match="NUMBA_CACHE_DIR"):
        assert kernel_cache.find_cache() is False
