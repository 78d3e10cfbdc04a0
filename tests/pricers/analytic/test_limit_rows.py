"""Prices and Greeks at expiry, volatility, spot and strike zero are their limits, row by row."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError, BranchChanged
from greeks2 import KinkWarning, hessian
from pricers.analytic import bachelier, black_scholes
from pricers.analytic.implied_volatilities import bachelier_implied_volatility, implied_volatility

from . import test_bachelier, test_black_scholes

TINY = mp.mpf(10) ** -40
LARGE = 1e12  # what diverges is beyond this at TINY
MARKETS = [  # spot, strike, expiry, rate, dividend yield, volatility
    (110.0, 100.0, 0.0, 0.05, 0.02, 0.2),
    (90.0, 100.0, 0.0, 0.05, 0.02, 0.2),
    (100.0, 100.0, 0.0, 0.05, 0.02, 0.2),
    (100.0, 100.0, 0.0, 0.01, 0.06, 0.2),
    (110.0, 100.0, 1.5, 0.05, 0.02, 0.0),
    (90.0, 100.0, 1.5, 0.05, 0.02, 0.0),
    (100.0, 100.0, 1.5, 0.03, 0.03, 0.0),
    (100.0, 100.0, 1.5, 0.0, 0.0, 0.0),
    (0.0, 100.0, 1.5, 0.05, 0.02, 0.2),
    (100.0, 0.0, 1.5, 0.05, 0.02, 0.2),
]
NORMAL_MARKETS = [  # forward, strike, expiry, rate, volatility
    (2.0, -1.0, 0.0, 0.05, 0.2),
    (-2.0, -1.0, 0.0, 0.05, 0.2),
    (1.0, 1.0, 0.0, 0.05, 0.2),
    (2.0, -1.0, 1.5, 0.05, 0.0),
    (-2.0, -1.0, 1.5, 0.05, 0.0),
    (1.0, 1.0, 1.5, 0.05, 0.0),
]


def limit(reference: Any, market: tuple[float, ...], orders: tuple[int, ...], sign: int) -> float:
    """Return a derivative of a reference price where every zero that is a limit is 1e-40."""
    with mp.workdps(300):
        at = tuple(mp.mpf(x) if x else TINY for x in market)
        steps = [abs(x) * mp.mpf(10) ** -40 for x in at]
        found = sign * mp.diff(reference, at, orders, h=min(steps))
        return float(found)


def agrees(found: float, expected: float) -> bool:
    if abs(expected) > LARGE:
        return bool(found == np.sign(expected) * np.inf)
    return bool(found == pytest.approx(expected, rel=1e-9, abs=1e-9))


@pytest.mark.parametrize("name", test_black_scholes.DERIVATIVES)
@pytest.mark.parametrize("is_call", [True, False])
def test_limits_of_black_scholes(name: str, is_call: bool) -> None:
    orders, sign = test_black_scholes.DERIVATIVES[name]
    columns = dict(zip(test_black_scholes.NAMES, np.array(MARKETS).T, strict=True))
    table = getattr(black_scholes.greeks(**columns, is_call=is_call), name)
    for row, market in enumerate(MARKETS):
        if market[3] == market[4] == 0.0:
            market = (*market[:3], 1e-300, 1e-300, market[5])  # a rate of zero is no limit
        expected = limit(lambda *x: test_black_scholes.reference_price(is_call, *x), market, orders, sign)
        assert agrees(table[row], expected), (market, table[row], expected)


@pytest.mark.parametrize("name", test_bachelier.DERIVATIVES)
@pytest.mark.parametrize("is_call", [True, False])
def test_limits_of_bachelier(name: str, is_call: bool) -> None:
    orders, sign = test_bachelier.DERIVATIVES[name]
    columns = dict(zip(test_bachelier.NAMES, np.array(NORMAL_MARKETS).T, strict=True))
    table = getattr(bachelier.greeks(**columns, is_call=is_call), name)
    for row, market in enumerate(NORMAL_MARKETS):
        expected = limit(lambda *x: test_bachelier.reference_price(is_call, *x), market, orders, sign)
        assert agrees(table[row], expected), (market, table[row], expected)


@pytest.mark.parametrize("is_call", [True, False, np.array([True, False, True, False])])
def test_an_expired_row_refuses_no_table(is_call: Any) -> None:
    expiry = np.array([1.0, 0.5, 0.0, 0.0])
    market = dict(spot=110.0, strike=100.0, rate=0.01, volatility=0.2)
    prices = black_scholes.price(**market, expiry=expiry, is_call=is_call)
    flags = np.broadcast_to(is_call, 4)
    np.testing.assert_array_equal(prices[2:], np.where(flags[2:], 10.0, 0.0))
    for row in (0, 1):
        alone = black_scholes.price(**market, expiry=expiry[row], is_call=bool(flags[row]))
        assert prices[row] == pytest.approx(alone, rel=1e-14)


@pytest.mark.parametrize("function", [black_scholes.price, lambda **x: black_scholes.greeks(**x).gamma])
def test_a_row_without_value_is_nan_where_asked_for(function: Any) -> None:
    market = dict(strike=100.0, expiry=1.0, rate=np.array([0.0, 0.0, 0.0, np.inf]), volatility=0.2)
    spot = np.array([100.0, -1.0, np.nan, 100.0])
    found = function(spot=spot, **market, on_error="nan")
    assert np.isfinite(found).tolist() == [True, False, False, False]
    with pytest.raises(AadValueError, match=r"spot\[1\] = -1.0"):
        function(spot=spot, **market)
    with pytest.raises(AadValueError, match="on_error = 'skip'"):
        function(spot=spot, **market, on_error="skip")


def test_bachelier_rows_without_value() -> None:
    found = bachelier.price(
        forward=np.array([1.0, np.nan]), strike=-1.0, expiry=0.0, volatility=0.2, on_error="nan"
    )
    np.testing.assert_array_equal(found, [2.0, np.nan])


def test_derivatives_of_a_limit_row_are_those_of_the_payoff() -> None:
    """Volatility zero away from the money: the discounted forward payoff, and no vega, vanna or volga."""

    def value(x: Any) -> Any:
        return black_scholes.price(spot=x[0], strike=100.0, expiry=x[2], rate=x[1], volatility=x[3])

    at = [110.0, 0.03, 2.0, 0.0]
    discount = np.exp(-0.06)
    price, gradient = ad.value_and_grad(value)(at)
    assert price == pytest.approx(110.0 - 100.0 * discount, rel=1e-15)
    np.testing.assert_allclose(gradient, [1.0, 200.0 * discount, 3.0 * discount, 0.0], rtol=1e-14)
    expected = np.zeros((4, 4))
    expected[1, 1], expected[2, 2] = -400.0 * discount, -0.09 * discount
    expected[1, 2] = expected[2, 1] = 100.0 * discount * (1.0 - 0.06)
    with pytest.warns(KinkWarning, match="limit_of_payoff"):  # a payoff has one
        np.testing.assert_allclose(hessian(value, at), expected, atol=1e-12)
    with pytest.warns(KinkWarning):
        np.testing.assert_array_equal(hessian(value, [60.0, 0.03, 2.0, 0.0]), np.zeros((4, 4)))


def test_a_recorded_limit_holds_where_it_was_recorded() -> None:
    def value(x: Any) -> Any:
        return black_scholes.price(spot=x[0], strike=100.0, expiry=1.0, rate=0.0, volatility=x[1])

    program = ad.record(value, [110.0, 0.0])
    assert program.value([120.0, 0.0]) == 20.0
    for elsewhere in ([110.0, 0.2], [90.0, 0.0]):
        with pytest.raises(BranchChanged):
            program.value(elsewhere)


def test_recorded_tables_mix_regular_rows_and_limits() -> None:
    expiry = np.array([1.0, 0.0, 0.0])
    strike = np.array([100.0, 100.0, 130.0])

    def value(x: Any) -> Any:
        table = black_scholes.price(spot=x[0], strike=strike, expiry=expiry, rate=0.02, volatility=x[1])
        return np.sum(table * np.array([1.0, 10.0, 100.0]))

    exact = black_scholes.greeks(spot=110.0, strike=100.0, expiry=1.0, rate=0.02, volatility=0.2)
    price, gradient = ad.value_and_grad(value)([110.0, 0.2])
    assert price == pytest.approx(exact.price + 100.0, rel=1e-14)
    np.testing.assert_allclose(gradient, [exact.delta + 10.0, exact.vega], rtol=1e-13)


def test_an_expired_or_broken_row_has_no_implied_volatility_and_stops_no_other() -> None:
    expiry = np.array([1.0, 0.0, -0.1, 1.0])
    strike = np.array([100.0, 90.0, 100.0, np.nan])
    market = dict(price=10.0, forward=100.0, strike=strike, expiry=expiry)
    for function in (implied_volatility, bachelier_implied_volatility):
        found = function(**market, on_error="nan")
        assert np.isfinite(found).tolist() == [True, False, False, False]
        with pytest.raises(AadValueError, match=r"(strike\[3\]|expiry\[2\]) = "):
            function(**market)
        with pytest.raises(AadValueError, match="on_error = 'skip'"):
            function(**market, on_error="skip")
        first = {name: np.asarray(x)[:2] if np.ndim(x) else x for name, x in market.items()}
        np.testing.assert_array_equal(np.isnan(function(**first)), [False, True])
