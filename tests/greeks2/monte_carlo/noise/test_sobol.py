"""Sobol: scipy's points in any block, replicates, and the Brownian bridge."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.special import ndtr

from aadlib import AadValueError
from greeks2 import Sobol
from greeks2.monte_carlo.noise.bridge import bridge


@pytest.mark.parametrize(("shape", "points"), [((3,), 1), ((3,), 2), ((30,), 2**14), ((90, 10), 2**10)])
def test_points_are_those_of_scipy(shape, points):
    from scipy.stats import qmc

    source = Sobol(n_paths=2 * points, shape=shape, seed=3, replicates=2)
    assert source.block == points or points > 2**9  # several blocks in the larger cases
    normals = source.draw(0, 2 * points).reshape(2, points, -1)
    for replicate in range(2):
        generator = np.random.default_rng(np.random.SeedSequence(3, spawn_key=(replicate,)))
        wanted = qmc.Sobol(normals.shape[2], bits=30, rng=generator).random(points)
        # A point is the middle of the cell that scipy gives the corner of.
        np.testing.assert_allclose(ndtr(normals[replicate]), wanted + 0.5 * 2.0**-30, rtol=0, atol=1e-14)


def test_any_range_of_paths_can_be_made_alone():
    source = Sobol(n_paths=4 * 2**13, shape=(50,), seed=3, replicates=4)
    whole = source.draw(0, source.n_paths)
    for begin, end in [(0, 1), (2047, 2049), (2**13 - 3, 2**14 + 5), (source.n_paths - 1, source.n_paths)]:
        np.testing.assert_array_equal(source.draw(begin, end), whole[begin:end])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(source)).draw(5, 9), whole[5:9])


@pytest.mark.parametrize("n_steps", [1, 2, 3, 7, 8, 50])
def test_the_bridge_is_orthogonal_and_its_first_number_ends_the_path(n_steps):
    units = np.eye(n_steps)[:, :, None]
    matrix = bridge(units)[:, :, 0]
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(n_steps), atol=1e-13)
    ends = matrix.sum(axis=1)  # what each number adds to the path's end
    np.testing.assert_allclose(ends, np.sqrt(n_steps) * np.eye(n_steps)[0], atol=1e-13)


def test_the_second_number_is_the_middle_of_the_bridge():
    """At the middle of 8 steps: half of the end, and a spread of sqrt(4 * 4 / 8)."""
    half = bridge(np.eye(8)[:, :, None])[:, :4, 0].sum(axis=1)
    np.testing.assert_allclose(half[:3], [0.5 * np.sqrt(8.0), np.sqrt(2.0), 0.0], atol=1e-14)


def test_assets_do_not_mix(rng):
    normals = rng.normal(size=(5, 7, 3))
    found = bridge(normals)
    for asset in range(3):
        np.testing.assert_array_equal(found[:, :, [asset]], bridge(normals[:, :, [asset]].copy()))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"n_paths": 1000}, "n_paths = 1000 over replicates = 16: .* take n_paths = 1024"),
        ({"n_paths": 8}, "n_paths = 8 over replicates = 16: .* take n_paths = 16"),
        ({"n_paths": 0}, "n_paths = 0"),
        ({"replicates": 1}, "replicates = 1: must be a whole number, 2 or more"),
        ({"seed": -3}, "seed = -3"),
        ({"shape": (300, 100)}, "has 30000 numbers: Sobol points have at most 21201 dimensions"),
        ({"shape": (10,), "bridge": True}, r"needs \(n_steps, n_assets\)"),
        ({"n_paths": 2**31 * 16}, "at most"),
    ],
)
def test_bad_input(bad, words):
    with pytest.raises(AadValueError, match=words):
        Sobol(**{"n_paths": 1024, "shape": (2, 3), "seed": 1, **bad})
