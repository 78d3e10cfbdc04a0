"""Every estimator's value, gradient and Hessian within four of its own standard errors of the exact ones.

Softplus and kernel are compared with the exact expectation of the rounded payoff, and their bias, that expectation less
the true price, with what it must be to leading order.
"""

from __future__ import annotations

import numpy as np
import pytest

from pricers.monte_carlo import (
    AsianOption,
    BasketOption,
    ConditionalExpectation,
    DigitalOption,
    GeometricAsianOption,
    GeometricBasketOption,
    Kernel,
    LikelihoodRatio,
    LocalizedLikelihoodRatio,
    Malliavin,
    Path,
    Softplus,
    SpreadOption,
    Vibrato,
    closed_forms,
    measured_bias,
)
from pricers.monte_carlo.dynamics.geometric_brownian_motion import GeometricBrownianMotion

from .estimates import EVERYTHING, ONE, SEED, THREE, estimate, exact_derivatives
from .oracles import mixed

SMOOTHINGS = {
    "softplus": Softplus(sharpness=0.5),
    "kernel": Kernel(bandwidth=3.0),
    "conditional_expectation": ConditionalExpectation(),
    "last_step": ConditionalExpectation(last_step=True),
    "vibrato": Vibrato(),
    "likelihood_ratio": LikelihoodRatio(),
    "localized": LocalizedLikelihoodRatio(bandwidth=8.0),
    "malliavin": Malliavin(),
}
UNBIASED = [name for name, smoothing in SMOOTHINGS.items() if not smoothing.IS_BIASED]
WEIGHTS = (0.3, 0.3, 0.4)
GROUPS = ("spots", "volatilities", "rate", "dividend_yields", "expiry")


def one_asset_claim(payoff):
    """Return shift -> closed form of a call, put or digital on one asset, its strike shifted."""

    def shifted(shift):
        if isinstance(payoff, DigitalOption):
            return lambda dynamics, expiry: (
                payoff.payout
                * closed_forms.digital(
                    dynamics=dynamics, strike=payoff.strike + shift, expiry=expiry, is_call=payoff.is_call
                )
            )
        return lambda dynamics, expiry: closed_forms.geometric_basket(
            dynamics=dynamics,
            weights=(1.0,),
            strike=payoff.strike + shift,
            expiry=expiry,
            is_call=payoff.is_call,
        )

    return shifted


@pytest.mark.parametrize("n_steps", [1, 4])
@pytest.mark.parametrize("name", SMOOTHINGS)
@pytest.mark.parametrize(
    "payoff",
    [
        BasketOption(strike=105.0),
        BasketOption(strike=105.0, is_call=False),
        DigitalOption(strike=105.0, payout=10.0),
        DigitalOption(strike=95.0, is_call=False),
    ],
    ids=["call", "put", "digital_call", "digital_put"],
)
def test_one_asset(payoff, name, n_steps):
    smoothing = SMOOTHINGS[name]
    path = Path(
        dynamics=ONE,
        payoff=payoff,
        expiry=0.75,
        n_steps=n_steps,
        track_steps=n_steps > 1,
        differentiate=GROUPS,
        smoothing=smoothing,
    )
    exact = exact_derivatives(mixed(one_asset_claim(payoff), smoothing), path)
    assert np.abs(estimate(path, n_paths=20_000).deviations_from(exact)).max() < 4.0


@pytest.mark.parametrize("name", SMOOTHINGS)
def test_geometric_basket_in_every_parameter(name):
    """Correlations and the expiry are among the fourteen parameters, so the Cholesky factor is differentiated twice."""
    smoothing = SMOOTHINGS[name]
    path = Path(
        dynamics=THREE,
        payoff=GeometricBasketOption(strike=100.0, weights=WEIGHTS),
        expiry=1.0,
        n_steps=2,
        track_steps=True,
        differentiate=EVERYTHING,
        smoothing=smoothing,
    )

    def closed_form(shift):
        return lambda dynamics, expiry: closed_forms.geometric_basket(
            dynamics=dynamics, weights=WEIGHTS, strike=100.0 + shift, expiry=expiry
        )

    exact = exact_derivatives(mixed(closed_form, smoothing), path)
    assert np.abs(estimate(path, n_paths=10_000).deviations_from(exact)).max() < 4.0


@pytest.mark.parametrize("name", UNBIASED)
def test_exchange_option(name):
    """A spread at strike zero: weights of both signs, the root by Newton's method."""
    two = GeometricBrownianMotion(
        spots=[100.0, 96.0],
        volatilities=[0.3, 0.2],
        rate=0.02,
        dividend_yields=[0.0, 0.03],
        correlation=[[1.0, 0.4], [0.4, 1.0]],
    )
    path = Path(
        dynamics=two, payoff=SpreadOption(), expiry=1.0, differentiate=EVERYTHING, smoothing=SMOOTHINGS[name]
    )
    exact = exact_derivatives(lambda d, t: closed_forms.exchange(dynamics=d, expiry=t), path)
    assert np.abs(estimate(path, n_paths=20_000).deviations_from(exact)).max() < 4.0


