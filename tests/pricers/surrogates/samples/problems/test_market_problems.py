"""Options on lognormal assets: every kind of label averages to the truth, and the truth to independent ones."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from aadlib.errors import AadTypeError, AadValueError
from pricers.analytic import black_scholes
from pricers.surrogates import (
    BarrierCall,
    BasketCall,
    DigitalCall,
    Himalaya,
    LabelsWarning,
    WorstOfAutocallable,
    simulate,
)
from pricers.surrogates.samples.market_problem import GROUPS, MarketProblem

from ..conditional import label_means, worst_deviation

ONE = GROUPS[:-1]
PROBLEMS: dict[str, MarketProblem] = {
    "basket": BasketCall(n_assets=3),
    "basket, spots": BasketCall(n_assets=3, vary=("spots",)),
    "digital": DigitalCall(vary=ONE),
    "digital on two": DigitalCall(n_assets=2, vary=GROUPS),
    "down-and-out": BarrierCall(n_steps=4),
    "up-and-in": BarrierCall(n_steps=4, kind="up-and-in", barrier=120.0, vary=("spots", "volatilities")),
    "autocallable": WorstOfAutocallable(n_assets=2, n_steps=3, vary=GROUPS, expiry=(2.0, 3.0)),
    "autocallable on one": WorstOfAutocallable(n_assets=1, n_steps=3, vary=ONE, expiry=(2.0, 3.0)),
    "himalaya": Himalaya(n_assets=3, n_steps=3, vary=GROUPS),
}
CASES = [(name, labels) for name, problem in PROBLEMS.items() for labels in problem.LABELS]


@pytest.mark.parametrize(("name", "labels"), CASES)
def test_labels_average_to_the_truth(name: str, labels: str) -> None:
    problem = PROBLEMS[name]
    low, high = problem.ranges.T
    x = low + (high - low) * np.linspace(0.4, 0.65, len(low))
    truth = problem.truth(x[None, :], n_paths=2**16)
    means = label_means(problem, x, labels)
    widened = means._replace(
        value_stderr=float(np.hypot(means.value_stderr, truth.value_stderr[0])),
        gradient_stderr=np.hypot(means.gradient_stderr, truth.gradient_stderr[0]),
    )
    bias = 0.05 if labels == "smoothed" else 0.0
    assert worst_deviation(widened, truth.value[0], truth.gradient[0], bias=bias) < 4.5


@pytest.mark.parametrize("name", [name for name, problem in PROBLEMS.items() if problem.JUMP])
def test_pathwise_labels_across_a_jump_are_wrong_and_warned_of(name: str) -> None:
    problem = PROBLEMS[name]
    with pytest.warns(LabelsWarning, match=r"labels = 'pathwise': the payoff jumps .* Use 'hybrid' or"):
        simulate(problem, 1, seed=1, labels="pathwise")
    x = problem.ranges.mean(axis=1)
    if name == "down-and-out":
        x[0] = 86.0  # near the barrier
    truth = problem.truth(x[None, :])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LabelsWarning)
        means = label_means(problem, x, "pathwise")
    spot = np.abs(means.gradient[0] - truth.gradient[0, 0])
    if name != "himalaya":  # where assets are alike, who leaves does not matter on average
        assert spot > 8.0 * means.gradient_stderr[0] + 0.02 * abs(truth.gradient[0, 0])
    if name.startswith("digital"):
        assert not means.gradient[: problem.n_assets].any()


def test_hybrid_labels_have_far_less_noise_than_likelihood_ratios() -> None:
    for problem in (DigitalCall(), BarrierCall(), WorstOfAutocallable(), Himalaya()):
        deviations = [
            simulate(problem, 5000, seed=1, labels=labels).dydx.std(axis=0)  # type: ignore[union-attr]
            for labels in ("hybrid", "likelihood_ratio")
        ]
        assert (deviations[0] < 0.5 * deviations[1]).all()


def test_values_do_not_depend_on_how_gradients_are_made() -> None:
    problem = WorstOfAutocallable()
    values = simulate(problem, 3000, seed=1, gradients=False).y
    for labels in ("hybrid", "likelihood_ratio"):
        np.testing.assert_allclose(simulate(problem, 3000, seed=1, labels=labels).y, values, rtol=1e-12)


# ---- truths from elsewhere -----------------------------------------------------------------------------------------


def test_digital_is_the_formula() -> None:
    problem = DigitalCall(vary=ONE, payout=3.0, dividend_yield=0.01)
    x = np.array([[95.0, 0.2, 0.03, 0.8], [120.0, 0.35, 0.0, 1.4]])
    truth = problem.truth(x)
    for row, value, gradient in zip(x, truth.value, truth.gradient, strict=True):
        spot, volatility, rate, expiry = row
        deviation = volatility * np.sqrt(expiry)
        d2 = (np.log(spot / 100.0) + (rate - 0.01) * expiry) / deviation - 0.5 * deviation
        paid = 3.0 * np.exp(-rate * expiry)
        assert value == pytest.approx(paid * norm.cdf(d2), rel=1e-12)
        density = paid * norm.pdf(d2)
        assert gradient[0] == pytest.approx(density / (spot * deviation), rel=1e-12)
        assert gradient[1] == pytest.approx(-density * (d2 + deviation) / volatility, rel=1e-12)
        expected = -expiry * value + density * expiry / deviation
        assert gradient[2] == pytest.approx(expected, rel=1e-12)


def test_basket_of_one_is_black_scholes() -> None:
    problem = BasketCall(n_assets=1, vary=ONE)
    x = np.array([[95.0, 0.2, 0.03, 0.8], [120.0, 0.35, 0.0, 1.4]])
    truth = problem.truth(x, n_paths=16)
    spot, volatility, rate, expiry = x.T
    greeks = black_scholes.greeks(spot=spot, strike=100.0, expiry=expiry, rate=rate, volatility=volatility)
    np.testing.assert_allclose(truth.value, greeks.price, rtol=1e-10)
    columns = [greeks.delta, greeks.vega, greeks.rho, -np.asarray(greeks.theta)]
    np.testing.assert_allclose(truth.gradient, np.stack(columns, axis=1), rtol=1e-9)


def test_barrier_on_two_dates_by_quadrature() -> None:
    problem = BarrierCall(n_steps=2, vary=("spots",), volatilities=0.25, rate=0.03, expiry=1.0, barrier=95.0)

    def price(spot: float) -> float:
        step, deviation = 0.5, 0.25 * np.sqrt(0.5)
        mean = np.log(spot) + (0.03 - 0.5 * 0.25**2) * step

        def integrand(z: float) -> float:
            middle = np.exp(mean + deviation * z)
            call = black_scholes.price(
                spot=middle, strike=100.0, expiry=step, rate=0.03, volatility=0.25
            )  # the strike is above the barrier
            return float(call) * norm.pdf(z)

        lowest = (np.log(95.0) - mean) / deviation
        return float(np.exp(-0.03 * step) * quad(integrand, lowest, 9.0, epsabs=1e-12)[0])

    truth = problem.truth([[104.0]], n_paths=2**17)
    slope = (price(104.01) - price(103.99)) / 0.02
    assert abs(truth.value[0] - price(104.0)) < 4.0 * truth.value_stderr[0] + 1e-9
    assert abs(truth.gradient[0, 0] - slope) < 4.0 * truth.gradient_stderr[0, 0] + 1e-7
    assert truth.value_stderr[0] < 1e-3


def test_himalaya_on_two_assets_by_quadrature() -> None:
    common = {"volatilities": 0.2, "rate": 0.02, "expiry": 1.0, "correlation": 0.3}
    problem = Himalaya(n_assets=2, n_steps=2, vary=("spots",), **common)  # type: ignore[arg-type]
    half = 0.2 * np.sqrt(0.5)
    drift = (0.02 - 0.5 * 0.2**2) * 0.5
    z = np.linspace(-7.0, 7.0, 701)
    first, second = np.meshgrid(z, z, indexing="ij")
    weight = norm.pdf(first) * norm.pdf(second) * (z[1] - z[0]) ** 2

    def price(a: float, b: float) -> float:
        one = a * np.exp(drift + half * first)
        two = b * np.exp(drift + half * (0.3 * first + np.sqrt(1.0 - 0.09) * second))
        best, other = np.maximum(one, two), np.minimum(one, two)
        strike = 200.0 - best  # mean of both above 100
        call = black_scholes.price(
            spot=other, strike=np.maximum(strike, 1e-9), expiry=0.5, rate=0.02, volatility=0.2
        )
        return float(0.5 * np.exp(-0.02 * 0.5) * (weight * call).sum())

    truth = problem.truth([[102.0, 95.0]], n_paths=2**18)
    slopes = [
        (price(102.5, 95.0) - price(101.5, 95.0)) / 1.0,
        (price(102.0, 95.5) - price(102.0, 94.5)) / 1.0,
    ]
    assert abs(truth.value[0] - price(102.0, 95.0)) < 4.0 * truth.value_stderr[0] + 1e-3
    assert (np.abs(truth.gradient[0] - slopes) < 4.0 * truth.gradient_stderr[0] + 1e-3).all()


def test_autocallable_on_one_asset_is_its_one_step_survival() -> None:
    problem = PROBLEMS["autocallable on one"]
    x = np.array([97.0, 0.22, 0.03, 2.5])
    survival = label_means(problem, x, "hybrid")
    exact = problem.path("conditional")
    normals = np.random.default_rng(5).standard_normal((40_000, *problem.noise_shape))
    values = exact(x, normals)
    gap = survival.value - values.mean()
    assert abs(gap) < 4.0 * np.hypot(survival.value_stderr, values.std() / 200.0)


# ---- what bad input gets -------------------------------------------------------------------------------------------


def test_bad_markets() -> None:
    for change, match in (
        ({"vary": ("strikes",)}, r"vary = \('strikes',\): choose different groups among spots"),
        ({"vary": ()}, r"vary = \(\)"),
        ({"vary": ("spots", "spots")}, r"vary = "),
        ({"spots": (-1.0, 100.0)}, r"spots\[0\] = -1.0: must be finite and above zero"),
        ({"spots": (120.0, 80.0)}, r"spots = \(120.0, 80.0\): the low end must not be above"),
        ({"volatilities": (0.0, 0.2)}, r"volatilities\[0\] = 0.0"),
        ({"expiry": (np.nan, 1.0)}, r"expiry\[0\] = nan"),
        ({"correlation": (-0.6, 0.5)}, r"correlation = \(-0.6, 0.5\): must lie between -0.5 and 1"),
        ({"correlation": (0.5, 1.0)}, r"correlation = "),
        ({"window": 0.0}, r"window = 0.0: must be finite and above zero"),
        ({"bandwidth": -1.0}, r"bandwidth = -1.0"),
        ({"n_assets": 0}, r"n_assets = 0"),
        ({"strike": 0.0}, r"strike = 0.0"),
        ({"dividend_yield": np.inf}, r"dividend_yield = inf"),
    ):
        with pytest.raises(AadValueError, match=match):
            replace(PROBLEMS["basket"], **change)  # type: ignore[arg-type]
    with pytest.raises(AadTypeError, match=r"must be a range \(low, high\)"):
        BasketCall(rate=(0.0, 0.1, 0.2))  # type: ignore[arg-type]
    with pytest.raises(AadValueError, match=r"a single asset has no correlation|vary = "):
        DigitalCall(vary=("correlation",))
    with pytest.raises(AadValueError, match=r"n_paths = 1000: must be 16 times a power of two"):
        PROBLEMS["basket"].truth(PROBLEMS["basket"].ranges.T, n_paths=1000)
    with pytest.raises(AadValueError, match=r"has at most 2 dates"):
        simulate(Himalaya(n_assets=2, n_steps=3), 1, seed=1)
