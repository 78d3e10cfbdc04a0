"""Trees against Black-Scholes, published American values and the truth of second order."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers import black_scholes
from pricers.trees import LATTICES, greeks, price

PUT = {"spot": 100.0, "strike": 100.0, "expiry": 1.0, "rate": 0.03, "volatility": 0.2, "is_call": False}
TRUTH = {
    "price": 6.7430,
    "delta": -0.42637,
    "gamma": 0.021406,
    "vega": 38.577,
    "vanna": 0.0511,
    "volga": 3.535,
}
"""An American put by the spectral method (QuantLib's QdFp engine)."""


def european(**changes):
    contract = {**PUT, **changes}
    return contract, black_scholes.greeks(**contract)


@pytest.mark.parametrize("lattice", LATTICES)
@pytest.mark.parametrize("is_call", [True, False])
def test_european_prices_converge_to_black_scholes(lattice, is_call):
    contract = {**PUT, "spot": 95.0, "is_call": is_call, "dividend_yield": 0.02}
    exact = float(black_scholes.price(**contract))
    errors = [
        abs(price(**contract, exercise="european", n_steps=n, lattice=lattice) - exact)
        for n in (101, 401, 1601)
    ]
    assert errors[2] < (2e-7 if lattice == "leisen_reimer" else 3e-3)
    if lattice == "leisen_reimer":
        assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.2)  # of second order


def test_european_greeks_are_exact_by_second_order_duals_on_a_smooth_lattice():
    contract, exact = european(spot=105.0)
    found = greeks(**contract, exercise="european", second_order="pathwise", n_steps=501)
    for name in ("delta", "gamma", "vega", "vanna", "volga", "rho"):
        assert getattr(found, name) == pytest.approx(float(getattr(exact, name)), rel=2e-5, abs=1e-6), name


def test_the_gamma_of_a_plain_tree_is_zero():
    """The price is piecewise linear in the spot: second-order duals say so, finite steps of any size do not."""
    found = greeks(**PUT, lattice="cox_ross_rubinstein", second_order="pathwise", n_steps=201)
    assert abs(found.gamma) < 1e-12 and found.delta == pytest.approx(TRUTH["delta"], rel=0.01)


@pytest.mark.parametrize("lattice", LATTICES)
def test_american_greeks_are_those_of_the_option(lattice):
    found = greeks(**PUT, lattice=lattice)
    bars = {"price": 4e-4, "delta": 1e-3, "gamma": 2e-3, "vega": 1e-3, "vanna": 0.03, "volga": 0.01}
    for name, bar in bars.items():
        assert getattr(found, name) == pytest.approx(TRUTH[name], rel=bar), name
    assert found.hessian[1, 1] == pytest.approx(288.0, rel=0.005)  # per rate squared
    assert np.array_equal(found.hessian, found.hessian.T)


def test_gamma_by_the_likelihood_ratio_at_the_money():
    found = greeks(**PUT, lattice="cox_ross_rubinstein", second_order="likelihood_ratio")
    assert found.gamma == pytest.approx(TRUTH["gamma"], rel=5e-3)
    assert found.vanna == pytest.approx(TRUTH["vanna"], rel=0.02)


def test_second_order_by_frozen_exercise_is_wrong_and_says_where():
    found = greeks(**PUT, second_order="pathwise", n_steps=501)
    assert found.volga < 0.0 < TRUTH["volga"]


def test_published_american_puts(shared):
    """The puts of Longstaff and Schwartz (2001) and QuantLib, against values recomputed to eight digits."""
    path = shared / "data" / "reference_values" / "american_puts_quantlib_basket1d.csv"
    rows = list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))
    assert len(rows) > 20
    for row in rows:
        found = price(
            spot=float(row["spot"]),
            strike=float(row["strike"]),
            expiry=float(row["t"]),
            rate=float(row["r"]),
            dividend_yield=float(row["q"]),
            volatility=float(row["vol"]),
            is_call=False,
            n_steps=2001,
        )
        assert found == pytest.approx(float(row["check_value"]), rel=1e-4), row


def test_cash_dividends_lower_the_forward():
    contract = {**PUT, "is_call": True}
    dividends = [(0.25, 2.0), (0.75, 2.0), (5.0, 100.0)]
    escrowed = 100.0 - sum(amount * np.exp(-0.03 * date) for date, amount in dividends[:2])
    expected = float(black_scholes.price(**{**contract, "spot": escrowed}))
    assert price(**contract, exercise="european", dividends=dividends) == pytest.approx(expected, abs=1e-5)
    assert price(**contract, dividends=dividends) > expected + 0.05


def test_negative_rates():
    """Money paid later is worth more: calls are exercised early, puts are not."""
    put = {**PUT, "rate": -0.02, "n_steps": 501}
    assert price(**put) == pytest.approx(price(**put, exercise="european"), rel=1e-12)
    call = {**put, "is_call": True}
    assert price(**call) > price(**call, exercise="european") + 0.05


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"volatility": -0.2}, "volatility = -0.2"),
        ({"expiry": float("nan")}, "expiry = nan"),
        ({"exercise": "bermudan"}, "exercise = 'bermudan'"),
        ({"lattice": "trinomial"}, "lattice = 'trinomial'"),
        ({"n_steps": 100}, "odd number of steps"),
        ({"n_steps": 0}, "n_steps = 0"),
        ({"dividends": [0.5]}, "dividends has shape"),
        ({"dividends": [(0.5, 1.0, 2.0)]}, "dividends has shape"),
        ({"spot": 1000.0, "strike": 1.0, "volatility": 0.01}, "all probability on one side"),
        ({"dividends": [(0.5, 200.0)]}, "dividends are worth"),
        ({"rate": 5.0, "n_steps": 11}, "take at least 626 steps"),
    ],
)
def test_bad_arguments(changes, message):
    with pytest.raises(AadValueError, match=message):
        price(**{**PUT, **changes})


def test_bad_flags_and_methods():
    with pytest.raises(AadTypeError, match="is_call"):
        price(**{**PUT, "is_call": 1})
    with pytest.raises(AadValueError, match="second_order = 'magic'"):
        greeks(**PUT, second_order="magic")
    with pytest.raises(AadTypeError, match="dividends"):
        price(**PUT, dividends="monthly")
    with pytest.raises(AadValueError, match="at least 2 steps"):
        greeks(**PUT, second_order="likelihood_ratio", n_steps=1)


def test_a_hessian_that_is_not_finite_is_no_result():
    with pytest.raises(AadValueError, match="Hessian is not finite"):
        greeks(**PUT, dividends=[(0.5, 101.4)])
