"""Normals: any block from the seed and its number alone, pairs, independent streams."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from aadlib import AadValueError
from greeks2 import Normals


@pytest.mark.parametrize("shape", [(), (1,), (10,), (3, 7), (400, 100)])
@pytest.mark.parametrize("antithetic", [False, True])
def test_any_range_of_paths_can_be_drawn_alone(shape, antithetic):
    n_paths = 1300 if np.prod(shape) < 1000 else 12
    source = Normals(n_paths=n_paths, shape=shape, seed=11, antithetic=antithetic)
    whole = source.draw(0, n_paths)
    assert whole.shape == (n_paths, *shape) and whole.dtype == np.float64
    for begin, end in [(0, 1), (1, 2), (3, 11), (n_paths // 5, n_paths // 2 + 1), (n_paths - 1, n_paths)]:
        np.testing.assert_array_equal(source.draw(begin, end), whole[begin:end])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).draw(2, 9), whole[2:9])


def test_numbers_stay_when_paths_are_added():
    few, many = (Normals(n_paths=n, shape=(4,), seed=5) for n in (300, 100_000))
    np.testing.assert_array_equal(few.draw(0, 300), many.draw(0, 300))


def test_numbers_are_standard_normal_and_independent():
    n = 200_000
    z = Normals(n_paths=n, shape=(3,), seed=0).draw(0, n)
    assert np.abs(z.mean(axis=0)).max() < 4.0 / np.sqrt(n)
    assert np.abs(np.cov(z.T) - np.eye(3)).max() < 4.0 * np.sqrt(2.0 / n)
    assert np.abs((z**4).mean(axis=0) - 3.0).max() < 4.0 * np.sqrt(96.0 / n)
    # Neighbouring blocks, seeds and streams share nothing.
    others = [z[256:], Normals(n_paths=n, shape=(3,), seed=1).draw(0, n)]
    others.append(Normals(n_paths=n, shape=(3,), seed=0).draw(0, n, stream=1))
    for other in others:
        m = len(other)
        assert np.abs((z[:m] * other).mean(axis=0)).max() < 4.0 / np.sqrt(m)


def test_antithetic_paths_are_neighbours():
    z = Normals(n_paths=1000, shape=(2, 3), seed=9, antithetic=True).draw(0, 1000)
    np.testing.assert_array_equal(z[0::2], -z[1::2])
    assert len(np.unique(np.abs(z[0::2]))) == 500 * 6


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"n_paths": 0}, "n_paths = 0: must be a whole number, 1 or more"),
        ({"n_paths": 1.5}, "n_paths = 1.5: must be a whole number"),
        ({"n_paths": True}, "n_paths = True"),
        ({"seed": -1}, "seed = -1: must be a whole number, 0 or more"),
        ({"seed": None}, "seed = None"),
        ({"shape": (3, 0)}, r"shape\[1\] = 0: must be a whole number, 1 or more"),
        ({"n_paths": 7, "antithetic": True}, "n_paths = 7 is odd: antithetic paths come in pairs, take 8"),
    ],
)
def test_bad_input(bad, words):
    with pytest.raises(AadValueError, match=words):
        Normals(**{"n_paths": 8, "shape": (2,), "seed": 1, **bad})


def test_a_number_as_shape_is_one_axis():
    assert Normals(n_paths=8, shape=3, seed=1).shape == (3,)
