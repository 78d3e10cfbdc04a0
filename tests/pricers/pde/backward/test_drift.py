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
from pricers.pde.march.operator import difference_weights

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


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("volatility", [1e-3, 5e-3])
@pytest.mark.parametrize("rate", [-0.05, 0.05])
def test_nothing_oscillates_where_drift_outruns_diffusion(
    volatility: float, rate: float, expand: bool
) -> None:
    """Barriers tie the grid to the spot; with central differences a put was -5e-5, its delta -0.005, values -4 nearby.

    Without an oscillation values lie between bounds, and far from the strike a price is a forward's or nothing.
    """
    terms: dict[str, Any] = dict(strike=100.0, expiry=1.0, rate=rate, n_nodes=201, n_steps=100)
    forward = 100.0 * np.exp(-rate)
    for is_call, barrier in ((True, {"upper_barrier": 130.0}), (False, {"lower_barrier": 75.0})):
        grid = default_grid(
            spot=forward, volatility=volatility, **barrier,
            **{name: terms[name] for name in ("strike", "expiry", "rate", "n_nodes")},
        )  # fmt: skip
        march = {name: terms[name] for name in ("strike", "expiry", "rate", "n_steps")}
        values = backward.crank_nicolson(
            grid=grid, volatility=volatility, is_call=is_call, expand=expand, **march, **barrier
        )
        bound = grid.spots if is_call else 100.0 * np.exp(max(-rate, 0.0))
        assert np.min(values) > -1e-12
        assert (np.asarray(values) <= bound + 1e-12).all()
        for spot, exact in ((forward - 3.0, 0.0), (forward + 3.0, 3.0)):
            exact = exact if is_call else 3.0 - exact

            def price(x: Any, is_call: bool = is_call, barrier: Any = barrier) -> Any:
                return backward.price(
                    spot=x[0], volatility=x[1], is_call=is_call, expand=expand, **terms, **barrier
                )

            value, gradient = ad.value_and_grad(price)([spot, volatility])
            delta = (1.0 if is_call else -1.0) * (exact > 0.0)
            assert value == pytest.approx(exact, abs=2e-3)
            assert gradient == pytest.approx([delta, 0.0], abs=0.1)


def test_one_sided_differences_are_exact_on_lines_and_leave_resolved_cells_alone() -> None:
    grid = default_grid(spot=100.0, strike=100.0, expiry=1.0, volatility=0.2, n_nodes=51)
    spots = grid.spots[1:-1]
    slopes, central = difference_weights(grid)
    for carry in (-0.3, 0.3):
        again, drifts = difference_weights(grid, carry=carry, variance=0.01)
        assert all(np.array_equal(x, y) for x, y in zip(slopes, again, strict=True))
        left, right = np.diff(grid.spots)[:-1], np.diff(grid.spots)[1:]
        np.testing.assert_allclose(drifts[1] * right - drifts[0] * left, spots, rtol=1e-13)
        for slope, drift in zip(slopes, drifts, strict=True):
            assert (0.01 * slope + carry * drift >= -1e-12).all()
        resolved = 0.01 * spots > abs(carry) * np.maximum(left, right)
        assert resolved.any() and not resolved.all()
        for one, other in zip(drifts, central, strict=True):
            assert np.array_equal(one[resolved], other[resolved])


def test_a_replay_does_not_turn_the_drift_of_one_sided_differences() -> None:
    program = ad.record(
        lambda x: backward.price(
            spot=97.0,
            strike=100.0,
            expiry=1.0,
            rate=x[0],
            volatility=0.001,
            lower_barrier=60.0,
            is_call=False,
        ),
        [0.05],
    )
    assert program.value([0.04]) == pytest.approx(0.0, abs=1e-3)
    with pytest.raises(ad.BranchChanged):
        program.value([-0.05])


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
