"""Correlation matrices: what is refused, what is repaired, and the two ways of applying them."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib import AadTypeError, AadValueError
from pricers.monte_carlo import (
    GeometricBrownianMotion,
    apply_correlation,
    apply_correlation_nonvec,
    nearest_correlation,
    pack_correlations,
    unpack_correlations,
)

from .estimates import CORRELATION

INDEFINITE = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])


def test_loops_and_matrix_product_agree(rng):
    normals = rng.standard_normal((7, 4, 3))
    loops = apply_correlation_nonvec(normals=normals, correlation=CORRELATION)
    np.testing.assert_allclose(
        apply_correlation(normals=normals, correlation=CORRELATION), loops, rtol=1e-14, atol=1e-15
    )


def test_correlated_normals_have_the_correlation(rng):
    normals = apply_correlation(normals=rng.standard_normal((200_000, 3)), correlation=CORRELATION)
    np.testing.assert_allclose(np.corrcoef(normals.T), CORRELATION, atol=4.0 / np.sqrt(200_000))


def test_packing_is_row_by_row_below_the_diagonal():
    packed = pack_correlations(CORRELATION)
    np.testing.assert_array_equal(packed, [0.5, 0.2, -0.3])
    np.testing.assert_array_equal(np.array(unpack_correlations(packed, 3)), CORRELATION)


def test_nearest_correlation_of_a_published_example():
    """Higham (2002), section 4: the matrix with rows 1 1 0, 1 1 1, 0 1 1 and its nearest correlation matrix."""
    given = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    published = np.array([[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]])
    np.testing.assert_allclose(nearest_correlation(given), published, atol=5e-5)


@pytest.mark.parametrize("n", [2, 5, 12])
def test_nearest_correlation_is_usable_and_as_near_as_a_search_finds(n):
    rng = np.random.default_rng(n)
    noise = rng.uniform(-1.0, 1.0, (n, n))
    given = 0.5 * (noise + noise.T)
    np.fill_diagonal(given, 1.0)
    found = nearest_correlation(given)
    np.linalg.cholesky(found)
    np.testing.assert_array_equal(np.diag(found), 1.0)
    np.testing.assert_array_equal(found, found.T)
    distance = np.linalg.norm(found - given)
    for _ in range(200):  # convexity: a step towards any other correlation matrix must not come nearer
        factor = rng.standard_normal((n, n))
        factor /= np.linalg.norm(factor, axis=1)[:, None]
        assert np.linalg.norm(found + 1e-3 * (factor @ factor.T - found) - given) >= distance - 1e-6


def test_a_correlation_matrix_is_its_own_nearest():
    np.testing.assert_allclose(nearest_correlation(CORRELATION), CORRELATION, atol=1e-12)


def model(correlation):
    return GeometricBrownianMotion(spots=[100.0] * 3, volatilities=0.2, correlation=correlation)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(2), r"correlation has shape \(2, 2\): must have shape \(3, 3\)"),
        (np.ones(3), r"must be square"),
        (np.eye(3) + np.triu(np.full((3, 3), 0.1), 1), r"not symmetric: \[0, 1\] = 0.1 and \[1, 0\] = 0.0"),
        (np.diag([1.0, 2.0, 1.0]), r"correlation\[1, 1\] = 2.0: the diagonal must be 1"),
        (np.where(np.eye(3) > 0.0, 1.0, np.nan), r"correlation\[\(0, 1\)\] = nan"),
    ],
)
def test_bad_matrices(matrix, message):
    with pytest.raises(AadValueError, match=message):
        model(matrix)


def test_an_indefinite_matrix_is_refused_with_its_eigenvalue_and_the_nearest_one():
    smallest = np.linalg.eigvalsh(INDEFINITE)[0]
    with pytest.raises(AadValueError, match=f"smallest eigenvalue is {smallest:.6g}") as raised:
        model(INDEFINITE)
    nearest = nearest_correlation(INDEFINITE)
    assert np.array2string(nearest, precision=6, separator=", ") in str(raised.value)
    model(nearest)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: apply_correlation(normals=np.zeros(2), correlation=CORRELATION),
            "last axis must count the 3",
        ),
        (lambda: apply_correlation_nonvec(normals=0.0, correlation=CORRELATION), "last axis"),
        (
            lambda: apply_correlation(normals=[np.nan, 0.0, 0.0], correlation=CORRELATION),
            r"normals\[0\] = nan",
        ),
        (lambda: unpack_correlations([0.1], 3), "has 1 entries: 3 assets have 3"),
        (lambda: nearest_correlation(np.ones(3)), "must be square"),
        (lambda: nearest_correlation(INDEFINITE, max_iterations=1), "after 1 iterations"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(AadValueError, match=message):
        call()


def test_text_is_no_matrix():
    with pytest.raises(AadTypeError, match="correlation"):
        apply_correlation(normals=np.zeros(3), correlation="identity")
