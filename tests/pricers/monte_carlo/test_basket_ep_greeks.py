"""The report's basket function: steps tracked or summed, against closed forms, blocks and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib import AadValueError
from pricers import black_scholes
from pricers.monte_carlo import basket_ep_greeks
from pricers.monte_carlo.basket import recorded as basket_path_greeks
from pricers.monte_carlo.basket.call import basket_greeks
from pricers.monte_carlo.correlation import apply_correlation
from pricers.monte_carlo.path import compress_steps

from .estimates import CORRELATION

THREE = {
    "spots": [100.0, 95.0, 110.0],
    "volatilities": [0.2, 0.35, 0.25],
    "rate": 0.03,
    "expiry": 1.0,
    "strike": 100.0,
    "weights": [0.3, 0.3, 0.4],
    "correlation": CORRELATION,
}
NAMES = ("price", "stderr", "delta", "vega", "gamma", "vanna", "volga")


def test_tracked_steps_give_the_same_numbers():
    both = [
        basket_ep_greeks(**THREE, n_paths=500, n_steps=10, alpha=0.5, seed=3, track_steps=tracked)
        for tracked in (False, True)
    ]
    for name in NAMES:
        np.testing.assert_allclose(getattr(both[0], name), getattr(both[1], name), rtol=1e-9, atol=1e-11)


def test_one_asset_is_black_scholes():
    found = basket_ep_greeks(
        spots=[100.0], volatilities=[0.2], rate=0.03, expiry=1.0, strike=105.0, weights=[1.0],
        n_paths=100_000, n_steps=1, alpha=1.0, seed=1,
    )  # fmt: skip
    exact = black_scholes.greeks(spot=100.0, strike=105.0, expiry=1.0, rate=0.03, volatility=0.2)
    assert abs(found.price - exact.price) < 4.0 * found.stderr
    assert found.delta[0] == pytest.approx(exact.delta, rel=0.02)
    assert found.vega[0] == pytest.approx(exact.vega, rel=0.03)
    assert found.gamma[0, 0] == pytest.approx(exact.gamma, rel=0.05)


def test_the_kernel_written_for_baskets_gives_the_same_numbers():
    found = basket_ep_greeks(**THREE, n_paths=300, n_steps=2, alpha=2.0, seed=5)
    normals = np.random.Generator(np.random.Philox(5)).standard_normal((300, 2, 3))
    correlated = apply_correlation(normals=compress_steps(normals), correlation=CORRELATION)
    plain = {name: number for name, number in THREE.items() if name != "correlation"}
    other = basket_greeks(**plain, normals=correlated, sharpness=2.0)
    assert found.price == pytest.approx(other.price, rel=1e-12)
    np.testing.assert_allclose(np.concatenate([found.delta, found.vega]), other.gradient, rtol=1e-10)
    hessian = np.block([[found.gamma, found.vanna], [found.vanna.T, found.volga]])
    np.testing.assert_allclose(hessian, other.hessian, rtol=1e-9, atol=1e-12)


def test_blocks_of_normals_change_nothing_but_round_off(monkeypatch):
    whole = basket_ep_greeks(**THREE, n_paths=100, n_steps=3, alpha=1.0, seed=2)
    monkeypatch.setattr(basket_path_greeks, "NUMBERS_AT_ONCE", 9 * 7)
    cut = basket_ep_greeks(**THREE, n_paths=100, n_steps=3, alpha=1.0, seed=2)
    for name in NAMES:
        np.testing.assert_allclose(getattr(whole, name), getattr(cut, name), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_paths": 1}, "n_paths = 1"),
        ({"n_paths": 1e4}, "n_paths = 10000.0: must be a whole number, 2 or more"),
        ({"seed": -1}, "seed = -1: must be a whole number, 0 or more"),
        ({"n_steps": 0}, "n_steps = 0"),
        ({"alpha": 0.0}, "sharpness = 0.0"),
        ({"weights": [1.0]}, "weights has 1 entries"),
        ({"volatilities": [0.2, -0.1, 0.2]}, r"volatilities\[1\] = -0.1"),
        ({"correlation": 1.6 * np.eye(3) - 0.6}, "not positive semidefinite"),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(AadValueError, match=message):
        basket_ep_greeks(**(THREE | changes))
