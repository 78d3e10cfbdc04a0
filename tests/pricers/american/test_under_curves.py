"""American options under curves and with two exercise boundaries, against the march and Bermudan options."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadTypeError
from pricers import american, black_scholes
from pricers.american.bermudan import finite_difference_greeks
from pricers.curves import PiecewiseRate
from pricers.pde import backward
from pricers.surfaces import SVILocalVolatility, TermVolatility

CURVES = {
    "rate": PiecewiseRate([0.3, 1.0], [0.01, 0.06]),
    "dividend_yield": PiecewiseRate([0.5, 1.0], [0.02, 0.04]),
}
TERM = TermVolatility([0.5, 2.0], [0.2, 0.26])
SPOTS = [80.0, 100.0, 120.0]


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("volatility", [0.25, TERM], ids=["number", "term structure"])
def test_curves_against_the_march(is_call, volatility):
    option = {"strike": 100.0, "is_call": is_call, "volatility": volatility, **CURVES}
    found = american.price(spot=SPOTS, expiry=[[0.5], [1.5]], **option)
    assert found.shape == (2, 3)
    for row, expiry in zip(found, (0.5, 1.5), strict=True):
        for price, spot in zip(row, SPOTS, strict=True):
            marched = backward.price(
                spot=spot, expiry=expiry, **option, exercise="american", n_nodes=801, n_steps=800
            )
            assert price == pytest.approx(float(marched), abs=2e-3)


def test_a_flat_curve_is_its_number():
    option = {"spot": SPOTS, "strike": 100.0, "expiry": 1.0, "volatility": 0.2, "is_call": False}
    curve = american.price(**option, rate=PiecewiseRate([1.0], [0.05]))
    np.testing.assert_allclose(curve, american.price(**option, rate=0.05), atol=1e-3)
    premium = american.early_exercise_premium(**option, rate=PiecewiseRate([1.0], [0.05]))
    european = black_scholes.price(**option, rate=0.05)
    np.testing.assert_allclose(european + premium, curve, rtol=1e-13)


@pytest.mark.parametrize(("spot", "strike"), [(1.0, 90.0), (1000.0, 90.0)])
def test_far_from_the_money_under_curves(spot, strike):
    put = american.price(spot=spot, strike=strike, expiry=1.0, volatility=0.1, is_call=False, **CURVES)
    assert put == pytest.approx(max(strike - spot, 0.0), abs=1e-9)


@pytest.mark.parametrize("spot", [70.0, 97.0, 105.0])
@pytest.mark.parametrize("is_call", [True, False])
def test_two_boundaries(spot, is_call):
    """A put with dividend_yield < rate < 0, and its mirror: Bermudan prices lead there as dates grow denser."""
    contract = {"spot": spot, "strike": 100.0, "expiry": 1.0, "rate": -0.01, "dividend_yield": -0.06}
    if is_call:
        contract |= {"spot": 100.0, "strike": spot, "rate": -0.06, "dividend_yield": -0.01}
    option = {**contract, "volatility": 0.1, "is_call": is_call}
    found = american.price(**option)
    few, many = (
        finite_difference_greeks(**option, n_dates=n, n_nodes=1001, n_steps=4 * n).price for n in (100, 200)
    )
    assert found > black_scholes.price(**option) + 0.1
    assert found == pytest.approx(2.0 * many - few, abs=2e-3)


def test_rows_with_one_and_two_boundaries_in_one_call():
    option = {"spot": 97.0, "strike": 100.0, "expiry": 1.0, "dividend_yield": -0.06, "volatility": 0.1}
    both = american.price(**option, rate=[0.02, -0.01], is_call=False)
    assert both.tolist() == [american.price(**option, rate=r, is_call=False) for r in (0.02, -0.01)]


@pytest.mark.parametrize("is_call", [True, False])
def test_limits_under_curves(is_call):
    """Without volatility the best of all times: looked for on a fine grid here."""
    sign = 1.0 if is_call else -1.0
    times = np.linspace(0.0, 2.0, 200_001)
    asset = 100.0 * np.exp(-CURVES["dividend_yield"].accumulated(times))
    cash = 101.0 * np.exp(-CURVES["rate"].accumulated(times))
    best = np.maximum(sign * (asset - cash), 0.0).max()
    option = {"spot": 100.0, "strike": 101.0, "is_call": is_call, **CURVES}
    assert american.price(**option, expiry=2.0, volatility=0.0) == pytest.approx(best, abs=1e-6)
    assert american.price(**option, expiry=0.0, volatility=0.2) == max(sign * -1.0, 0.0)


def test_a_local_volatility_is_sent_to_its_engines():
    local = SVILocalVolatility(parameters=[0.01, 0.1, -0.4, 0.0, 0.2], expiries=[1.0], spot=100.0)
    with pytest.raises(AadTypeError, match=r"pricers\.trees\.price"):
        american.price(spot=100.0, strike=100.0, expiry=1.0, rate=0.02, volatility=local)
