"""Unmodified NumPy objectives record, differentiate and replay."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import aadlib as ad
from aadlib.tape.creation import MAKERS

from .numpy_idioms import BRANCHING, SMOOTH
from .strangers_list import OBJECTIVES
from .strangers_statistics import garch_with_list, yield_to_maturity


@pytest.mark.parametrize(("function", "point"), OBJECTIVES, ids=[f.__name__ for f, _ in OBJECTIVES])
def test_unmodified_objective_has_right_derivatives(function, point):
    program = ad.record(function, point)
    assert program.value(point) == pytest.approx(float(function(point)), rel=1e-13)
    ad.check_grads(function, point)


@pytest.mark.parametrize(("function", "point"), OBJECTIVES, ids=[f.__name__ for f, _ in OBJECTIVES])
def test_replay_at_another_point_is_what_a_new_recording_gives(function, point):
    program = ad.record(function, point, on_branch_change="retrace")
    moved = point * 1.01 + 1e-3
    value, gradient = program.value_and_gradient(moved)
    fresh = ad.record(function, moved)
    np.testing.assert_allclose(value, float(function(moved)), rtol=1e-13)
    np.testing.assert_allclose(gradient, fresh.gradient(moved), rtol=1e-12, atol=1e-300)


POINT = np.array([0.4, 0.91, 1.3])


@pytest.mark.parametrize("name", [*SMOOTH, *BRANCHING])
def test_idiom_of_numpy(name):
    function = SMOOTH.get(name) or BRANCHING[name]
    program = ad.record(function, POINT)
    assert program.value(POINT) == pytest.approx(float(function(POINT)), rel=1e-13)
    ad.check_grads(function, POINT)
    assert (name in BRANCHING) or not program.guards


@pytest.mark.parametrize(
    ("function", "point"), [(garch_with_list, (0.05, 0.08, 0.9)), (yield_to_maturity, (0.05, 100.0))]
)
def test_arrays_of_floats_hold_recorded_numbers(function, point):
    """np.array of a mixed list and writing into np.full: the function is run once more with arrays that record."""
    makers = {name: getattr(np, name) for name in MAKERS}
    point = np.array(point)
    assert ad.record(function, point).value(point) == pytest.approx(float(function(point)), rel=1e-14)
    ad.check_grads(function, point)
    assert all(getattr(np, name) is maker for name, maker in makers.items())


def test_arrays_that_were_made_by_other_names_say_what_to_do():
    from numpy import array, zeros

    def written(x):
        y = zeros(2)
        y[0] = x
        return y[0]

    with pytest.raises(ad.AadTypeError, match=r"make it with aadlib\.array"):
        ad.record(lambda x: np.sqrt(array([x, 1.0])).sum(), 2.0)
    with pytest.raises(ad.AadTypeError, match=r"aadlib\.zeros"):
        ad.record(written, 2.0)
    with pytest.raises(ad.AadTypeError, match="instead of those of math"):
        ad.record(lambda x: math.exp(x), 2.0)


def test_arrays_of_other_threads_and_of_libraries_stay_floats():
    kinds = []

    def function(x):
        with ThreadPoolExecutor(1) as pool:
            kinds.append(pool.submit(lambda: np.zeros(2).dtype).result())
        kinds.append(np.polynomial.chebyshev.chebpts1(3).dtype)
        y = np.zeros(2)
        y[0] = x
        return y.sum()

    assert ad.grad(function)(2.0) == 1.0
    assert all(kind == np.float64 for kind in kinds) and len(kinds) == 4


def test_compiled_code_gets_arrays_of_floats():
    """Generators of NumPy make their arrays by its names: they must not get others while a function runs once more."""

    def function(x):
        total = np.zeros(3)
        total[0] = x
        for _ in range(20):
            draws = np.random.RandomState(0).normal(size=(50, 2))
            assert draws.dtype == np.float64 and type(draws) is np.ndarray
            assert (
                np.random.default_rng(0).random(7, out=np.empty(7, dtype=np.float32).astype(np.float64)).size
                == 7
            )
        return total.sum() * draws[0, 0]

    assert ad.grad(function)(2.0) == np.random.RandomState(0).normal(size=(50, 2))[0, 0]
    with pytest.raises(ad.AadTypeError, match="no memory that C code"):
        ad.grad(lambda x: ad.array([x]).ctypes.data)(1.0)
