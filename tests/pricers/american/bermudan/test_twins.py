"""The kernels against their readable twins."""

from __future__ import annotations

import math

import numpy as np
import pytest

from greeks2 import hessian
from pricers.american.bermudan.bermudan_option import BermudanOption
from pricers.american.bermudan.exercise_policy import fit_policy, regressed_paths
from pricers.american.bermudan.orthogonal_basis import recurrence_of
from pricers.american.bermudan.path_noise import PathNoise
from pricers.american.bermudan.pricing_pass_kernel import greek_sums_kernel, kink_kernel
from pricers.american.bermudan.result import unpacked
from pricers.american.bermudan.stopped_premium_kernel import (
    KERNEL_INPUTS,
    N_OUTPUTS,
    stopped_gradient_kernel,
    stopped_hessian_kernel,
    stopped_value_kernel,
)
from pricers.american.bermudan.twins import exercise_policy, pricing_pass
from pricers.american.bermudan.twins.stopped_premium import stopped_premium

PUT = BermudanOption(
    spot=100.0, strike=102.0, expiry=1.5, volatility=0.25, rate=0.04, dividend_yield=0.01, n_dates=8
)
CALL = BermudanOption(
    spot=100.0,
    strike=98.0,
    expiry=0.75,
    volatility=0.3,
    rate=0.02,
    dividend_yield=0.06,
    is_call=True,
    n_dates=6,
)
NOISE = PathNoise(n_paths=4096, n_batches=2, antithetic=True, noise="pseudo", seed=11)


@pytest.mark.parametrize("option", [PUT, CALL])
@pytest.mark.parametrize(("time", "brownian"), [(0.3, -0.6), (0.7, 0.2), (0.05, 0.9)])
def test_closed_forms_are_the_derivatives_of_the_twin(
    option: BermudanOption, time: float, brownian: float
) -> None:
    market = np.array([getattr(option, name) for name in KERNEL_INPUTS])

    def premium(x: np.ndarray) -> float:
        return stopped_premium(
            x, time, brownian, strike=option.strike, expiry=option.expiry, sign=option.sign
        )

    out = np.empty(N_OUTPUTS)
    stopped_hessian_kernel(time, brownian, option.terms, out)
    value, gradient, second = unpacked(out, 4)
    assert value == pytest.approx(premium(market), rel=1e-12, abs=1e-12)
    assert stopped_value_kernel(time, brownian, option.terms) == pytest.approx(value, rel=1e-14)
    np.testing.assert_allclose(
        stopped_gradient_kernel(time, brownian, option.terms)[1:], gradient, rtol=1e-13
    )
    np.testing.assert_allclose(second, hessian(premium, market), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("option", [PUT, CALL])
def test_policy_is_the_twins(option: BermudanOption) -> None:
    policy = fit_policy(option, NOISE, 0, recurrence_of("legendre", 3), with_shifts=True)
    paths = regressed_paths(option, NOISE, 0)
    ends, shifts = exercise_policy.fit_policy(option, paths, 3)
    end = 0 if option.is_call else 1
    np.testing.assert_allclose(policy.ends[:, end], ends, rtol=1e-8)
    np.testing.assert_allclose(policy.shifts[:, end], shifts, rtol=1e-6, atol=1e-8)
    assert np.all(np.isinf(policy.ends[:, 1 - end]))


@pytest.mark.parametrize("option", [PUT, CALL])
def test_pricing_pass_is_the_twins_times_frozen_and_the_branch_in_the_mean(option: BermudanOption) -> None:
    policy = fit_policy(option, NOISE, 0, recurrence_of("chebyshev", 3), with_shifts=True)
    end = 0 if option.is_call else 1
    ends, shifts = policy.ends[:, end], policy.shifts[:, end]
    normals = NOISE.normals(batch=0, part=1, n_columns=option.n_dates)
    sums = np.zeros(N_OUTPUTS)
    greek_sums_kernel(normals, False, option.terms, policy.ends, policy.shifts, sums)
    paths = np.cumsum(normals[:, 1:].T, axis=0) * math.sqrt(option.expiry / option.n_dates)
    value, gradient, second = pricing_pass.frozen_sum(option, ends, paths)
    kinks = pricing_pass.kink_sum(option, ends, shifts, paths)
    found = unpacked(sums, 4)
    assert found[0] == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-9)
    # One date of each path is drawn: the sum of all dates is its mean.
    np.testing.assert_allclose(found[2], second + kinks, atol=0.1 * np.abs(kinks).max())
    assert found[2][0, 0] == pytest.approx((second + kinks)[0, 0], rel=0.05)


@pytest.mark.parametrize("option", [PUT, CALL])
def test_kink_terms_of_all_dates_are_the_twins(option: BermudanOption) -> None:
    policy = fit_policy(option, NOISE, 1, recurrence_of("chebyshev", 3), with_shifts=True)
    end = 0 if option.is_call else 1
    step = option.expiry / option.n_dates
    normals = NOISE.normals(batch=1, part=1, n_columns=option.n_dates)[:50]
    paths = np.cumsum(normals[:, 1:].T, axis=0) * math.sqrt(step)
    stops = pricing_pass.first_stops(policy.ends[:, end], paths, option.sign)
    sums = np.zeros(N_OUTPUTS)
    for path, stop in zip(paths.T, stops, strict=True):
        for date in range(min(stop + 1, option.n_dates - 1)):
            z = (policy.ends[date, end] - (path[date - 1] if date else 0.0)) / math.sqrt(step)
            weight = math.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi * step) * option.volatility)
            kink_kernel(
                np.ascontiguousarray(path), date, end, weight, option.terms, policy.ends, policy.shifts, sums
            )
    twin = pricing_pass.kink_sum(option, policy.ends[:, end], policy.shifts[:, end], paths)
    np.testing.assert_allclose(unpacked(sums, 4)[2], twin, rtol=1e-8)
