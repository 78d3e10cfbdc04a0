"""Local volatility paths: splines over lanes, prices of the finite-difference pricer, derivatives in the weights."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from pricers import black_scholes
from pricers.monte_carlo import (
    BarrierOption,
    BasketOption,
    LocalVolatility,
    Path,
    SpreadOption,
    closed_forms,
    price,
)
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.pde import backward
from pricers.surfaces.bspline import BSplineBasis, TensorBasis, uniform_basis
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.lane_splines import spline_on_lanes
from pricers.surfaces.spline_volatility import SplineVolatility
from pricers.surfaces.svi_local_volatility import SVILocalVolatility

from .estimates import estimate

BASIS = BSplineBasis([40.0, 70.0, 90.0, 100.0, 115.0, 140.0, 220.0])
WEIGHTS = 0.2 + 0.1 * np.exp(-np.linspace(0.0, 2.0, BASIS.size))
SURFACE = SplineVolatility(BASIS, WEIGHTS)
SVI = SVILocalVolatility(
    parameters=[0.01, 0.1, -0.4, 0.0, 0.2, 0.02, 0.12, -0.4, 0.0, 0.25],
    expiries=[0.5, 1.0],
    spot=100.0,
    rate=0.02,
)


def test_a_spline_over_lanes_is_the_spline_at_every_lane(rng):
    """Value and both derivatives, one recording for all knot intervals and for both sides beyond the end knots."""
    points = np.concatenate([rng.uniform(30.0, 240.0, 60), [40.0, 90.0, 220.0]])
    program = ad.record(lambda x: spline_on_lanes(BASIS, WEIGHTS.tolist(), x), points, lanes=(0,))
    assert program.guards == () and program.kinks == ()
    values, gradients, hessians = program.derivatives(points)
    for x, value, gradient, hessian in zip(points, values, gradients, hessians, strict=True):
        exact = ad.record(lambda t: BASIS.evaluate(WEIGHTS, t), x)
        assert value == pytest.approx(exact.value(x), rel=1e-13)
        if x not in (40.0, 220.0):  # at an end knot the slope jumps
            assert gradient[0] == pytest.approx(exact.gradient(x), rel=1e-10, abs=1e-14)
            assert hessian[0, 0] == pytest.approx(exact.hessian(x)[0, 0], rel=1e-9, abs=1e-14)


def test_a_spline_over_lanes_is_linear_in_its_weights(rng):
    points = rng.uniform(45.0, 210.0, 20)
    program = ad.record(
        lambda w, x: spline_on_lanes(BASIS, list(w), x),
        np.tile(WEIGHTS, (20, 1)),
        points,
        lanes=(0, 1),
        passive=(1,),
    )
    _, gradients, hessians = program.derivatives(np.tile(WEIGHTS, (20, 1)), points)
    np.testing.assert_allclose(gradients, BASIS.matrix(points), atol=1e-13)
    np.testing.assert_array_equal(hessians, 0.0)


def test_tensor_splines_and_logarithmic_ones_are_the_surface(rng):
    tensor = TensorBasis(BASIS, uniform_basis(lower=0.0, upper=1.0, size=5))
    weights = np.log(0.2) + 0.1 * rng.standard_normal(tensor.shape)
    surface = SplineVolatility(tensor, weights, logarithmic=True)
    spots = rng.uniform(50.0, 200.0, 10)
    np.testing.assert_allclose(surface.along_paths(np.log(spots), 0.3), surface(spots, 0.3), rtol=1e-12)


@pytest.mark.parametrize("surface", [SURFACE, SVI], ids=["spline", "svi"])
def test_price_is_that_of_the_finite_difference_pricer(surface):
    dynamics = LocalVolatility(spots=[100.0], surfaces=surface, rate=0.02)
    path = Path(
        dynamics=dynamics,
        payoff=BasketOption(strike=100.0),
        expiry=1.0,
        n_steps=20,
        track_steps=True,
        differentiate="spots",
        smoothing="conditional_expectation",
    )
    found = price(path, normals=np.random.default_rng(7).standard_normal((40_000, 20, 1)))
    exact = float(
        backward.price(
            spot=100.0, strike=100.0, expiry=1.0, rate=0.02, volatility=surface, n_nodes=401, n_steps=100
        )
    )
    assert abs(found.value - exact) < 4.0 * found.stderr + 2e-3 * exact


def folded(path, *, n_paths):
    """Return every path's gradient and Hessian in spot, one shift of all weights, and rate."""
    normals = np.random.default_rng(7).standard_normal((n_paths, *path.noise_shape))
    points = np.tile(path.parameters, (n_paths, 1))
    program = ad.record(path, points, normals, lanes=(0, 1), passive=(1,))
    _, gradients, hessians = program.derivatives(points, normals)
    fold = np.zeros((BASIS.size + 2, 3))
    fold[0, 0] = fold[-1, 2] = 1.0
    fold[1:-1, 1] = 1.0
    return gradients @ fold, fold.T @ hessians @ fold


