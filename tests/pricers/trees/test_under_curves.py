"""Trees under curves, term structures of volatility and surfaces, against the march, QuantLib and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers import black_scholes, pde, trees
from pricers.contracts import Market
from pricers.curves import PiecewiseRate
from pricers.pde import backward
from pricers.surfaces import FlatVolatility, TermVolatility

from ..surfaces.surfaces_list import SURFACES, TERMS

CONTRACT = {"spot": 100.0, "strike": 105.0, "expiry": 0.9}
TERM = SURFACES["term structure"]
SURFACES_OF_SPOT = [name for name in SURFACES if name not in ("flat", "term structure")]


@pytest.mark.parametrize("lattice", trees.LATTICES)
@pytest.mark.parametrize("exercise", ["american", "european"])
def test_a_flat_curve_is_its_number(lattice, exercise):
    """Leisen-Reimer nodes are the same; Cox-Ross-Rubinstein ones are laid around the forward."""
    more = {"volatility": 0.2, "is_call": False, "exercise": exercise, "lattice": lattice}
    dividends = [(0.3, 1.0), (0.5, 2.0)]
    exact = lattice == "leisen_reimer"
    n_steps = 101 if exact else 301
    number, curve = (
        trees.greeks(**CONTRACT, rate=rate, dividend_yield=0.01, dividends=dividends, n_steps=n_steps, **more)
        for rate in (0.03, PiecewiseRate([0.4, 1.0], [0.03, 0.03]))
    )
    assert curve.price == pytest.approx(number.price, rel=1e-11 if exact else 1e-3)
    np.testing.assert_allclose(curve.gradient, number.gradient, rtol=1e-9 if exact else 0.03)
    if exact:
        np.testing.assert_allclose(curve.hessian, number.hessian, rtol=1e-7, atol=1e-8)


def test_european_options_are_closed_forms_of_the_means():
    exact = float(black_scholes.price(**CONTRACT, **TERMS, volatility=TERM))
    assert trees.price(**CONTRACT, **TERMS, volatility=TERM, exercise="european") == pytest.approx(
        exact, abs=2e-6
    )


@pytest.mark.parametrize("volatility", [0.2, TERM], ids=["number", "term structure"])
@pytest.mark.parametrize("is_call", [True, False])
def test_american_options_are_those_of_the_march(volatility, is_call):
    option = {**CONTRACT, **TERMS, "volatility": volatility, "is_call": is_call}
    marched = float(backward.price(**option, exercise="american", n_nodes=801, n_steps=600))
    assert trees.price(**option) == pytest.approx(marched, abs=2e-4)


def test_american_puts_under_curves_are_those_of_quantlib():
    ql = pytest.importorskip("QuantLib")
    today = ql.Date(2, 1, 2024)
    ql.Settings.instance().evaluationDate = today
    day_count = ql.Actual365Fixed()
    dates = [today + days for days in (0, 73, 219, 365)]
    rates, yields = [0.01, 0.01, 0.05, 0.02], [0.0, 0.0, 0.03, 0.01]
    curves = [
        ql.YieldTermStructureHandle(ql.DiscountCurve(dates, factors, day_count))
        for factors in (
            np.exp(-np.concatenate([[0.0], np.cumsum(np.array(given[1:]) * [0.2, 0.4, 0.4])])).tolist()
            for given in (rates, yields)
        )
    ]
    volatilities = [0.18, 0.22, 0.21]
    black = ql.BlackVarianceCurve(today, dates[1:], volatilities, day_count)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(100.0)), curves[1], curves[0], ql.BlackVolTermStructureHandle(black)
    )
    times = [0.2, 0.6, 1.0]
    ours = {"rate": PiecewiseRate(times, rates[1:]), "dividend_yield": PiecewiseRate(times, yields[1:])}
    for is_call, strike in [(False, 110.0), (True, 95.0)]:
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
        option = ql.VanillaOption(payoff, ql.AmericanExercise(today, dates[-1]))
        option.setPricingEngine(ql.FdBlackScholesVanillaEngine(process, 1000, 1000))
        found = trees.price(
            spot=100.0, strike=strike, expiry=1.0, **ours, volatility=TermVolatility(times, volatilities),
            is_call=is_call,
        )  # fmt: skip
        assert found == pytest.approx(option.NPV(), abs=1.5e-3)


@pytest.mark.parametrize(
    ("name", "exercise"),
    [*[(name, "american") for name in SURFACES_OF_SPOT], (SURFACES_OF_SPOT[0], "european")],
)
def test_trinomial_trees_are_the_march_over_the_same_surface(name, exercise):
    option = {**CONTRACT, **TERMS, "volatility": SURFACES[name], "is_call": False}
    marched = float(backward.price(**option, exercise=exercise, n_nodes=601, n_steps=400))
    assert trees.price(**option, exercise=exercise, n_steps=601) == pytest.approx(marched, abs=4e-3)


def test_trinomial_trees_converge_with_the_steps():
    option = {**CONTRACT, **TERMS, "volatility": SURFACES["calibrated"]}
    exact = float(backward.price(**option, n_nodes=1601, n_steps=1200))
    errors = [abs(trees.price(**option, exercise="european", n_steps=n) - exact) for n in (125, 500)]
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.15)


@pytest.mark.parametrize("name", ["term structure", "calibrated"])
def test_greeks_are_those_of_the_march(name):
    """In the spot, in parallel shifts of both curves, and in one of the surface."""
    option = {"strike": 105.0, "expiry": 0.9, "is_call": False}
    market = Market(spot=100.0, surface=SURFACES[name], **TERMS)
    found = trees.greeks(**option, **market.keywords())
    marched = pde.american(
        market, **option, differentiate=("spot", "rate", "dividend_yield"), n_nodes=401, n_steps=300
    )
    point, steps = marched.parameters, np.array([1.0, 2e-3, 2e-3])
    prices = {}
    for i, j in np.ndindex(3, 3):
        for a, b in np.ndindex(2, 2):
            moved = point + steps * ((2 * a - 1) * (np.arange(3) == i) + (2 * b - 1) * (np.arange(3) == j))
            prices[i, j, a, b] = float(marched(moved))
    centre = float(marched(point))
    gradient = np.array([(prices[i, i, 1, 1] - prices[i, i, 0, 0]) / (4.0 * steps[i]) for i in range(3)])
    assert found.price == pytest.approx(centre, abs=2e-3)
    np.testing.assert_allclose(found.gradient[:3], gradient, rtol=3e-3)
    for i, j in [(0, 0), (0, 1), (0, 2)]:
        second = sum((2 * a - 1) * (2 * b - 1) * prices[i, j, a, b] for a, b in np.ndindex(2, 2))
        wanted = second / (4.0 * steps[i] * steps[j])
        assert found.hessian[i, j] == pytest.approx(wanted, rel=0.03), (i, j)
    shifted = [_price_at_shift(market, option, shift) for shift in (-0.005, 0.0, 0.005)]
    assert found.vega == pytest.approx((shifted[2] - shifted[0]) / 0.01, rel=3e-3)
    volga = (shifted[2] - 2.0 * shifted[1] + shifted[0]) / 0.005**2
    assert found.volga == pytest.approx(volga, rel=0.1, abs=0.3)


def _price_at_shift(market, option, shift):
    if isinstance(market.surface, TermVolatility):
        volatility = market.surface.with_numbers([x + shift for x in market.surface.numbers])
    else:

        def volatility(spots, time):
            return market.surface(spots, time) + shift

        volatility.seams = market.surface.seams
    return float(
        backward.price(
            spot=100.0,
            **option,
            **TERMS,
            volatility=volatility,
            exercise="american",
            n_nodes=401,
            n_steps=300,
        )
    )


def test_likelihood_ratio_gamma_under_curves():
    option = {**CONTRACT, **TERMS, "volatility": TERM, "is_call": False}
    wanted, found = (
        trees.greeks(**option, lattice=trees.LATTICES[1], second_order=how)
        for how in ("differences", "likelihood_ratio")
    )
    assert found.gamma == pytest.approx(wanted.gamma, rel=0.01)


def test_a_market_is_the_arguments_of_a_tree():
    market = Market(spot=100.0, rate=0.03, surface=FlatVolatility(0.2))
    assert market.keywords() == {
        "spot": 100.0, "rate": 0.03, "dividend_yield": 0.0, "volatility": FlatVolatility(0.2)
    }  # fmt: skip
    assert trees.price(strike=100.0, expiry=1.0, is_call=False, **market.keywords()) == pytest.approx(
        6.743, abs=1e-3
    )


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"volatility": SURFACES["SVI"], "lattice": "leisen_reimer"}, AadValueError, "tree is trinomial"),
        (
            {"volatility": SURFACES["SVI"], "dividends": [(0.5, 1.0)]},
            AadValueError,
            "dividend_yield=PiecewiseRate",
        ),
        ({"second_order": "pathwise"}, AadValueError, "use 'differences'"),
        (
            {"volatility": SURFACES["SVI"], "second_order": "likelihood_ratio"},
            AadValueError,
            "'differences' alone",
        ),
        ({"spot": [100.0, 101.0]}, AadTypeError, "spot"),
        ({"rate": None}, AadTypeError, "rate = None"),
        ({"volatility": "high"}, AadTypeError, "volatility = 'high'"),
        ({"dividends": [(0.5, 200.0)]}, AadValueError, "dividends are worth"),
    ],
)
def test_what_a_tree_refuses_names_what_to_use(changes, error, message):
    option = {**CONTRACT, **TERMS, "volatility": TERM, "is_call": False, "n_steps": 51, **changes}
    with pytest.raises(error, match=message):
        trees.greeks(**option)
