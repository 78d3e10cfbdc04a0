"""B-spline bases against scipy, in floats and on the tape."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.surfaces.bspline import BSplineBasis, TensorBasis, uniform_basis

BREAKPOINTS = np.array([-1.0, -0.7, 0.1, 0.15, 1.0, 2.5])
DEGREES = (1, 2, 3, 4, 5)


def by_scipy(basis: BSplineBasis, weights: np.ndarray) -> BSpline:
    """Build the same spline with scipy."""
    ends = [np.repeat(basis.breakpoints[k], basis.degree) for k in (0, -1)]
    return BSpline(np.concatenate([ends[0], basis.breakpoints, ends[1]]), weights, basis.degree)


@pytest.mark.parametrize("degree", DEGREES)
def test_value_and_matrix_equal_scipy(degree: int, rng: np.random.Generator) -> None:
    """Scalar evaluation and the design matrix give scipy's spline."""
    basis = BSplineBasis(BREAKPOINTS, degree)
    weights = rng.normal(size=basis.size)
    points = np.concatenate([np.linspace(-1.0, 2.5, 50), BREAKPOINTS])
    wanted = by_scipy(basis, weights)(points)
    assert np.abs(basis.matrix(points) @ weights - wanted).max() < 1e-13
    assert max(abs(basis.evaluate(weights, u) - v) for u, v in zip(points, wanted, strict=True)) < 1e-13


@pytest.mark.parametrize("degree", DEGREES)
def test_basis_sums_to_one_and_reproduces_the_identity(degree: int) -> None:
    """Partition of unity; weights at the Greville abscissae give u itself."""
    basis = BSplineBasis(BREAKPOINTS, degree)
    points = np.linspace(-1.0, 2.5, 40)
    matrix = basis.matrix(points)
    assert np.abs(matrix.sum(axis=1) - 1.0).max() < 1e-14
    assert np.abs(matrix @ basis.greville - points).max() < 1e-14
    assert matrix.min() > -1e-14


def test_flat_outside_the_knots(rng: np.random.Generator) -> None:
    """Beyond an end knot the end weight is returned, and the derivative is zero."""
    basis = uniform_basis(lower=-1.0, upper=2.0, size=9)
    weights = rng.normal(size=9)
    assert basis.evaluate(weights, -5.0) == pytest.approx(weights[0], abs=1e-15)
    assert basis.evaluate(weights, 7.0) == pytest.approx(weights[-1], abs=1e-15)
    assert np.abs(basis.matrix(np.array([-5.0, 7.0])) @ weights - weights[[0, -1]]).max() < 1e-15

    def outside(z: np.ndarray) -> object:
        return basis.evaluate(weights, z[0] + 10.0) + z[0]

    assert ad.grad(outside)(np.array([1.0]))[0] == 1.0


@pytest.mark.parametrize("coordinate", [-0.95, 0.1, 0.12, 2.49])
def test_derivatives_in_weights_and_coordinate(coordinate: float, rng: np.random.Generator) -> None:
    """The gradient in the weights is the basis, in the coordinate scipy's derivative."""
    basis = BSplineBasis(BREAKPOINTS)
    weights = rng.normal(size=basis.size)

    def spline(z: np.ndarray) -> object:
        return basis.evaluate(z[:-1], z[-1])

    gradient = ad.grad(spline)(np.append(weights, coordinate))
    assert np.abs(gradient[:-1] - basis.matrix(np.array([coordinate]))[0]).max() < 1e-14
    assert gradient[-1] == pytest.approx(float(by_scipy(basis, weights)(coordinate, nu=1)), rel=1e-12)


@pytest.mark.parametrize(
    ("at", "near", "beyond"),
    [
        (0.3, 0.9, (1.1, 0.12, -2.0)),
        (-3.0, -1.1, (-0.9, 4.0)),
        (4.0, 2.6, (2.4, -3.0)),
        (2.5, 1.1, (2.6, 0.9)),
    ],
)
def test_a_replay_leaves_no_knot_interval(
    at: float, near: float, beyond: tuple[float, ...], rng: np.random.Generator
) -> None:
    """A coordinate may move within its knot interval or on its side of the ends; further on, the guards speak."""
    basis = BSplineBasis(BREAKPOINTS)
    weights = rng.normal(size=basis.size)
    program = ad.record(lambda z: basis.evaluate(weights, z[0]) + 0.0 * z[0], np.array([at]))
    assert program.value([near]) == pytest.approx(float(basis.evaluate(weights, near)), abs=1e-13)
    for far in beyond:
        with pytest.raises(ad.BranchChanged):
            program.value([far])


def test_local_values_are_the_nonzero_entries_of_the_matrix() -> None:
    """The generic and the vectorised tabulation agree."""
    basis = BSplineBasis(BREAKPOINTS)
    for u in (-1.0, 0.1, 0.9, 2.5, 3.0):
        first, values = basis.local_values(u)
        row = np.zeros(basis.size)
        row[first : first + 4] = values
        assert np.abs(row - basis.matrix(np.array([u]))[0]).max() < 1e-15


def test_tensor_spline(rng: np.random.Generator) -> None:
    """A surface is the product of design matrices; its gradient in the weights their outer product."""
    tensor = TensorBasis(uniform_basis(lower=0.0, upper=1.0, size=6), BSplineBasis(BREAKPOINTS, 2))
    weights = rng.normal(size=tensor.shape)
    u, v = 0.37, 0.6
    row_u, row_v = tensor.first.matrix(np.array([u]))[0], tensor.second.matrix(np.array([v]))[0]
    assert tensor.evaluate(weights, u, v) == pytest.approx(row_u @ weights @ row_v, abs=1e-14)

    def surface(z: np.ndarray) -> object:
        return tensor.evaluate(z.reshape(tensor.shape), u, v)

    gradient = ad.grad(surface)(weights.ravel()).reshape(tensor.shape)
    assert np.abs(gradient - np.outer(row_u, row_v)).max() < 1e-14


BASIS = uniform_basis(lower=0.0, upper=1.0, size=5)
BAD = {
    "decreasing": (lambda: BSplineBasis([0.0, 2.0, 1.0]), "strictly increasing"),
    "repeated": (lambda: BSplineBasis([0.0, 1.0, 1.0]), "strictly increasing"),
    "nan knot": (lambda: BSplineBasis([0.0, np.nan, 1.0]), "finite"),
    "one knot": (lambda: BSplineBasis([0.0]), "at least two"),
    "degree 0": (lambda: BSplineBasis([0.0, 1.0], 0), "degree"),
    "degree 6": (lambda: BSplineBasis([0.0, 1.0], 6), "degree"),
    "too few functions": (lambda: uniform_basis(lower=0.0, upper=1.0, size=3), "size"),
    "empty range": (lambda: uniform_basis(lower=1.0, upper=1.0, size=5), "strictly increasing"),
    "too many weights": (lambda: BASIS.evaluate(np.zeros(6), 0.5), "shape"),
    "nan weight": (lambda: BASIS.evaluate([0.0, np.nan, 0.0, 0.0, 0.0], 0.5), "weights"),
    "nan coordinate": (lambda: BASIS.evaluate(np.zeros(5), np.nan), "coordinate"),
    "tensor shape": (lambda: TensorBasis(BASIS, BASIS).evaluate(np.zeros((5, 4)), 0.5, 0.5), "shape"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case: str) -> None:
    """Every mistake has its own message."""
    call, message = BAD[case]
    with pytest.raises(AadValueError, match=message):
        call()