@pytest.mark.parametrize(
    "name", ["softplus", "kernel", "conditional_expectation", "likelihood_ratio", "localized", "malliavin"]
)
def test_geometric_asian(name):
    smoothing = SMOOTHINGS[name]
    path = Path(
        dynamics=ONE,
        payoff=GeometricAsianOption(strike=100.0),
        expiry=1.0,
        n_steps=3,
        track_steps=True,
        differentiate=GROUPS,
        smoothing=smoothing,
    )

    def closed_form(shift):
        return lambda dynamics, expiry: closed_forms.geometric_asian(
            dynamics=dynamics, strike=100.0 + shift, expiry=expiry, n_dates=3
        )

    exact = exact_derivatives(mixed(closed_form, smoothing), path)
    assert np.abs(estimate(path, n_paths=20_000).deviations_from(exact)).max() < 4.0


@pytest.mark.parametrize("n_assets", [1, 3])
def test_likelihood_ratio_and_malliavin_agree_path_by_path(n_assets):
    """Differentiating a density and integrating by parts on Wiener space give the same weights for lognormal steps."""
    dynamics = ONE if n_assets == 1 else THREE
    payoff = AsianOption(strike=100.0, weights=(1.0,) if n_assets == 1 else WEIGHTS)
    both = [
        estimate(
            Path(
                dynamics=dynamics,
                payoff=payoff,
                expiry=1.0,
                n_steps=2,
                track_steps=True,
                differentiate=EVERYTHING if n_assets > 1 else GROUPS,
                smoothing=method,
            ),
            n_paths=50,
        )
        for method in ("likelihood_ratio", "malliavin")
    ]
    np.testing.assert_allclose(both[0].mean, both[1].mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(both[0].stderr, both[1].stderr, rtol=1e-9, atol=1e-9)


def test_conditional_expectation_of_one_asset_has_no_variance_left():
    path = Path(
        dynamics=ONE, payoff=BasketOption(strike=105.0), expiry=1.0, smoothing="conditional_expectation"
    )
    assert (estimate(path, n_paths=100).stderr < 1e-12).all()


@pytest.mark.parametrize(
    ("smoothing", "variance"),
    [(Softplus(sharpness=1.0), np.pi**2 / 3.0), (Kernel(bandwidth=2.0), 4.0)],
    ids=["softplus", "kernel"],
)
def test_bias_of_a_rounded_corner_is_half_its_variance_times_the_density(smoothing, variance):
    path = Path(dynamics=ONE, payoff=BasketOption(strike=105.0), expiry=1.0, smoothing=smoothing)
    normals = np.random.default_rng(SEED).standard_normal((100_000, 1))
    bias = measured_bias(path, normals=normals)
    step, price = 0.5, one_asset_claim(path.payoff)
    low, middle, high = (float(price(shift)(ONE, 1.0)) for shift in (-step, 0.0, step))
    density = (high - 2.0 * middle + low) / step**2
    assert abs(bias.value - 0.5 * variance * density) < 4.0 * bias.stderr + 2e-3 * bias.value
    assert bias.stderr < 0.02 * bias.value


@pytest.mark.parametrize("name", UNBIASED)
def test_unbiased_methods_show_no_bias(name):
    path = Path(
        dynamics=THREE,
        payoff=BasketOption(strike=100.0, weights=WEIGHTS),
        expiry=1.0,
        smoothing=SMOOTHINGS[name],
    )
    bias = measured_bias(path, normals=np.random.default_rng(SEED).standard_normal((20_000, 3)))
    assert abs(bias.value) <= 4.0 * bias.stderr


def test_a_control_variate_takes_most_of_the_noise_and_adds_no_bias():
    arithmetic = BasketOption(strike=100.0, weights=WEIGHTS)
    geometric = GeometricBasketOption(strike=100.0, weights=WEIGHTS)

    def path(control):
        return Path(
            dynamics=THREE,
            payoff=arithmetic,
            expiry=1.0,
            smoothing="likelihood_ratio",
            control=control,
        )

    plain, controlled = estimate(path(None), n_paths=20_000), estimate(path(geometric), n_paths=20_000)
    gap = (plain.mean - controlled.mean) / np.hypot(plain.stderr, controlled.stderr)
    assert np.abs(gap).max() < 4.0
    assert (controlled.stderr < 0.5 * plain.stderr).all()


def test_asian_control_variate_agrees_with_a_plain_path():
    common = {"dynamics": ONE, "expiry": 1.0, "n_steps": 6, "track_steps": True}
    controlled = Path(
        payoff=AsianOption(strike=100.0),
        control=GeometricAsianOption(strike=100.0),
        smoothing="conditional_expectation",
        **common,
    )
    weighted = Path(payoff=AsianOption(strike=100.0), smoothing="kernel", **common)
    first, second = estimate(controlled, n_paths=10_000), estimate(weighted, n_paths=40_000)
    gap = (first.mean - second.mean) / (np.hypot(first.stderr, second.stderr) + 2e-3 * np.abs(first.mean))
    assert np.abs(gap).max() < 4.0
