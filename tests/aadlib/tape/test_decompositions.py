"""Linear algebra of recorded matrices against mpmath: values, gradients, Hessians, lanes, and where there are none."""

from __future__ import annotations

import functools

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import aadlib as ad
from greeks2 import hessian
from greeks2.methods import METHODS

POINT = np.array([0.3, 0.7, 1.2])
M = [[2.0, 0.3, 0.1], [0.3, 1.5, 0.2], [0.1, 0.2, 1.1]]
R = [[1.0, 0.2], [0.3, 2.0], [0.5, -0.4]]


def symmetric(x):
    return np.array(M) + np.diag(x) + 0.1 * np.outer(x, x)


def tall(x):
    return np.array(R) * x[:, None] + 0.5


def mp_symmetric(x):
    return mpmath.matrix(3, 3) + mpmath.matrix(
        [
            [mpf(M[i][j]) + (x[i] if i == j else 0) + mpf("0.1") * x[i] * x[j] for j in range(3)]
            for i in range(3)
        ]
    )


def mp_tall(x):
    return mpmath.matrix([[mpf(R[i][j]) * x[i] + mpf(0.5) for j in range(2)] for i in range(3)])


def weighed(numbers):
    return sum((k + 1) * number for k, number in enumerate(numbers))


def mp_qr(x):
    q, r = mpmath.qr(mp_tall(x), mode="skinny")
    signs = [-1 if r[k, k] > 0 else 1 for k in range(2)]  # LAPACK's reflections make them negative here
    return weighed(signs[k] * r[k, j] for k in range(2) for j in range(k, 2)) + signs[1] * q[1, 1]


def of_qr(x):
    q, r = np.linalg.qr(tall(x))
    return weighed([r[0, 0], r[0, 1], r[1, 1]]) + q[1, 1]


def mp_pinv(x):
    a = mp_tall(x)
    return (a.T * a) ** -1 * a.T


CASES = {
    "eigvalsh": (
        lambda x: weighed(np.linalg.eigvalsh(symmetric(x))),
        lambda x: weighed(sorted(mp.eigsy(mp_symmetric(x), True))),
    ),
    "eigh": (
        lambda x: weighed(np.linalg.eigh(symmetric(x)).eigenvectors[:, 1] ** 2 * [1.0, -2.0, 3.0]),
        lambda x: weighed(mp.eigsy(mp_symmetric(x))[1][k, 1] ** 2 * (1, -2, 3)[k] for k in range(3)),
    ),
    "svd": (
        lambda x: weighed(np.linalg.svd(tall(x), compute_uv=False)),
        lambda x: weighed(mp.svd_r(mp_tall(x), compute_uv=False)),
    ),
    "svd vectors": (
        lambda x: (lambda u, s, vh: u[2, 0] * vh[0, 1] + u[0, 1] * vh[1, 1] * s[0])(
            *np.linalg.svd(tall(x), full_matrices=False)
        ),
        lambda x: (lambda u, s, vh: u[2, 0] * vh[0, 1] + u[0, 1] * vh[1, 1] * s[0])(*mp.svd_r(mp_tall(x))),
    ),
    "qr": (of_qr, mp_qr),
    "pinv": (
        lambda x: weighed(np.linalg.pinv(tall(x))[1]) + np.linalg.pinv(tall(x).T)[2, 0],
        lambda x: weighed(mp_pinv(x)[1, k] for k in range(3)) + mp_pinv(x)[0, 2],
    ),
    "lstsq": (
        lambda x: (
            weighed(np.linalg.lstsq(tall(x), x**2, rcond=None)[0]) + np.linalg.lstsq(tall(x), x, None)[1][0]
        ),
        lambda x: (
            weighed(mp_pinv(x) * mpmath.matrix([t**2 for t in x]))
            + sum(t**2 for t in mp_tall(x) * (mp_pinv(x) * mpmath.matrix(x)) - mpmath.matrix(x))
        ),
    ),
    "shortest": (
        lambda x: weighed(np.linalg.lstsq(tall(x).T, x[:2] ** 2, rcond=None)[0]),
        lambda x: weighed(mp_pinv(x).T * mpmath.matrix([t**2 for t in x[:2]])),
    ),
    "spectral norm": (
        lambda x: np.linalg.norm(tall(x), 2),
        lambda x: max(mp.svd_r(mp_tall(x), compute_uv=False)),
    ),
    "nuclear norm": (
        lambda x: np.linalg.matrix_norm(tall(x), ord="nuc"),
        lambda x: sum(mp.svd_r(mp_tall(x), compute_uv=False)),
    ),
    "condition number": (
        lambda x: np.linalg.cond(tall(x)),
        lambda x: (lambda s: max(s) / min(s))(list(mp.svd_r(mp_tall(x), compute_uv=False))),
    ),
    "determinant": (lambda x: np.linalg.det(symmetric(x)), lambda x: mpmath.det(mp_symmetric(x))),
}


