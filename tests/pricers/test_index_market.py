"""A real index chain, from quotes to exotics: engines over its calibrated surface agree."""

from __future__ import annotations

import math

import numpy as np
import pytest

import aadlib as ad
from greeks2 import Normals, expectation, ladder
from pricers import pde
from pricers.calibration import calibrate
from pricers.chain import load_quotes
from pricers.monte_carlo import BasketOption, Path
from pricers.monte_carlo.simulation import Simulation, split_normals
from pricers.surfaces import VolatilityHats

EXPIRY, N_STEPS = 1.0, 50
HATS = VolatilityHats([1 / 12, 0.25, 0.5, 1.0, 2.0], [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0])


@pytest.fixture(scope="module")
def market(shared):
    return calibrate(load_quotes(shared / "data" / "spx_2019-05-17" / "chain.csv"))


def simulated(market, n_paths):
    """Return log prices at the dates, (N_STEPS + 1, n_paths)."""
    normals = np.random.default_rng(5).standard_normal((n_paths, N_STEPS, 1))
    simulation = Simulation(
        market.dynamics(), EXPIRY, split_normals(normals, N_STEPS, 1, tracked=True), False, None
    )
    return np.array([np.full(n_paths, math.log(market.spot)), *(row[0] for row in simulation.log_prices())])


def estimate(payments):
    return payments.mean(), payments.std() / math.sqrt(payments.size)


@pytest.mark.parametrize(("strike", "is_call"), [(2500.0, False), (2877.0, True), (3050.0, True)])
def test_paths_reprice_vanillas(market, strike, is_call):
    path = Path(
        dynamics=market.dynamics(), payoff=BasketOption(strike=strike, is_call=is_call), expiry=EXPIRY,
        n_steps=N_STEPS, track_steps=True, differentiate="spots",
    )  # fmt: skip
    normals = Normals(n_paths=100_000, shape=path.noise_shape, seed=3, antithetic=True)
    found = expectation(path, path.parameters, lanes=normals, order=0)
    exact = pde.vanillas(market, strikes=[strike], expiries=[EXPIRY], is_call=[is_call], differentiate="spot")
    wanted = float(exact(exact.parameters)[0])
    assert abs(found.value - wanted) < 3.0 * found.stderr + 5e-4 * wanted


def test_bucketed_vega_and_gamma_by_paths_without_a_branch(market):
    """Spot and thirty buckets, first and second order: the deltas and vegas of the forward march."""
    bumped = market.bumped(HATS)
    path = Path(
        dynamics=bumped.dynamics(), payoff=BasketOption(strike=2877.0), expiry=EXPIRY, n_steps=N_STEPS,
        track_steps=True, differentiate=("spots", "weights"), smoothing="conditional_expectation",
    )  # fmt: skip
    normals = Normals(n_paths=20_000, shape=path.noise_shape, seed=3, antithetic=True)
    found = expectation(path, path.parameters, lanes=normals, order=2)
    exact = pde.vanillas(bumped, strikes=[2877.0], expiries=[EXPIRY], is_call=[True])
    x = exact.parameters
    wanted = ad.record(exact, x).jacobian(x)[0]
    miss = np.abs(found.gradient - wanted)
    assert (miss < 4.0 * found.gradient_stderr + 0.01 * np.abs(wanted).max()).all()
    gamma = ladder(exact, {**exact.inputs}, along="spot", points=[market.spot], weights=[1.0]).second[0]
    assert abs(found.hessian[0, 0] - gamma) < 4.0 * found.hessian_stderr[0, 0] + 0.02 * gamma


def test_a_barrier_by_paths_and_bridges(market):
    """Continuously watched: between two dates a path crosses with the probability of a Brownian bridge."""
    strike, barrier = 2900.0, 3300.0
    price = pde.barrier(market, strike=strike, barrier=barrier, expiry=EXPIRY)
    logs, h = simulated(market, 60_000), EXPIRY / N_STEPS
    alive = np.ones(logs.shape[1])
    for k in range(N_STEPS):
        both = np.array([market.surface.along_paths(logs[end], k * h, h) for end in (k, k + 1)])
        room = np.maximum(math.log(barrier) - logs[k : k + 2], 0.0)
        alive *= -np.expm1(-2.0 * room.prod(axis=0) / (both.prod(axis=0) * h))
    found, error = estimate(
        float(market.discount(EXPIRY)) * np.maximum(np.exp(logs[-1]) - strike, 0.0) * alive
    )
    assert abs(found - float(price(price.parameters))) < 3.0 * error


def test_an_american_put_by_regression(market):
    """Longstaff and Schwartz (2001), exercised on paths that the rule has not seen: a bound from below, nearly "
    "reached."""
    strike = 2800.0
    price = pde.american(market, strike=strike, expiry=EXPIRY)
    spots = np.exp(simulated(market, 60_000))
    fit, out = slice(0, 30_000), slice(30_000, None)
    discounts = [float(market.discount(EXPIRY * k / N_STEPS)) for k in range(N_STEPS + 1)]
    paid = discounts[-1] * np.maximum(strike - spots[-1], 0.0)
    for k in range(N_STEPS - 1, 0, -1):
        now = discounts[k] * np.maximum(strike - spots[k], 0.0)
        powers = np.vander(spots[k] / strike - 1.0, 6)
        inside = now[fit] > 0.0
        rule = np.linalg.lstsq(powers[fit][inside], paid[fit][inside], rcond=None)[0]
        paid = np.where((now > 0.0) & (now > powers @ rule), now, paid)
    found, error = estimate(paid[out])
    assert abs(found - float(price(price.parameters))) < 3.0 * error


def test_a_ladder_of_the_spot(market):
    """From -20% to +20% by one recording: what a fresh recording gives at the ends."""
    strikes, expiries = [2700.0, 2850.0, 3000.0], [0.25, 0.5, 1.0]
    book = pde.vanillas(
        market, strikes=strikes, expiries=expiries, is_call=[False, True, True], differentiate="spot"
    )
    points = market.spot * np.linspace(0.8, 1.2, 41)
    found = ladder(book, book.inputs, along="spot", points=points, weights=[1.0, -2.0, 1.0])
    for k in (0, 20, 40):
        fresh = ladder(book, book.inputs, along="spot", points=points[k : k + 1], weights=[1.0, -2.0, 1.0])
        for name in ("price", "first", "second"):
            assert getattr(found, name)[k] == pytest.approx(getattr(fresh, name)[0], rel=1e-6, abs=1e-8)
