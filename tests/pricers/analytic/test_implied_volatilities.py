"""The compiled solver against a bracketing twin, mpmath prices over the whole plane, and its bounds."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erfcx

from aadlib.errors import AadTypeError, AadValueError
from pricers.analytic import black_scholes, implied_volatility, strict_implied_volatility, vega
from pricers.analytic.analytic_kernels import deviation_kernel, scaled_tail_kernel


def twin(price: float, forward: float, strike: float, expiry: float, discount: float, is_call: bool) -> float:
    """Bracket the root of the plain formula: the readable version of the kernel."""

    def miss(volatility: float) -> float:
        return (
            discount
            * black_scholes.price(
                spot=forward, strike=strike, expiry=expiry, rate=0.0, volatility=volatility, is_call=is_call
            )
            - price
        )

    return float(brentq(miss, 1e-4, 10.0, xtol=1e-15, rtol=8.9e-16))


def chain(rng: np.random.Generator, size: int) -> dict[str, Any]:
    strike = 100.0 * np.exp(rng.normal(0.0, 0.2, size))
    volatility, expiry = rng.uniform(0.08, 0.8, size), rng.uniform(0.1, 2.0, size)
    discount, is_call = np.exp(-0.03 * expiry), strike > 100.0
    price = discount * black_scholes.price(
        spot=100.0, strike=strike, expiry=expiry, rate=0.0, volatility=volatility, is_call=is_call
    )
    quotes = dict(
        price=price, forward=100.0, strike=strike, expiry=expiry, discount=discount, is_call=is_call
    )
    return {"quotes": quotes, "volatility": volatility}


def test_the_kernel_equals_its_twin(rng: np.random.Generator) -> None:
    quotes = chain(rng, 60)["quotes"]
    found = implied_volatility(**quotes)
    for i in range(found.size):
        arguments = (quotes[k][i] for k in ("price", "strike", "expiry", "discount", "is_call"))
        price, strike, expiry, discount, is_call = arguments
        expected = twin(price, 100.0, strike, expiry, discount, bool(is_call))
        # brentq stops where the rounded price is met: its own error is eps * price / vega, and more in the wings
        slope = vega(forward=100.0, strike=strike, expiry=expiry, volatility=expected, discount=discount)
        assert found[i] == pytest.approx(expected, abs=1e-12 + 4e-15 * 100.0 / slope)


def test_a_chain_comes_back(rng: np.random.Generator) -> None:
    case = chain(rng, 3200)
    np.testing.assert_allclose(implied_volatility(**case["quotes"]), case["volatility"], rtol=2e-13)


@pytest.mark.parametrize(
    "deviation", [1e-6, 1e-4, 0.003, 0.02, 0.0999, 0.1001, 0.3, 0.7, 1.5, 2.5, 4, 6, 8, 10]
)
def test_the_whole_plane_to_machine_accuracy(deviation: float) -> None:
    """Prices from 1e-300 to one part in 1e7 of the bound, at 60 digits; moneyness is h deviations."""
    n_checked = 0
    for h in (0.0, 1e-8, 1e-4, 0.01, 0.1, 0.3, 0.9, 1.1, 2.0, 4.0, 8.0, 16.0, 30.0, 37.0):
        a = h * deviation
        with mp.workdps(60):
            x, s = mp.mpf(a), mp.mpf(deviation)
            price = mp.exp(-x / 2) * mp.ncdf(-x / s + s / 2) - mp.exp(x / 2) * mp.ncdf(-x / s - s / 2)
            complement = mp.exp(-x / 2) - price
            if price < mp.mpf("1e-300"):
                continue
            found = deviation_kernel(a, float(price), float(complement))
        assert found == pytest.approx(deviation, rel=1e-14)
        n_checked += 1
    assert n_checked >= 10


def test_the_scaled_tail_equals_scipy() -> None:
    for z in np.linspace(0.0, 38.0, 500):
        assert scaled_tail_kernel(-z) == pytest.approx(
            np.sqrt(0.5 * np.pi) * erfcx(z * np.sqrt(0.5)), rel=2e-15
        )


def test_prices_of_1e_minus_100() -> None:
    market = dict(strike=400.0, expiry=0.25)
    volatility = 0.1295
    price = black_scholes.price(spot=100.0, rate=0.0, volatility=volatility, **market)
    assert 0.0 < price < 1e-95
    assert implied_volatility(price=price, forward=100.0, **market) == pytest.approx(volatility, rel=1e-13)


@pytest.mark.parametrize("is_call", [True, False])
def test_in_the_money_prices_too(is_call: bool) -> None:
    forward = 130.0 if is_call else 80.0
    price = black_scholes.price(
        spot=forward, strike=100.0, expiry=1.0, rate=0.0, volatility=0.25, is_call=is_call
    )
    found = implied_volatility(price=price, forward=forward, strike=100.0, expiry=1.0, is_call=is_call)
    assert found == pytest.approx(0.25, rel=1e-13)


def test_bounds() -> None:
    """Below intrinsic, at and above the upper bound and NaN give NaN; exactly intrinsic gives zero."""
    prices = np.array([-1.0, 9.7, 0.97 * 10.0, 9.71, 0.97 * 110.0, 200.0, np.nan, np.inf])
    found = implied_volatility(price=prices, forward=110.0, strike=100.0, expiry=1.0, discount=0.97)
    np.testing.assert_array_equal(np.isnan(found), [True, False, False, False, True, True, True, True])
    assert found[1] == found[2] == 0.0
    assert found[3] > 0.0
    assert implied_volatility(price=0.0, forward=90.0, strike=100.0, expiry=1.0) == 0.0
    puts = implied_volatility(
        price=np.array([99.0, 100.0]), forward=90.0, strike=100.0, expiry=1.0, is_call=False
    )
    assert puts[0] > 0.0 and np.isnan(puts[1])


@pytest.mark.parametrize(
    ("price", "message"),
    [
        (9.0, "price = 9.0: must be above its lower bound 10.0"),
        (10.0, "above its lower bound"),
        (110.0, "price = 110.0: must be below its upper bound 110.0"),
        (np.nan, "price = nan: must be finite"),
    ],
)
def test_the_strict_one_raises(price: float, message: str) -> None:
    with pytest.raises(AadValueError, match=message):
        strict_implied_volatility(price=price, forward=110.0, strike=100.0, expiry=1.0)


def test_the_strict_one_returns_a_float() -> None:
    found = strict_implied_volatility(price=12.0, forward=110.0, strike=100.0, expiry=1.0)
    assert isinstance(found, float)
    assert found == implied_volatility(price=12.0, forward=110.0, strike=100.0, expiry=1.0)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("forward", 0.0),
        ("forward", np.nan),
        ("strike", -1.0),
        ("expiry", -0.5),
        ("discount", 0.0),
        ("discount", np.inf),
    ],
)
def test_a_bad_contract_raises(name: str, bad: float) -> None:
    good = dict(price=5.0, forward=100.0, strike=100.0, expiry=1.0, discount=1.0)
    with pytest.raises(AadValueError, match=f"{name} = "):
        implied_volatility(**{**good, name: bad})


def test_the_flag_must_be_boolean() -> None:
    with pytest.raises(AadTypeError, match="is_call"):
        implied_volatility(price=5.0, forward=100.0, strike=100.0, expiry=1.0, is_call=1)


def test_vega_is_the_closed_form() -> None:
    strikes = np.array([60.0, 100.0, 150.0])
    exact = black_scholes.greeks(spot=100.0, strike=strikes, expiry=0.4, rate=0.0, volatility=0.3).vega
    found = vega(forward=100.0, strike=strikes, expiry=0.4, volatility=0.3, discount=0.9)
    np.testing.assert_allclose(found, 0.9 * exact, rtol=1e-13)
