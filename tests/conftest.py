"""Fixtures every test may use: the one seeded generator and the path of the shared market data.

`tests` is not a package and pytest runs in importlib mode, which leaves `sys.path` alone: the suite tests
whatever is installed, a wheel from outside the source tree too. A test imports a sibling relatively
(`from .name import x`).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from aadlib.sweeps import simd

SHARED = Path(__file__).resolve().parents[2] / "shared"

os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with the seed all tests share."""
    return np.random.default_rng(20240229)


@pytest.fixture(params=simd.available())
def instructions(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run a test with every instruction set that this processor has; return the set's name."""
    before = simd.in_use()
    simd.use(request.param)
    yield request.param
    simd.use(before)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let SIGINT interrupt this process and its children: who starts the tests in the background may ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared inputs, or skip where the checkout has none beside it."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no ../shared/data beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def cuda_card() -> None:
    """Skip where there is neither a CUDA card nor numba's simulator of one."""
    from numba import cuda

    if not cuda.is_available():
        pytest.skip("no CUDA card: set NUMBA_ENABLE_CUDASIM=1 to run the kernels in numba's simulator")


@pytest.fixture(scope="session")
def real_card(cuda_card: None) -> None:
    """Skip in numba's simulator: what is too large for it, or needs memory on a card."""
    from numba import config

    if config.ENABLE_CUDASIM:
        pytest.skip("numba's CUDA simulator: needs a CUDA card")
