"""The basket kernel against its twin, the tape's exact Hessian, Black-Scholes, jax, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadError, AadTypeError, AadValueError, NotFinite
from pricers import black_scholes
from pricers.monte_carlo.basket import kernels as basket_kernel
from pricers.monte_carlo.basket.call import basket_greeks
from pricers.monte_carlo.basket.exponential_kernel import exponentials_kernel
from pricers.monte_carlo.basket.sums import batch_bounds
from pricers.monte_carlo.basket.twins import numpy_sums as basket_twin

from .basket_case import basket, call_of, worst_difference


def mean_payoff(x: Any, normals: Any, np: Any = np, softplus: Any = ad.softplus) -> Any:
    """Return the discounted mean over the paths as plain NumPy code; x holds spots, then volatilities."""
    n = normals.shape[1]
    given = basket(n)
    rate, expiry = given["rate"], given["expiry"]
    spots, volatilities = x[:n], x[n:]
    total = 0.0
    for normal in normals:
        growth = np.exp((rate - 0.5 * volatilities**2) * expiry + volatilities * np.sqrt(expiry) * normal)
        excess = np.sum(given["weights"] * spots * growth) - given["strike"]
        total = total + softplus(excess, given["sharpness"])
    return np.exp(-rate * expiry) * total / len(normals)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("n_paths", [1, 31, 127, 10_000])
def test_kernel_equals_twin(n: int, n_paths: int, rng: np.random.Generator) -> None:
    normals = rng.standard_normal((n_paths, n))
    ours, twin = (module.basket_sums(call_of(n), normals) for module in (basket_kernel, basket_twin))
    assert worst_difference(ours, twin) < 1e-12


@pytest.mark.parametrize("n", [1, 3, 5])
def test_equals_the_tapes_exact_derivatives(n: int, rng: np.random.Generator) -> None:
    normals = rng.standard_normal((40, n))
    given = basket(n)
    x = np.concatenate([given["spots"], given["volatilities"]])
    program = ad.record(lambda x: mean_payoff(x, normals), x)
    found = basket_greeks(**given, normals=normals)
    np.testing.assert_allclose(found.price, program.value(x), rtol=1e-12)
    np.testing.assert_allclose(found.gradient, program.gradient(x), rtol=1e-11)
    hessian = program.hessian(x)
    np.testing.assert_allclose(found.hessian, hessian, atol=1e-12 * np.abs(hessian).max())


def test_one_asset_is_black_scholes(rng: np.random.Generator) -> None:
    arguments = {"expiry": 1.0, "strike": 100.0, "rate": 0.03}
    found = basket_greeks(
        spots=[100.0], volatilities=[0.2], weights=[1.0], sharpness=2.0,
        normals=rng.standard_normal((400_000, 1)), **arguments,
    )  # fmt: skip
    truth = black_scholes.greeks(spot=100.0, volatility=0.2, **arguments)
    wanted = {
        "price": (found.price, found.price_stderr, truth.price),
        "delta": (found.gradient[0], found.gradient_stderr[0], truth.delta),
        "vega": (found.gradient[1], found.gradient_stderr[1], truth.vega),
        "gamma": (found.hessian[0, 0], found.hessian_stderr[0, 0], truth.gamma),
        "vanna": (found.hessian[0, 1], found.hessian_stderr[0, 1], truth.vanna),
        "volga": (found.hessian[1, 1], found.hessian_stderr[1, 1], truth.volga),
    }
    for name, (estimate, stderr, exact) in wanted.items():
        assert abs(estimate - exact) < 4.0 * stderr + 1e-3 * abs(exact), (name, estimate, stderr, exact)


def test_standard_errors_say_how_estimates_scatter(rng: np.random.Generator) -> None:
    found = [basket_greeks(**basket(3), normals=rng.standard_normal((3200, 3))) for _ in range(100)]
    for estimates, errors in (
        ([f.price for f in found], [f.price_stderr for f in found]),
        ([f.gradient for f in found], [f.gradient_stderr for f in found]),
        ([f.hessian for f in found], [f.hessian_stderr for f in found]),
    ):
        ratio = np.std(estimates, axis=0, ddof=1) / np.sqrt(np.mean(np.square(errors), axis=0))
        assert np.all((ratio > 0.7) & (ratio < 1.3)), ratio


def test_same_bits_for_any_number_of_threads(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    normals = rng.standard_normal((20_000, 5))
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("AADLIB_NUM_THREADS", threads)
        found.append(basket_greeks(**basket(5), normals=normals))
    for other in found[1:]:
        np.testing.assert_array_equal(other.hessian, found[0].hessian)
        np.testing.assert_array_equal(other.gradient, found[0].gradient)
        assert other.price == found[0].price


def test_extreme_payoffs_do_not_overflow(rng: np.random.Generator) -> None:
    normals = rng.standard_normal((200, 2))
    for strike in (1e-3, 1e4):
        found = basket_greeks(**basket(2) | {"strike": strike, "sharpness": 1e6}, normals=normals)
        assert np.isfinite(found.hessian).all()
    assert found.price == 0.0


def test_batches_cover_the_paths_once() -> None:
    for n_paths in (1, 5, 31, 32, 33, 1000):
        bounds = batch_bounds(n_paths)
        assert bounds[0] == 0 and bounds[-1] == n_paths and np.all(np.diff(bounds) >= 1)
        assert np.ptp(np.diff(bounds)) <= 1


def test_one_path_has_no_standard_error() -> None:
    found = basket_greeks(**basket(2), normals=np.zeros((1, 2)))
    assert np.isnan(found.price_stderr) and np.isnan(found.hessian_stderr).all() and np.isfinite(found.price)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"spots": [100.0, -1.0]}, r"spots\[1\] = -1.0"),
        ({"spots": [[100.0, 1.0]]}, r"spots has shape \(1, 2\)"),
        ({"spots": []}, "at least one asset"),
        ({"volatilities": [0.2, -0.1]}, r"volatilities\[1\] = -0.1"),
        ({"volatilities": [0.2]}, r"volatilities has shape \(1,\)"),
        ({"weights": [1.0, np.inf]}, r"weights\[1\] = inf"),
        ({"weights": [1.0, 1.0, 1.0]}, r"weights has shape \(3,\)"),
        ({"rate": np.nan}, "rate = nan"),
        ({"expiry": 0.0}, "expiry = 0.0"),
        ({"sharpness": -3.0}, "sharpness = -3.0"),
        ({"strike": np.inf}, "strike = inf"),
        ({"normals": np.zeros((0, 2))}, r"normals has shape \(0, 2\).*at least one path"),
        ({"normals": np.zeros((5, 3))}, r"normals has shape \(5, 3\)"),
        ({"normals": np.zeros(5)}, r"normals has shape \(5,\)"),
        ({"normals": np.array([[0.0, 0.0], [0.0, np.nan]])}, r"normals\[\(1, 1\)\] = nan"),
        ({"normals": np.array([[0.0, -np.inf], [0.0, 0.0]])}, r"normals\[\(0, 1\)\] = -inf"),
        ({"device": "tpu"}, "device = 'tpu': choose one of cpu, cuda"),
    ],
)
def test_bad_input_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(AadValueError, match=says):
        basket_greeks(**basket(2) | {"normals": np.zeros((4, 2))} | changes)


def test_text_is_refused() -> None:
    with pytest.raises(AadTypeError, match="normals"):
        basket_greeks(**basket(2), normals="none")
    with pytest.raises(AadTypeError, match="normals is a masked array"):
        basket_greeks(**basket(2), normals=np.ma.masked_equal(np.zeros((4, 2)), 1.0))


def test_overflow_is_said() -> None:
    with pytest.raises(NotFinite, match="not finite"):
        basket_greeks(**basket(2) | {"volatilities": [0.2, 40.0]}, normals=np.full((4, 2), 40.0))


def test_without_a_card_cuda_raises() -> None:
    from numba import cuda

    if cuda.is_available():
        pytest.skip("there is a CUDA card, or its simulator")
    with pytest.raises(AadError, match=r"no CUDA card.*aadlib\[cuda\]"):
        basket_greeks(**basket(2), normals=np.zeros((4, 2)), device="cuda")


def test_a_card_refuses_paths_that_its_shared_memory_cannot_hold() -> None:
    from pricers.monte_carlo.basket.kernels_cuda import plan

    for n_assets in (1, 5, 40, 100, 800):
        sizes = plan(n_assets)
        assert 8 * sizes.shared_doubles <= 48 * 1024
        assert sizes.tiles_per_block * sizes.groups <= sizes.threads
        assert sizes.tiles_per_block * sizes.slices >= sizes.n_tiles
    with pytest.raises(AadValueError, match=r"spots has 3000 assets.*use device='cpu'"):
        plan(3000)


def test_exponentials() -> None:
    row = np.concatenate([np.linspace(-708.0, 709.78, 200_001), np.linspace(-1.0, 1.0, 100_001)])
    wanted = np.exp(row.astype(np.longdouble))
    exponentials_kernel(row, row.size)
    assert np.max(np.abs(row - wanted) / np.spacing(wanted.astype(np.float64))) < 1.0
    edges = np.array([np.nan, np.inf, -np.inf, 709.782712893384, 709.79, -708.1, 0.0, 5.0])
    exponentials_kernel(edges, 7)
    np.testing.assert_allclose(edges, [np.nan, np.inf, 0.0, np.exp(709.782712893384), np.inf, 0.0, 1.0, 5.0])


@pytest.mark.peers
def test_equals_jax(rng: np.random.Generator) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    def softplus(x: Any, sharpness: float) -> Any:
        return jax.nn.softplus(sharpness * x) / sharpness

    normals = rng.standard_normal((200, 4))
    given = basket(4)
    x = np.concatenate([given["spots"], given["volatilities"]])

    def price(x: Any) -> Any:
        return mean_payoff(x, normals, np=jax.numpy, softplus=softplus)

    found = basket_greeks(**given, normals=normals)
    np.testing.assert_allclose(found.price, price(x), rtol=1e-12)
    np.testing.assert_allclose(found.gradient, jax.grad(price)(x), rtol=1e-11)
    hessian = np.asarray(jax.hessian(price)(x))
    np.testing.assert_allclose(found.hessian, hessian, atol=1e-12 * np.abs(hessian).max())
