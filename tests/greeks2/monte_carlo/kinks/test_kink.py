"""Kinks and jumps of paths, integrated out: against closed forms and quadrature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from greeks2 import hessian
from greeks2.monte_carlo.kinks.direction import steep_direction
from greeks2.monte_carlo.kinks.kink import KinkSweep
from greeks2.monte_carlo.noise.standard_normal import require_standard_normal
from greeks2.monte_carlo.path_sweep import PathSweep

N_BATCHES, BATCH = 20, 500
MARKET = np.array([100.0, 0.2, 0.05])  # spot, volatility, rate; one year


def grown(p: Any, z: Any, years: float = 1.0) -> Any:
    spot, volatility, rate = p
    return spot * np.exp((rate - 0.5 * volatility**2) * years + volatility * np.sqrt(years) * z)


def moneyness(p: Any, strike: float) -> Any:
    spot, volatility, rate = p
    return (np.log(spot / strike) + rate) / volatility - 0.5 * volatility


def call(p: Any, z: Any) -> Any:
    return np.exp(-p[2]) * np.maximum(grown(p, z) - 100.0, 0.0)


def call_price(p: Any) -> Any:
    d2 = moneyness(p, 100.0)
    return p[0] * ad.norm_cdf(d2 + p[1]) - 100.0 * np.exp(-p[2]) * ad.norm_cdf(d2)


def digital(p: Any, z: Any) -> Any:
    return np.exp(-p[2]) * np.where(grown(p, z) > 100.0, 1.0, 0.0)


def digital_price(p: Any) -> Any:
    return np.exp(-p[2]) * ad.norm_cdf(moneyness(p, 100.0))


def indicator(p: Any, z: Any) -> Any:
    """A jump of a fixed size, that nothing moves."""
    return np.where(grown(p, z) > 100.0, 1.0, 0.0)


def indicator_price(p: Any) -> Any:
    return ad.norm_cdf(moneyness(p, 100.0))


def sign(p: Any, z: Any) -> Any:
    return 0.5 + 0.5 * np.sign(grown(p, z) - 100.0)


def straddle(p: Any, z: Any) -> Any:
    return np.exp(-p[2]) * abs(grown(p, z) - 100.0)


def straddle_price(p: Any) -> Any:
    return 2.0 * call_price(p) - p[0] + 100.0 * np.exp(-p[2])


def asset_or_nothing(p: Any, z: Any) -> Any:
    price = grown(p, z)
    return np.exp(-p[2]) * np.where(price > 100.0, price, 0.0)


def asset_or_nothing_price(p: Any) -> Any:
    return p[0] * ad.norm_cdf(moneyness(p, 100.0) + p[1])


def butterfly(p: Any, z: Any) -> Any:
    price = grown(p, z)
    wings = np.maximum(price - 90.0, 0.0) + np.maximum(price - 110.0, 0.0)
    return np.exp(-p[2]) * (wings - 2.0 * np.maximum(price - 100.0, 0.0))


def butterfly_price(p: Any) -> Any:
    total = 0.0
    for strike, weight in ((90.0, 1.0), (100.0, -2.0), (110.0, 1.0)):
        d2 = moneyness(p, strike)
        total = total + weight * (p[0] * ad.norm_cdf(d2 + p[1]) - strike * np.exp(-p[2]) * ad.norm_cdf(d2))
    return total


def barrier(p: Any, z: Any) -> Any:
    """A call that dies above 115 at half a year."""
    middle = grown(p, z[0], 0.5)
    end = grown((middle, p[1], p[2]), z[1], 0.5)
    return np.exp(-p[2]) * np.where(middle < 115.0, np.maximum(end - 100.0, 0.0), 0.0)


def barrier_price(p: Any) -> Any:
    """The second half year in closed form, the first by Gauss-Legendre up to the barrier."""
    spot, volatility, rate = p
    deviation = volatility * np.sqrt(0.5)
    top = (np.log(115.0 / spot) - (rate - 0.5 * volatility**2) * 0.5) / deviation
    nodes, weights = np.polynomial.legendre.leggauss(60)
    total = 0.0
    for u, w in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
        z = -9.0 + (top + 9.0) * u
        middle = grown(p, z, 0.5)
        d2 = (np.log(middle / 100.0) + 0.5 * rate) / deviation - 0.5 * deviation
        value = middle * np.exp(-0.5 * rate) * ad.norm_cdf(d2 + deviation)
        value = value - 100.0 * np.exp(-rate) * ad.norm_cdf(d2)
        total = total + w * (top + 9.0) * value * ad.norm_pdf(z)
    return total


CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], tuple[int, ...]]] = {
    "call": (call, call_price, ()),
    "digital": (digital, digital_price, ()),
    "indicator": (indicator, indicator_price, ()),
    "sign": (sign, indicator_price, ()),
    "straddle": (straddle, straddle_price, ()),
    "asset or nothing": (asset_or_nothing, asset_or_nothing_price, ()),
    "butterfly": (butterfly, butterfly_price, ()),
    "barrier": (barrier, lambda p: barrier_price(p), (2,)),
}


def batch_sums(path: Callable[..., Any], p: Any, shape: tuple[int, ...], order: int = 2) -> list[Any]:
    noise = np.random.default_rng(7).standard_normal((N_BATCHES * BATCH, *shape))
    program = ad.record(path, p, noise, lanes=(1,), passive=(1,))
    sweep = KinkSweep(PathSweep(program, order), (p,))
    return [sweep.sums((p,), (noise,), k * BATCH, (k + 1) * BATCH) for k in range(N_BATCHES)]


def require_near(batches: list[Any], truth: Any, deviations: float = 4.0) -> None:
    """Compare batch means with the truth in units of their own standard error, plus the truth's round-off."""
    means = np.array(batches) / BATCH
    stderr = means.std(axis=0, ddof=1) / np.sqrt(N_BATCHES)
    scale = np.abs(truth).max()
    assert (np.abs(means.mean(axis=0) - truth) <= deviations * stderr + 1e-11 * scale).all()


