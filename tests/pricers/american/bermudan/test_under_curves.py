"""Bermudan options under curves: four ways that share little, and their twins."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from greeks2 import hessian
from pricers.american.bermudan import (
    american_greeks,
    finite_difference_greeks,
    frozen_times,
    least_squares_price,
    quadrature_greeks,
)
from pricers.american.bermudan.bermudan_option import LABELS, BermudanOption
from pricers.american.bermudan.exercise_policy import fit_policy, regressed_paths
from pricers.american.bermudan.orthogonal_basis import recurrence_of
from pricers.american.bermudan.path_noise import PathNoise
from pricers.american.bermudan.result import unpacked
from pricers.american.bermudan.stopped_premium_kernel import KERNEL_INPUTS, N_OUTPUTS, stopped_hessian_kernel
from pricers.american.bermudan.twins import exercise_policy
from pricers.american.bermudan.twins.stopped_premium import stopped_premium
from pricers.curves import PiecewiseRate

CURVES = {
    "rate": PiecewiseRate([0.3, 1.0], [0.03, 0.05]),
    "dividend_yield": PiecewiseRate([0.5, 1.0], [0.02, 0.01]),
}
PUT = {"spot": 100.0, "strike": 105.0, "expiry": 1.0, "volatility": 0.25, "n_dates": 10, **CURVES}


@pytest.fixture(scope="module")
def truth():
    return quadrature_greeks(**PUT)


def test_finite_differences_are_the_quadrature(truth):
    found = finite_difference_greeks(**PUT)
    assert found.price == pytest.approx(truth.price, abs=5e-4)
    np.testing.assert_allclose(found.gradient, truth.gradient, rtol=3e-4)
    np.testing.assert_allclose(found.hessian, truth.hessian, rtol=0.01, atol=0.05)


def test_simulation_is_the_quadrature(truth):
    found = american_greeks(**PUT)
    assert abs(found.price - truth.price) < 4.0 * found.stderr + 1e-3
    np.testing.assert_allclose(found.gradient, truth.gradient, rtol=2e-3)
    assert found.gamma == pytest.approx(truth.gamma, rel=0.01)
    assert found.volga == pytest.approx(truth.volga, rel=0.05)
    assert found.second("rate", "rate") == pytest.approx(truth.second("rate", "rate"), rel=0.03)
    bounds = least_squares_price(**PUT)
    assert (
        bounds.price - 4.0 * bounds.stderr
        < truth.price
        < bounds.upper_bound + 4.0 * bounds.upper_bound_stderr
    )


def test_refitting_is_the_quadrature(truth):
    """Its control, the European value along the path, takes the curves from each date on."""
    found = american_greeks(**PUT, exercise="refit", n_paths=40_000)
    assert abs(found.price - truth.price) < 4.0 * found.stderr + 2e-3
    np.testing.assert_allclose(found.gradient, truth.gradient, rtol=0.01)
    assert found.gamma == pytest.approx(truth.gamma, rel=0.02)


def test_frozen_times_are_a_function_of_the_means(truth):
    frozen = frozen_times(**PUT, n_paths=20_000)
    point = BermudanOption(**PUT).numbers()
    np.testing.assert_allclose(point[LABELS.index("rate")], CURVES["rate"].accumulated(1.0))
    assert float(frozen(point)) == pytest.approx(truth.price, rel=0.01)
    once = american_greeks(**PUT, exercise="frozen_times", n_paths=20_000)
    assert once.biased_in_second_order
    np.testing.assert_allclose(hessian(frozen, point), once.hessian, rtol=1e-9)
    assert sum(
        part(point) * part.times.size for part in frozen.batches(5000)
    ) / frozen.times.size == pytest.approx(float(frozen(point)), rel=1e-12)


def test_a_flat_curve_is_its_number():
    flat = {**PUT, "rate": 0.04, "dividend_yield": 0.01}
    curved = {**flat, "rate": PiecewiseRate([0.3, 1.0], [0.04, 0.04])}
    for function in (american_greeks, finite_difference_greeks):
        number, curve = function(**flat), function(**curved)
        np.testing.assert_allclose(curve.gradient, number.gradient, rtol=1e-6)
        np.testing.assert_allclose(curve.hessian, number.hessian, rtol=1e-5, atol=1e-6)


def test_kernels_under_curves_are_their_twins():
    option = BermudanOption(**{**PUT, "n_dates": 8})
    market, time, brownian = option.numbers(KERNEL_INPUTS), 0.375, -0.4
    beyond = option.beyond_mean(time)

    def premium(x):
        return stopped_premium(
            x, time, brownian, beyond, strike=option.strike, expiry=option.expiry, sign=option.sign
        )

    out = np.empty(N_OUTPUTS)
    stopped_hessian_kernel(time, brownian, option.terms, out)
    value, _, second = unpacked(out, 4)
    assert value == pytest.approx(premium(market), rel=1e-12)
    np.testing.assert_allclose(second, hessian(premium, market), rtol=1e-9, atol=1e-9)
    noise = PathNoise(n_paths=4096, n_batches=2, antithetic=True, noise="pseudo", seed=11)
    policy = fit_policy(option, noise, 0, recurrence_of("legendre", 3), with_shifts=True)
    ends, shifts = exercise_policy.fit_policy(option, regressed_paths(option, noise, 0), 3)
    np.testing.assert_allclose(policy.ends[:, 1], ends, rtol=1e-8)
    np.testing.assert_allclose(policy.shifts[:, 1], shifts, rtol=1e-6, atol=1e-8)


def test_the_quadrature_refuses_exercise_at_some_dates_alone():
    with pytest.raises(AadValueError, match="finite_difference_greeks"):
        quadrature_greeks(**{**PUT, "rate": PiecewiseRate([0.3, 1.0], [-0.02, 0.05])})


@pytest.mark.parametrize("volatility", [1.5, 3.0])
def test_large_deviations_have_a_grid_in_the_logarithm(volatility):
    flat = {**PUT, "rate": 0.03, "dividend_yield": 0.0, "volatility": volatility, "n_dates": 8}
    found, exact = finite_difference_greeks(**flat), quadrature_greeks(**flat)
    assert found.price == pytest.approx(exact.price, abs=4e-3)
    np.testing.assert_allclose(found.gradient, exact.gradient, rtol=5e-4)
    for one, other in [
        ("spot", "spot"),
        ("rate", "rate"),
        ("volatility", "volatility"),
        ("spot", "volatility"),
    ]:
        assert found.second(one, other) == pytest.approx(exact.second(one, other), rel=6e-3), (one, other)


@pytest.mark.parametrize("rate", [0.002, 0.0005, -0.0002])
def test_differences_in_the_rate_stay_on_its_side_of_zero(rate):
    """Early exercise of a put begins at a rate of zero: a difference across it has no meaning."""
    flat = {**PUT, "rate": rate, "dividend_yield": 0.0, "n_dates": 8}
    found, exact = finite_difference_greeks(**flat), quadrature_greeks(**flat)
    assert found.rho == pytest.approx(exact.rho, rel=2e-3)
    assert found.second("rate", "rate") == pytest.approx(exact.second("rate", "rate"), rel=0.05)
