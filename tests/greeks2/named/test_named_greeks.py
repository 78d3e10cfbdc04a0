"""Named Greeks: against closed forms, units, signs, arrays, frames."""

from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from greeks2 import KinkWarning, greeks

MARKET = {
    "spot": 100.0,
    "strike": 95.0,
    "expiry": 1.5,
    "rate": 0.03,
    "dividend_yield": 0.01,
    "volatility": 0.25,
}


def price(spot, strike, expiry, rate, dividend_yield, volatility, is_call=True):
    spread = volatility * np.sqrt(expiry)
    d1 = (np.log(spot / strike) + (rate - dividend_yield) * expiry) / spread + 0.5 * spread
    sign = 1.0 if is_call else -1.0
    return sign * (
        spot * np.exp(-dividend_yield * expiry) * ad.norm_cdf(sign * d1)
        - strike * np.exp(-rate * expiry) * ad.norm_cdf(sign * (d1 - spread))
    )


def closed_forms(spot, strike, expiry, rate, dividend_yield, volatility):
    """Return the textbook formulas of a call, time derivatives in calendar time."""
    root = np.sqrt(expiry)
    d1 = (np.log(spot / strike) + (rate - dividend_yield + 0.5 * volatility**2) * expiry) / (
        volatility * root
    )
    d2 = d1 - volatility * root
    grown, discount = np.exp(-dividend_yield * expiry), np.exp(-rate * expiry)
    density = np.exp(-0.5 * d1 * d1) / np.sqrt(2.0 * np.pi)
    n1, n2 = ad.norm_cdf(d1), ad.norm_cdf(d2)
    vega = spot * grown * density * root
    carry = rate - dividend_yield
    return {
        "delta": grown * n1,
        "vega": vega,
        "rho": strike * expiry * discount * n2,
        "dividend_rho": -spot * expiry * grown * n1,
        "theta": -spot * grown * density * volatility / (2 * root)
        - rate * strike * discount * n2
        + dividend_yield * spot * grown * n1,
        "dual_delta": -discount * n2,
        "gamma": grown * density / (spot * volatility * root),
        "vanna": -grown * density * d2 / volatility,
        "volga": vega * d1 * d2 / volatility,
        "charm": dividend_yield * grown * n1
        - grown * density * (2 * carry * expiry - d2 * volatility * root) / (2 * expiry * volatility * root),
        "veta": vega * (dividend_yield + carry * d1 / (volatility * root) - (1 + d1 * d2) / (2 * expiry)),
        "dual_gamma": discount * np.exp(-0.5 * d2 * d2) / np.sqrt(2.0 * np.pi) / (strike * volatility * root),
        "vera": -strike * expiry * discount * np.exp(-0.5 * d2 * d2) / np.sqrt(2.0 * np.pi) * d1 / volatility,
    }


def test_closed_forms_of_black_scholes() -> None:
    found = greeks(price, {**MARKET, "is_call": True})
    assert found.value == pytest.approx(float(price(**MARKET)), rel=1e-15)
    for name, exact in closed_forms(**MARKET).items():
        assert found[name] == pytest.approx(exact, rel=1e-10), name
        assert getattr(found, name) == found[name]
    assert found.theta < 0.0
    put = greeks(price, {**MARKET, "is_call": False})
    assert put.gamma == pytest.approx(found.gamma, rel=1e-11) and put.delta < 0.0


def test_time_runs_forward() -> None:
    """Theta, charm and veta are what a day changes."""
    found = greeks(price, MARKET, units="market")
    later = greeks(price, {**MARKET, "expiry": MARKET["expiry"] - 1.0 / 365.0}, units="market")
    assert later.value - found.value == pytest.approx(found.theta, rel=1e-2)
    assert later.delta - found.delta == pytest.approx(found.charm, rel=1e-2)
    assert later.vega - found.vega == pytest.approx(found.veta, rel=1e-2)


def test_market_units() -> None:
    raw, market = greeks(price, MARKET), greeks(price, MARKET, units="market")
    assert market.delta == raw.delta and market.gamma == raw.gamma
    assert market.vega == pytest.approx(0.01 * raw.vega, rel=1e-15)
    assert market.rho == pytest.approx(1e-4 * raw.rho, rel=1e-15)
    assert market.volga == pytest.approx(1e-4 * raw.volga, rel=1e-15)
    assert market.vanna == pytest.approx(0.01 * raw.vanna, rel=1e-15)
    assert market.vera == pytest.approx(1e-6 * raw.vera, rel=1e-14)
    assert market.veta == pytest.approx(0.01 / 365.0 * raw.veta, rel=1e-14)
    assert "volatility point" in market.units["vega"] and "basis point" in market.units["rho"]
    assert "1/365" in market.units["charm"]
    assert (raw.gradient == market.gradient).all() and (raw.hessian == market.hessian).all()