@pytest.mark.parametrize("smoothing", ["conditional_expectation", "vibrato", "likelihood_ratio", "malliavin"])
def test_constant_weights_have_black_scholes_greeks(smoothing):
    """All weights equal is a flat volatility: the weights' derivatives add up to vega, their Hessian to volga."""
    flat = SplineVolatility(BASIS, np.full(BASIS.size, 0.2))
    path = Path(
        dynamics=LocalVolatility(spots=[100.0], surfaces=flat, rate=0.03, dividend_yields=0.01),
        payoff=BasketOption(strike=104.0),
        expiry=0.8,
        n_steps=2,
        track_steps=True,
        differentiate=("spots", "weights", "rate"),
        smoothing=smoothing,
    )
    slopes, bends = folded(path, n_paths=20_000)
    exact = black_scholes.greeks(
        spot=100.0, strike=104.0, expiry=0.8, rate=0.03, dividend_yield=0.01, volatility=0.2
    )
    wanted_slopes = np.array([exact.delta, exact.vega, exact.rho])
    wanted = np.array([
        [exact.gamma, exact.vanna, exact.delta_rho],
        [exact.vanna, exact.volga, exact.vera],
        [exact.delta_rho, exact.vera, exact.rho_convexity],
    ])  # fmt: skip
    for found, exact_values in ((slopes, wanted_slopes), (bends, wanted)):
        stderr = found.std(axis=0, ddof=1) / np.sqrt(len(found))
        assert np.abs((found.mean(axis=0) - exact_values) / stderr).max() < 4.0


def test_two_assets_may_share_a_surface():
    dynamics = LocalVolatility(
        spots=[100.0, 95.0], surfaces=FlatVolatility(0.25), correlation=[[1.0, 0.3], [0.3, 1.0]]
    )
    path = Path(
        dynamics=dynamics,
        payoff=SpreadOption(),
        expiry=1.0,
        n_steps=2,
        track_steps=True,
        differentiate=("spots", "weights", "correlations"),
        smoothing="conditional_expectation",
    )
    assert path.labels == ("spot[0]", "spot[1]", "weight[0]", "correlation[1,0]")
    found = estimate(path, n_paths=20_000)

    def exact(p):
        model = GeometricBrownianMotion(
            spots=[p[0], p[1]], volatilities=[p[2], p[2]], correlation=[[1.0, p[3]], [p[3], 1.0]]
        )
        return closed_forms.exchange(dynamics=model, expiry=1.0)

    value, gradient, hessian = ad.record(exact, path.parameters).derivatives(path.parameters)
    wanted = np.concatenate([[value], gradient, hessian[np.triu_indices(4)]])
    assert np.abs(found.deviations_from(wanted)).max() < 4.0


def test_barriers_under_local_volatility_by_two_methods():
    def moments(smoothing, n_paths):
        path = Path(
            dynamics=LocalVolatility(spots=[100.0], surfaces=SURFACE, rate=0.02),
            payoff=BarrierOption(strike=100.0, barrier=125.0),
            expiry=0.5,
            n_steps=3,
            track_steps=True,
            differentiate=("spots", "weights", "rate"),
            smoothing=smoothing,
        )
        rows = [found.reshape(n_paths, -1) for found in folded(path, n_paths=n_paths)]
        flat = np.concatenate(rows, axis=1)
        return flat.mean(axis=0), flat.std(axis=0, ddof=1) / np.sqrt(n_paths)

    (first, first_noise), (second, second_noise) = (
        moments("conditional_expectation", 20_000),
        moments("likelihood_ratio", 40_000),
    )
    assert np.abs((first - second) / np.hypot(first_noise, second_noise)).max() < 4.0
