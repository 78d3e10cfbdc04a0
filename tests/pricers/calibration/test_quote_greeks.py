"""Derivatives in the quotes behind a surface, against moving quotes and calibrating again to the minimum."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from pricers import pde
from pricers.calibration import CalibrationResult, DeskQuotes, calibrate, market_greeks, recalibrated
from pricers.calibration.minimiser import minimise
from pricers.calibration.screen import half_spread
from pricers.contracts import Market
from pricers.curves import ForwardCurve, PiecewiseRate

from .conftest import make_quotes

Price = Callable[[Market], Any]
COUNTS = np.array([1.0, -2.0, 1.5])


@pytest.fixture(scope="module")
def fit() -> CalibrationResult:
    """Return a fit to quotes that do not lie on any smooth surface, so that the residuals have a curvature to leave."""
    quotes = make_quotes([0.1, 0.25, 0.5, 1.0])
    noise = 0.002 * np.random.default_rng(1).standard_normal(len(quotes))
    return calibrate(
        quotes.__class__(**{**vars(quotes), "volatility": quotes.volatility + noise}), n_strikes=8
    )


@pytest.fixture(scope="module")
def price(fit: CalibrationResult) -> Price:
    """Return the price of three options, one between the slices."""
    options = pde.vanillas(
        fit, strikes=[95.0, 102.0, 110.0], expiries=[0.25, 0.7, 1.0], is_call=[False, True, True]
    )
    return lambda market: COUNTS @ options.price_at(market)


def differentiated(function: Callable[[float], Any], step: float) -> Any:
    """Return the derivative at zero by central differences, extrapolated once."""

    def difference(h: float) -> Any:
        return (function(h) - function(-h)) / (2.0 * h)

    return (4.0 * difference(0.5 * step) - difference(step)) / 3.0


def test_quote_vegas_are_those_of_calibrating_again(fit: CalibrationResult, price: Price) -> None:
    """Of the largest quotes and of a few others, to 1e-7 of the largest."""
    greeks = market_greeks(fit, price, order=1)
    here = fit.problem.quotes.volatility
    vegas = greeks.quote_vegas
    largest = np.argsort(-np.abs(vegas))[:3]
    for k in {*largest.tolist(), 0, vegas.size // 2}:
        unit = np.eye(vegas.size)[k]
        again = differentiated(lambda h, u=unit: float(price(recalibrated(fit, here + h * u))), 1e-3)
        assert abs(vegas[k] - again) < 1e-7 * np.abs(vegas).max()
    assert greeks.hessian is None and greeks.gradient_error is None


def test_second_order_is_that_of_calibrating_again(fit: CalibrationResult, price: Price) -> None:
    """The derivative of bucket vegas, spot delta included, as quotes move along each of some buckets."""
    greeks = market_greeks(fit, price, desk_quotes=[0.25, 1.0])
    assert greeks.hessian is not None
    shapes = DeskQuotes(np.array([0.25, 1.0])).directions(fit.problem.quotes)
    here = fit.problem.quotes.volatility

    def gradient(volatility: Floats) -> Floats:
        moved = market_greeks(recalibrated(fit, volatility), price, order=1)
        return np.concatenate([moved.gradient[:3], shapes.T @ moved.quote_vegas])

    scale = np.abs(greeks.hessian[:, 3:]).max()
    for a in (0, 1, 7):
        column = differentiated(lambda h, a=a: gradient(here + h * shapes[:, a]), 1e-3)
        assert np.abs(greeks.hessian[:, 3 + a] - column).max() < 1e-6 * scale
    assert np.allclose(greeks.hessian, greeks.hessian.T, rtol=0.0, atol=1e-9 * np.abs(greeks.hessian).max())


def test_at_the_money_buckets_add_up_to_a_parallel_shift(fit: CalibrationResult, price: Price) -> None:
    """Every other bucket leaves the sum over tenors of the first alone."""
    greeks = market_greeks(fit, price, order=1)
    here = fit.problem.quotes.volatility
    parallel = differentiated(lambda h: float(price(recalibrated(fit, here + h))), 1e-4)
    at_the_money = greeks.gradient[3::5].sum()
    assert at_the_money == pytest.approx(greeks.quote_vegas.sum(), rel=1e-12)
    assert at_the_money == pytest.approx(parallel, rel=1e-6)


def test_vega_lies_in_the_quotes_of_its_expiry(fit: CalibrationResult) -> None:
    """A straddle's vega is in the slice that it expires with."""
    straddle = pde.vanillas(fit, strikes=[101.0, 101.0], expiries=[0.5, 0.5], is_call=[True, False])
    vegas = market_greeks(fit, lambda market: straddle.price_at(market).sum(), order=1).quote_vegas
    of_slice = fit.problem.quotes.slice_index == 2
    assert vegas[of_slice].sum() / vegas.sum() > 0.9


