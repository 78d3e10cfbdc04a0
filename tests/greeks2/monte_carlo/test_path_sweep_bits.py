"""Sums over paths have the same bits for any threads, ranges, pickles and instruction sets."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import aadlib as ad
from aadlib.sweeps import simd
from greeks2.monte_carlo.path_planner import PATH_METHODS
from greeks2.monte_carlo.path_sweep import PathSweep

from .path_functions import basket, market, recorded


def test_the_bits_do_not_depend_on_threads(rng, monkeypatch):
    p, z = market(5), rng.standard_normal((20_001, 5))
    program = recorded(basket, p, z)
    found = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("AADLIB_NUM_THREADS", threads)
        found.append(program.derivatives(p, z)[2].tobytes())
    assert len(set(found)) == 1


def test_threads_share_a_sweep(rng):
    p, z = market(6), rng.standard_normal((4000, 6))
    sweep = PathSweep(recorded(basket, p, z))
    others = [p * (1.0 + 0.01 * k) for k in range(4)]
    ranges = [(other, begin) for other in others for begin in range(0, 4000, 500)]
    wanted = [sweep.sums((other,), (z,), begin, begin + 500).hessian.tobytes() for other, begin in ranges]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(
                lambda task: sweep.sums((task[0],), (z,), task[1], task[1] + 500).hessian.tobytes(), ranges
            )
        )
    assert found == wanted


def test_several_ranges_are_those_ranges_one_by_one(rng):
    p, z = market(3), rng.standard_normal((50, 3))
    sweep = PathSweep(recorded(basket, p, z))
    for found, (begin, end) in zip(
        sweep.sums_between((p,), (z,), [3, 11, 12, 50]), [(3, 11), (11, 12), (12, 50)], strict=True
    ):
        wanted = sweep.sums((p,), (z,), begin, end)
        assert found.n == end - begin and found.value == wanted.value
        assert found.hessian.tobytes() == wanted.hessian.tobytes()


@pytest.mark.parametrize("method", PATH_METHODS)
def test_sweeps_pickle(method, rng):
    p, z = market(3), rng.standard_normal((50, 3))
    sweep = PathSweep(recorded(basket, p, z), method=method)
    before = sweep.sums((p,), (z,), 0, 50)
    twin = pickle.loads(pickle.dumps(sweep))
    assert twin.sums((p,), (z,), 0, 50).hessian.tobytes() == before.hessian.tobytes()
    assert twin.plan == sweep.plan


def smooth_and_switched(p, z):
    total = np.sum(p[:9] * np.exp(p[9:] * z - 0.5 * p[9:] ** 2)) - 5.0
    return ad.softplus(total, sharpness=30.0) * np.where(total > 0.0, total, 0.5) / (1.0 + p[0] ** 2)


@pytest.mark.parametrize("method", PATH_METHODS)
def test_the_bits_do_not_depend_on_the_instruction_set(method, rng, instructions):
    p, z = rng.uniform(0.2, 1.0, 18), rng.standard_normal((301, 9))
    sweep = PathSweep(recorded(smooth_and_switched, p, z), method=method)
    found = sweep.sums((p,), (z,), 0, 301)
    simd.use("baseline")
    wanted = sweep.sums((p,), (z,), 0, 301)
    assert found.value == wanted.value
    assert found.gradient.tobytes() == wanted.gradient.tobytes()
    assert found.hessian.tobytes() == wanted.hessian.tobytes()
