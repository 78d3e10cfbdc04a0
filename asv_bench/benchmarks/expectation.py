"""Monte Carlo mean, gradient and Hessian of a basket call in its spots and volatilities, all paths of one recording."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import aadlib as ad
from greeks2 import Normals, expectation
from greeks2.monte_carlo.path_sweep import PathSweep

from .sizes import SMALLEST, median_seconds, sizes

N_PATHS = 1000 if SMALLEST else 10_000
MANY_PATHS = 2000 if SMALLEST else 300_000


def basket_call(n_assets: int) -> Callable[..., Any]:
    """Return one path: a call on the mean of geometric Brownian motions, expiry 1, its kink rounded off."""

    def path(p: Any, z: Any) -> Any:
        spot, volatility = p[:n_assets], p[n_assets:]
        basket = np.mean(spot * np.exp(0.03 - 0.5 * volatility**2 + volatility * z))
        return np.exp(-0.03) * ad.softplus(basket - 100.0, sharpness=30.0)

    return path


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Sweep with that many threads."""
    before = os.environ.get("AADLIB_NUM_THREADS")
    os.environ["AADLIB_NUM_THREADS"] = str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ["AADLIB_NUM_THREADS"]
        else:
            os.environ["AADLIB_NUM_THREADS"] = before


class Basket:
    """A basket of 5 to 40 assets, normals given as an array."""

    params = (sizes(5, 10, 20, 40), [0, 1, 2])
    param_names = ("n_assets", "order")

    def setup(self, n_assets: int, order: int) -> None:
        """Record one path and draw the normals of all."""
        self.p = np.concatenate([np.full(n_assets, 100.0), np.full(n_assets, 0.2)])
        self.normals = Normals(n_paths=N_PATHS, shape=(n_assets,), seed=7).draw(0, N_PATHS)
        self.program = ad.record(basket_call(n_assets), self.p, self.normals[:1], lanes=(1,), passive=(1,))
        self.sweep = PathSweep(self.program, order)

    def run(self, order: int) -> None:
        """Estimate with the recording."""
        expectation(self.program, self.p, lanes=self.normals, order=order)

    def time_expectation(self, n_assets: int, order: int) -> None:
        """Mean and derivatives with standard errors."""
        self.run(order)

    def track_expectation_over_its_sweep(self, n_assets: int, order: int) -> float:
        """Return the cost of batches, checks and standard errors: one thread, over a single sweep of all paths."""
        with threads(1):
            whole = median_seconds(lambda: self.run(order))
        sweep = median_seconds(lambda: self.sweep.sums((self.p,), (self.normals,), 0, N_PATHS))
        return whole / sweep


class ManyPaths:
    """Normals made on the fly, ten assets, order 2."""

    def run(self, n_paths: int = MANY_PATHS) -> None:
        """Record and estimate."""
        p = np.concatenate([np.full(10, 100.0), np.full(10, 0.2)])
        expectation(basket_call(10), p, lanes=Normals(n_paths=n_paths, shape=(10,), seed=7))

    def track_one_thread_over_two(self) -> float:
        """Return how many times faster two threads are."""
        seconds = []
        for count in (1, 2):
            with threads(count):
                seconds.append(median_seconds(self.run, rounds=3))
        return seconds[0] / seconds[1]

    def peakmem_paths(self) -> None:
        """Run: the peak does not depend on the number of paths."""
        self.run()
