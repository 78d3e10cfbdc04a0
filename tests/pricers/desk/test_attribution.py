"""Profit and loss between two markets, explained by Greeks of the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers import pde
from pricers.calibration import CalibrationResult, calibrate
from pricers.chain.quotes import Quotes
from pricers.contracts import Market
from pricers.desk import TERMS, explain
from pricers.desk.attribution import Price

from ..calibration.conftest import _prices, make_quotes, smile

EXPIRIES = [0.1, 0.25, 0.5, 1.0]
DAY = 1.0 / 365.0


def a_day_later(spot_move: float, volatility_move: float, rate_move: float) -> Quotes:
    """Return the chain a day later, its smile moved in moneyness with the spot, up, and its rates up."""
    quotes = make_quotes([t - DAY for t in EXPIRIES])
    spot = 100.0 * np.exp(spot_move)
    slices = tuple(
        replace(
            s,
            forward=spot * np.exp((0.01 + rate_move) * s.expiry),
            discount=np.exp(-(0.02 + rate_move) * s.expiry),
        )
        for s in quotes.slices
    )
    x, index = quotes.log_moneyness, quotes.slice_index
    expiry, forward, discount = (
        np.array([getattr(s, name) for s in slices])[index] for name in ("expiry", "forward", "discount")
    )
    prices = _prices(x, expiry, forward, discount, smile(x, expiry) + volatility_move, 0.004)
    return replace(quotes, spot=spot, slices=slices, strike=forward * np.exp(x), **prices)


@pytest.fixture(scope="module")
def fit() -> CalibrationResult:
    """Return the fit of the first day."""
    return calibrate(make_quotes(EXPIRIES), n_strikes=8)


@pytest.fixture(scope="module")
def book(fit: CalibrationResult) -> list[Callable[[float], Price]]:
    """Return vanillas, one between the slices, and a barrier option, as functions of the time that has passed."""

    def vanilla(strike: float, expiry: float, is_call: bool) -> Callable[[float], Price]:
        option = pde.vanillas(fit, strikes=[strike], expiries=[expiry], is_call=is_call)
        return lambda elapsed: lambda market: option.later(elapsed).price_at(market)[0]

    knock_out = pde.barrier(fit, strike=95.0, barrier=130.0, expiry=0.5, n_nodes=201, n_steps=80)
    options = (
        (100.0, 0.25, True),
        (95.0, 0.5, False),
        (100.0, 0.7, True),
        (85.0, 1.0, False),
        (110.0, 1.0, True),
    )
    return [*(vanilla(*option) for option in options), lambda elapsed: knock_out.later(elapsed).price_at]


@pytest.mark.parametrize("moves", [(-0.03, 0.03, 0.002), (0.03, -0.03, 0.0), (0.02, 0.01, -0.002)])
def test_little_is_left_unexplained(
    fit: CalibrationResult, book: list[Callable[[float], Price]], moves: tuple[float, float, float]
) -> None:
    """In the median below 5% of profit and loss."""
    later_fit = calibrate(a_day_later(*moves), n_strikes=8)
    found = explain(fit, later_fit, book, elapsed=DAY)
    assert np.median(np.abs(found.unexplained / found.total)) < 0.05
    assert found.spot_move == pytest.approx(moves[0])
    assert found.buckets.sum(axis=1) == pytest.approx(found.terms[:, TERMS.index("volatility")], rel=1e-9)
    rates = found.terms[:, TERMS.index("rates")]
    assert np.all(rates == pytest.approx(0.0, abs=1e-6)) if moves[2] == 0.0 else np.all(np.abs(rates) > 1e-3)


def test_a_day_on_which_nothing_happens(fit: CalibrationResult, book: list[Callable[[float], Price]]) -> None:
    """All of it is time where the later surface is the first one, held in strike and date."""
    rolled = replace(fit, **{"spot": fit.spot})
    found = explain(fit, rolled, book, elapsed=1e-6)
    assert np.abs(found.terms[:, 0]).max() < 1e-4 and np.abs(found.terms[:, 1:5]).max() < 1e-6


def test_frame_and_refusals(fit: CalibrationResult, book: list[Callable[[float], Price]]) -> None:
    """A column for every term; what is no fit, no time and no book is refused."""
    frame = explain(fit, fit, book[:1], elapsed=DAY).to_frame()
    assert list(frame) == [*TERMS, "unexplained", "total"]
    assert frame.loc[0, list(TERMS)].sum() + frame.loc[0, "unexplained"] == pytest.approx(
        frame.loc[0, "total"]
    )
    market: Any = Market(spot=100.0)
    with pytest.raises(AadTypeError, match="later_fit is a Market"):
        explain(fit, market, book, elapsed=DAY)
    for elapsed in (0.0, -1.0, float("nan")):
        with pytest.raises(AadValueError, match="elapsed"):
            explain(fit, fit, book, elapsed=elapsed)
    with pytest.raises(AadValueError, match="prices is empty"):
        explain(fit, fit, [], elapsed=DAY)


def test_rates_alone(fit: CalibrationResult, book: list[Callable[[float], Price]]) -> None:
    """Where rates move and the smile keeps its place in moneyness, rates and time are all there is."""
    found = explain(fit, calibrate(a_day_later(0.0, 0.0, 0.01), n_strikes=8), book, elapsed=DAY)
    assert np.abs(found.unexplained / found.total)[2:5].max() < 0.06
    rates_and_time = found.terms[:, TERMS.index("rates")] + found.terms[:, TERMS.index("time")]
    assert rates_and_time == pytest.approx(found.total, rel=0.1, abs=0.02)


def test_an_expiry_goes_by(fit: CalibrationResult) -> None:
    """The later chain lacks the first expiry, at which the first surface jumps."""
    elapsed = 0.12
    option = pde.vanillas(fit, strikes=[100.0, 95.0], expiries=[0.5, 1.0], is_call=True)
    assert option.later(elapsed).grid.expiries[0] == pytest.approx(0.25 - elapsed)
    rolled = fit.later(elapsed)
    anew = pde.vanillas(rolled, strikes=[100.0, 95.0], expiries=[0.5 - elapsed, 1.0 - elapsed], is_call=True)
    assert option.later(elapsed).price_at(rolled) == pytest.approx(anew.price_at(rolled), rel=1e-3)
    later_fit = calibrate(make_quotes([t - elapsed for t in EXPIRIES[1:]]), n_strikes=8)
    found = explain(
        fit, later_fit, [lambda t: lambda market: option.later(t).price_at(market)[0]], elapsed=elapsed
    )
    assert abs(found.unexplained[0] / found.total[0]) < 0.2
    for elapsed in (0.5, -0.1):
        with pytest.raises(AadValueError, match="below the first expiry"):
            option.later(elapsed)
