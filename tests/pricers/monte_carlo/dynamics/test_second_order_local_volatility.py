"""Steps of weak order two: exact where volatility is flat, their order elsewhere, no comparison in a recording."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from pricers.contracts import Market
from pricers.monte_carlo import (
    BasketOption,
    GeometricBrownianMotion,
    LocalVolatility,
    Path,
    SecondOrderLocalVolatility,
)
from pricers.surfaces import FlatVolatility, SplineVolatility, VolatilityHats, uniform_basis

from ...surfaces.surfaces_list import TERMS, calibrated


def test_flat_volatility_steps_as_geometric_brownian_motion(rng):
    terms = {"spots": [100.0, 80.0], "rate": 0.03, "correlation": [[1.0, 0.4], [0.4, 1.0]]}
    one = SecondOrderLocalVolatility(surfaces=FlatVolatility(0.3), **terms)
    exact = GeometricBrownianMotion(volatilities=0.3, **terms)
    shocks = rng.standard_normal((2, 5))
    for found, wanted in zip(
        one.moved(one.log_spots(), 0.2, 0.25, list(shocks)), exact.moved(exact.log_spots(), 0.2, 0.25, list(shocks)),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


def moments(dynamics, n_steps, *, power):
    """Return E[(S / S0)^power], every step's normal integrated by Gauss-Hermite points, on a grid."""
    points, weights = np.polynomial.hermite_e.hermegauss(12)
    weights = weights / weights.sum()
    grid = np.linspace(-1.6, 1.6, 1601)
    value = np.exp(power * grid)
    for step in range(n_steps - 1, -1, -1):
        ends = np.array(
            [dynamics.moved([np.log(100.0) + grid], step / n_steps, 1.0 / n_steps, [e])[0] for e in points]
        ) - np.log(100.0)
        value = weights @ np.interp(ends, grid, value)
    return np.interp(0.0, grid, value)


def test_its_weak_order_is_two_where_eulers_is_one():
    surface = SplineVolatility(
        uniform_basis(lower=10.0, upper=500.0, size=12), np.log(0.3 - 0.15 * np.tanh(np.linspace(-2.0, 2.0, 12))),
        logarithmic=True,
    )  # fmt: skip
    errors = {}
    for model in (LocalVolatility, SecondOrderLocalVolatility):
        found = [moments(model(spots=[100.0], surfaces=surface), n, power=2.0) for n in (4, 8, 16)]
        errors[model] = np.abs(np.diff(found))
    order = {model: np.log2(error[0] / error[1]) for model, error in errors.items()}
    assert 0.7 < order[LocalVolatility] < 1.3
    assert order[SecondOrderLocalVolatility] > 1.6
    assert errors[SecondOrderLocalVolatility][1] < 0.2 * errors[LocalVolatility][1]


@pytest.mark.parametrize("bumped", [False, True])
def test_a_recorded_path_holds_on_every_other(bumped, rng):
    """Knots, levels and hats are looked up by value: no guards, and values equal those of plain NumPy."""
    market = Market(spot=100.0, surface=calibrated(), **TERMS)
    if bumped:
        market = market.bumped(VolatilityHats([0.25, 0.8], [-1.0, 0.0, 1.0]))
    path = Path(
        dynamics=market.dynamics(), payoff=BasketOption(strike=95.0), expiry=0.9, n_steps=6, track_steps=True,
        differentiate=("spots", "rate", "dividend_yields", "weights"), smoothing="conditional_expectation",
    )  # fmt: skip
    normals = 2.0 * rng.standard_normal((200, 6, 1))
    program = ad.record(path, path.parameters, normals, lanes=(1,), passive=(1,))
    assert program.guards == ()
    np.testing.assert_allclose(
        program.value(path.parameters, normals), path(path.parameters, normals), rtol=1e-12
    )
    step = 1e-5 * np.cos(np.arange(path.parameters.size))
    change = path(path.parameters + step, normals) - path(path.parameters - step, normals)
    gradient = program.gradient(path.parameters, normals)
    assert np.sum(change) == pytest.approx(2.0 * gradient @ step, rel=1e-5)
