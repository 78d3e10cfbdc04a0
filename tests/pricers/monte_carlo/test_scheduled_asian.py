"""Asian options on a schedule of fixings, against quadrature, closed forms and the backward march."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from greeks2 import Expectation, Normals, expectation
from pricers import black_scholes, pde
from pricers.contracts import Market
from pricers.monte_carlo import GeometricBrownianMotion, ScheduledAsian

from ..surfaces.surfaces_list import TERMS, calibrated

RATE, YIELD = 0.03, 0.01


def flat(p: Any) -> GeometricBrownianMotion:
    return GeometricBrownianMotion(spots=[p[0]], volatilities=[p[1]], rate=RATE, dividend_yields=YIELD)


def estimated(asian: ScheduledAsian, model: Any, p: list[float], n_paths: int = 20_000) -> Expectation:
    normals = Normals(n_paths=n_paths, shape=asian.noise_shape, seed=11, antithetic=True)
    return expectation(lambda x, z: asian(model(x), z), p, lanes=normals, order=2, smoothing="kink")


def two_fixings(
    spot: float, sigma: float, *, strike: float, first: float, last: float, expiry: float
) -> float:
    """Return the call on the mean of two fixings: Black-Scholes given the first, by a fine trapezoid rule."""
    x = np.linspace(-8.0, 8.0, 8001)
    density = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
    seen = spot * np.exp((RATE - YIELD - 0.5 * sigma**2) * first + sigma * math.sqrt(first) * x)
    left = 2.0 * strike - seen
    forward = seen * math.exp((RATE - YIELD) * (last - first))
    deviation = sigma * math.sqrt(last - first)
    d1 = np.log(forward / np.maximum(left, 1e-12)) / deviation + 0.5 * deviation
    option = forward * ad.norm_cdf(d1) - left * ad.norm_cdf(d1 - deviation)
    value = 0.5 * np.where(left > 0.0, option, forward - left)
    return math.exp(-RATE * expiry) * float(np.sum(value * density) * (x[1] - x[0]))


def test_two_fixings_against_quadrature() -> None:
    asian = ScheduledAsian(strike=101.0, fixings=[0.2, 0.7], expiry=0.75)
    terms = {"strike": 101.0, "first": 0.2, "last": 0.7, "expiry": 0.75}
    found = estimated(asian, flat, [100.0, 0.25])

    def exact(i: float, j: float) -> float:
        return two_fixings(100.0 + i, 0.25 + j, **terms)

    h, k = 0.05, 1e-3
    gradient = [(exact(h, 0) - exact(-h, 0)) / (2 * h), (exact(0, k) - exact(0, -k)) / (2 * k)]
    cross = sum(i * j * exact(i * h, j * k) for i in (1, -1) for j in (1, -1)) / (4 * h * k)
    gamma = (exact(h, 0) + exact(-h, 0) - 2 * exact(0, 0)) / h**2
    volga = (exact(0, k) + exact(0, -k) - 2 * exact(0, 0)) / k**2
    assert found.gradient_stderr is not None and found.hessian_stderr is not None
    assert abs(found.value - exact(0, 0)) < 4.0 * found.stderr
    assert (np.abs(found.gradient - gradient) < 4.0 * found.gradient_stderr).all()
    second = np.array([[gamma, cross], [cross, volga]])
    assert (np.abs(found.hessian - second) < 4.0 * found.hessian_stderr).all()
    assert found.hessian_stderr[0, 0] < 0.05 * gamma


@pytest.mark.parametrize("is_call", [True, False])
def test_one_fixing_is_european_with_a_late_payment(is_call: bool) -> None:
    asian = ScheduledAsian(strike=95.0, fixings=[0.5], expiry=0.6, is_call=is_call)
    found = estimated(asian, flat, [100.0, 0.2])
    exact = black_scholes.greeks(
        spot=100.0, strike=95.0, expiry=0.5, rate=RATE, dividend_yield=YIELD, volatility=0.2, is_call=is_call
    )
    late = math.exp(-RATE * 0.1)
    assert abs(found.value - late * float(exact.price)) < 4.0 * found.stderr
    # Homogeneous in spot and strike: at the kink every path adds the same.
    assert found.hessian[0, 0] == pytest.approx(late * float(exact.gamma), rel=1e-9)


def test_what_is_fixed_moves_the_strike() -> None:
    """A mean over past and coming fixings is one over the coming ones at another strike, scaled."""
    seasoned = ScheduledAsian(strike=100.0, fixings=[0.1, 0.2], expiry=0.2, n_past=3, past_mean=98.0)
    fresh = ScheduledAsian(strike=(5.0 * 100.0 - 3.0 * 98.0) / 2.0, fixings=[0.1, 0.2], expiry=0.2)
    z = np.random.default_rng(5).standard_normal((50, *seasoned.noise_shape))
    model = flat([100.0, 0.2])
    np.testing.assert_allclose(seasoned(model, z), 0.4 * fresh(model, z), rtol=1e-12, atol=1e-12)


def test_steps_end_on_the_fixings_and_are_short() -> None:
    asian = ScheduledAsian(strike=1.0, fixings=[0.01, 0.16, 0.64], expiry=0.64, n_steps=8)
    ends = asian.step_ends
    assert set(asian.fixings.tolist()) <= set(ends.tolist())
    np.testing.assert_allclose(np.sqrt(ends), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])


def test_one_fixing_under_a_calibrated_surface_is_the_march_on_it() -> None:
    market = Market(spot=100.0, surface=calibrated(), **TERMS)
    asian = ScheduledAsian(strike=100.0, fixings=[0.6], expiry=0.6)
    normals = Normals(n_paths=8192, shape=asian.noise_shape, seed=3, antithetic=True)
    found = expectation(
        lambda x, z: asian(market.replaced({"spot": [x[0]]}).dynamics(), z),
        [100.0], lanes=normals, order=2, smoothing="kink",
    )  # fmt: skip
    price = pde.european(market, strike=100.0, expiry=0.6, differentiate="spot")
    program = ad.record(price, price.parameters)
    assert abs(found.value - float(program.value(price.parameters))) < 4.0 * found.stderr
    assert abs(found.gradient[0] - program.gradient(price.parameters)[0]) < 4.0 * found.gradient_stderr[0]
    gamma = program.hessian(price.parameters)[0, 0]
    assert abs(found.hessian[0, 0] - gamma) < 4.0 * found.hessian_stderr[0, 0]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"fixings": []}, AadValueError, "fixings is empty"),
        ({"fixings": [0.2, 0.1]}, AadValueError, "fixings"),
        ({"fixings": [0.0, 0.1]}, AadValueError, "fixings"),
        ({"fixings": [0.1, 0.6]}, AadValueError, r"fixings\[1\] = 0.6: must not be after the expiry"),
        ({"strike": np.nan}, AadValueError, "strike"),
        ({"n_past": -1}, AadValueError, "n_past"),
        ({"past_mean": np.inf}, AadValueError, "past_mean"),
        ({"n_steps": 0}, AadValueError, "n_steps"),
        ({"is_call": "C"}, AadTypeError, "is_call"),
    ],
)
def test_bad_input(change: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        ScheduledAsian(**{"strike": 100.0, "fixings": [0.5], "expiry": 0.5, **change})


def test_bad_paths() -> None:
    asian = ScheduledAsian(strike=100.0, fixings=[0.5], expiry=0.5)
    with pytest.raises(AadValueError, match="normals have shape"):
        asian(flat([100.0, 0.2]), np.zeros((3, 1)))
    two = GeometricBrownianMotion(spots=[1.0, 2.0], volatilities=[0.1, 0.1])
    with pytest.raises(AadValueError, match="2 assets"):
        asian(two, np.zeros(asian.noise_shape))
