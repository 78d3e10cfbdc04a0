"""The default grid follows the drift: closed forms from 0.5% to 100% volatility, a day to ten years."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aadlib as ad
from greeks2 import hessian
from pricers.analytic import black_scholes
from pricers.pde import backward
from pricers.pde.backward import extrapolated_price
from pricers.pde.grids import default_grid

STRIKE = 100.0


def worst_errors(
    volatility: float, rate: float, expiry: float, distance: float, **changes: Any
) -> tuple[float, float]:
    """Return the worst relative error of price, vega and gamma, delta absolute, and that of the second order.

    `distance` is ln(F / K) in deviations; volga counts in units of vega over volatility.
    """
    deviation = volatility * np.sqrt(expiry)
    spot = STRIKE * np.exp(distance * deviation - rate * expiry)

    def value(x: Any) -> Any:
        market = {"spot": x[0], "strike": STRIKE, "rate": x[1], "volatility": x[2], "expiry": expiry}
        return backward.price(**market, **changes)

    exact = black_scholes.greeks(spot=spot, strike=STRIKE, expiry=expiry, rate=rate, volatility=volatility)
    price, gradient = ad.value_and_grad(value)([spot, rate, volatility])
    second = hessian(value, [spot, rate, volatility], method="forward_over_reverse")
    unit = exact.vega / volatility
    first_order = [
        price / exact.price - 1.0,
        gradient[0] - exact.delta,
        (gradient[1] - exact.rho) / (abs(exact.rho) + exact.price * expiry),
        gradient[2] / exact.vega - 1.0,
    ]
    second_order = [
        second[0, 0] / exact.gamma - 1.0,
        (second[0, 2] - exact.vanna) * spot / unit * deviation,
        (second[2, 2] - exact.volga) / unit,
    ]
    return float(np.abs(first_order).max()), float(np.abs(second_order).max())


@pytest.mark.parametrize("volatility", [0.005, 0.02, 0.1, 0.4, 1.0])
@pytest.mark.parametrize("rate", [-0.05, 0.0, 0.1])
def test_closed_forms_over_volatilities_rates_and_expiries(volatility: float, rate: float) -> None:
    for expiry in (1.0 / 365.0, 0.25, 1.0, 10.0):
        wide = volatility**2 * expiry > 1.0
        for distance in (-1.0, 0.0, 1.0):
            first, second = worst_errors(volatility, rate, expiry, distance)
            assert first < (3e-3 if wide else 5e-4), (expiry, distance, first)
            assert second < (2e-2 if wide else 2e-3), (expiry, distance, second)


@pytest.mark.filterwarnings("ignore::greeks2.KinkWarning")
@pytest.mark.parametrize(("rate", "expiry"), [(-0.05, 1.0), (0.1, 1.0), (0.05, 3.0)])
def test_levels_of_the_spot_under_drift(rate: float, expiry: float) -> None:
    """Where exercise or a spline volatility ties the grid to the spot, the closest zone covers the way of the kink."""
    cases: list[dict[str, Any]] = [{"upper_barrier": 1000.0}]
    if rate > 0.0:  # a call without dividends is not exercised
        cases.append({"exercise": "american"})
    for case in cases:
        first, second = worst_errors(0.01, rate, expiry, 0.0, n_nodes=801, n_steps=400, **case)
        assert first < 1e-2
        assert second < 2e-2


def test_the_frame_moves_a_local_volatility_along() -> None:
    """On a fine fixed grid the same surface gives the same price, and its derivatives in rate and expiry."""

    def surface(spots: Any, time: Any) -> Any:
        return 0.15 + 0.1 * np.exp(-spots / 80.0) + 0.05 * time

    for rate in (-0.08, 0.12):
        market = dict(strike=100.0, expiry=2.0, rate=rate, dividend_yield=0.01, volatility=surface)
        grid = default_grid(spot=100.0, n_nodes=1601, **market)
        exact = extrapolated_price(spot=95.0, grid=grid, n_steps=400, **market)
        assert backward.price(spot=95.0, **market) == pytest.approx(exact, rel=1e-4)
        assert extrapolated_price(spot=95.0, **market) == pytest.approx(exact, rel=1e-5)

        def value(x: Any, rate: float = rate) -> Any:
            rest = dict(strike=100.0, dividend_yield=0.01, volatility=surface, n_nodes=101, n_steps=20)
            return backward.price(spot=x[0], rate=x[1], expiry=x[2], **rest)

        def moved(i: int, step: float, rate: float = rate) -> float:
            at = np.array([95.0, rate, 2.0])
            at[i] += step
            rest = dict(strike=100.0, dividend_yield=0.01, volatility=surface)
            return float(extrapolated_price(spot=at[0], rate=at[1], expiry=at[2], **rest))

        gradient = ad.value_and_grad(value)([95.0, rate, 2.0])[1]
        for i, step in enumerate((0.5, 1e-3, 1e-2)):
            bumped = (moved(i, step) - moved(i, -step)) / (2.0 * step)
            assert gradient[i] == pytest.approx(bumped, rel=1e-2, abs=1e-2)


def test_limits_of_the_march() -> None:
    market = dict(spot=110.0, strike=100.0, rate=0.05)
    assert backward.price(expiry=0.0, volatility=0.2, **market) == pytest.approx(10.0, rel=1e-12)
    exact = 110.0 - 100.0 * np.exp(-0.05)
    assert backward.price(expiry=1.0, volatility=0.0, **market) == pytest.approx(exact, rel=1e-12)


def test_a_replay_at_another_rate_keeps_the_frame() -> None:
    def value(x: Any) -> Any:
        return backward.price(spot=x[0], strike=100.0, expiry=1.0, rate=x[1], volatility=0.1)

    program = ad.record(value, [97.0, 0.05])
    for rate in (0.04, 0.06):
        exact = black_scholes.price(spot=97.0, strike=100.0, expiry=1.0, rate=rate, volatility=0.1)
        assert program.value([97.0, rate]) == pytest.approx(exact, rel=1e-4)
