"""Perfectly correlated and riskless assets: the factor reveals the rank, prices are those of fewer assets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from greeks2 import expectation, hessian
from pricers.analytic import black_scholes
from pricers.monte_carlo import (
    BasketOption,
    DigitalOption,
    GeometricBrownianMotion,
    Path,
    WorstOfOption,
    apply_correlation,
    apply_correlation_nonvec,
    closed_forms,
)
from pricers.monte_carlo.correlation import cholesky_factor
from pricers.monte_carlo.triangular import factorize, multiply

TWINS = np.array([[1.0, 1.0, 0.3], [1.0, 1.0, 0.3], [0.3, 0.3, 1.0]])
MIRRORED = np.array([[1.0, -1.0], [-1.0, 1.0]])


def low_rank(rng: np.random.Generator, n: int, rank: int) -> np.ndarray:
    loadings = rng.standard_normal((n, rank))
    loadings /= np.linalg.norm(loadings, axis=1)[:, None]
    matrix = loadings @ loadings.T
    np.fill_diagonal(matrix, 1.0)
    return 0.5 * (matrix + matrix.T)


@pytest.mark.parametrize(("n", "rank"), [(2, 1), (5, 1), (5, 3), (40, 6), (120, 100)])
def test_the_factor_reveals_the_rank(rng: np.random.Generator, n: int, rank: int) -> None:
    matrix = low_rank(rng, n, rank)
    factor = cholesky_factor(matrix)
    assert factor is not None
    np.testing.assert_allclose(factor @ factor.T, matrix, atol=1e-12)
    assert np.count_nonzero(np.diag(factor)) == rank
    assert (np.triu(factor, 1) == 0.0).all()


def test_a_positive_definite_matrix_keeps_its_factor(rng: np.random.Generator) -> None:
    for matrix in (low_rank(rng, 4, 9), [[1.0, 1.0 - 1e-9], [1.0 - 1e-9, 1.0]]):
        np.testing.assert_array_equal(cholesky_factor(np.array(matrix)), np.linalg.cholesky(matrix))


def test_a_negative_eigenvalue_has_no_factor() -> None:
    for matrix in (
        [[1.0, 1.0 + 1e-9], [1.0 + 1e-9, 1.0]],
        [[1.0, 1.0, 0.3], [1.0, 1.0, 0.2], [0.3, 0.2, 1.0]],
    ):
        assert cholesky_factor(np.array(matrix)) is None
        with pytest.raises(AadValueError, match="not positive semidefinite: its smallest eigenvalue is -"):
            GeometricBrownianMotion(spots=[1.0] * len(matrix), volatilities=0.2, correlation=matrix)


def test_normals_of_twins_are_equal(rng: np.random.Generator) -> None:
    normals = rng.standard_normal((10, 3))
    moved = apply_correlation(normals=normals, correlation=TWINS)
    np.testing.assert_array_equal(moved[:, 0], moved[:, 1])
    np.testing.assert_allclose(
        moved, apply_correlation_nonvec(normals=normals, correlation=TWINS), atol=1e-15
    )


def test_a_basket_of_twins_is_one_asset(rng: np.random.Generator) -> None:
    """The same paths, order two: what holds half of two twins holds one, derivatives summed by chain rule."""
    normals = rng.standard_normal((500, 3))
    shared = dict(rate=0.02, dividend_yields=0.01)
    twins = GeometricBrownianMotion(spots=[100.0] * 3, volatilities=0.2, correlation=TWINS, **shared)
    pair = GeometricBrownianMotion(
        spots=[100.0] * 2, volatilities=0.2, correlation=[[1.0, 0.3], [0.3, 1.0]], **shared
    )
    results = []
    for dynamics, weights, lanes in (
        (twins, (0.3, 0.3, 0.4), normals),
        (pair, (0.6, 0.4), normals[:, [0, 2]]),
    ):
        path = Path(
            dynamics=dynamics,
            payoff=BasketOption(strike=100.0, weights=weights),
            expiry=1.0,
            smoothing="kernel",
        )
        results.append(expectation(path, path.parameters, lanes=lanes, order=2))
    join = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    join = np.block([[join, np.zeros((2, 3))], [np.zeros((2, 3)), join]])
    assert results[0].value == pytest.approx(results[1].value, rel=1e-13)
    np.testing.assert_allclose(join @ results[0].gradient, results[1].gradient, rtol=1e-11)
    scale = np.abs(results[1].hessian).max()
    np.testing.assert_allclose(join @ results[0].hessian @ join.T, results[1].hessian, atol=1e-11 * scale)


def test_a_riskless_asset_shifts_the_strike(rng: np.random.Generator) -> None:
    normals = rng.standard_normal((400, 2))
    market = dict(rate=0.03, spots=[100.0, 50.0])
    both = GeometricBrownianMotion(volatilities=[0.2, 0.0], **market)
    one = GeometricBrownianMotion(volatilities=[0.2], rate=0.03, spots=[100.0])
    forward = 50.0 * np.exp(0.03)
    found, expected = (
        expectation(path, path.parameters, lanes=lanes, order=1)
        for path, lanes in (
            (Path(dynamics=both, payoff=BasketOption(strike=150.0, weights=(1.0, 1.0)), expiry=1.0), normals),
            (Path(dynamics=one, payoff=BasketOption(strike=150.0 - forward), expiry=1.0), normals[:, :1]),
        )
    )
    assert found.value == pytest.approx(expected.value, rel=1e-13)
    np.testing.assert_allclose(found.gradient[[0, 2]], expected.gradient, rtol=1e-12)


@pytest.mark.parametrize("smoothing", ["conditional_expectation", "likelihood_ratio", "vibrato", "malliavin"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"volatilities": [0.2, 0.0]}, "volatilities: one is zero"),
        ({"correlation": [[1.0, 1.0], [1.0, 1.0]]}, "asset 1 is perfectly correlated"),
    ],
)
def test_estimators_by_densities_refuse_with_the_reason(
    smoothing: str, changes: dict[str, Any], message: str, rng: np.random.Generator
) -> None:
    market = {"spots": [100.0, 90.0], "volatilities": 0.2, **changes}
    dynamics = GeometricBrownianMotion(**market)
    payoff = DigitalOption(strike=95.0, weights=(0.5, 0.5))

    def estimate() -> Any:
        path = Path(dynamics=dynamics, payoff=payoff, expiry=1.0, smoothing=smoothing)
        return expectation(path, path.parameters, lanes=rng.standard_normal((16, 2)), order=1)

    if smoothing == "conditional_expectation" and "correlation" in changes:
        assert np.isfinite(estimate().gradient).all()  # it integrates over a move that both assets make
        return
    with pytest.raises(AadValueError, match=message):
        estimate()


def test_the_factor_is_differentiated_where_it_has_a_derivative(rng: np.random.Generator) -> None:
    """An asset that is another by plain numbers, or its mirror, follows it whatever the rest does."""
    vector = rng.standard_normal(3).tolist()

    def twins(x: Any) -> Any:
        rows = [[1.0, x[0], x[0]], [x[0], 1.0, 1.0], [x[0], 1.0, 1.0]]
        first, second, third = multiply(factorize(rows), vector)
        return 2.0 * first + 3.0 * second * third

    def alone(x: Any) -> Any:
        first, second = multiply(factorize([[1.0, x[0]], [x[0], 1.0]]), vector[:2])
        return 2.0 * first + 3.0 * second * second

    for found, expected in zip(ad.value_and_grad(twins)([0.4]), ad.value_and_grad(alone)([0.4]), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    np.testing.assert_allclose(hessian(twins, [0.4]), hessian(alone, [0.4]), rtol=1e-13)

    def mirrored(x: Any) -> Any:
        rows = [[1.0, -1.0, 0.2], [-1.0, 1.0, -0.2], [0.2, -0.2, 1.0]]
        return multiply(factorize(rows), [x[0], 5.0, 7.0])[1]

    assert ad.value_and_grad(mirrored)([0.4])[1] == [-1.0]


@pytest.mark.parametrize("start", [1.0, -1.0])
def test_perfect_correlation_has_no_derivative_in_itself(start: float) -> None:
    def moved(x: Any) -> Any:
        return multiply(factorize([[1.0, x[0]], [x[0], 1.0]]), [0.3, 0.7])[1]

    with pytest.raises(AadValueError, match="the factor has no derivative in correlations there"):
        ad.value_and_grad(moved)([start])


def test_closed_forms_without_risk_are_payoffs() -> None:
    market = GeometricBrownianMotion(spots=[110.0], volatilities=0.0, rate=0.04)
    forward = 110.0 * np.exp(0.04)
    for strike, is_call in ((100.0, True), (100.0, False), (120.0, False)):
        expected = np.exp(-0.04) * max((forward - strike) * (1.0 if is_call else -1.0), 0.0)
        found = closed_forms.geometric_basket(
            dynamics=market, weights=[1.0], strike=strike, expiry=1.0, is_call=is_call
        )
        assert found == pytest.approx(expected, rel=1e-14)
        assert found == pytest.approx(
            black_scholes.price(
                spot=110.0, strike=strike, expiry=1.0, rate=0.04, volatility=0.0, is_call=is_call
            ),
            rel=1e-14,
        )
    assert closed_forms.digital(dynamics=market, strike=100.0, expiry=1.0) == pytest.approx(np.exp(-0.04))
    assert closed_forms.digital(dynamics=market, strike=120.0, expiry=1.0) == 0.0
    twins = GeometricBrownianMotion(spots=[110.0, 100.0], volatilities=0.2, correlation=np.ones((2, 2)))
    assert closed_forms.exchange(dynamics=twins, expiry=1.0) == pytest.approx(10.0)


def test_mirrored_assets_worst_of(rng: np.random.Generator) -> None:
    normals = rng.standard_normal((50, 2))
    dynamics = GeometricBrownianMotion(spots=[100.0, 100.0], volatilities=0.2, correlation=MIRRORED)
    path = Path(dynamics=dynamics, payoff=WorstOfOption(strike=90.0), expiry=1.0)
    found = expectation(path, path.parameters, lanes=normals, order=1).value
    moves = 0.2 * normals[:, 0]
    worst = 100.0 * np.exp(-np.abs(moves) - 0.02)
    assert found == pytest.approx(np.maximum(worst - 90.0, 0.0).mean(), rel=1e-12)
