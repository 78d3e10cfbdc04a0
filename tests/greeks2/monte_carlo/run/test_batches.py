"""Batches: where they are cut, and standard errors from batches of any sizes."""

from __future__ import annotations

import numpy as np
import pytest

from greeks2.monte_carlo.path_sums import PathSums, stacked
from greeks2.monte_carlo.run.batches import (
    FEWEST_PIECES,
    BatchMeans,
    batch_edges,
    batches_per_piece,
    paths_per_piece,
)


@pytest.mark.parametrize("n_paths", [1, 2, 3, 31, 32, 33, 64, 1000, 10_000, 10**7 + 1])
@pytest.mark.parametrize("batches", [2, 16, 32, 1000])
@pytest.mark.parametrize(("together", "block"), [(1, 1), (2, 256), (1, 256)])
def test_batches_cover_all_paths_and_keep_pairs(n_paths, batches, together, block):
    n_paths *= together
    edges = batch_edges(n_paths, batches, together=together, block=block)
    sizes = np.diff(edges)
    assert edges[0] == 0 and edges[-1] == n_paths and sizes.min() > 0
    assert not np.any(np.array(edges) % together)
    assert len(sizes) == min(batches, n_paths // together) or n_paths // together < 4 * batches
    if n_paths >= 8 * batches * together:
        assert sizes.max() <= 1.3 * sizes[:-1].min()  # the last one may end in a short grain


def test_batches_begin_at_blocks_where_they_are_long():
    assert not np.any(np.array(batch_edges(100_000, 32, block=256)[:-1]) % 256)


def test_a_piece_is_a_power_of_two_within_its_bounds():
    assert paths_per_piece([(1,)], 10, 1) == 2**14
    assert paths_per_piece([(10,)], 10, 256) == 2**13
    assert paths_per_piece([(50, 10)], 10, 256) == 256
    assert paths_per_piece([(1,)], 2**20, 1) == 8
    assert paths_per_piece([(1,)], 2**30, 2) == 2


def gathered(sizes, samples):
    """Return the estimate from consecutive batches of the samples (n, 7): value, 2 derivatives, 4 second ones."""
    means = BatchMeans()
    for rows in np.split(samples, np.cumsum(sizes)[:-1]):
        total = rows.sum(axis=0)
        means.add(stacked([PathSums(len(rows), total[0], total[1:3], total[3:].reshape(2, 2))]))
    return means.estimate()


def flat(sums):
    """Return value, gradient and Hessian in one row."""
    return np.concatenate([[sums.value], sums.gradient, sums.hessian.ravel()])


@pytest.mark.parametrize("sizes", [[5, 5, 5, 5], [3, 9, 1, 7], [1] * 20])
def test_standard_errors_are_the_weighted_spread_of_batch_means(sizes, rng):
    samples = 10.0 + rng.normal(size=(20, 7))
    found = gathered(sizes, samples)
    means = np.array([rows.mean(axis=0) for rows in np.split(samples, np.cumsum(sizes)[:-1])])
    overall = samples.mean(axis=0)
    spread = np.asarray(sizes) @ (means - overall) ** 2 / (len(sizes) - 1)
    np.testing.assert_allclose(flat(found.mean), overall, rtol=1e-14)
    np.testing.assert_allclose(flat(found.stderr), np.sqrt(spread / 20), rtol=1e-12)
    assert found.n_batches == len(sizes) and found.n_paths == 20


def test_unequal_batches_give_unbiased_variances(rng):
    """The mean of the squared standard errors is the variance of the mean, 1 / 60."""
    squares = [flat(gathered([50, 2, 7, 1], rng.normal(size=(60, 7))).stderr) ** 2 for _ in range(2000)]
    # A variance from three degrees of freedom has relative variance 2 / 3; 14,000 of them are averaged.
    assert np.mean(squares) == pytest.approx(1.0 / 60.0, rel=4.0 * np.sqrt(2.0 / 3.0 / 14_000))


def test_a_large_mean_does_not_drown_the_spread(rng):
    noise = rng.normal(size=(64, 7))
    plain, lifted = (gathered([16] * 4, shift + noise) for shift in (0.0, 1e9))
    np.testing.assert_allclose(flat(lifted.stderr), flat(plain.stderr), rtol=1e-5)


def test_one_batch_tells_no_standard_error():
    found = gathered([20], np.ones((20, 7)))
    assert np.isnan(flat(found.stderr)).all() and np.all(flat(found.mean) == 1.0)


def test_small_batches_are_swept_together():
    edges = range(0, 33 * 100, 100)
    assert batches_per_piece(edges, size=10_000, shared=True) == 32 // FEWEST_PIECES
    assert batches_per_piece(edges, size=10_000, shared=False) == 32
    assert batches_per_piece(edges, size=250, shared=True) == 2
    assert batches_per_piece(edges, size=50, shared=True) == 1