def mp_derivatives(function, point):
    """Value, gradient and Hessian by central differences at 60 digits."""
    h, n = mpf(10) ** -14, len(point)

    @functools.cache
    def at(moves):
        x = [mpf(t) for t in point]
        for k, sign in moves:
            x[k] += sign * h
        return function(x)

    gradient = [float((at(((i, 1),)) - at(((i, -1),))) / (2 * h)) for i in range(n)]
    curvature = np.zeros((n, n))
    for i in range(n):
        curvature[i, i] = float((at(((i, 1),)) - 2 * at(()) + at(((i, -1),))) / h**2)
        for j in range(i):
            corners = sum(a * b * at(((i, a), (j, b))) for a in (1, -1) for b in (1, -1))
            curvature[i, j] = curvature[j, i] = float(corners / (4 * h**2))
    return float(at(())), gradient, curvature


@pytest.mark.parametrize("name", CASES)
def test_derivatives_against_mpmath(name):
    function, true = CASES[name]
    with mp.workdps(60):
        value, gradient, curvature = mp_derivatives(true, POINT)
    program = ad.record(function, POINT)
    found = program.derivatives(POINT)
    assert function(POINT) == pytest.approx(value, rel=1e-13)
    assert found[0] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(found[1], gradient, rtol=0, atol=1e-12 * np.abs(gradient).max())
    np.testing.assert_allclose(found[2], curvature, rtol=0, atol=1e-11 * np.abs(curvature).max())
    scenarios = POINT * (1.0 + 0.1 * np.random.default_rng(1).random((5, 3)))
    values, _, hessians = program.over_lanes().derivatives(scenarios)
    for k, scenario in enumerate(scenarios):
        assert values[k] == pytest.approx(function(scenario), rel=1e-12)
        wanted = hessian(function, scenario)
        np.testing.assert_allclose(hessians[k], wanted, rtol=0, atol=1e-10 * np.abs(wanted).max())


@pytest.mark.parametrize("name", ["eigvalsh", "svd vectors", "lstsq", "condition number"])
def test_duals_and_methods_agree(name):
    function = CASES[name][0]
    wanted = hessian(function, POINT)
    for method in (method.name for method in METHODS if method.takes_composites):
        np.testing.assert_allclose(hessian(function, POINT, method=method), wanted, rtol=1e-5, atol=1e-6)
    for i, j in ((0, 0), (2, 1)):
        x = [
            ad.Dual(ad.Dual(t, [float(k == i)]), [ad.Dual(float(k == j), [0.0])]) for k, t in enumerate(POINT)
        ]
        assert function(ad.array(x)).partials[0].partials[0] == pytest.approx(wanted[i, j], rel=1e-9)


