"""Pricing functions: closed-form Greeks, and a tape of some size."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import mpmath as mp
import numpy as np
import pytest

import aadlib as ad
from greeks2 import METHODS, hessian, hessian_result
from greeks2.methods.edge_pushing.edge_pushing import schedule_of
from pricers.pde import backward
from pricers.pde.grids import uniform_grid
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.spline_volatility import SplineVolatility

from ..extended_precision import IS_WIDER, extended_hessian

EXACT = tuple(method for method in METHODS if method != "bumping2")
MARKET = {"spot": 100.0, "volatility": 0.2, "rate": 0.05, "expiry": 1.0, "strike": 95.0}


def call(x):
    """Price a European call at x = spot, volatility, rate, expiry, strike."""
    spot, volatility, rate, expiry, strike = x[0], x[1], x[2], x[3], x[4]
    spread = volatility * np.sqrt(expiry)
    d1 = (np.log(spot / strike) + rate * expiry) / spread + 0.5 * spread
    return spot * ad.norm_cdf(d1) - strike * np.exp(-rate * expiry) * ad.norm_cdf(d1 - spread)


def exact_hessian() -> np.ndarray:
    """Differentiate the formula at 50 digits."""
    mp.mp.dps = 50

    def price(spot, volatility, rate, expiry, strike):
        spread = volatility * mp.sqrt(expiry)
        d1 = (mp.log(spot / strike) + rate * expiry) / spread + spread / 2
        return spot * mp.ncdf(d1) - strike * mp.exp(-rate * expiry) * mp.ncdf(d1 - spread)

    point = [mp.mpf(value) for value in MARKET.values()]
    n = len(point)
    matrix = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            order = [0] * n
            order[i] += 1
            order[j] += 1
            matrix[i, j] = float(mp.diff(price, tuple(point), tuple(order)))
    return matrix


@pytest.mark.parametrize("method", METHODS)
def test_black_scholes_hessian(method: str) -> None:
    exact = exact_hessian()
    found = hessian(call, np.array(list(MARKET.values())), method=method)
    tolerance = 1e-12 if method != "bumping2" else 1e-5
    assert np.abs(found - exact).max() < tolerance * np.abs(exact).max()


def crank_nicolson(weights, n_spots=40, n_steps=20):
    """Price a call under a local volatility that is piecewise linear in nine weights."""
    rate, expiry, strike, top = 0.05, 1.0, 100.0, 300.0
    width, step = top / n_spots, expiry / n_steps
    hats = np.maximum(0.0, 1.0 - np.abs(np.linspace(0, 8, n_spots + 1)[:, None] - np.arange(9)))
    lower, middle, upper = [], [], []
    for i in range(1, n_spots):
        sigma = sum(weights[int(k)] * float(hats[i, k]) for k in np.flatnonzero(hats[i]))
        diffusion, drift = 0.25 * step * sigma * sigma * float(i * i), 0.25 * step * rate * i
        lower.append(diffusion - drift)
        upper.append(diffusion + drift)
        middle.append(-2.0 * diffusion - 0.5 * step * rate)
    values = [max(i * width - strike, 0.0) for i in range(n_spots + 1)]
    for n in range(n_steps):
        boundary = top - strike * float(np.exp(-rate * (n + 1) * step))
        ratios, loads = [], []
        for k in range(n_spots - 1):
            load = lower[k] * values[k] + (1.0 + middle[k]) * values[k + 1] + upper[k] * values[k + 2]
            if k == n_spots - 2:
                load = load + upper[k] * boundary
            pivot = 1.0 - middle[k] + (lower[k] * ratios[-1] if k else 0.0)
            load = (load + lower[k] * loads[-1] if k else load) / pivot
            ratios.append(-upper[k] / pivot)
            loads.append(load)
        values = [0.0, *loads, boundary]
        for k in range(n_spots - 2, 0, -1):
            values[k] = loads[k - 1] - ratios[k - 1] * values[k + 1]
    place = strike / width
    k = int(place)
    return values[k] + (values[k + 1] - values[k]) * (place - k)


def test_pde_hessian_by_every_method() -> None:
    weights = np.linspace(0.18, 0.25, 9)
    program = ad.record(crank_nicolson, weights)
    assert program.n_nodes > 5000
    found = {method: hessian(program, weights, method=method) for method in EXACT}
    found["capped"] = hessian(program, weights, method="edge_pushing", cap_active=200)
    scale = np.abs(found["forward_over_reverse"]).max()
    for one, other in combinations(found, 2):
        assert np.abs(found[one] - found[other]).max() < 1e-11 * scale, (one, other)
    bumped = hessian(program, weights, method="bumping2")
    assert np.abs(bumped - found["taylor"]).max() < 1e-4 * scale
    # The coefficients are hubs: rows of arcs move in stretches.
    assert schedule_of(program).stretched > 0.5 * schedule_of(program).pushes


@pytest.mark.skipif(not IS_WIDER, reason="long doubles are doubles here")
def test_pde_hessian_against_long_doubles() -> None:
    """Rounding of every method, and of edge pushing under caps, on some ten thousand operations."""
    weights = np.linspace(0.18, 0.25, 9)
    program = ad.record(crank_nicolson, weights)
    exact = extended_hessian(program, weights)
    found = {method: hessian(program, weights, method=method) for method in EXACT}
    for cap in (50, 200):
        found[f"cap {cap}"] = hessian(program, weights, method="edge_pushing", cap_active=cap)
    for name, matrix in found.items():
        assert np.abs(matrix - exact).max() < 1e-13 * np.abs(exact).max(), name


def test_a_long_march_under_caps() -> None:
    """Some hundred thousand operations: arcs that are flushed to the inputs cancel, and keep their digits."""
    weights = np.linspace(0.30, 0.15, 9)
    volatility = partial(SplineVolatility, uniform_basis(lower=0.0, upper=300.0, size=9))
    grid = uniform_grid(lowest=0.0, highest=300.0, n_nodes=201)

    def price(x):
        return backward.price(
            spot=100.0, strike=100.0, expiry=1.0, rate=0.05, volatility=volatility(x), grid=grid, n_steps=100,
            expand=True,
        )  # fmt: skip

    program = ad.record(price, weights)
    exact = hessian(program, weights, method="forward_over_reverse")
    for cap in (50, 200):
        capped = hessian(program, weights, method="edge_pushing", cap_active=cap)
        assert np.abs(capped - exact).max() < 1e-12 * np.abs(exact).max()


def test_pde_under_caps() -> None:
    weights = np.linspace(0.18, 0.25, 9)
    program = ad.record(lambda w: crank_nicolson(w, n_spots=16, n_steps=6), weights)
    free = hessian(program, weights, method="edge_pushing")
    for cap in (3, 10, 50, 200, 1000):
        result = hessian_result(program, weights, method="edge_pushing", cap_active=cap)
        assert result.counts["live_arcs"] <= cap
        assert np.abs(result.matrix - free).max() < 1e-12 * np.abs(free).max()
