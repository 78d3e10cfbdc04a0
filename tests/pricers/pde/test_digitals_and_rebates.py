"""Digitals by the backward march, and barrier options with rebates and strikes on either side of their barrier."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from greeks2 import hessian
from pricers import pde
from pricers.contracts import Market
from pricers.pde import backward
from pricers.pde.backward.payoff import averaged_payoff
from pricers.pde.grids import log_grid, uniform_grid
from pricers.surfaces import FlatVolatility

from ..surfaces.surfaces_list import TERMS, calibrated

S, R, Q, SIGMA, T = 100.0, 0.04, 0.015, 0.22, 0.75
FLAT = Market(spot=S, rate=R, dividend_yield=Q, surface=FlatVolatility(SIGMA))
CALIBRATED = Market(spot=100.0, surface=calibrated(), **TERMS)

REINER_RUBINSTEIN = [
    ("up-and-out", True, 100.0, 120.0, 0.0, 1.248134, -0.011182, -0.006696),
    ("up-and-out", True, 100.0, 120.0, 3.0, 2.251521, 0.067697, -0.003459),
    ("up-and-out", False, 125.0, 120.0, 0.0, 21.141307, -1.075693, -0.001455),
    ("up-and-out", True, 125.0, 120.0, 3.0, 1.003387, 0.078879, 0.003237),
    ("down-and-out", True, 85.0, 88.0, 0.0, 14.450299, 1.137029, -0.009424),
    ("down-and-out", False, 100.0, 88.0, 3.0, 1.849324, -0.084027, 0.002073),
    ("down-and-out", False, 85.0, 88.0, 0.0, 0.0, 0.0, 0.0),
    ("up-and-in", True, 125.0, 120.0, 0.0, 1.506143, 0.162318, 0.012840),
    ("up-and-in", True, 100.0, 120.0, 3.0, 9.063487, 0.504314, 0.023928),
    ("down-and-in", False, 100.0, 88.0, 3.0, 7.640795, -0.337240, 0.018522),
    ("down-and-in", True, 85.0, 88.0, 3.0, 4.962132, -0.196805, 0.016969),
    ("down-and-in", True, 100.0, 88.0, 0.0, 0.836057, -0.095923, 0.010238),
]
"""Kind, is_call, strike, barrier, rebate; price, delta and gamma by QuantLib 1.3x's AnalyticBarrierEngine."""


@pytest.mark.parametrize(
    ("kind", "is_call", "strike", "level", "rebate", "price", "delta", "gamma"), REINER_RUBINSTEIN
)
def test_barriers_are_those_of_the_closed_form(
    kind: Any, is_call: bool, strike: float, level: float, rebate: float,
    price: float, delta: float, gamma: float,
) -> None:  # fmt: skip
    value = pde.barrier(
        FLAT, strike=strike, barrier=level, expiry=T, kind=kind, is_call=is_call, rebate=rebate
    )
    x = value.parameters
    assert float(value(x)) == pytest.approx(price, abs=2e-4)
    assert ad.grad(value)(x)[0] == pytest.approx(delta, abs=2e-5)
    assert hessian(value, x)[0, 0] == pytest.approx(gamma, abs=1e-5)


def phi(x: float) -> float:
    return float(ad.norm_cdf(x))


def closed_form(pays: str, strike: float, is_call: bool, spot: float, sigma: float) -> float:
    """Return exp(-r T) N(+-d2), or S exp(-q T) N(+-d1)."""
    deviation = sigma * math.sqrt(T)
    d1 = (math.log(spot / strike) + (R - Q) * T) / deviation + 0.5 * deviation
    sign = 1.0 if is_call else -1.0
    if pays == "cash":
        return math.exp(-R * T) * phi(sign * (d1 - deviation))
    return spot * math.exp(-Q * T) * phi(sign * d1)


