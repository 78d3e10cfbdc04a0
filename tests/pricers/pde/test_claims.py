"""Options on a market: functions of its numbers, by name and in one vector."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from greeks2 import greeks, hessian
from pricers import black_scholes, pde
from pricers.contracts import Market
from pricers.surfaces import FlatVolatility, VolatilityHats

from ..surfaces.surfaces_list import TERMS, calibrated

FLAT = Market(spot=100.0, rate=0.03, dividend_yield=0.01, surface=FlatVolatility(0.2))
CALIBRATED = Market(spot=100.0, surface=calibrated(), **TERMS)


def test_a_flat_market_has_black_scholes_greeks() -> None:
    price = pde.european(
        FLAT, strike=105.0, expiry=0.7, differentiate=("spot", "rate", "dividend_yield", "volatilities")
    )
    exact = black_scholes.greeks(
        spot=100.0, strike=105.0, expiry=0.7, rate=0.03, dividend_yield=0.01, volatility=0.2, units="market"
    )
    found = greeks(price, price.inputs, units="market")
    for name in ("price", "delta", "rho", "dividend_rho", "vega", "gamma", "vanna", "volga", "delta_rho", "vera",
                 "rho_convexity"):  # fmt: skip
        assert getattr(found, name) == pytest.approx(float(getattr(exact, name)), rel=4e-3, abs=1e-6), name


def test_a_vector_and_a_mapping_say_the_same() -> None:
    price = pde.barrier(CALIBRATED, strike=100.0, barrier=130.0, expiry=0.6, n_nodes=101, n_steps=40)
    assert price.labels[0] == "spot" and price.labels[1].startswith("weight[0.1353y,x=")
    assert len(price.labels) == price.parameters.size == 1 + 31
    assert price.slices() == {"spot": slice(0, 1), "weights": slice(1, 32)}
    assert float(price(price.parameters)) == float(price(price.inputs))
    moved = price.parameters.copy()
    moved[0] = 104.0
    assert float(price(moved)) == float(price({"spot": 104.0}))


@pytest.mark.parametrize("kind", ["up", "down"])
@pytest.mark.parametrize("is_call", [True, False])
def test_in_and_out_are_the_european(kind: str, is_call: bool) -> None:
    terms = {"strike": 100.0, "expiry": 0.6, "is_call": is_call, "n_nodes": 201, "n_steps": 60}
    level = 125.0 if kind == "up" else 80.0
    knock_in, knock_out = (
        pde.barrier(CALIBRATED, barrier=level, kind=f"{kind}-and-{how}", **terms) for how in ("in", "out")
    )
    european = pde.european(CALIBRATED, **terms)
    x = european.parameters
    assert float(knock_in(x)) + float(knock_out(x)) == pytest.approx(float(european(x)), rel=1e-12)
    assert 0.0 < float(knock_out(x)) < float(european(x))


@pytest.mark.filterwarnings("ignore::greeks2.KinkWarning")
@pytest.mark.parametrize("make", [pde.barrier, pde.american])
def test_hessian_in_every_weight(make) -> None:
    terms = {"barrier": 125.0} if make is pde.barrier else {}
    price = make(CALIBRATED, strike=102.0, expiry=0.6, n_nodes=101, n_steps=40, **terms)
    x = price.parameters
    matrix = hessian(price, x)
    assert matrix.shape == (32, 32)
    gradient = ad.record(price, x).gradient
    direction = np.zeros(x.size)
    direction[1:] = 0.1 * np.cos(np.arange(31.0))
    h = 1e-4
    differences = (gradient(x + h * direction) - gradient(x - h * direction)) / (2.0 * h)
    scale = np.abs(matrix @ direction).max()
    if make is pde.barrier:  # where exercise moves from node to node differences see it
        np.testing.assert_allclose(matrix @ direction, differences, atol=1e-5 * scale)


def test_buckets_of_vega_add_up() -> None:
    """Equal bumps everywhere are a parallel shift of the local volatility."""
    market = CALIBRATED.bumped(VolatilityHats([0.2, 0.5], [-1.0, 0.0, 1.0]))
    price = pde.european(
        market, strike=100.0, expiry=0.6, differentiate="volatilities", n_nodes=101, n_steps=40
    )
    x = price.parameters
    vega = ad.record(price, x).gradient(x)
    shifted = (float(price(x + 1e-4)) - float(price(x - 1e-4))) / 2e-4
    assert vega.sum() == pytest.approx(shifted, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pde.european(Market(spot=1.0), strike=1.0, expiry=1.0), "surface = None"),
        (lambda: pde.european(FLAT, strike=1.0, expiry=1.0, differentiate=("vol",)), "differentiate"),
        (lambda: pde.european(FLAT, strike=1.0, expiry=1.0, differentiate=("spot", "spot")), "differentiate"),
        (lambda: pde.european(CALIBRATED, strike=100.0, expiry=1.0, differentiate="volatilities"), "bumped"),
        (lambda: pde.barrier(FLAT, strike=100.0, barrier=90.0, expiry=1.0), "already crossed"),
        (lambda: pde.barrier(FLAT, strike=100.0, barrier=120.0, expiry=1.0, kind="up"), "kind"),
        (lambda: pde.european(FLAT, strike=100.0, expiry=1.0)({"spots": 1.0}), "spots"),
        (lambda: pde.european(FLAT, strike=100.0, expiry=1.0)([1.0]), "parameters has shape"),
        (lambda: pde.vanillas(FLAT, strikes=[-1.0], expiries=[1.0], is_call=True), "strikes"),
    ],
)  # fmt: skip
def test_bad_input(call, message) -> None:
    with pytest.raises(AadValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("kind", "barrier", "strike", "is_call", "exact"),
    [
        ("down-and-out", 90.0, 80.0, True, 14.861440095747934),
        ("down-and-in", 90.0, 80.0, True, 7.457107924636436),
        ("up-and-out", 115.0, 130.0, False, 20.737348006397646),
        ("up-and-in", 115.0, 130.0, False, 7.635356696694835),
        ("down-and-out", 90.0, 90.0, True, 10.963458239255388),
        ("up-and-out", 115.0, 130.0, True, 0.0),
    ],
)
def test_strikes_beyond_the_barrier(kind, barrier, strike, is_call, exact):
    """Against QuantLib's closed forms (AnalyticBarrierEngine): no kink is left between barrier and grid end."""
    market = Market(spot=100.0, rate=0.03, dividend_yield=0.01, surface=FlatVolatility(0.2))
    price = pde.barrier(market, strike=strike, barrier=barrier, expiry=1.0, kind=kind, is_call=is_call)
    assert float(price(price.parameters)) == pytest.approx(exact, abs=2e-4)
    delta = ad.record(price, price.parameters).gradient(price.parameters)[0]
    moved = [float(price(price.parameters + np.array([h, 0.0]))) for h in (-0.5, 0.5)]
    assert delta == pytest.approx(moved[1] - moved[0], abs=1e-3)
