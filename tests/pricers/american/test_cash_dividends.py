"""Early exercise with cash dividends: QuantLib's finite differences, no dividends, dates on steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.american import dividend_yield
from pricers.american.cash_dividends import CashDividend, early_exercise_premium, march_steps

ONE = ((40, 2.0),)
TWO = ((100, 1.5), (300, 1.5))
# strike, is a call, days, dividends (days, amount), premium by QuantLib's FdBlackScholesVanillaEngine, escrowed,
# 1500 by 1500; spot 100, rate 4%, dividend yield 1%, volatility 25%
QUANTLIB = [
    (80.0, True, 120, ONE, 1.18107),
    (80.0, True, 500, TWO, 0.12609),
    (80.0, False, 120, ONE, 0.00318),
    (80.0, False, 500, TWO, 0.09476),
    (95.0, True, 120, ONE, 0.16517),
    (95.0, True, 500, TWO, 0.01335),
    (95.0, False, 120, ONE, 0.05242),
    (95.0, False, 500, TWO, 0.31672),
    (105.0, True, 120, ONE, 0.01051),
    (105.0, False, 120, ONE, 0.17868),
    (105.0, False, 500, TWO, 0.56424),
    (120.0, True, 120, ONE, 0.00003),
    (120.0, False, 120, ONE, 0.55086),
    (120.0, False, 500, TWO, 1.09469),
]
MARKET: dict[str, Any] = dict(
    spot=100.0, strike=100.0, expiry=0.5, rate=0.04, dividend_yield=0.01, volatility=0.25, is_call=True
)


@pytest.mark.parametrize(("strike", "is_call", "days", "paid", "exact"), QUANTLIB)
def test_values_of_quantlib(strike: float, is_call: bool, days: int, paid: Any, exact: float) -> None:
    dividends = [CashDividend(ahead / 365.0, amount) for ahead, amount in paid]
    market = {**MARKET, "strike": strike, "expiry": days / 365.0, "is_call": is_call}
    assert early_exercise_premium(**market, dividends=dividends) == pytest.approx(exact, abs=4e-3)


def test_without_dividends_it_is_the_spectral_one() -> None:
    strikes = np.linspace(75.0, 130.0, 23)
    for is_call in (True, False):
        market = {**MARKET, "strike": strikes, "expiry": np.array([[0.1], [1.0]]), "is_call": is_call}
        market["dividend_yield"] = 0.06
        found = early_exercise_premium(**market, dividends=[])
        exact = dividend_yield.early_exercise_premium(**market)
        assert found.shape == (2, 23)
        np.testing.assert_allclose(found, exact, atol=4e-3)


def test_a_dividend_makes_calls_be_exercised_and_one_after_expiry_does_not() -> None:
    market = {**MARKET, "strike": 80.0, "dividend_yield": 0.0}
    assert early_exercise_premium(**market, dividends=[CashDividend(0.6, 5.0)]) < 1e-3
    assert early_exercise_premium(**market, dividends=[CashDividend(0.4, 5.0)]) > 1.0


def test_blocks_do_not_change_a_value() -> None:
    strikes = np.linspace(80.0, 120.0, 19)
    dividends = [CashDividend(0.3, 2.0)]
    together = early_exercise_premium(**{**MARKET, "strike": strikes}, dividends=dividends)
    for strike, found in zip(strikes, together, strict=True):
        assert early_exercise_premium(**{**MARKET, "strike": strike}, dividends=dividends) == found


def test_steps_end_on_the_dates() -> None:
    lengths, ends, implicit = march_steps(1.0, np.array([0.25, 0.2501, 1.0]))
    for time in (0.25, 0.2501, 0.0):
        assert np.abs(ends - time).min() < 1e-12
    assert implicit[:4].all()
    assert not implicit[4:].any()
    assert np.sum(np.where(implicit, 0.5, 1.0) * lengths) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"volatility": 0.0}, AadValueError, "volatility = 0.0"),
        ({"strike": -1.0}, AadValueError, "strike = -1.0"),
        ({"rate": np.nan}, AadValueError, "rate = nan"),
        ({"dividends": [CashDividend(0.1, 101.0)]}, AadValueError, "dividends: worth 100"),
        ({"is_call": "call"}, AadTypeError, "is_call = 'call'"),
    ],
)
def test_refusals(changes: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        early_exercise_premium(**{**MARKET, "dividends": [], **changes})


@pytest.mark.parametrize("name", ["time", "amount"])
def test_a_dividend_is_positive(name: str) -> None:
    with pytest.raises(AadValueError, match=f"{name} = -1.0"):
        CashDividend(**{"time": 1.0, "amount": 1.0, name: -1.0})