DETERMINANTS = {
    "rank one of two": (lambda x: [[x[0], 2.0 * x[1]], [2.0, 4.0]], [1.0, 1.0]),
    "needs an exchange": (lambda x: [[0.0 * x[0], x[0]], [x[1], 0.0 * x[0]]], [1.0, 2.0]),
    "zero": (lambda x: [[x[0], x[1]], [x[1], x[0]]], [0.0, 0.0]),
    "zero column": (lambda x: [[x[0], 1.0, x[1]], [x[0], 3.0, 2.0], [0.0 * x[0], x[1], 2.0]], [0.0, 0.7]),
    "rank one of three": (
        lambda x: [[x[0], 2.0, x[1]], [2.0 * x[0], 4.0, 2.0], [x[0] * x[1], 2.0, 1.0]], [1.0, 1.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DETERMINANTS)
def test_determinants_of_singular_matrices(name):
    """Against the sum of products."""
    matrix, point = DETERMINANTS[name]

    def written_out(x):
        a = matrix(x)
        if len(a) == 2:
            return a[0][0] * a[1][1] - a[0][1] * a[1][0]
        return sum(
            a[0][i] * (a[1][(i + 1) % 3] * a[2][(i + 2) % 3] - a[1][(i + 2) % 3] * a[2][(i + 1) % 3])
            for i in range(3)
        )

    found = ad.record(lambda x: np.linalg.det(ad.array(matrix(x))), point).derivatives(point)
    wanted = ad.record(written_out, point).derivatives(point)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)


def test_the_gradient_of_the_determinant_is_the_cofactor():
    np.testing.assert_allclose(
        ad.grad(np.linalg.det)(np.array([[1.0, 2.0], [2.0, 4.0]])), [[4.0, -2.0], [-2.0, 1.0]]
    )
    curvature = hessian(
        lambda x: np.linalg.det(x.reshape(3, 3)), np.outer([1.0, 2.0, 3.0], [3.0, 1.0, 2.0]).ravel()
    )
    assert curvature[0, 4] == pytest.approx(6.0) and curvature[1, 3] == pytest.approx(-6.0)


def stack(x):
    return np.stack([symmetric(x), symmetric(2.0 * x)])


STACKS = {
    "solve": (
        lambda x: np.linalg.solve(stack(x), np.ones((2, 3, 1)))[1, 2, 0],
        lambda x: np.linalg.solve(symmetric(2.0 * x), np.ones(3))[2],
    ),
    "solve broadcast": (
        lambda x: np.linalg.solve(stack(x), np.ones((3, 2)))[0, 1, 1],
        lambda x: np.linalg.solve(symmetric(x), np.ones(3))[1],
    ),
    "inv": (lambda x: np.linalg.inv(stack(x))[1, 0, 1], lambda x: np.linalg.inv(symmetric(2.0 * x))[0, 1]),
    "det": (lambda x: np.linalg.det(stack(x))[0], lambda x: np.linalg.det(symmetric(x))),
    "cholesky": (
        lambda x: np.linalg.cholesky(stack(x))[1, 2, 1],
        lambda x: np.linalg.cholesky(symmetric(2.0 * x))[2, 1],
    ),
    "slogdet": (
        lambda x: np.linalg.slogdet(stack(x)).logabsdet[1],
        lambda x: np.log(np.linalg.det(symmetric(2.0 * x))),
    ),
    "eigvalsh": (
        lambda x: np.linalg.eigvalsh(stack(x))[1, 0],
        lambda x: np.linalg.eigvalsh(symmetric(2.0 * x))[0],
    ),
    "svdvals": (lambda x: np.linalg.svdvals(stack(x))[0, 1], lambda x: np.linalg.eigvalsh(symmetric(x))[1]),
    "pinv": (lambda x: np.linalg.pinv(stack(x))[1, 0, 1], lambda x: np.linalg.inv(symmetric(2.0 * x))[0, 1]),
    "qr": (lambda x: np.linalg.qr(stack(x)).R[1, 0, 0] ** 2, lambda x: np.sum(symmetric(2.0 * x)[0] ** 2)),
    "matrix_norm": (
        lambda x: np.linalg.matrix_norm(stack(x), ord=2)[1],
        lambda x: np.linalg.eigvalsh(symmetric(2.0 * x))[2],
    ),
    "vector_norm": (
        lambda x: np.linalg.vector_norm(stack(x), axis=(0, 1))[2],
        lambda x: np.sqrt(np.sum(symmetric(x)[2] ** 2 + symmetric(2.0 * x)[2] ** 2)),
    ),
}


@pytest.mark.filterwarnings("ignore:this Hessian passed through")  # slogdet takes absolute pivots
@pytest.mark.parametrize("name", STACKS)
def test_stacks_of_matrices(name):
    stacked, alone = STACKS[name]
    assert ad.record(stacked, POINT).value(POINT) == pytest.approx(float(stacked(POINT)), rel=1e-13)
    assert float(stacked(POINT)) == pytest.approx(float(alone(POINT)), rel=1e-12)
    np.testing.assert_allclose(hessian(stacked, POINT), hessian(alone, POINT), rtol=1e-10, atol=1e-12)


MIXED = {
    "solve": lambda x: np.linalg.solve(np.array([[x[0], 1.0], [1.0, 3.0]]), np.array([1.0, x[1]])).prod(),
    "inv": lambda x: np.linalg.inv(np.array([[x[0], 1.0], [1.0, 3.0]]))[0, 1],
    "det": lambda x: np.linalg.det(np.array([[x[0], 1.0], [x[1], 3.0]])) ** 2,
    "cholesky": lambda x: np.linalg.cholesky(np.array([[x[2], 0.5], [0.5, 3.0]])).sum(),
    "eigvalsh": lambda x: np.linalg.eigvalsh(np.array([[x[0], 0.5], [0.5, 3.0]]))[0],
    "lstsq": lambda x: np.linalg.lstsq(
        np.array([[x[0], 0.5], [0.5, 3.0], [1.0, 1.0]]), np.ones(3), rcond=None
    )[0][0],
    "matrix product": lambda x: (np.array([[x[0], 0.5], [0.5, 3.0]]) @ np.array([x[1], 1.0])).prod(),
    "plain side": lambda x: np.linalg.solve(np.array(M), x).prod(),
    "polyfit": lambda x: np.polyfit([0.0, 1.0, 2.0, 3.0], np.append(x, 2.0), 2).prod(),
    "polyfit of recorded points": lambda x: np.polyfit(x, [0.0, 1.0, 3.0], 2).prod(),
    "weighed polyfit": lambda x: np.polyfit([0, 1, 2], x, 1, w=[1.0, 2.0, 1.0])[0] ** 2,
}


@pytest.mark.parametrize("name", MIXED)
def test_arrays_that_mix_numbers(name):
    function = MIXED[name]
    assert ad.record(function, POINT).value(POINT) == pytest.approx(float(function(POINT)), rel=1e-12)
    ad.check_grads(function, POINT)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: np.linalg.eigvalsh(np.eye(2) * x[0]).sum(), ad.SingularMatrix, "degenerate"),
        (
            lambda x: np.linalg.svd(np.outer(x, x), compute_uv=False)[0],
            ad.SingularMatrix,
            "singular value of 0",
        ),
        (lambda x: np.linalg.pinv(np.outer(x, x))[0, 0], ad.SingularMatrix, "full rank"),
        (lambda x: np.linalg.lstsq(np.outer(x, x), x, rcond=None)[0][0], ad.SingularMatrix, "full rank"),
        (lambda x: np.linalg.inv(np.outer(x, [1.0, 0.0, 2.0]))[0, 0], ad.SingularMatrix, "no pivot"),
        (lambda x: np.linalg.cholesky(-symmetric(x))[0, 0], ad.SingularMatrix, "not positive definite"),
        (lambda x: np.linalg.svd(tall(x))[0][0, 2], ad.AadTypeError, "full_matrices=False"),
        (lambda x: np.linalg.lstsq(tall(x), x, rcond=None)[3][0], ad.AadTypeError, "compute_uv=False"),
        (lambda x: np.linalg.qr(tall(x), mode="complete")[0][0, 0], ad.AadTypeError, "mode 'reduced'"),
        (lambda x: np.linalg.eigvals(symmetric(x)).sum(), ad.AadTypeError, "cannot be recorded"),
        (lambda x: np.linalg.solve(tall(x), x)[0], ad.AadTypeError, "must be square"),
    ],
)
def test_where_there_are_no_derivatives(function, error, message):
    with pytest.raises(error, match=message):
        ad.record(function, POINT)


