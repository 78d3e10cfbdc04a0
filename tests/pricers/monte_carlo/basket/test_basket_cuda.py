"""The CUDA kernels of the basket call against the NumPy twin: on a card, or in numba's simulator."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.monte_carlo.basket.call import basket_greeks
from pricers.monte_carlo.basket.twins import numpy_sums as basket_twin

from .basket_case import basket, call_of, worst_difference

pytestmark = [pytest.mark.cuda, pytest.mark.usefixtures("cuda_card")]


@pytest.mark.parametrize(
    ("n", "n_paths", "threads"),
    [
        (1, 1, 4),
        (2, 40, 8),  # groups of threads share the paths
        (3, 33, 7),  # threads that own no tile
        (7, 40, 4),  # tiles over several blocks
        (4, 130, 16),  # several rounds and blocks in a batch
    ],
)
def test_kernel_equals_twin(
    n: int, n_paths: int, threads: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pricers.monte_carlo.basket import kernels_cuda as basket_cuda

    monkeypatch.setattr("pricers.monte_carlo.basket.sums.N_BATCHES", 3)
    monkeypatch.setattr(basket_cuda, "MOST_PATHS", 8)
    monkeypatch.setattr(basket_cuda, "DOUBLES_PER_LAUNCH", 2 * n * n_paths // 3)
    normals = rng.standard_normal((n_paths, n))
    twin = basket_twin.basket_sums(call_of(n), normals)
    ours = basket_cuda.basket_sums(call_of(n), normals, threads=threads)
    assert worst_difference(ours, twin) < 1e-12
    again = basket_cuda.basket_sums(call_of(n), normals, threads=threads)
    np.testing.assert_array_equal(np.triu(ours.second), np.triu(again.second))


def test_greeks_equal_those_of_the_cpu(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    from pricers.monte_carlo.basket import kernels_cuda as basket_cuda

    monkeypatch.setattr("pricers.monte_carlo.basket.sums.N_BATCHES", 4)
    monkeypatch.setattr(basket_cuda.basket_sums, "__kwdefaults__", {"threads": 16})
    normals = rng.standard_normal((50, 3))
    cpu, card = (basket_greeks(**basket(3), normals=normals, device=device) for device in ("cpu", "cuda"))
    assert (cpu.device, card.device) == ("cpu", "cuda")
    np.testing.assert_allclose(card.price, cpu.price, rtol=1e-12)
    np.testing.assert_allclose(card.gradient, cpu.gradient, rtol=1e-12)
    np.testing.assert_allclose(card.hessian_stderr, cpu.hessian_stderr, rtol=1e-9)
    np.testing.assert_allclose(card.hessian, cpu.hessian, atol=1e-12 * np.abs(cpu.hessian).max())


@pytest.mark.usefixtures("real_card")
@pytest.mark.parametrize("n", [1, 5, 10, 20, 40, 100])
def test_many_paths_on_a_card(n: int, rng: np.random.Generator) -> None:
    from numba import cuda

    normals = rng.standard_normal((100_003, n))
    cpu = basket_greeks(**basket(n), normals=normals)
    held = cuda.to_device(normals)
    for card in (basket_greeks(**basket(n), normals=given, device="cuda") for given in (normals, held)):
        np.testing.assert_allclose(card.price, cpu.price, rtol=1e-12)
        np.testing.assert_allclose(card.gradient, cpu.gradient, atol=1e-12 * np.abs(cpu.gradient).max())
        np.testing.assert_allclose(card.hessian, cpu.hessian, atol=1e-12 * np.abs(cpu.hessian).max())
    again = basket_greeks(**basket(n), normals=held, device="cuda")
    np.testing.assert_array_equal(again.hessian, card.hessian)
    with pytest.raises(AadValueError, match="type float32"):
        basket_greeks(**basket(n), normals=cuda.to_device(normals.astype(np.float32)), device="cuda")