def test_order_one_and_names_in_any_order() -> None:
    first = greeks(price, MARKET, order=1)
    assert first.hessian is None and "gamma" not in first.values
    with pytest.raises(AadValueError, match="no Greek 'gamma' here: there are delta"):
        first["gamma"]
    with pytest.raises(AttributeError, match="gamma"):
        _ = first.gamma
    turned = greeks(price, dict(reversed(MARKET.items())))
    assert turned.vanna == pytest.approx(greeks(price, MARKET).vanna, rel=1e-12)
    assert list(turned.values) == list(greeks(price, MARKET).values)


def basket(spots, volatilities, rate):
    forward = np.sum(spots * np.exp(-0.5 * volatilities**2))
    return np.exp(-rate) * ad.softplus(forward - 3.0)


def test_arrays_of_spots_and_volatilities() -> None:
    inputs = {"spots": np.array([1.0, 1.1, 0.9]), "volatilities": np.array([0.2, 0.3, 0.25]), "rate": 0.02}
    found = greeks(basket, inputs, method="edge_pushing")
    assert found.delta.shape == found.gamma.shape == (3,)
    assert found.cross_gamma.shape == found.vanna.shape == (3, 3)
    assert (np.diagonal(found.cross_gamma) == found.gamma).all()
    assert found.delta_rho.shape == (3,)
    program = ad.record(basket, *inputs.values())
    matrix = program.hessian(*inputs.values())
    assert np.allclose(found.vanna, matrix[:3, 3:6], rtol=1e-12)
    assert found.labels[:2] == ("spots[0]", "spots[1]")
    entries = [(e.greek, e.inputs) for e in found]
    assert len(entries) == len(set(entries)) == 7 + 7 * 8 // 2
    again = greeks(program, inputs)
    assert np.allclose(again.cross_gamma, found.cross_gamma, rtol=1e-12)


def test_prices_of_one_mapping_and_unknown_inputs() -> None:
    found = greeks(
        lambda market: market["spot"] ** 2 * market["correlation"], {"spot": 3.0, "correlation": 0.5}
    )
    assert found.d_correlation == 9.0 and found.gamma == 1.0 and found.d2_spot_correlation == 6.0
    assert found.values["d2_correlation_correlation"] == 0.0


def test_fixed_numbers_are_handed_on() -> None:
    def powers(spot, n_steps):
        return sum(spot**k for k in range(n_steps))

    assert greeks(powers, {"spot": 2.0, "n_steps": 4}, fixed=("n_steps",)).delta == 1.0 + 4.0 + 12.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 3}, "order = 3"),
        ({"order": True}, "order = True"),
        ({"units": "imperial"}, "units = 'imperial': choose 'raw' or 'market'"),
        ({"fixed": ("colour",)}, "'colour' is not among the inputs"),
        ({"fixed": tuple(MARKET)}, "no number is left"),
        ({"method": "magic"}, "method = 'magic'"),
    ],
)
def test_options_that_cannot_be(options: dict[str, object], message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        greeks(price, MARKET, **options)  # type: ignore[arg-type]


def test_inputs_that_cannot_be() -> None:
    with pytest.raises(AadTypeError, match="price cannot be called with spot, colour"):
        greeks(price, {"spot": 1.0, "colour": 2.0})
    with pytest.raises(AadValueError, match="vol, sigma all mean volatility"):
        greeks(lambda vol, sigma: vol * sigma, {"vol": 0.1, "sigma": 0.2})


def test_kinks_are_carried() -> None:
    with pytest.warns(KinkWarning):
        found = greeks(lambda spot: np.maximum(spot - 1.0, 0.0) * spot, {"spot": 2.0})
    assert found.kinks[0].operation == "maximum" and "passed a kink" in repr(found)


def test_frame_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    found = greeks(price, MARKET, units="market")
    assert "vega" in repr(found) and "market units" in repr(found)
    real = builtins.__import__

    def without_pandas(name, *arguments, **options):
        if name == "pandas":
            raise ImportError("no pandas")
        return real(name, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", without_pandas)
        patch.delitem(sys.modules, "pandas", raising=False)
        with pytest.raises(ImportError, match="to_frame needs pandas"):
            found.to_frame()
    pandas = pytest.importorskip("pandas")
    frame = found.to_frame()
    assert isinstance(frame, pandas.DataFrame) and list(frame) == ["greek", "inputs", "value", "unit"]
    assert len(frame) == 1 + 6 + 6 * 7 // 2  # the price first
