"""Samples: the same numbers however they are made, unbiased payoffs and gradients, and what bad input gets."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from aadlib.extend import ExecutorWarning
from pricers.surrogates import BachelierBasket, BlackScholesCall, simulate

PROBLEMS = (BlackScholesCall(rate=0.03), BachelierBasket(n_assets=1), BachelierBasket(n_assets=7))


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
@pytest.mark.parametrize("antithetic", [False, True])
def test_labels_average_to_the_truth(problem: BlackScholesCall | BachelierBasket, antithetic: bool) -> None:
    x, y, dydx = simulate(problem, 20_000, seed=3, antithetic=antithetic)
    assert dydx is not None
    truth = problem.truth(x)
    for label, true in ((y, truth.value), (dydx, truth.gradient)):
        error = label - true
        stderr = error.std(axis=0) / np.sqrt(len(x))
        assert (np.abs(error.mean(axis=0)) < 4.0 * stderr).all()


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_states_stay_within_the_stated_ranges(problem: BlackScholesCall | BachelierBasket) -> None:
    x = simulate(problem, 20_000, seed=3, gradients=False).x
    lowest, highest = problem.ranges.T
    beyond = ((x < lowest) | (x > highest)).mean(axis=0)
    assert (beyond < 1e-3).all() and (x.min(axis=0) < 0.5 * (lowest + 1.0)).all()


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_samples_depend_on_seed_and_number_alone(
    problem: BlackScholesCall | BachelierBasket, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = simulate(problem, 9001, seed=5)
    part = simulate(problem, 777, seed=5, first=4321)
    monkeypatch.setenv("AADLIB_NUM_THREADS", "1")
    alone = simulate(problem, 9001, seed=5)
    values = simulate(problem, 9001, seed=5, gradients=False)
    single = simulate(problem, 9001, seed=5, dtype=np.float32)
    assert values.dydx is None
    np.testing.assert_array_equal(values.x, whole.x)
    np.testing.assert_array_equal(values.y, whole.y)
    for k, (a, b, c, d) in enumerate(zip(whole, part, alone, single, strict=True)):
        assert a is not None and b is not None and c is not None and d is not None
        np.testing.assert_array_equal(a[4321 : 4321 + 777], b)
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(a.astype(np.float32), d)
        assert d.dtype == np.float32, k


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_changes_no_bit(kind: Any) -> None:
    problem = BachelierBasket(n_assets=7)
    here = simulate(problem, 9001, seed=5)
    reports: list[tuple[int, int]] = []
    context = {"mp_context": get_context("spawn")} if kind is ProcessPoolExecutor else {}
    with kind(2, **context) as executor:
        there = simulate(
            problem, 9001, seed=5, executor=executor, progress=lambda *report: reports.append(report)
        )
    for a, b in zip(here, there, strict=True):
        np.testing.assert_array_equal(a, b)
    assert reports == [(4096, 9001), (8192, 9001), (9001, 9001)]


def test_a_lost_executor_costs_time_and_no_samples() -> None:
    class Gone:
        def submit(self, *arguments: object) -> object:
            raise RuntimeError("the cluster is gone")

    problem = BlackScholesCall()
    with pytest.warns(ExecutorWarning, match="the cluster is gone"):
        there = simulate(problem, 5000, seed=5, executor=Gone())
    np.testing.assert_array_equal(there.y, simulate(problem, 5000, seed=5).y)


def test_progress_is_reported_to_the_end() -> None:
    reports: list[tuple[int, int]] = []
    simulate(BlackScholesCall(), 5000, seed=5, progress=lambda *report: reports.append(report))
    assert reports[-1] == (5000, 5000)


def test_a_replay_is_the_plain_numpy_path() -> None:
    problem = BachelierBasket(n_assets=3)
    _, y, dydx = simulate(problem, 5, seed=2)
    z = problem.shocks(np.zeros((5, 3)))
    assert np.abs(z).max() == 0.0 and dydx is not None
    inside = dydx[:, 0] > 0.0
    np.testing.assert_array_equal(dydx[inside], np.broadcast_to(problem.weights, (inside.sum(), 3)))
    assert (y[inside] > 0.0).all() and (y[~inside] == 0.0).all() and not dydx[~inside].any()


def test_the_authors_test_states_fill_a_box_around_the_start() -> None:
    for n, reach in ((1, 0.5), (20, 0.5 * (1.0 + 0.5 * np.sqrt(19.0 / 12.0)))):
        x = BachelierBasket(n_assets=n).test_states(4096, seed=1)
        assert x.shape == (4096, n) and np.abs(x - 1.0).max() == pytest.approx(reach, rel=1e-3)
    with pytest.raises(AadValueError, match=r"low = 1.2, high = 1.5: must lie below and above 1"):
        BachelierBasket(n_assets=2).test_states(1, seed=1, low=1.2)


def test_bad_input() -> None:
    problem = BlackScholesCall()
    with pytest.raises(AadValueError, match=r"n_samples = 0: must be a whole number, 1 or more"):
        simulate(problem, 0, seed=1)
    with pytest.raises(AadValueError, match=r"seed = -1"):
        simulate(problem, 1, seed=-1)
    with pytest.raises(AadValueError, match=r"first = 1.5"):
        simulate(problem, 1, seed=1, first=1.5)  # type: ignore[arg-type]
    with pytest.raises(AadValueError, match=r"labels = 'finite': BlackScholesCall has 'pathwise'"):
        simulate(problem, 1, seed=1, labels="finite")
    with pytest.raises(AadValueError, match=r"dtype = 'int32': must be float64 or float32"):
        simulate(problem, 1, seed=1, dtype="int32")
    with pytest.raises(AadValueError, match=r"dtype = 'number': must be float64 or float32"):
        simulate(problem, 1, seed=1, dtype="number")
    with pytest.raises(AadValueError, match=r"x of sample 0 is not finite: .* overflows float32"):
        simulate(BlackScholesCall(spot=1e40, strike=1e38), 5, seed=1, dtype="float32")
    with pytest.raises(AadTypeError, match=r"problem is 3: must be a problem"):
        simulate(3, 1, seed=1)  # type: ignore[arg-type]
    with pytest.raises(AadValueError, match=r"volatility = -0.2: must be finite and above zero"):
        BlackScholesCall(volatility=-0.2)
    with pytest.raises(AadValueError, match=r"rate = nan"):
        BlackScholesCall(rate=np.nan)
    with pytest.raises(AadValueError, match=r"n_assets = 0"):
        BachelierBasket(n_assets=0)
    with pytest.raises(AadValueError, match=r"x has shape \(3,\): must be \(n, 1\), one state per row: spot"):
        problem.truth(np.ones(3))
    with pytest.raises(AadValueError, match=r"x\[\(1, 0\)\] = nan"):
        problem.truth([[1.0], [np.nan]])
