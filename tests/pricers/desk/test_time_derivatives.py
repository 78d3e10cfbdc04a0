"""Derivatives in the time of valuation, against closed forms, moved dates and the equation itself."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from pricers import pde
from pricers.contracts import Market
from pricers.curves import PiecewiseRate
from pricers.desk import time_greeks
from pricers.surfaces import FlatVolatility, LaterVolatility, TermVolatility, later_volatility

from ..surfaces.surfaces_list import TERMS, calibrated

SPOT, STRIKE, EXPIRY, RATE, YIELD, VOLATILITY = 100.0, 105.0, 0.5, 0.03, 0.01, 0.2
FLAT = Market(spot=SPOT, rate=RATE, dividend_yield=YIELD, surface=FlatVolatility(VOLATILITY))
CURVED = Market(spot=SPOT, surface=calibrated(), **TERMS)


def black_scholes(spot: Any, volatility: Any, expiry: Any) -> Any:
    """Return the price of the call in mpmath numbers."""
    deviation = volatility * mp.sqrt(expiry)
    d1 = (mp.log(spot / STRIKE) + (RATE - YIELD + volatility**2 / 2) * expiry) / deviation
    today = spot * mp.exp(-YIELD * expiry) * mp.ncdf(d1)
    return today - STRIKE * mp.exp(-RATE * expiry) * mp.ncdf(d1 - deviation)


def test_closed_forms() -> None:
    """To the error of the grid, which is of second order."""
    with mp.workdps(30):
        point = (SPOT, VOLATILITY, EXPIRY)
        theta, charm, veta, color = (
            -float(mp.diff(black_scholes, point, orders))
            for orders in ((0, 0, 1), (1, 0, 1), (0, 1, 1), (2, 0, 1))
        )
    found = time_greeks(pde.european(FLAT, strike=STRIKE, expiry=EXPIRY))
    assert found.theta == pytest.approx(theta, rel=3e-5)
    assert found.charm == pytest.approx(charm, rel=1e-4)
    assert found.veta == pytest.approx([veta], rel=2e-5)
    assert found.color == pytest.approx(color, rel=4e-4)
    assert (
        found.thetas == pytest.approx([found.theta]) and found.error < 1e-7 and found.labels == ("weight[0]",)
    )
    forward = time_greeks(
        pde.vanillas(FLAT, strikes=[STRIKE], expiries=[EXPIRY], is_call=True), weights=[1.0]
    )
    assert forward.theta == pytest.approx(theta, rel=3e-4) and forward.charm == pytest.approx(charm, rel=1e-3)


def options(market: Market, elapsed: float = 0.0) -> dict[str, Any]:
    """Return options as they are priced on a day."""
    terms = {"strike": 98.0, "expiry": EXPIRY - elapsed, "n_nodes": 801}
    return {
        "european": pde.european(market, **terms),
        "american": pde.american(market, **terms),
        "barrier": pde.barrier(market, **terms, barrier=125.0),
    }


@pytest.mark.parametrize("name", ["european", "american", "barrier"])
def test_repricing_at_moved_dates(name: str) -> None:
    """Built anew on a later day's market, grid and all, an option has lost what theta and charm say."""
    found = time_greeks(options(CURVED)[name])
    step = 1.0 / 3650.0
    values, deltas = [], []
    for k in range(4):
        later = options(CURVED.later(k * step), k * step)[name]
        value, gradient = ad.record(later, later.parameters).value_and_gradient(later.parameters)
        values.append(value)
        deltas.append(gradient[0])
    third_order = np.array([-11.0, 18.0, -9.0, 2.0]) / (6.0 * step)
    assert found.theta == pytest.approx(third_order @ values, rel=2e-3)
    assert found.charm == pytest.approx(third_order @ deltas, rel=2e-2)


