"""Barriers and autocallables against backward induction by quadrature, first and second order."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import aadlib as ad
from pricers.monte_carlo import (
    Autocallable,
    BarrierOption,
    ConditionalExpectation,
    Kernel,
    LikelihoodRatio,
    Malliavin,
    Path,
    Softplus,
    Vibrato,
)
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion
from pricers.monte_carlo.payoffs.corners import EXACT
from pricers.monte_carlo.smoothing.exact import Exact
from pricers.monte_carlo.smoothing.kernel import KernelCorner
from pricers.monte_carlo.smoothing.softplus import SoftplusCorner

from .backward_induction import differences, induction
from .estimates import ONE, estimate

GROUPS = ("spots", "volatilities", "rate", "dividend_yields")
POINT = np.array([100.0, 0.2, 0.03, 0.01])
N_STEPS = 3
EXPIRY = 0.5

CORNERS = {Softplus: lambda s: SoftplusCorner(s.sharpness), Kernel: lambda s: KernelCorner(s.bandwidth)}


def corner_of(smoothing):
    return CORNERS.get(type(smoothing), lambda s: EXACT)(smoothing)


def barrier_reference(payoff, corner):
    def dated(step, prices, discount, continuation):
        room = payoff.barrier - prices if payoff.is_up else prices - payoff.barrier
        if step == N_STEPS:
            gain = prices - payoff.strike if payoff.is_call else payoff.strike - prices
            continuation = discount * corner.positive_part(gain)
        return corner.step(room) * continuation

    def vanilla(step, prices, discount, continuation):
        gain = prices - payoff.strike if payoff.is_call else payoff.strike - prices
        return discount * corner.positive_part(gain) if step == N_STEPS else continuation

    def price(point):
        breaks = [payoff.strike, payoff.barrier]
        out = induction(point, EXPIRY, N_STEPS, breaks, dated)
        return out if payoff.is_out else induction(point, EXPIRY, N_STEPS, breaks, vanilla) - out

    return price


@functools.cache
def barrier_exact(payoff, corner):
    return differences(barrier_reference(payoff, corner), POINT)


BARRIERS = [
    BarrierOption(strike=98.0, barrier=118.0, kind="up-and-out"),
    BarrierOption(strike=104.0, barrier=112.0, kind="up-and-out", is_call=False),
    BarrierOption(strike=102.0, barrier=92.0, kind="down-and-out"),
    BarrierOption(strike=105.0, barrier=88.0, kind="down-and-out", is_call=False),
    BarrierOption(strike=101.0, barrier=110.0, kind="up-and-in"),
    BarrierOption(strike=99.0, barrier=93.0, kind="down-and-in"),
    BarrierOption(strike=99.0, barrier=112.0, kind="up-and-in", is_call=False),
    BarrierOption(strike=100.0, barrier=94.0, kind="down-and-in", is_call=False),
]
METHODS = [
    Softplus(sharpness=0.4),
    Kernel(bandwidth=3.0),
    ConditionalExpectation(),
    Vibrato(),
    LikelihoodRatio(),
    Malliavin(),
]


@pytest.mark.parametrize("smoothing", METHODS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("payoff", BARRIERS, ids=lambda p: f"{p.kind}-{'call' if p.is_call else 'put'}")
def test_barrier(payoff, smoothing):
    path = Path(
        dynamics=ONE,
        payoff=payoff,
        expiry=EXPIRY,
        n_steps=N_STEPS,
        track_steps=True,
        differentiate=GROUPS,
        smoothing=smoothing,
    )
    exact = barrier_exact(payoff, corner_of(smoothing))
    # weights have heavy tails: their standard error needs more paths to be one
    heavy = isinstance(smoothing, LikelihoodRatio | Malliavin)
    found = estimate(path, n_paths=60_000 if heavy else 20_000)
    noise = found.stderr + 1e-5 * (1.0 + np.abs(exact))  # the differences' own error
    assert np.abs((found.mean - exact) / noise).max() < 4.0


def test_the_reference_gives_the_vanilla_price_without_a_barrier_in_reach():
    from pricers import black_scholes

    price = barrier_reference(BarrierOption(strike=98.0, barrier=1e3), EXACT)
    wanted = black_scholes.greeks(
        spot=100.0, strike=98.0, expiry=EXPIRY, rate=0.03, dividend_yield=0.01, volatility=0.2
    )
    found = differences(price, POINT)
    np.testing.assert_allclose(
        found[:5], [wanted.price, wanted.delta, wanted.vega, wanted.rho, wanted.dividend_rho], rtol=1e-7
    )
    np.testing.assert_allclose(found[5:7], [wanted.gamma, wanted.vanna], rtol=1e-5)


@pytest.mark.parametrize("kind", ["up-and-out", "down-and-in"])
def test_barrier_on_a_basket_by_two_methods(kind):
    """Two assets: one-step survival along a direction against the likelihood ratio."""
    two = GeometricBrownianMotion(
        spots=[100.0, 90.0], volatilities=[0.2, 0.3], rate=0.02, correlation=[[1.0, 0.5], [0.5, 1.0]]
    )
    payoff = BarrierOption(
        strike=96.0, barrier=112.0 if kind == "up-and-out" else 90.0, kind=kind, weights=(0.5, 0.5)
    )

    def moments(smoothing, n_paths):
        path = Path(
            dynamics=two,
            payoff=payoff,
            expiry=EXPIRY,
            n_steps=2,
            track_steps=True,
            differentiate=("spots", "volatilities", "correlations"),
            smoothing=smoothing,
        )
        return estimate(path, n_paths=n_paths)

    survival, ratio = moments("conditional_expectation", 20_000), moments("likelihood_ratio", 40_000)
    gap = (survival.mean - ratio.mean) / np.hypot(survival.stderr, ratio.stderr)
    assert np.abs(gap).max() < 4.0


NOTE = Autocallable(references=(100.0,), coupon=0.04, call_level=1.02, protection=0.85)


@pytest.mark.parametrize(
    "smoothing",
    [Kernel(bandwidth=3.0), ConditionalExpectation(), LikelihoodRatio(), Malliavin()],
    ids=lambda m: type(m).__name__,
)
def test_autocallable(smoothing):
    corner = corner_of(smoothing)

    def dated(step, prices, discount, continuation):
        if step == N_STEPS:
            safe = corner.step(prices - NOTE.protection * 100.0)
            continuation = discount * (prices + safe * (100.0 - prices))
        hit = corner.step(prices - NOTE.call_level * 100.0)
        return hit * discount * 100.0 * (1.0 + NOTE.coupon * step) + (1.0 - hit) * continuation

    exact = differences(lambda point: induction(point, EXPIRY, N_STEPS, [102.0, 85.0], dated), POINT)
    path = Path(
        dynamics=ONE,
        payoff=NOTE,
        expiry=EXPIRY,
        n_steps=N_STEPS,
        track_steps=True,
        differentiate=GROUPS,
        smoothing=smoothing,
    )
    found = estimate(path, n_paths=20_000)
    assert np.abs((found.mean - exact) / (found.stderr + 1e-5 * (1.0 + np.abs(exact)))).max() < 4.0


def test_without_smoothing_a_barrier_has_right_prices_and_says_it_has_kinks():
    payoff = BARRIERS[0]
    path = Path(
        dynamics=ONE, payoff=payoff, expiry=EXPIRY, n_steps=N_STEPS, track_steps=True, smoothing=Exact()
    )
    normals = np.zeros((1, N_STEPS, 1))
    program = ad.record(path, path.parameters, normals, lanes=(1,), passive=(1,))
    assert {kink.operation for kink in program.kinks} >= {"maximum", "greater"}


@pytest.mark.parametrize("smoothing", ["conditional_expectation", "vibrato", "kernel", "likelihood_ratio"])
@pytest.mark.parametrize(
    "payoff",
    [
        BarrierOption(strike=100.0, barrier=20.0),
        BarrierOption(strike=100.0, barrier=500.0),
        BarrierOption(strike=100.0, barrier=2000.0, kind="down-and-out"),
        BarrierOption(strike=100.0, barrier=5.0, kind="down-and-in"),
        Autocallable(references=(1.0,), coupon=0.1),
        Autocallable(references=(1e5,), coupon=0.1),
    ],
    ids=["knocked_out_above", "far_above", "knocked_out_below", "far_below", "called", "never_called"],
)
def test_normals_and_barriers_far_out_leave_everything_finite(payoff, smoothing):
    """Uniforms of 0 and 1, survival of probability 0 and 1."""
    if isinstance(payoff, Autocallable) and smoothing == "vibrato":
        return
    path = Path(dynamics=ONE, payoff=payoff, expiry=1.0, n_steps=4, track_steps=True, smoothing=smoothing)
    normals = np.multiply.outer([0.0, 9.0, -9.0, 12.0, -40.0, 0.3], np.ones((4, 1)))
    points = np.tile(path.parameters, (len(normals), 1))
    program = ad.record(path, points, normals, lanes=(0, 1), passive=(1,))
    values, gradients, hessians = program.derivatives(points, normals)
    for found in (values, gradients, hessians):
        assert np.isfinite(found).all()
    if payoff == BarrierOption(strike=100.0, barrier=20.0) and smoothing != "kernel":
        assert abs(values[0]) < 1e-12 and (np.abs(gradients[0]) < 1e-12).all()
    shared = ad.record(path, path.parameters, normals, lanes=(1,), passive=(1,))
    _, gradient, hessian = shared.derivatives(path.parameters, normals)
    np.testing.assert_allclose(gradient, gradients.sum(axis=0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(hessian, hessians.sum(axis=0), rtol=1e-8, atol=1e-8)
