"""Ladders: the same numbers as fresh recordings, over lanes and through composites."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError, SingularWarning
from greeks2 import greeks, ladder
from pricers import black_scholes, pde
from pricers.contracts import Market
from pricers.surfaces import FlatVolatility

INPUTS = {"spot": 100.0, "strike": 105.0, "expiry": 0.5, "rate": 0.02, "volatility": 0.25}
POINTS = np.linspace(80.0, 120.0, 41)


def test_over_lanes_it_is_the_closed_form():
    found = ladder(black_scholes.price, INPUTS, along="spot", points=POINTS)
    exact = black_scholes.greeks(**{**INPUTS, "spot": POINTS})
    for name in ("price", "first", "second"):
        wanted = getattr(exact, {"first": "delta", "second": "gamma"}.get(name, name))
        np.testing.assert_allclose(getattr(found, name), wanted, rtol=1e-10)
    frame = found.to_frame()
    assert list(frame.columns) == ["spot", "price", "delta", "gamma"] and len(frame) == 41


def test_along_the_volatility_in_market_units():
    points = [0.1, 0.2, 0.3]
    found = ladder(black_scholes.price, INPUTS, along="volatility", points=points, units="market")
    exact = black_scholes.greeks(**{**INPUTS, "volatility": points}, units="market")
    np.testing.assert_allclose(found.first, exact.vega, rtol=1e-10)
    np.testing.assert_allclose(found.second, exact.volga, rtol=1e-9)
    assert (found.first_name, found.second_name) == ("vega", "volga")


def test_a_book_by_one_march_moves_by_many_cells():
    """No BranchChanged over 40% of the spot, and what is replayed equals what is recorded there."""
    market = Market(spot=100.0, rate=0.02, surface=FlatVolatility(0.25))
    book = pde.vanillas(
        market, strikes=[95.0, 105.0], expiries=[0.25, 0.5], is_call=[False, True], differentiate="spot"
    )
    quantities = np.array([-2.0, 3.0])
    found = ladder(book, book.inputs, along="spot", points=POINTS, weights=quantities)
    for k in (0, 13, 20, 40):
        fresh = ad.record(lambda x: quantities @ book(x), POINTS[k : k + 1])
        assert found.price[k] == pytest.approx(fresh.value(POINTS[k : k + 1]), rel=1e-12)
        assert found.first[k] == pytest.approx(fresh.gradient(POINTS[k : k + 1])[0], rel=1e-9)
    exact = [
        black_scholes.greeks(spot=POINTS, strike=k, expiry=t, rate=0.02, volatility=0.25, is_call=c)
        for k, t, c in ((95.0, 0.25, False), (105.0, 0.5, True))
    ]
    np.testing.assert_allclose(found.first, -2.0 * exact[0].delta + 3.0 * exact[1].delta, atol=5e-3)


def test_a_book_has_greeks_with_weights():
    market = Market(spot=100.0, rate=0.02, surface=FlatVolatility(0.25))
    book = pde.vanillas(market, strikes=[95.0, 105.0], expiries=[0.25, 0.5], is_call=[False, True])
    with pytest.raises(AadTypeError, match="weights="):
        greeks(book, book.inputs)
    for order in (1, 2):
        found = greeks(book, book.inputs, weights=[-2.0, 3.0], order=order)
        values = book(book.parameters)
        assert found.price == pytest.approx(-2.0 * values[0] + 3.0 * values[1], rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"along": "vol", "points": [1.0]}, "along"), ({"along": "spot", "points": []}, "points"),
     ({"along": "spot", "points": [np.nan]}, "points"), ({"along": "spot", "points": [1.0], "units": "x"}, "units")],
)  # fmt: skip
def test_bad_input(arguments, message):
    with pytest.raises(AadValueError, match=message):
        ladder(black_scholes.price, INPUTS, **arguments)


@pytest.mark.filterwarnings("ignore::aadlib.SingularWarning")
def test_what_is_not_determined_is_nan_where_it_is_strict():
    def price(spot, rate):
        return np.sqrt(spot) * spot + rate

    inputs, points = {"spot": 1.0, "rate": 0.5}, [0.0, 1.0]
    assert ladder(price, inputs, along="spot", points=points).first.tolist() == [0.0, 1.5]
    found = ladder(price, inputs, along="spot", points=points, strict=True)
    np.testing.assert_array_equal(found.first, [np.nan, 1.5])
    np.testing.assert_array_equal(found.second, [np.nan, 0.75])
    for order in (1, 2):
        found = greeks(price, inputs | {"spot": 0.0}, order=order, strict=True)
        assert np.isnan(found.delta) and found.rho == 1.0
        assert greeks(price, inputs | {"spot": 0.0}, order=order).delta == 0.0
    with pytest.warns(SingularWarning, match=r"sqrt\(0\) at .*test_scenario_ladder\.py"):
        ladder(price, inputs, along="spot", points=points)
