"""American options with a dividend yield: QuantLib's spectral engine, published values, bounds and limits."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.american import dividend_yield
from pricers.analytic import black_scholes

# spot, strike, days, rate, dividend yield, volatility, is a call, price by QuantLib 1.3x QdFpAmericanEngine
# (high-precision scheme), days over 365
QUANTLIB = [
    (100.0, 80.0, 30, 0.05, 0.0, 0.2, False, 4.31e-05),
    (100.0, 100.0, 30, 0.05, 0.0, 0.2, False, 2.1134286),
    (100.0, 110.0, 30, 0.05, 0.02, 0.3, False, 10.4423108),
    (100.0, 90.0, 365, 0.03, 0.01, 0.15, False, 1.6151467),
    (100.0, 100.0, 365, 0.06, 0.0, 0.4, False, 13.2957346),
    (100.0, 120.0, 365, 0.06, 0.03, 0.25, False, 21.7109531),
    (100.0, 100.0, 1095, 0.04, 0.04, 0.3, False, 18.7957412),
    (100.0, 140.0, 730, 0.02, 0.06, 0.35, False, 51.7782196),
    (100.0, 100.0, 90, 0.01, 0.08, 0.2, True, 3.2831288),
    (100.0, 80.0, 180, 0.0, 0.05, 0.25, True, 20.0122276),
    (100.0, 120.0, 730, 0.03, 0.07, 0.3, True, 7.3270523),
    (100.0, 95.0, 365, 0.05, 0.05, 0.1, True, 6.660392),
    (100.0, 100.0, 365, 0.1, -0.02, 0.2, False, 4.4487047),
    (100.0, 105.0, 7, 0.05, 0.01, 0.2, False, 5.0117125),
]
MARKET: dict[str, Any] = dict(
    spot=100.0, strike=105.0, expiry=0.5, rate=0.05, dividend_yield=0.02, volatility=0.2, is_call=False
)


def test_values_of_quantlib() -> None:
    spot, strike, days, rate, carry, volatility, is_call, exact = np.array(QUANTLIB).T
    found = dividend_yield.price(
        spot=spot,
        strike=strike,
        expiry=days / 365.0,
        rate=rate,
        dividend_yield=carry,
        volatility=volatility,
        is_call=is_call == 1.0,
    )
    np.testing.assert_allclose(found, exact, atol=1e-3)
    assert np.sqrt(np.mean((found - exact) ** 2)) < 3e-4


def test_reference_values(shared: Path) -> None:
    path = shared / "data/reference_values/american_puts_quantlib_basket1d.csv"
    rows = list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))
    assert len(rows) > 20
    columns = {
        name: np.array([float(row[key]) for row in rows])
        for name, key in dict(
            spot="spot", strike="strike", expiry="t", rate="r", dividend_yield="q", volatility="vol"
        ).items()
    }
    found = dividend_yield.price(**columns, is_call=False)
    exact = np.array([float(row["check_value"]) for row in rows])
    np.testing.assert_allclose(found / columns["strike"], exact / columns["strike"], atol=1.2e-5)


def test_bounds_and_shape_in_the_spot(rng: np.random.Generator) -> None:
    """At least the European price and the payoff, convex in the spot, equal to the payoff where it is exercised."""
    spots = np.linspace(60.0, 140.0, 161)
    found = dividend_yield.price(**{**MARKET, "spot": spots})
    european = black_scholes.price(**{**MARKET, "spot": spots})
    payoff = np.maximum(105.0 - spots, 0.0)
    assert (found >= european).all()
    assert (found >= payoff - 1e-4).all()
    assert (np.diff(found, 2) > -1e-4).all()
    np.testing.assert_allclose(found[spots < 80.0], payoff[spots < 80.0], atol=1e-12)


def test_put_call_symmetry() -> None:
    put = dividend_yield.price(**MARKET)
    call = dividend_yield.price(
        spot=105.0, strike=100.0, expiry=0.5, rate=0.02, dividend_yield=0.05, volatility=0.2, is_call=True
    )
    assert put == pytest.approx(call, rel=1e-13)


def test_what_is_never_exercised_early_has_no_premium() -> None:
    for changes in ({"is_call": True, "dividend_yield": 0.0}, {"rate": 0.0}, {"rate": -0.02}):
        assert dividend_yield.early_exercise_premium(**{**MARKET, **changes}) == 0.0


def test_rows_without_risk_are_limits() -> None:
    """A tiny volatility comes near what a spot without one is worth; an expired row is its payoff."""
    strikes = np.array([90.0, 100.0, 110.0])
    for rate, carry in ((0.05, 0.0), (0.02, 0.06), (0.0, 0.0)):
        for is_call in (True, False):
            market = dict(
                spot=100.0, strike=strikes, expiry=2.0, rate=rate, dividend_yield=carry, is_call=is_call
            )
            limit = dividend_yield.price(volatility=0.0, **market)
            assert limit == pytest.approx(dividend_yield.price(volatility=2e-3, **market), abs=0.12)
    found = dividend_yield.price(**{**MARKET, "expiry": np.array([0.0, 0.5])})
    assert found[0] == 5.0
    assert found[1] == dividend_yield.price(**MARKET)


def test_a_march_in_the_spot_agrees() -> None:
    from pricers.pde import backward

    march = backward.price(**MARKET, exercise="american", n_nodes=801, n_steps=800)
    assert dividend_yield.price(**MARKET) == pytest.approx(march, abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"spot": 0.0}, AadValueError, "spot = 0.0"),
        ({"strike": np.array([1.0, np.nan])}, AadValueError, r"strike\[1\] = nan"),
        ({"expiry": -1.0}, AadValueError, "expiry = -1.0"),
        ({"volatility": -0.1}, AadValueError, "volatility = -0.1"),
        ({"rate": np.inf}, AadValueError, "rate = inf"),
        ({"is_call": 1}, AadTypeError, "is_call = 1"),
    ],
)
def test_refusals(changes: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        dividend_yield.price(**{**MARKET, **changes})


@pytest.mark.peers
def test_quantlib_over_random_markets(rng: np.random.Generator) -> None:
    ql = pytest.importorskip("QuantLib")
    today = ql.Date(1, 3, 2024)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    errors = []
    for _ in range(300):
        strike, days = float(100.0 * np.exp(0.2 * rng.standard_normal())), int(rng.integers(5, 1100))
        rate, carry, volatility = rng.uniform(0.001, 0.12), rng.uniform(0.0, 0.12), rng.uniform(0.08, 0.6)
        is_call = bool(rng.integers(2))
        curves = [ql.YieldTermStructureHandle(ql.FlatForward(today, x, count)) for x in (carry, rate)]
        surface = ql.BlackConstantVol(today, ql.NullCalendar(), volatility, count)
        process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(ql.SimpleQuote(100.0)), *curves, ql.BlackVolTermStructureHandle(surface)
        )
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
        option = ql.VanillaOption(payoff, ql.AmericanExercise(today, today + days))
        scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
        option.setPricingEngine(ql.QdFpAmericanEngine(process, scheme))
        found = dividend_yield.price(
            spot=100.0,
            strike=strike,
            expiry=days / 365.0,
            rate=rate,
            dividend_yield=carry,
            volatility=volatility,
            is_call=is_call,
        )
        errors.append(float(found) - option.NPV())
    assert np.abs(errors).max() < 1.5e-3
    assert np.sqrt(np.mean(np.square(errors))) < 2e-4