@pytest.mark.parametrize("name", ["european", "barrier"])
def test_the_equation_itself(name: str) -> None:
    """Theta is r V - (r - q) S delta - sigma^2 S^2 gamma / 2 at the spot."""
    option = options(CURVED)[name]
    program = ad.record(option, option.parameters)
    value, gradient = program.value_and_gradient(option.parameters)
    gamma = program.hvp(option.parameters, np.eye(option.parameters.size)[0])[0]
    rate, dividend_yield = CURVED.rate.rates[0], CURVED.dividend_yield.rates[0]
    variance = CURVED.surface(SPOT, 1e-9) ** 2
    equation = rate * value - (rate - dividend_yield) * SPOT * gradient[0] - 0.5 * variance * SPOT**2 * gamma
    assert time_greeks(option).theta == pytest.approx(equation, rel=1e-3)


def test_units_and_frame() -> None:
    """A year has 365 calendar days and 252 trading days."""
    option = pde.european(FLAT, strike=STRIKE, expiry=EXPIRY, differentiate=("spot", "rate"), n_nodes=101)
    yearly = time_greeks(option)
    assert yearly.in_units("calendar day").theta == pytest.approx(yearly.theta / 365.0)
    daily = time_greeks(option, per="trading day")
    assert daily.color == pytest.approx(yearly.color / 252.0)
    assert daily.in_units("year").veta == pytest.approx(yearly.veta)
    frame = daily.to_frame()
    assert list(frame.index) == ["theta", "charm", "color", "veta rate"] and list(frame) == [
        "per trading day"
    ]


def test_a_market_seen_later() -> None:
    """Rates and volatilities stay what they are at every date."""
    later = CURVED.later(0.25)
    assert isinstance(later.surface, LaterVolatility) and later.later(0.1).surface.elapsed == pytest.approx(
        0.35
    )
    assert later.surface(100.0, 0.1) == CURVED.surface(100.0, 0.35)
    for time in (0.01, 0.3, 2.0):
        total = CURVED.log_growth(0.25 + time) - CURVED.log_growth(0.25)
        assert later.log_growth(time) == pytest.approx(total, abs=1e-15)
    assert later_volatility(FlatVolatility(0.2), 0.5) == FlatVolatility(0.2)
    late = PiecewiseRate([0.5, 1.0], [0.01, 0.03]).later(3.0)
    assert late.accumulated(2.0) == pytest.approx(0.06)


def test_refusals() -> None:
    """What is no price, no spot, no unit, no time."""
    with pytest.raises(AadTypeError, match="price is a float"):
        time_greeks(1.0)  # type: ignore[arg-type]
    option = pde.european(FLAT, strike=STRIKE, expiry=EXPIRY, differentiate=("rate", "spot"))
    with pytest.raises(AadValueError, match="'spot' first"):
        time_greeks(option)
    with pytest.raises(AadValueError, match="per = 'week'"):
        time_greeks(pde.european(FLAT, strike=STRIKE, expiry=EXPIRY), per="week")
    two = pde.vanillas(FLAT, strikes=[STRIKE, 100.0], expiries=[EXPIRY] * 2, is_call=True)
    with pytest.raises(AadValueError, match="give one weight for each of 2 options"):
        time_greeks(two)
    for elapsed in (-0.1, np.nan):
        with pytest.raises(AadValueError, match="elapsed"):
            FLAT.later(elapsed)
    with pytest.raises(AadValueError, match="below the first expiry"):
        two.later(0.5)


def test_a_surface_that_jumps_within_the_day() -> None:
    """Theta is that of the volatility until then."""
    surface = TermVolatility([0.001, 1.0], [0.4, 0.2])
    market = Market(spot=SPOT, rate=RATE, surface=surface)
    option = pde.european(market, strike=SPOT, expiry=1.0)
    program = ad.record(option, option.parameters)
    value, gradient = program.value_and_gradient(option.parameters)
    gamma = program.hvp(option.parameters, np.eye(option.parameters.size)[0])[0]
    equation = RATE * (value - SPOT * gradient[0]) - 0.5 * 0.16 * SPOT**2 * gamma
    assert time_greeks(option).theta == pytest.approx(equation, rel=5e-3)


def test_weights_are_those_of_several_options() -> None:
    """Of one option they are refused, and not applied to theta alone."""
    with pytest.raises(AadValueError, match="weights"):
        time_greeks(pde.european(FLAT, strike=STRIKE, expiry=EXPIRY, n_nodes=101), weights=[2.0])
