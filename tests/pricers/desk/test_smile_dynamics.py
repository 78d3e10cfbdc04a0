"""Greeks under a smile that moves, against closed forms and against calibrating again at moved spots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aadlib import norm_cdf, norm_pdf
from aadlib.errors import AadTypeError, AadValueError
from pricers import pde
from pricers.analytic import implied_volatility
from pricers.calibration import CalibrationResult, calibrate, market_greeks, recalibrated
from pricers.contracts import Market
from pricers.curves import PiecewiseRate
from pricers.desk import DYNAMICS, smile_greeks
from pricers.surfaces import (
    FlatVolatility,
    LaterVolatility,
    MovingVolatility,
    TermVolatility,
    later_volatility,
    moving_volatility,
)

from ..calibration.conftest import make_quotes
from ..surfaces.surfaces_list import surfaces

STRIKE, EXPIRY = 104.0, 0.5
LOCAL, SAME_STRIKE, MONEYNESS = range(3)


@pytest.fixture(scope="module")
def fit() -> CalibrationResult:
    """Return a fit to a smile without noise."""
    return calibrate(make_quotes([0.1, 0.25, 0.5, 1.0]), n_strikes=8)


@pytest.fixture(scope="module")
def call(fit: CalibrationResult) -> Callable[[Market], Any]:
    """Return the price of a call."""
    options = pde.vanillas(fit, strikes=[STRIKE], expiries=[EXPIRY], is_call=True)
    return lambda market: options.price_at(market)[0]


def test_moneyness_gamma_is_the_curvature_in_strike(
    fit: CalibrationResult, call: Callable[[Market], Any]
) -> None:
    """(K / S)^2 V_KK, from prices at five strikes by the same march."""
    found = smile_greeks(fit, call)
    step = 0.1
    strikes = STRIKE + step * np.arange(-2.0, 3.0)
    one = pde.vanillas(fit, strikes=[STRIKE], expiries=[EXPIRY], is_call=True)
    many = pde.vanillas(fit, strikes=strikes, expiries=[EXPIRY] * 5, is_call=True, grid=one.grid)
    prices = many.price_at(fit.replaced({"weights": fit.minimiser.parameters}))
    curvature = np.array([-1.0, 16.0, -30.0, 16.0, -1.0]) @ prices / (12.0 * step**2)
    assert found.gamma[MONEYNESS] == pytest.approx((STRIKE / fit.spot) ** 2 * curvature, rel=1e-6)
    slope = np.array([1.0, -8.0, 0.0, 8.0, -1.0]) @ prices / (12.0 * step)
    assert found.delta[MONEYNESS] == pytest.approx((found.value - STRIKE * slope) / fit.spot, rel=1e-7)


def test_strike_greeks_are_black_s(fit: CalibrationResult, call: Callable[[Market], Any]) -> None:
    """As far as a fit without noise meets its quotes."""
    found = smile_greeks(fit, call)
    forward, discount = float(fit.forward(EXPIRY)), float(fit.discount(EXPIRY))
    terms = {"forward": forward, "strike": STRIKE, "discount": discount, "expiry": EXPIRY}
    deviation = float(implied_volatility(price=found.value, is_call=True, **terms)) * EXPIRY**0.5
    d1 = np.log(forward / STRIKE) / deviation + 0.5 * deviation
    share = discount * forward / fit.spot
    assert found.delta[SAME_STRIKE] == pytest.approx(share * norm_cdf(d1), rel=2e-3)
    assert found.gamma[SAME_STRIKE] == pytest.approx(share * norm_pdf(d1) / (fit.spot * deviation), rel=2e-2)
    assert found.vega == pytest.approx(discount * forward * norm_pdf(d1) * EXPIRY**0.5, rel=2e-3)


def test_derivatives_are_those_of_moving_and_calibrating_again(fit: CalibrationResult) -> None:
    """Of a barrier option: small moves of the spot give gamma under each dynamics, as exact re-fits do.

    To what the corners of the surface at its last knots add to a gamma over a move, and to no point value.
    """
    option = pde.barrier(fit, strike=95.0, barrier=130.0, expiry=EXPIRY, n_nodes=201, n_steps=80)
    found = smile_greeks(fit, option, revalued_move=2e-3)
    assert found.gamma == pytest.approx(found.revalued_gamma, rel=4e-2)

    def delta(shift: float) -> float:
        weights = fit.refitted_smile.weights + shift * fit.refitted_smile.slopes[:, 1]
        weights += 0.5 * shift**2 * fit.refitted_smile.bends[:, 2]
        up, down = (
            float(option.price_at(fit.replaced({"spot": [spot], "weights": weights})))
            for spot in (fit.spot + 0.1, fit.spot - 0.1)
        )
        return (up - down) / 0.2

    assert found.vanna[LOCAL] == pytest.approx((delta(1e-3) - delta(-1e-3)) / 2e-3, rel=1e-3)


def test_the_second_derivative_of_the_fitted_weights(fit: CalibrationResult) -> None:
    """Against exact minimisers at four moved spots; quotes are read by cubic pieces, whose slopes alone are smooth."""
    smile = fit.refitted_smile
    step = 5e-4
    steps = step * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    weights = np.array([smile.refitted(float(u)) for u in steps])
    first = np.array([1.0, -8.0, 0.0, 8.0, -1.0]) @ weights / (12.0 * step)
    second = np.array([-1.0, 16.0, -30.0, 16.0, -1.0]) @ weights / (12.0 * step**2)
    assert np.abs(first - smile.slopes[:, 0]).max() < 1e-4 * np.abs(first).max()
    assert np.abs(second - smile.bends[:, 0]).max() < 6e-2 * np.abs(second).max()


def test_a_surface_that_moves() -> None:
    """It is the surface at the spot it came from, in every engine's form."""
    for name, surface in surfaces().items():
        moved = moving_volatility(surface, 0.1)
        spots = np.array([80.0, 100.0, 120.0])
        expected = np.broadcast_to(surface(spots * np.exp(-0.1), 0.4), spots.shape)
        assert np.broadcast_to(moved(spots, 0.4), spots.shape) == pytest.approx(expected), name
        assert moved.numbers == surface.numbers
        if isinstance(surface, LaterVolatility):
            assert isinstance(moved, LaterVolatility)
            with pytest.raises(AadTypeError, match="move it by a number alone"):
                moving_volatility(surface, 0.1, PiecewiseRate([1.0], [0.01]))
        elif not isinstance(surface, FlatVolatility | TermVolatility):
            assert isinstance(moved, MovingVolatility)