@pytest.mark.parametrize("strike", [85.0, 100.0, 118.0])
@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("pays", ["cash", "asset"])
def test_digitals_are_those_of_the_closed_form(pays: Any, is_call: bool, strike: float) -> None:
    value = pde.digital(FLAT, strike=strike, expiry=T, pays=pays, payout=2.0, is_call=is_call)
    x = value.parameters
    unit = 2.0 if pays == "cash" else 2.0 * S

    def exact(up: float, raised: float) -> float:
        return 2.0 * closed_form(pays, strike, is_call, S + up, SIGMA + raised)

    h, k = 0.02, 1e-4
    delta = (exact(h, 0.0) - exact(-h, 0.0)) / (2.0 * h)
    gamma = (exact(h, 0.0) + exact(-h, 0.0) - 2.0 * exact(0.0, 0.0)) / h**2
    vega = (exact(0.0, k) - exact(0.0, -k)) / (2.0 * k)
    vanna = sum(i * j * exact(i * h, j * k) for i in (1, -1) for j in (1, -1)) / (4.0 * h * k)
    volga = (exact(0.0, k) + exact(0.0, -k) - 2.0 * exact(0.0, 0.0)) / k**2
    second = hessian(value, x)
    assert float(value(x)) == pytest.approx(exact(0.0, 0.0), abs=1e-5 * unit)
    assert ad.grad(value)(x) == pytest.approx([delta, vega], abs=3e-5 * unit)
    assert second[0, 0] == pytest.approx(gamma, abs=1e-6 * unit)
    assert second[0, 1] == pytest.approx(vanna, abs=1e-4 * unit)
    assert second[1, 1] == pytest.approx(volga, abs=2e-3 * unit)


@pytest.mark.parametrize("pays", ["cash", "asset"])
def test_call_and_put_make_the_whole(pays: Any) -> None:
    call, put = (
        pde.digital(CALIBRATED, strike=97.0, expiry=0.6, pays=pays, is_call=is_call)
        for is_call in (True, False)
    )
    x = call.parameters
    whole = CALIBRATED.discount(0.6) * (1.0 if pays == "cash" else CALIBRATED.forward(0.6))
    assert float(call(x)) + float(put(x)) == pytest.approx(float(whole), rel=1e-4)


def test_an_option_is_an_asset_less_cash() -> None:
    terms = {"strike": 104.0, "expiry": 0.6}
    option = pde.european(CALIBRATED, **terms)
    asset, cash = (pde.digital(CALIBRATED, pays=pays, **terms) for pays in ("asset", "cash"))
    x = option.parameters
    assert float(option(x)) == pytest.approx(float(asset(x)) - 104.0 * float(cash(x)), abs=2e-3)


@pytest.mark.parametrize("make", [lambda: uniform_grid(lowest=0.0, highest=300.0, n_nodes=61),
                                  lambda: log_grid(lowest=20.0, highest=500.0, n_nodes=61)])  # fmt: skip
@pytest.mark.parametrize("pays", ["cash", "asset"])
def test_the_strike_cell_holds_its_mean(make: Any, pays: Any) -> None:
    grid, strike = make(), 101.3
    values = np.array(averaged_payoff(grid, strike, True, pays), dtype=float)
    x = grid.positions
    edges = 0.5 * (x[:-1] + x[1:])
    end = math.log(strike) if grid.coordinate == "log_spot" else strike
    node = int(np.searchsorted(edges, end))
    fine = np.linspace(edges[node - 1], edges[node], 200_001)
    spots = np.exp(fine) if grid.coordinate == "log_spot" else fine
    paid = np.where(spots > strike, spots if pays == "asset" else 1.0, 0.0)
    assert values[node] == pytest.approx(float(paid.mean()), rel=1e-4)
    below, above = values[:node], values[node + 1 :]
    assert not below.any()
    np.testing.assert_array_equal(above, grid.spots[node + 1 :] if pays == "asset" else np.ones(above.size))


def test_derivatives_in_the_strike_of_a_digital() -> None:
    def value(x: Any) -> Any:
        return backward.price(spot=S, strike=x[0], expiry=T, rate=R, volatility=SIGMA, pays="cash")

    strike = np.array([101.0])
    h = 1e-3
    difference = (float(value(strike + h)) - float(value(strike - h))) / (2.0 * h)
    assert ad.grad(value)(strike)[0] == pytest.approx(difference, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pde.digital(FLAT, strike=100.0, expiry=1.0, pays="gold"), "pays = 'gold'"),
        (lambda: pde.digital(FLAT, strike=100.0, expiry=1.0, payout=np.inf), "payout"),
        (lambda: pde.barrier(FLAT, strike=100.0, barrier=120.0, expiry=1.0, rebate=np.nan), "rebate"),
        (lambda: backward.price(spot=S, strike=100.0, expiry=1.0, rate=0.0, volatility=0.2, pays="cash",
                                exercise="american"), "digitals are European"),
        (lambda: backward.price(spot=S, strike=100.0, expiry=1.0, rate=0.0, volatility=0.2, pays="gold"), "gold"),
    ],
)  # fmt: skip
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        call()
