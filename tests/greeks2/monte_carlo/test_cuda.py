"""Sums over paths on CUDA, every method: on a card, or in numba's simulator, against the CPU."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadError, AadValueError
from greeks2 import expectation
from greeks2.monte_carlo.path_planner import PATH_METHODS
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.monte_carlo.run.batches import paths_per_card_piece

P = np.array([95.0, 105.0, 0.2, 0.3])


def path(p: Any, z: Any) -> Any:
    """A smoothed call on two assets, through what no path changes as well."""
    growth = np.exp(0.03 - 0.5 * p[2:] ** 2 + p[2:] * z)
    return np.exp(-0.01 * p[2] * p[0]) * ad.softplus(np.sum(p[:2] * growth) / 2.0 - 100.0, 0.3)


def recorded() -> ad.Program:
    program = ad.record(path, P, np.zeros((1, 2)), lanes=(1,), passive=(1,))
    assert isinstance(program, ad.Program)
    return program


@pytest.mark.cuda
@pytest.mark.usefixtures("cuda_card")
@pytest.mark.parametrize(("order", "method"), [(0, "auto"), (1, "auto"), *((2, m) for m in PATH_METHODS)])
def test_sums_equal_those_of_the_cpu(
    order: int, method: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aadlib.lanes.machine_cuda.WIDTH", 8)
    monkeypatch.setattr("aadlib.lanes.machine_cuda.THREADS", 4)
    noise = rng.standard_normal((13, 2))
    program = recorded()
    cpu, card = (PathSweep(program, order, method, device) for device in ("cpu", "cuda"))
    assert pickle.loads(pickle.dumps(card)).device == "cuda"
    wanted, found = (sweep.sums((P,), (noise,), 1, 12) for sweep in (cpu, card))
    assert (found.n, found.value) == (wanted.n, pytest.approx(wanted.value, rel=1e-12))
    for ours, theirs in ((found.gradient, wanted.gradient), (found.hessian, wanted.hessian)):
        if theirs is None:
            assert ours is None
        else:
            assert ours is not None
            np.testing.assert_allclose(ours, theirs, atol=1e-12 * np.abs(theirs).max())


@pytest.mark.cuda
@pytest.mark.usefixtures("cuda_card")
def test_expectation_equals_that_of_the_cpu(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aadlib.lanes.machine_cuda.WIDTH", 8)
    monkeypatch.setattr("aadlib.lanes.machine_cuda.THREADS", 4)
    noise = rng.standard_normal((16, 2))
    cpu, card = (expectation(path, P, lanes=noise, batches=2, device=device) for device in ("cpu", "cuda"))
    assert card.value == pytest.approx(cpu.value, rel=1e-12)
    assert card.stderr == pytest.approx(cpu.stderr, rel=1e-9)
    assert card.hessian is not None and cpu.hessian is not None
    np.testing.assert_allclose(card.hessian, cpu.hessian, atol=1e-12 * np.abs(cpu.hessian).max())


def test_pieces_for_a_card() -> None:
    assert paths_per_card_piece([(1,)], 1) == 2**20
    assert paths_per_card_piece([(40,)], 256) == 2**17
    assert paths_per_card_piece([(50, 40), (2,)], 2**13) == 2**13


def test_devices_that_are_not_there_are_refused() -> None:
    from numba import cuda

    with pytest.raises(AadValueError, match="device = 'tpu': choose one of cpu, cuda"):
        PathSweep(recorded(), device="tpu")
    for extra in ({"executor": ThreadPoolExecutor(1)}, {"smoothing": "kink"}):
        with pytest.raises(AadValueError, match="takes neither executor nor smoothing"):
            expectation(path, P, lanes=np.zeros((4, 2)), device="cuda", **extra)
    if not cuda.is_available():
        with pytest.raises(AadError, match="no CUDA card"):
            PathSweep(recorded(), device="cuda")
        with pytest.raises(AadError, match="no CUDA card"):
            expectation(path, P, lanes=np.zeros((4, 2)), device="cuda")