def test_frame_and_refusals(fit: CalibrationResult, call: Callable[[Market], Any]) -> None:
    """Rows are the dynamics; what is no fit, no number and no move is refused."""
    frame = smile_greeks(fit, call).to_frame()
    assert list(frame.index) == list(DYNAMICS) and list(frame) == [
        "delta",
        "gamma",
        "gamma over +-1.0%",
        "vanna",
    ]
    with pytest.raises(AadTypeError, match="fit is a Market"):
        smile_greeks(Market(spot=1.0), call)  # type: ignore[arg-type]
    with pytest.raises(AadTypeError, match="return one number"):
        smile_greeks(fit, pde.vanillas(fit, strikes=[95.0, 96.0], expiries=[0.5, 0.5], is_call=True))
    with pytest.raises(AadTypeError, match=r"price = 3\.0"):
        smile_greeks(fit, 3.0)  # type: ignore[arg-type]
    for move in (0.0, 1.0, -0.1, float("nan")):
        with pytest.raises(AadValueError, match="revalued_move"):
            smile_greeks(fit, call, revalued_move=move)


def test_early_exercise_moves_with_smile_and_weights(fit: CalibrationResult) -> None:
    """Gamma and volga of an American put against prices on finer grids; recorded ones hold the boundary."""
    terms = {"strike": 105.0, "expiry": 1.0}
    found = smile_greeks(fit, pde.american(fit, **terms), revalued_move=None)
    fine = smile_greeks(fit, pde.american(fit, **terms, n_nodes=1201, n_steps=600), revalued_move=0.02)
    assert found.gamma == pytest.approx(fine.revalued_gamma, rel=2e-2)
    option = pde.american(fit, **terms, n_nodes=1201, n_steps=600)
    volatility = fit.problem.quotes.volatility
    down, here, up = (
        float(option.price_at(recalibrated(fit, volatility + shift))) for shift in (-0.01, 0.0, 0.01)
    )
    assert found.volga == pytest.approx((down - 2.0 * here + up) / 1e-4, rel=4e-2)
    of_quotes = market_greeks(fit, pde.american(fit, **terms))
    at_the_money = np.array([label.endswith("ATM") for label in of_quotes.labels])
    assert of_quotes.hessian is not None
    volga = of_quotes.hessian[np.ix_(at_the_money, at_the_money)].sum()
    assert volga == pytest.approx(found.volga, rel=6e-2)
    assert np.array_equal(of_quotes.hessian, of_quotes.hessian.T)


def test_a_surface_that_moves_and_is_seen_later() -> None:
    """In either order it is the same, also as a table, and a carry begins on the later day."""
    spots, times = np.array([80.0, 100.0, 120.0]), np.array([0.15, 0.3])
    for name, surface in surfaces().items():
        moved_last = moving_volatility(later_volatility(surface, 0.05), 0.1, 0.2)
        expected = later_volatility(surface, 0.05)(spots * np.exp(-0.1 - 0.2 * 0.3), 0.3)
        assert moved_last(spots, 0.3) == pytest.approx(expected), name
        moved_first = later_volatility(moving_volatility(surface, 0.1), 0.05)
        for moved in (moved_last, moved_first):
            if hasattr(moved, "tabulated"):
                assert moved.tabulated(spots, times).weights, name
