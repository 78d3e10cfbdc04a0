"""Print what the CUDA kernels cost on this machine's card, beside the CPU, NumPy by hand and jax.

    python asv_bench/cuda_table.py [--assets 5 10 20 40] [--paths 10000 ... 100000000] [--rounds N]

Price, gradient and full Hessian of a basket call in 2n inputs (the spots and volatilities of n assets). "card" has the
normals on the card already, "card + copy" sends them from the host. "lane sweep" is a recorded path on the card,
`aadlib.cuda.LaneSweep`, its normals sent from the host. Medians, warm, everything in one process. Without a card the
CPU's columns are printed alone. Install with `pip install 'aadlib[cuda,bench]'`.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from benchmarks import monte_carlo as model
from numba import config, cuda
from numba.cuda.random import create_xoroshiro128p_states, xoroshiro128p_normal_float64

import aadlib as ad
from aadlib.threads import n_threads
from pricers.monte_carlo import BasketGreeks, basket_greeks

COLUMNS = ("card", "card + copy", "lane sweep", "CPU kernel", "NumPy by hand", "jax")
GENERATORS = 2**16
"""Streams that fill the normals on the card."""


@dataclass(frozen=True)
class Limits:
    """Most paths of the contestants that take long, or need much memory."""

    host: int
    jax: int


def median_seconds(run: Callable[[], object], rounds: int) -> float:
    """Return the median of a few calls, the first one not counted."""
    run()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


@cuda.jit
def fill_kernel(states: Any, normals: Any) -> None:
    """Fill a flat array with normals, each thread from its own stream."""
    thread = cuda.grid(1)
    if thread < states.shape[0]:
        for k in range(thread, normals.shape[0], states.shape[0]):
            normals[k] = xoroshiro128p_normal_float64(states, thread)


def normals_on_card(n_paths: int, n_assets: int) -> Any:
    """Return (n_paths, n_assets) independent normals on the card."""
    size = n_paths * n_assets
    streams = min(GENERATORS, size)
    states = create_xoroshiro128p_states(streams, seed=20240229)
    normals = cuda.device_array(size, dtype=np.float64)
    fill_kernel[-(-streams // 128), 128](states, normals)
    cuda.synchronize()
    return normals.reshape(n_paths, n_assets)


def greeks(n_assets: int, normals: Any, device: str) -> BasketGreeks:
    """Return the Greeks of the model's basket."""
    p = model.market(n_assets)
    return basket_greeks(
        spots=p[:n_assets], volatilities=p[n_assets:], rate=model.RATE, expiry=model.EXPIRY, strike=model.STRIKE,
        weights=np.full(n_assets, 1.0 / n_assets), normals=normals, sharpness=model.SHARPNESS, device=device,
    )  # fmt: skip


def contestants(n_assets: int, n_paths: int, limits: Limits) -> dict[str, Callable[[], object]]:
    """Return what can run here at this size."""
    found: dict[str, Callable[[], object]] = {}
    p = model.market(n_assets)
    if cuda.is_available():
        held = normals_on_card(n_paths, n_assets)
        found["card"] = lambda: greeks(n_assets, held, "cuda")
    if n_paths <= limits.host:
        z = model.normals(n_paths, n_assets)
        found["CPU kernel"] = lambda: greeks(n_assets, z, "cpu")
        found["NumPy by hand"] = lambda: model.greeks_by_hand(p, z)
        if cuda.is_available():
            from aadlib.cuda import LaneSweep

            path = model.basket_path(n_assets)
            sweep = LaneSweep(ad.record(path, p, z[:1], lanes=(1,), passive=(1,)))
            found["card + copy"] = lambda: greeks(n_assets, z, "cuda")
            found["lane sweep"] = lambda: sweep.derivatives(p, z)
        if n_paths <= limits.jax:
            try:
                compiled = model.jax_greeks(n_assets)
            except ImportError:
                pass
            else:
                found["jax"] = lambda: compiled(p, z)[2].block_until_ready()
    return found


def difference(n_assets: int) -> float:
    """Return how far the card's Hessian is from the CPU's on the same normals, relative to its largest entry."""
    z = model.normals(10_000 if not model.SMALLEST else 50, n_assets)
    card, cpu = (greeks(n_assets, z, device).hessian for device in ("cuda", "cpu"))
    return float(np.abs(card - cpu).max() / np.abs(cpu).max())


def machine() -> list[str]:
    """Return what ran: card, driver, CPU, versions."""
    import numba

    lines = [
        f"CPU: {platform.processor() or platform.machine()}, {n_threads()} threads; numba {numba.__version__}"
    ]
    lines.append(card())
    try:
        import jax
    except ImportError:
        lines.append("jax is not installed")
    else:
        lines.append(f"jax {jax.__version__} on {jax.devices()[0].device_kind}")
    return lines


def card() -> str:
    """Return the card's name and capability, and the CUDA version its driver speaks."""
    if not cuda.is_available():
        return "no CUDA card: only the CPU's columns"
    if config.ENABLE_CUDASIM:
        return "numba's CUDA simulator: its times say nothing"
    from numba.cuda.cudadrv.driver import driver

    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else device.name
    capability, version = (
        ".".join(map(str, pair)) for pair in (device.compute_capability, driver.get_version())
    )
    return f"card: {name}, compute capability {capability}; driver of CUDA {version}"


def cell(seconds: float | None, n_paths: int) -> str:
    """Return milliseconds, and nanoseconds for a path."""
    return "-" if seconds is None else f"{1e3 * seconds:.3g} ms, {1e9 * seconds / n_paths:.3g} ns"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, nargs="+", default=[5, 10, 20, 40])
    parser.add_argument("--paths", type=int, nargs="+", default=[10**k for k in range(4, 9)])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--host-paths", type=int, default=10**6, help="most paths that come from the host")
    parser.add_argument(
        "--jax-paths", type=int, default=10**5, help="most paths for jax: it holds all directions"
    )
    given = parser.parse_args()
    print(*machine(), sep="\n")
    print("Basket call: price, gradient and Hessian; time of a call, and for a path")
    print("| assets | paths | " + " | ".join(COLUMNS) + " |")
    print("| --- " * (len(COLUMNS) + 2) + "|")
    for n_assets in given.assets:
        for n_paths in given.paths:
            runs = contestants(n_assets, n_paths, Limits(given.host_paths, given.jax_paths))
            seconds = {name: median_seconds(run, given.rounds) for name, run in runs.items()}
            cells = [cell(seconds.get(name), n_paths) for name in COLUMNS]
            print(f"| {n_assets} | {n_paths:,} | " + " | ".join(cells) + " |", flush=True)
        if cuda.is_available():
            print(
                f"  {n_assets} assets: card and CPU differ by {difference(n_assets):.1e} of the largest entry"
            )


if __name__ == "__main__":
    main()
