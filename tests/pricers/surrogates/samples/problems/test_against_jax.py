"""Gradient labels sample by sample against jax, whose paths are written anew from the models' equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pricers.surrogates import (
    BachelierBasket,
    BarrierCall,
    BasketCall,
    BlackScholesCall,
    DigitalCall,
    Problem,
    WorstOfAutocallable,
    random_netting_set,
)
from pricers.surrogates.samples.netting.trades import BasketCall as BasketTrade
from pricers.surrogates.samples.netting.trades import EuropeanOption, Forward, Swap
from pricers.surrogates.samples.simulation import sampler

pytestmark = pytest.mark.peers
jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

N = 200


def ours_and_theirs(problem: Problem, path: Any, labels: str = "pathwise") -> None:
    """Compare values and gradients of N samples."""
    make = sampler(problem, seed=3, labels=labels, gradients=True, antithetic=False, dtype="float64")
    x, z = make.inputs(0, N)
    y, dydx = make.swept(x, z)
    value, gradient = jax.vmap(jax.value_and_grad(path))(jnp.array(x), jnp.array(z))
    np.testing.assert_allclose(y, value, rtol=1e-11, atol=1e-11)
    assert dydx is not None
    np.testing.assert_allclose(dydx, gradient, rtol=1e-9, atol=1e-9 * np.abs(dydx).max())


def test_black_scholes() -> None:
    problem = BlackScholesCall(rate=0.03)

    def path(x: Any, z: Any) -> Any:
        end = x[0] * jnp.exp(0.03 - 0.02 + 0.2 * z[0])
        return jnp.exp(-0.03) * jnp.maximum(end - 1.1, 0.0)

    ours_and_theirs(problem, path)


def test_bachelier() -> None:
    problem = BachelierBasket(n_assets=6)
    ours_and_theirs(problem, lambda x, z: jnp.maximum(jnp.dot(problem.weights, x + z) - 1.1, 0.0))


def test_basket_in_the_whole_market() -> None:
    """Correlations are differentiated through jax's own Cholesky factor."""
    problem = BasketCall(n_assets=3, dividend_yield=0.01)

    def path(x: Any, z: Any) -> Any:
        spot, volatility, (rate, expiry, rho) = x[:3], x[3:6], x[6:]
        factor = jnp.linalg.cholesky((1.0 - rho) * jnp.eye(3) + rho * jnp.ones((3, 3)))
        drift = (rate - 0.01 - 0.5 * volatility**2) * expiry
        end = spot * jnp.exp(drift + volatility * jnp.sqrt(expiry) * (factor @ z))
        return jnp.exp(-rate * expiry) * jnp.maximum(end.mean() - 100.0, 0.0)

    ours_and_theirs(problem, path)


def score_path(payoff: Any, step_law: Any) -> Any:
    """Return a likelihood ratio: prices are stopped, the density is differentiated."""
    stop = jax.lax.stop_gradient

    def path(x: Any, z: Any) -> Any:
        current, logarithm, prices = None, 0.0, []
        for row in z:
            mean, deviation = step_law(x, current)
            current = stop(mean + deviation * row)
            # independent normals: the density of each log price given the one before
            logarithm = logarithm - jnp.sum(0.5 * ((current - mean) / deviation) ** 2 + jnp.log(deviation))
            prices.append(jnp.exp(current))
        return payoff(x, jnp.stack(prices)) * jnp.exp(logarithm - stop(logarithm))

    return path


def test_likelihood_ratios_of_a_digital() -> None:
    problem = DigitalCall(vary=("spots", "volatilities", "rate", "expiry"))

    def law(x: Any, current: Any) -> Any:
        return jnp.log(x[0]) + (x[2] - 0.5 * x[1] ** 2) * x[3], x[1] * jnp.sqrt(x[3])

    def payoff(x: Any, prices: Any) -> Any:
        return jnp.exp(-x[2] * x[3]) * jnp.where(prices[-1].sum() > 100.0, 1.0, 0.0)

    ours_and_theirs(problem, score_path(payoff, law), "likelihood_ratio")


