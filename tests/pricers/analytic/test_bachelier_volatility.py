"""Implied normal volatilities against mpmath at 60 digits, in both tails and at the edges."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from pricers.analytic import bachelier
from pricers.analytic.implied_volatilities import bachelier_implied_volatility


def reference_price(distance: float, deviation: float) -> mp.mpf:
    """Return the price out of the money, |F - K| = distance."""
    h = mp.mpf(distance) / mp.mpf(deviation)
    return mp.mpf(deviation) * (mp.npdf(h) - h * mp.erfc(h / mp.sqrt(2)) / 2)


def test_the_solver_is_exact_for_any_moneyness(rng: np.random.Generator) -> None:
    ratios = np.concatenate([10.0 ** rng.uniform(-12.0, 1.55, 200), [0.0, 0.999999, 1.0, 1.000001, 36.0]])
    for ratio in ratios:
        deviation = 10.0 ** rng.uniform(-3.0, 3.0)
        with mp.workdps(60):
            distance = float(ratio * deviation)
            price = reference_price(distance, deviation)
            rounded = float(price)
            vega = mp.npdf(mp.mpf(distance) / deviation)
            expected = float(deviation + (mp.mpf(rounded) - price) / vega)  # of the price as it is rounded
        found = bachelier_implied_volatility(price=rounded, forward=0.0, strike=distance, expiry=1.0)
        assert found == pytest.approx(expected, rel=1e-14), ratio


@pytest.mark.parametrize("is_call", [True, False])
def test_it_inverts_the_formula_for_negative_forwards(is_call: bool) -> None:
    strikes = np.linspace(-0.03, 0.03, 25)
    market = dict(forward=-0.004, strike=strikes, expiry=2.5, is_call=is_call)
    prices = bachelier.price(**market, rate=0.02, volatility=0.008)
    found = bachelier_implied_volatility(price=prices, **market, discount=np.exp(-0.05))
    near = np.abs(strikes + 0.004) < 0.02
    np.testing.assert_allclose(found[near], 0.008, rtol=1e-11)


def test_bounds_and_shapes() -> None:
    found = bachelier_implied_volatility(
        price=np.array([2.0, 1.9, np.nan, 1e300, 0.0, np.inf]),
        forward=np.array([2.0, 2.0, 2.0, 2.0, -2.0, 2.0]),
        strike=0.0,
        expiry=np.array([[1.0], [4.0]]),
    )
    assert found.shape == (2, 6)
    np.testing.assert_array_equal(np.isnan(found[0]), [False, True, True, False, False, True])
    assert found[0, 0] == found[0, 4] == 0.0
    assert found[0, 3] == pytest.approx(2.0 * found[1, 3], rel=1e-15)
    assert isinstance(bachelier_implied_volatility(price=1.0, forward=0.0, strike=0.0, expiry=1.0), float)