@pytest.mark.parametrize("name", CASES)
def test_gradient_and_hessian_against_closed_forms(name: str) -> None:
    path, price, shape = CASES[name]
    batches = batch_sums(path, MARKET, shape)
    require_near([b.gradient for b in batches], ad.grad(price)(MARKET))
    require_near([b.hessian for b in batches], hessian(price, MARKET))


def test_one_noise_alone_leaves_no_variance_in_gamma() -> None:
    batches = batch_sums(call, MARKET, ())
    gammas = [b.hessian[0, 0] / BATCH for b in batches]
    np.testing.assert_allclose(gammas, hessian(call_price, MARKET)[0, 0], rtol=1e-11)


def test_order_one_is_the_gradient_of_order_two() -> None:
    first, second = batch_sums(digital, MARKET, (), order=1), batch_sums(digital, MARKET, ())
    for one, two in zip(first, second, strict=True):
        np.testing.assert_allclose(one.gradient, two.gradient, rtol=1e-13)
        assert one.hessian is None


def test_geometric_basket() -> None:
    n, rate = 5, 0.03
    p = np.r_[np.linspace(95.0, 105.0, n), np.linspace(0.15, 0.35, n)]

    def path(p: Any, z: Any) -> Any:
        logs = np.log(p[:n]) + rate - 0.5 * p[n:] ** 2 + p[n:] * z
        return np.exp(-rate) * np.maximum(np.exp(np.sum(logs) / n) - 100.0, 0.0)

    def price(p: Any) -> Any:
        mean = np.sum(np.log(p[:n]) + rate - 0.5 * p[n:] ** 2) / n
        variance = np.sum(p[n:] ** 2) / n**2
        d2 = (mean - np.log(100.0)) / np.sqrt(variance)
        forward = np.exp(mean + 0.5 * variance) * ad.norm_cdf(d2 + np.sqrt(variance))
        return np.exp(-rate) * (forward - 100.0 * ad.norm_cdf(d2))

    batches = batch_sums(path, p, (n,))
    require_near([b.gradient for b in batches], ad.grad(price)(p))
    require_near([b.hessian for b in batches], hessian(price, p), deviations=4.5)


def test_an_edge_with_a_face_for_every_noise() -> None:
    """P(max(p0 + z0, p1 + z1) > 0) = 1 - cdf(-p0) cdf(-p1): each face of the surface is moved by one noise alone."""

    def path(p: Any, z: Any) -> Any:
        return np.where(np.maximum(p[0] + z[0], p[1] + z[1]) > 0.0, 1.0, 0.0)

    def price(p: Any) -> Any:
        return 1.0 - ad.norm_cdf(-p[0]) * ad.norm_cdf(-p[1])

    p = np.array([0.3, 0.1])
    batches = batch_sums(path, p, (2,), order=1)
    require_near([b.gradient for b in batches], ad.grad(price)(p))
    with pytest.raises(AadTypeError, match="the edge of a jump has a corner"):
        batch_sums(path, p, (2,))