def test_singular_matrices_are_numpys_own_errors_too():
    """So that code which catches `np.linalg.LinAlgError` runs as it stands."""

    def factor_or_shift(x):
        try:
            return np.linalg.cholesky(np.diag(x) - 5.0 * np.eye(3))[0, 0]
        except np.linalg.LinAlgError:
            return x[0] ** 2

    assert ad.grad(factor_or_shift)(POINT)[0] == pytest.approx(0.6)


def test_other_singular_values_may_meet_below_a_spectral_norm():
    matrix = lambda x: np.diag([3.0, 1.0, 1.0]) * x[0] + 0.0 * np.outer(x, x)  # noqa: E731
    assert ad.grad(lambda x: np.linalg.norm(matrix(x), 2))(POINT)[0] == pytest.approx(3.0)
    with pytest.raises(ad.SingularMatrix, match="degenerate at"):
        ad.grad(lambda x: np.linalg.norm(matrix(x), -2))(POINT)


def test_solvers_of_gaussian_likelihoods_agree(rng):
    y = rng.standard_normal(3)

    def by_cholesky(x):
        factor = np.linalg.cholesky(symmetric(x))
        z = np.linalg.solve(factor, y)
        return 2.0 * np.sum(np.log(np.diag(factor))) + z @ z

    def by_eigenvalues(x):
        spectrum, vectors = np.linalg.eigh(symmetric(x))
        return np.sum(np.log(spectrum)) + np.sum((vectors.T @ y) ** 2 / spectrum)

    np.testing.assert_allclose(hessian(by_eigenvalues, POINT), hessian(by_cholesky, POINT), rtol=1e-11)
