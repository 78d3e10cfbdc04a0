"""Second derivatives of sums over lanes where long rows meet, with entries and weights of exactly one or minus one."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad

pytestmark = pytest.mark.usefixtures("instructions")


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("n", [7, 8, 9, 20])
def test_entries_of_exactly_one_and_minus_one(n, sign, rng):
    """exp(z . p[:-1] - p[-1]): the last entry of the row needs no register until it is packed beside the others."""
    point, normals = rng.standard_normal(n), rng.standard_normal((11, n - 1))

    def path(p, z):
        inner = z @ p[:-1] - p[-1] if sign < 0.0 else z @ p[:-1] + p[-1]
        return np.exp(inner)

    program = ad.record(path, point, normals, lanes=(1,), passive=(1,))
    values, gradient, hessian = program.derivatives(point, normals)
    rows = np.column_stack([normals, np.full(11, sign)])
    weights = np.exp(rows @ point)
    np.testing.assert_allclose(values, weights, rtol=1e-12)
    np.testing.assert_allclose(gradient, weights @ rows, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(hessian, (rows.T * weights) @ rows, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("n", [8, 20])
def test_a_weight_of_exactly_minus_one(n, rng):
    """-(z . p) (y . p): the two rows meet with weight -1."""
    point, normals = rng.standard_normal(n), rng.standard_normal((5, 2, n))
    program = ad.record(lambda p, z: 0.0 - (z[0] @ p) * (z[1] @ p), point, normals, lanes=(1,), passive=(1,))
    _, _, hessian = program.derivatives(point, normals)
    one, other = normals[:, 0], normals[:, 1]
    np.testing.assert_allclose(hessian, -(one.T @ other + other.T @ one), rtol=1e-11, atol=1e-12)
