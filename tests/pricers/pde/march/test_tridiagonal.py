"""The tridiagonal solves against dense linear algebra, the floor against a slow complementarity solver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aadlib as ad
from pricers.pde.march.tridiagonal import factorise, thomas


def system(rng: np.random.Generator, n: int) -> tuple[Any, ...]:
    below, above = rng.uniform(0.1, 1.0, (2, n))
    diagonal = below + above + rng.uniform(0.1, 1.0, n)
    right = rng.normal(size=n)
    matrix = np.diag(diagonal) - np.diag(below[1:], -1) - np.diag(above[:-1], 1)
    return below, diagonal, above, right, matrix


@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_both_solves_equal_the_dense_one(rng: np.random.Generator, n: int) -> None:
    below, diagonal, above, right, matrix = system(rng, n)
    expected = np.linalg.solve(matrix, right)
    np.testing.assert_allclose(thomas(below, diagonal, above, right), expected, rtol=1e-12)
    factors = factorise(below, diagonal, above)
    np.testing.assert_allclose(factors.solve(right), expected, rtol=1e-12)
    np.testing.assert_allclose(factors.solve(2.0 * right), 2.0 * expected, rtol=1e-12)


def test_a_floor_on_leading_unknowns_is_exact(rng: np.random.Generator) -> None:
    """Projected Gauss-Seidel to convergence is the slow truth."""
    n = 40
    diagonal, off = np.full(n, 3.0), np.ones(n)
    floor = np.maximum(1.0 - np.arange(n) / 12.0, 0.0)
    right = np.full(n, 0.05)
    x = np.maximum(floor, 0.0)
    for _ in range(500):
        for i in range(n):
            around = (x[i - 1] if i else 0.0) + (x[i + 1] if i + 1 < n else 0.0)
            x[i] = max((right[i] + around) / 3.0, floor[i])
    bound = np.flatnonzero(x == floor)
    assert 3 < bound.size < n - 3 and bound[-1] == bound.size - 1
    np.testing.assert_allclose(thomas(off, diagonal, off, right, floor), x, atol=1e-12)
    np.testing.assert_allclose(factorise(off, diagonal, off).solve(right, floor), x, atol=1e-12)


def test_operations_recorded(rng: np.random.Generator) -> None:
    """Eight an unknown with the elimination, five without, less the ends."""
    n = 30
    below, diagonal, above, right, matrix = system(rng, n)
    numbers = np.concatenate([below, diagonal, above, right])

    def solve(x: Any) -> Any:
        return ad.array(thomas(*(list(x[k * n : (k + 1) * n]) for k in range(4))))

    program = ad.record(solve, numbers)
    np.testing.assert_allclose(program.value(numbers), np.linalg.solve(matrix, right), rtol=1e-12)
    assert 8 * n - 8 <= program.n_nodes <= 8 * n
    factors = factorise(below.tolist(), diagonal.tolist(), above.tolist())
    program = ad.record(lambda r: ad.array(factors.solve(list(r))), right)
    assert 5 * n - 5 <= program.n_nodes <= 5 * n
