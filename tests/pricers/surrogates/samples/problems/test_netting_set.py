"""Netting sets: closed forms against simulation, the market's martingales, exposures and nested simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aadlib.errors import AadTypeError, AadValueError
from pricers.analytic import black_scholes
from pricers.surrogates import NettingSet, nested_monte_carlo, random_netting_set, simulate
from pricers.surrogates.samples.netting.hybrid_market import HybridMarket
from pricers.surrogates.samples.netting.trades import BasketCall, EuropeanOption, Forward, Swap

from ..conditional import label_means, worst_deviation

MARKET = HybridMarket(
    spots=(100.0, 50.0),
    volatilities=(0.25, 0.3),
    dividend_yields=(0.01, 0.02),
    rate_volatility=0.02,
    correlation=((1.0, 0.4, -0.3), (0.4, 1.0, 0.5), (-0.3, 0.5, 1.0)),
)
TRADES = (
    Swap(notional=1000.0, fixed_rate=0.03, maturity=3.0),
    Swap(notional=-700.0, fixed_rate=0.04, start=1.5, maturity=4.5, payments_per_year=1),
    Forward(asset=0, quantity=5.0, strike=101.0, maturity=2.5),
    EuropeanOption(asset=1, quantity=-8.0, strike=55.0, maturity=2.0),
    EuropeanOption(asset=0, quantity=4.0, strike=95.0, maturity=3.5, is_call=False),
    BasketCall(weights=(0.5, 0.5), quantity=6.0, strike=75.0, maturity=3.0),
)
SET = NettingSet(market=MARKET, trades=TRADES, horizons=(0.5, 1.0, 1.5, 2.5))


@pytest.mark.parametrize("horizon", [0.5, 1.5, 2.5])
def test_labels_average_to_the_truth_at_a_state(horizon: float) -> None:
    problem = SET.exposure(horizon)
    x = np.array([0.045, 90.0, 58.0])
    truth = problem.truth(x[None, :], n_paths=2**15)
    assert worst_deviation(label_means(problem, x, "pathwise"), truth.value[0], truth.gradient[0]) < 4.5


@pytest.mark.parametrize("trade", TRADES[:5], ids=lambda trade: type(trade).__name__)
def test_every_closed_form_is_the_mean_of_what_is_paid(trade: Swap | Forward | EuropeanOption) -> None:
    problem = NettingSet(market=MARKET, trades=(trade,), horizons=(0.5,)).exposure(0.5)
    x = np.array([0.02, 104.0, 49.0])
    truth = problem.truth(x[None, :])
    assert not truth.value_stderr.any()
    means = label_means(problem, x, "pathwise", seed=23)
    assert worst_deviation(means, truth.value[0], truth.gradient[0]) < 4.5


def test_scenarios_are_martingales_with_the_bonds_as_discount_factors() -> None:
    n = 100_000
    scenarios = SET.scenarios(n, seed=7)
    for k, years in enumerate(SET.horizons.tolist()):
        discount = scenarios.discounts[:, k]
        gap = discount - MARKET.bond(MARKET.rate, years)
        assert abs(gap.mean()) < 4.5 * gap.std() / np.sqrt(n)
        carried = scenarios.states[:, k, 1:] * np.exp(MARKET.dividend_yields * years) * discount[:, None]
        gap = carried - MARKET.spots
        assert (np.abs(gap.mean(axis=0)) < 4.5 * gap.std(axis=0) / np.sqrt(n)).all()


def test_the_price_today_is_the_mean_of_later_values_and_what_was_paid() -> None:
    """A tower property through a horizon: closed forms there, discounted, and payments before it."""
    closed = tuple(trade for trade in TRADES if trade.HAS_CLOSED_FORM)
    book = replace(SET, trades=closed)
    n = 50_000
    scenarios = book.scenarios(n, seed=9)
    k = 1  # horizon 1.0: the first swap has paid twice
    problem = book.exposure(1.0)
    values = problem.truth(scenarios.states[:, k]).value
    swap = closed[0]
    assert isinstance(swap, Swap)
    paid = 1000.0 * (
        1.0 - scenarios.discounts[:, 1] - 0.015 * (scenarios.discounts[:, 0] + scenarios.discounts[:, 1])
    )
    today = float(sum(trade.value(MARKET, MARKET.state, 0.0) for trade in closed))
    sample = scenarios.discounts[:, k] * values + paid
    assert abs(sample.mean() - today) < 4.5 * sample.std() / np.sqrt(n)


def test_put_call_parity_and_black_scholes_where_rates_hardly_move() -> None:
    state = np.array([0.03, 110.0, 50.0])
    common = {"asset": 0, "strike": 100.0, "years": 2.0}
    call, put = (MARKET.option(state, is_call=flag, **common) for flag in (True, False))
    forward = 110.0 * np.exp(-0.02) - 100.0 * MARKET.bond(0.03, 2.0)
    assert call - put == pytest.approx(forward, rel=1e-12)
    still = replace(MARKET, rate_volatility=1e-9, mean_rate=0.03)
    expected = black_scholes.price(
        spot=110.0, strike=100.0, expiry=2.0, rate=0.03, dividend_yield=0.01, volatility=0.25
    )
    assert still.option(state, is_call=True, **common) == pytest.approx(float(expected), rel=1e-7)
    assert still.bond(0.03, 2.0) == pytest.approx(np.exp(-0.06), rel=1e-7)


def test_the_step_covariance_is_the_integral_of_the_loadings() -> None:
    years = 0.7
    u = np.linspace(0.0, years, 200_001)
    decay = np.exp(-MARKET.mean_reversion * (years - u))
    loading = (1.0 - decay) / MARKET.mean_reversion
    sigma, ones = MARKET.rate_volatility, np.ones_like(u)
    noises = [sigma * decay, sigma * loading, *(v * ones for v in MARKET.volatilities)]
    drivers = (0, 0, 1, 2)
    expected = [
        [MARKET.correlation[i, j] * np.trapezoid(a * b, u) for j, b in zip(drivers, noises, strict=True)]
        for i, a in zip(drivers, noises, strict=True)
    ]
    np.testing.assert_allclose(MARKET.step_covariance(years), expected, rtol=1e-8)


def test_many_steps_end_where_one_does(rng: np.random.Generator) -> None:
    """In law: variances of the state after four quarters and after one year."""
    n = 200_000
    later = [
        MARKET.noise_along(rng.standard_normal((n, len(steps), 4)), np.array(steps))[:, -1]
        for steps in ([1.0], [0.25, 0.25, 0.25, 0.25])
    ]
    covariances = [np.cov(noise.T) for noise in later]
    np.testing.assert_allclose(covariances[0], MARKET.step_covariance(1.0), atol=3e-4, rtol=2e-2)
    np.testing.assert_allclose(covariances[1], MARKET.step_covariance(1.0), atol=3e-4, rtol=2e-2)


def test_nested_simulation_finds_the_closed_form() -> None:
    problem = random_netting_set(n_assets=3, n_trades=12).exposure(2.0)
    x = simulate(problem, 200, seed=1, gradients=False).x
    values, stderr = nested_monte_carlo(problem, x, n_paths=512, seed=4)
    deviations = (values - problem.truth(x).value) / stderr
    assert np.abs(deviations).max() < 5.0 and 0.8 < deviations.std() < 1.25
    alone, _ = nested_monte_carlo(problem, x[:1], n_paths=512, seed=4)
    assert alone[0] == values[0]


def test_a_path_depends_on_its_number_alone() -> None:
    whole, part = SET.scenarios(3000, seed=5), SET.scenarios(100, seed=5, first=1500)
    np.testing.assert_array_equal(whole.states[1500:1600], part.states)
    np.testing.assert_array_equal(whole.discounts[1500:1600], part.discounts)


def test_bad_input() -> None:
    option = TRADES[3]
    with pytest.raises(AadValueError, match=r"trades is empty"):
        replace(SET, trades=())
    with pytest.raises(AadTypeError, match=r"trades\[0\] = 3: must be a trade"):
        replace(SET, trades=(3,))
    with pytest.raises(AadValueError, match=r"the market has 2 assets"):
        replace(SET, trades=(replace(option, asset=2),), horizons=(0.5,))
    with pytest.raises(AadValueError, match=r"trades\[0\] has 1 weights: the market has 2 assets"):
        replace(
            SET, trades=(BasketCall(weights=(1.0,), quantity=1.0, strike=1.0, maturity=2.0),), horizons=(1.0,)
        )
    with pytest.raises(AadValueError, match=r"horizons = \(1.0, 0.5\): must be increasing years above zero"):
        replace(SET, horizons=(1.0, 0.5))
    with pytest.raises(AadValueError, match=r"horizons end at 4.5: the last trade matures at 4.5"):
        replace(SET, horizons=(1.0, 4.5))
    with pytest.raises(AadValueError, match=r"horizon = 0.7 is between two payments of a swap"):
        replace(SET, horizons=(0.7,))
    with pytest.raises(AadValueError, match=r"horizon = 0.75: must be one of the netting set's horizons"):
        SET.exposure(0.75)
    with pytest.raises(AadValueError, match=r"widening = 0.0"):
        SET.exposure(0.5, widening=0.0)
    with pytest.raises(AadValueError, match=r"maturity = 2.3: must be a whole number of periods"):
        Swap(notional=1.0, fixed_rate=0.03, maturity=2.3)
    with pytest.raises(AadValueError, match=r"strike = -1.0"):
        replace(option, strike=-1.0)
    with pytest.raises(AadValueError, match=r"spots\[1\] = -50.0"):
        replace(MARKET, spots=(100.0, -50.0))
    with pytest.raises(AadValueError, match=r"volatilities has shape \(3,\): there are 2 spots"):
        replace(MARKET, volatilities=(0.1, 0.2, 0.3))
    with pytest.raises(AadValueError, match=r"correlation is not symmetric"):
        replace(MARKET, correlation=((1.0, 0.4, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
    with pytest.raises(AadValueError, match=r"mean_reversion = 0.0"):
        replace(MARKET, mean_reversion=0.0)