def test_hybrid_labels_of_a_barrier() -> None:
    problem = BarrierCall(n_steps=3)

    def law(x: Any, current: Any) -> Any:
        before = jnp.log(x[:1]) if current is None else current
        step = x[3] / 3.0
        return before + (x[2] - 0.5 * x[1] ** 2) * step, x[1] * jnp.sqrt(step)

    def rounded(x: Any, prices: Any) -> Any:
        h = problem.window
        cdf = jax.scipy.stats.norm.cdf
        u = (prices[-1, 0] - 100.0) / h
        paid = h * (u * cdf(u) + jax.scipy.stats.norm.pdf(u))
        return jnp.exp(-x[2] * x[3]) * paid * jnp.prod(cdf((prices[:, 0] - 80.0) / h))

    def exact(x: Any, prices: Any) -> Any:
        paid = jnp.maximum(prices[-1, 0] - 100.0, 0.0)
        return jnp.exp(-x[2] * x[3]) * jnp.where(prices.min() > 80.0, paid, 0.0)

    def path(x: Any, z: Any) -> Any:
        current, prices = None, []
        for row in z:
            mean, deviation = law(x, current)
            current = mean + deviation * row
            prices.append(jnp.exp(current))
        score = score_path(lambda x, prices: exact(x, prices) - rounded(x, prices), law)
        return rounded(x, jnp.stack(prices)) + score(x, z)

    ours_and_theirs(problem, path, "hybrid")


def test_likelihood_ratios_of_an_autocallable() -> None:
    problem = WorstOfAutocallable(n_assets=2, n_steps=3, correlation=(0.0, 0.0))

    def law(x: Any, current: Any) -> Any:
        before = jnp.log(x[:2]) if current is None else current
        return before + (0.03 - 0.5 * x[2:] ** 2), x[2:]

    def payoff(x: Any, prices: Any) -> Any:
        worst = prices.min(axis=1) / 100.0
        present, alive = 0.0, 1.0
        for k in range(3):
            called = alive * jnp.where(worst[k] > 1.0, 1.0, 0.0)
            present = present + called * jnp.exp(-0.03 * (k + 1)) * 100.0 * (1.0 + 0.04 * (k + 1))
            alive = alive - called
        redeemed = jnp.where(worst[2] > 0.7, 100.0, 100.0 * worst[2])
        return present + alive * jnp.exp(-0.09) * redeemed

    ours_and_theirs(problem, score_path(payoff, law), "likelihood_ratio")


def test_netting_set() -> None:
    netting_set = random_netting_set(n_assets=3, n_trades=15, n_baskets=1, maturity=3)
    problem = netting_set.exposure(1.0)
    market, a = netting_set.market, netting_set.market.mean_reversion
    years = problem._years.tolist()

    def path(x: Any, z: Any) -> Any:
        def integral(date: float) -> Any:
            k = int(np.argmin(np.abs(np.array(years) - (date - 1.0))))
            t = years[k]
            loading = (1.0 - np.exp(-a * t)) / a
            return k, t, x[0] * loading + market.mean_rate * (t - loading) + z[problem._places[k, -1]]

        def discount(date: float) -> Any:
            return jnp.exp(-integral(date)[2])

        def price(asset: int, date: float) -> Any:
            k, t, growth = integral(date)
            drift = -(market.dividend_yields[asset] + 0.5 * market.volatilities[asset] ** 2) * t
            return x[1 + asset] * jnp.exp(growth + drift + z[problem._places[k, asset]])

        total = 0.0
        for trade in netting_set.alive(1.0):
            if isinstance(trade, Swap):
                dates = [date for date in trade.payments() if date > 1.0]
                annuity = sum(discount(date) for date in dates) / trade.payments_per_year
                total += trade.notional * (1.0 - discount(dates[-1]) - trade.fixed_rate * annuity)
                continue
            date = trade.dates()[-1]
            if isinstance(trade, BasketTrade):
                basket = sum(w * price(i, date) for i, w in enumerate(trade.weights))
                paid = jnp.maximum(basket - trade.strike, 0.0)
            else:
                assert isinstance(trade, Forward | EuropeanOption)
                paid = price(trade.asset, date) - trade.strike
                if isinstance(trade, EuropeanOption):
                    paid = jnp.maximum(paid if trade.is_call else -paid, 0.0)
            total += trade.quantity * discount(date) * paid
        return total

    ours_and_theirs(problem, path)