@pytest.mark.slow
def test_bid_ask_deviation_is_that_of_drawn_quotes(fit: CalibrationResult, price: Price) -> None:
    """Within a quarter, for value, delta and vega, over two hundred calibrations to drawn quotes."""
    greeks = market_greeks(fit, price, desk_quotes=[0.5])
    assert greeks.gradient_error is not None
    quotes = fit.problem.quotes
    drawn = half_spread(quotes) * np.random.default_rng(2).standard_normal((200, len(quotes)))
    found = []
    for noise in drawn:
        moved = market_greeks(recalibrated(fit, quotes.volatility + noise), price, order=1)
        found.append([moved.value, moved.gradient[0], moved.quote_vegas.sum()])
    value, delta, vega = np.std(found, axis=0, ddof=1)
    assert 0.8 < greeks.error / value < 1.25
    assert 0.8 < greeks.gradient_error[0] / delta < 1.25
    assert 0.8 < greeks.gradient_error[3] / vega < 1.25


def test_bid_ask_deviation_follows_the_spreads(fit: CalibrationResult, price: Price) -> None:
    """It is the root of the sum of squares of what half a spread of each quote does, exact re-fits included."""
    greeks = market_greeks(fit, price, order=1)
    spread = half_spread(fit.problem.quotes)
    here, value = fit.problem.quotes.volatility, greeks.value
    moves = [
        float(price(recalibrated(fit, here + 0.1 * spread * unit))) - value
        for unit in np.eye(len(here))[:: max(1, len(here) // 12)]
    ]
    shares = 0.1 * (spread * greeks.quote_vegas)[:: max(1, len(here) // 12)]
    assert np.abs(moves - shares).max() < 2e-2 * np.abs(shares).max()
    assert greeks.error == pytest.approx(np.sqrt(((spread * greeks.quote_vegas) ** 2).sum()))


def test_an_exotic_and_its_frame(fit: CalibrationResult) -> None:
    """A barrier option takes the same call, and a frame names every row."""
    option = pde.barrier(fit, strike=95.0, barrier=125.0, expiry=0.5, n_nodes=101, n_steps=40)
    greeks = market_greeks(fit, option)
    frame = greeks.to_frame()
    assert list(frame.index[:3]) == ["spot", "rate", "dividend_yield"] and "6m ATM" in frame.index
    assert frame.loc["6m ATM", "derivative"] < 0.0 and np.isfinite(frame.to_numpy()).all()
    assert len(greeks.quote_labels) == greeks.quote_vegas.size


def test_a_minimiser_is_where_nothing_pulls(fit: CalibrationResult) -> None:
    """Free parameters have no gradient; those on a bound are pushed against it."""
    problem = fit.problem
    found = minimise(problem, fit.surface.parameters)
    assert np.abs(found.at.gradient[found.free]).max() < 1e-7
    held = np.flatnonzero(~found.free)
    outward = np.where(found.parameters[held] <= problem.lower[held], 1.0, -1.0)
    assert np.all(found.at.gradient[held] * outward > 0.0)


@pytest.mark.parametrize("name", ["vanillas", "barrier"])
def test_rho_by_expiry_is_that_of_calibrating_again(fit: CalibrationResult, price: Price, name: str) -> None:
    """One zero rate moves: discount factor, forward, places of quotes and the surface with it."""
    option = pde.barrier(fit, strike=98.0, barrier=125.0, expiry=0.7, n_nodes=201, n_steps=80)
    of_market = price if name == "vanillas" else option.price_at
    greeks = market_greeks(fit, of_market, order=1)
    times, here = fit.rate.times, fit.rate.rates
    quotes = fit.problem.quotes

    def again(k: int, rate_step: float, yield_step: float) -> float:
        moved = {}
        for field, step in (("rate", rate_step), ("dividend_yield", yield_step)):
            sums = getattr(fit, field).accumulated(times)
            sums[k] += step * times[k]
            moved[field] = PiecewiseRate.from_factors(times, np.exp(-sums))
        growth = (rate_step - yield_step) * times[k]
        places = np.where(quotes.slice_index == k, -growth, 0.0)
        refitted = minimise(fit.problem.moved(log_moneyness=places), fit.minimiser.parameters).parameters
        curve = ForwardCurve(spot=fit.spot, **moved)
        surface = replace(fit.surface.with_parameters(refitted), forward_curve=curve)
        return float(of_market(Market(spot=fit.spot, surface=surface, **moved)))

    assert here.size == greeks.rho.size == 4
    for k in (1, 3):
        rho = differentiated(lambda h, k=k: again(k, h, 0.0), 1e-3)
        dividend_rho = differentiated(lambda h, k=k: again(k, 0.0, h), 1e-3)
        assert greeks.rho[k] == pytest.approx(rho, abs=1e-6 * np.abs(greeks.rho).max())
        assert greeks.dividend_rho[k] == pytest.approx(dividend_rho, abs=1e-6 * np.abs(greeks.rho).max())


def test_refusals(fit: CalibrationResult, price: Price) -> None:
    """What is no fit, no number, no order, no tenor and no volatility."""
    with pytest.raises(AadTypeError, match="fit is a Market"):
        market_greeks(Market(spot=1.0, rate=0.0), price)  # type: ignore[arg-type]
    with pytest.raises(AadTypeError, match="return one number"):
        market_greeks(fit, pde.vanillas(fit, strikes=[95.0, 96.0], expiries=[0.5, 0.5], is_call=True))
    for order in (0, 3, True):
        with pytest.raises(AadValueError, match="order"):
            market_greeks(fit, price, order=order)
    for tenors in ([], [1.0, 0.5], [-1.0], [np.nan]):
        with pytest.raises(AadValueError, match="tenors"):
            market_greeks(fit, price, desk_quotes=tenors)
    n_quotes = len(fit.problem.quotes)
    for volatility in (np.zeros(n_quotes), np.full(n_quotes, np.nan), np.full(3, 0.2)):
        with pytest.raises(AadValueError, match="volatility"):
            recalibrated(fit, volatility)


def test_threads_share_no_march(fit: CalibrationResult, price: Price) -> None:
    """Several calls on one fit at once, its minimiser not found yet, give what one alone gives."""
    alone = market_greeks(fit, price)
    fresh = replace(fit)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: market_greeks(fresh, price), range(8)):
            assert np.array_equal(found.quote_vegas, alone.quote_vegas)
            assert np.array_equal(found.hessian, alone.hessian)  # type: ignore[arg-type]


def test_a_fit_goes_to_another_process(fit: CalibrationResult, price: Price) -> None:
    """Pickled before and after its minimiser is found, it gives the same bits."""
    for given in (replace(fit), fit):
        back = pickle.loads(pickle.dumps(given))
        assert "minimiser" not in vars(back) and back.problem.n_marches == fit.problem.n_marches
        assert np.array_equal(market_greeks(back, price).quote_vegas, market_greeks(fit, price).quote_vegas)
        assert np.array_equal(back.problem.upper, fit.problem.upper)
