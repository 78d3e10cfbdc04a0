"""Closed forms under curves: means, derivatives in parallel shifts, and calendar time that leaves curves standing."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError
from greeks2 import hessian
from pricers import bachelier, black_scholes
from pricers.curves import PiecewiseRate
from pricers.pde import backward
from pricers.surfaces import FlatVolatility, SVILocalVolatility, TermVolatility

RATE = PiecewiseRate([0.3, 1.0], [0.01, 0.05])
YIELD = PiecewiseRate([0.5, 2.0], [0.04, 0.0])
TERM = TermVolatility([0.25, 1.0, 2.0], [0.18, 0.24, 0.22])
CURVES = {"rate": RATE, "dividend_yield": YIELD, "volatility": TERM}
OPTION = {"spot": 97.0, "strike": 100.0, "expiry": 1.5}


def test_a_price_under_curves_is_that_of_the_march():
    marched = float(backward.price(**OPTION, **CURVES, n_nodes=801, n_steps=400))
    assert float(black_scholes.price(**OPTION, **CURVES)) == pytest.approx(marched, abs=2e-4)


@pytest.mark.parametrize("is_call", [True, False])
def test_flat_curves_are_their_numbers(is_call):
    flat = {
        "rate": PiecewiseRate([0.2, 0.7], [0.03, 0.03]),
        "dividend_yield": 0.01,
        "volatility": FlatVolatility(0.2),
    }
    option = {"spot": [90.0, 100.0], "strike": 100.0, "expiry": [[0.0], [1.2]], "is_call": is_call}
    numbers = black_scholes.greeks(**option, rate=0.03, dividend_yield=0.01, volatility=0.2)
    curves = black_scholes.greeks(**option, **flat)
    for field in fields(numbers):
        wanted = getattr(numbers, field.name)
        np.testing.assert_allclose(
            getattr(curves, field.name), wanted, rtol=1e-6, atol=1e-9, err_msg=field.name
        )


def test_rho_and_vega_are_derivatives_in_parallel_shifts():
    def value(rate, dividend_yield, volatility):
        implied = [volatility + x for x in TERM.numbers]
        return black_scholes.price(
            **OPTION, rate=RATE.shifted(rate), dividend_yield=YIELD.shifted(dividend_yield),
            volatility=TERM.with_numbers(implied),
        )  # fmt: skip

    step = 1e-5
    exact = black_scholes.greeks(**OPTION, **CURVES)
    pairs = [(value(step, 0, 0), value(-step, 0, 0)), (value(0, step, 0), value(0, -step, 0))]
    found = [(up - down) / (2.0 * step) for up, down in pairs]
    np.testing.assert_allclose(found, [exact.rho, exact.dividend_rho], rtol=1e-8)
    recorded = ad.record(lambda x: value(*x), np.zeros(3)).gradient(np.zeros(3))
    np.testing.assert_allclose(recorded[:2], [exact.rho, exact.dividend_rho], rtol=1e-12)
    # A shift of implied volatilities: 1.5 years lie between two of them, whose variances are shifted.
    of_variance = np.interp(1.5, [1.0, 2.0], [2.0 * 0.24, 4.0 * 0.22]) / (
        2.0 * TERM.mean_volatility(1.5) * 1.5
    )
    assert recorded[2] == pytest.approx(exact.vega * of_variance, rel=1e-12)
    second = hessian(lambda x: value(*x), np.zeros(3))
    assert second[0, 0] == pytest.approx(exact.rho_convexity, rel=1e-12)


def at_a_later_day(days):
    """Return closed forms when time has passed and the curves stand where they did in the calendar."""

    def seen(curve):
        return PiecewiseRate(curve.times - days, curve.rates)

    variances = TERM.accumulated_variance(TERM.expiries) - TERM.accumulated_variance(days)
    times = TERM.expiries - days
    return black_scholes.greeks(
        **{**OPTION, "expiry": OPTION["expiry"] - days}, rate=seen(RATE), dividend_yield=seen(YIELD),
        volatility=TermVolatility(times, np.sqrt(variances / times)),
    )  # fmt: skip


def test_theta_and_its_kin_leave_the_curves_where_they_stand():
    days = 1e-4
    now, later = black_scholes.greeks(**OPTION, **CURVES), at_a_later_day(days)
    latest = at_a_later_day(2.0 * days)
    for name, of in (("theta", "price"), ("charm", "delta"), ("veta", "vega"), ("color", "gamma")):
        a, b, c = (float(getattr(g, of)) for g in (now, later, latest))
        assert getattr(now, name) == pytest.approx((-1.5 * a + 2.0 * b - 0.5 * c) / days, rel=2e-5), name


def test_theta_satisfies_the_equation_with_the_rates_of_today():
    g, s = black_scholes.greeks(**OPTION, **CURVES), OPTION["spot"]
    r, q, variance = 0.01, 0.04, 0.18**2
    assert g.theta == pytest.approx(
        r * g.price - (r - q) * s * g.delta - 0.5 * variance * s * s * g.gamma, rel=1e-6
    )


def test_bachelier_under_a_curve():
    option = {"forward": 97.0, "strike": 100.0, "volatility": 15.0}
    flat = bachelier.greeks(**option, expiry=1.5, rate=float(RATE.accumulated(1.5)) / 1.5)
    curved = bachelier.greeks(**option, expiry=1.5, rate=RATE)
    assert replace(curved, theta=0, charm=0, veta=0, color=0) == replace(
        flat, theta=0, charm=0, veta=0, color=0
    )
    assert float(bachelier.price(**option, expiry=1.5, rate=RATE)) == pytest.approx(
        float(flat.price), rel=1e-14
    )
    half = 0.5 * 15.0**2 * curved.gamma
    assert curved.theta == pytest.approx(0.01 * curved.price - half, rel=1e-6)


def test_what_closed_forms_cannot_take_names_what_to_use():
    local = SVILocalVolatility(parameters=[0.01, 0.1, -0.4, 0.0, 0.2], expiries=[1.0], spot=100.0)
    with pytest.raises(AadTypeError, match=r"pricers\.trees\.price"):
        black_scholes.price(**OPTION, rate=0.0, volatility=local)
    with pytest.raises(AadTypeError, match="rate is a curve"):
        ad.grad(lambda x: black_scholes.price(**{**OPTION, "expiry": x[0]}, rate=RATE, volatility=0.2))(
            np.ones(1)
        )