def test_a_call_on_the_best_of_two() -> None:
    """E max(p0 + z0, p1 + z1, 0): P(max = 0, 0 < max) on each face, and where both are one above zero."""

    def path(p: Any, z: Any) -> Any:
        return np.maximum(np.maximum(p[0] + z[0], p[1] + z[1]), 0.0)

    p = np.array([0.3, 0.1])
    # The two meet at x > 0 with density pdf(x - p0) pdf(x - p1): a normal of mean (p0 + p1) / 2 and variance 1/2.
    ridge = (
        np.exp(-0.25 * (p[0] - p[1]) ** 2) / np.sqrt(4.0 * np.pi) * ad.norm_cdf((p[0] + p[1]) / np.sqrt(2.0))
    )
    faces = ad.norm_pdf(p) * ad.norm_cdf(-p[::-1])
    batches = batch_sums(path, p, (2,))
    require_near([b.hessian for b in batches], np.diag(faces) + ridge * np.array([[1.0, -1.0], [-1.0, 1.0]]))


@pytest.mark.parametrize(
    "slopes",
    [
        np.eye(4)[[0, 0, 1, 2, 3]],
        np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]),  # a mean along one face
        np.array([[1.0, 1.0], [1.0, -1.0]]),
        np.array([[1.0, 0.5], [-1.0, -0.5], [0.0, 0.0]]),  # no mean
    ],
)
def test_the_direction_crosses_every_face(slopes: Any) -> None:
    direction = steep_direction(slopes)
    lengths = np.linalg.norm(slopes, axis=1)
    np.testing.assert_allclose(np.linalg.norm(direction), 1.0)
    assert (np.abs(slopes @ direction) >= 0.2 * lengths).all()


def test_smooth_paths_and_switches_without_noise_are_left_alone() -> None:
    def path(p: Any, z: Any) -> Any:
        return np.maximum(p[1], 0.1) * np.exp(p[0] * z)

    p, noise = np.array([0.2, 1.0]), np.random.default_rng(7).standard_normal(64)
    program = ad.record(path, p, noise, lanes=(1,), passive=(1,))
    plain = PathSweep(program, 2)
    kink = KinkSweep(plain, (p,))
    assert kink.n_switches == 0
    np.testing.assert_array_equal(
        kink.sums((p,), (noise,), 0, 64).hessian, plain.sums((p,), (noise,), 0, 64).hessian
    )


def sweep_of(path: Callable[..., Any], order: int = 2) -> KinkSweep:
    noise = np.linspace(-1.0, 1.0, 8)
    program = ad.record(path, MARKET, noise, lanes=(1,), passive=(1,))
    return KinkSweep(PathSweep(program, order), (MARKET,))


def test_steps_that_cannot_be_found_are_refused() -> None:
    with pytest.raises(AadTypeError, match=r"cannot treat floor at .*test_kink.py"):
        sweep_of(lambda p, z: p[0] * np.floor(grown(p, z)))


def test_an_if_is_refused() -> None:
    def path(p: Any, z: Any) -> Any:
        return grown(p, z) - 100.0 if grown(p, z) > 100.0 else 0.0 * p[0]

    with pytest.raises(AadTypeError, match="write where or maximum"):
        sweep_of(path)


def test_a_mean_alone_has_no_kinks() -> None:
    with pytest.raises(AadTypeError, match="ask for order 1 or 2"):
        sweep_of(call, order=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda z: z + 0.2, "a mean of 0.1994"),
        (lambda z: 1.2 * z, "a variance of 1.4"),
        (lambda z: z @ np.array([[1.0, 0.6], [0.0, 0.8]]), "a correlation of 0.6"),
    ],
)
def test_noise_of_another_law_is_refused(change: Callable[[Any], Any], message: str) -> None:
    noise = np.random.default_rng(7).standard_normal((4096, 2))
    require_standard_normal("lanes[0]", noise)
    with pytest.raises(AadValueError, match=message):
        require_standard_normal("lanes[0]", change(noise))
