"""Value, gradient and Hessian of a basket call by Monte Carlo: in prices, against NumPy by hand and against jax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit

import aadlib as ad
from aadlib.types import Floats
from greeks2 import Expectation, expectation
from greeks2.monte_carlo.path_sweep import PathSweep

from .sizes import SMALLEST, median_seconds, sizes

RATE, EXPIRY, STRIKE, SHARPNESS = 0.03, 1.0, 100.0, 30.0
N_PATHS = 500 if SMALLEST else 10_000


def market(n_assets: int) -> Floats:
    """Return n spots and n volatilities."""
    return np.concatenate([np.linspace(95.0, 105.0, n_assets), np.linspace(0.15, 0.3, n_assets)])


def normals(*shape: int) -> Floats:
    """Return the noise all contestants share."""
    return np.random.default_rng(20240229).standard_normal(shape)


def basket_path(n_assets: int, n_steps: int | None = None) -> Callable[[Any, Any], Any]:
    """Return one path of an equally weighted basket's call, in one step or tracked in several."""
    weights = np.full(n_assets, 1.0 / n_assets)

    def path(p: Any, z: Any) -> Any:
        spot, volatility = p[:n_assets], p[n_assets:]
        step = EXPIRY / (n_steps or 1)
        for row in z if n_steps else (z,):
            spot = spot * np.exp((RATE - 0.5 * volatility**2) * step + volatility * np.sqrt(step) * row)
        return np.exp(-RATE * EXPIRY) * ad.softplus(weights @ spot - STRIKE, sharpness=SHARPNESS)

    return path


def greeks_by_hand(p: Floats, z: Floats) -> tuple[float, Floats, Floats]:
    """Return means of value, gradient and Hessian written by hand: gradient rows G, then G' diag(w) G, in NumPy."""
    n = p.size // 2
    spot, volatility = p[:n], p[n:]
    grown = np.exp((RATE - 0.5 * volatility**2) * EXPIRY + volatility * np.sqrt(EXPIRY) * z)
    held, bend = spot * grown, np.sqrt(EXPIRY) * z - volatility * EXPIRY
    x = SHARPNESS * (held.mean(axis=1) - STRIKE)
    slope = np.exp(-RATE * EXPIRY) * expit(x) / len(z)
    rows = np.concatenate([grown, held * bend], axis=1) / n
    hessian = rows.T @ ((SHARPNESS * slope * expit(-x))[:, None] * rows)
    i = np.arange(n)
    cross = slope @ (grown * bend) / n
    hessian[i, n + i] += cross
    hessian[n + i, i] += cross
    hessian[n + i, n + i] += slope @ (held * (bend**2 - EXPIRY)) / n
    value = np.exp(-RATE * EXPIRY) * np.mean(np.logaddexp(0.0, x)) / SHARPNESS
    return float(value), slope @ rows, hessian


def jax_greeks(n_assets: int) -> Callable[[Any, Any], Any]:
    """Return jax's value, gradient and Hessian (forward over reverse) of the mean, not yet compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def mean(p: Any, z: Any) -> Any:
        spot, volatility = p[:n_assets], p[n_assets:]
        grown = jnp.exp((RATE - 0.5 * volatility**2) * EXPIRY + volatility * np.sqrt(EXPIRY) * z)
        x = SHARPNESS * ((spot * grown).mean(axis=1) - STRIKE)
        return jnp.mean(np.exp(-RATE * EXPIRY) * jnp.logaddexp(0.0, x) / SHARPNESS)

    def greeks(p: Any, z: Any) -> Any:
        value, gradient = jax.value_and_grad(mean)(p, z)
        return value, gradient, jax.hessian(mean)(p, z)

    return jax.jit(greeks)


class Case:
    """One basket, recorded, with its market and its noise."""

    def __init__(self, n_assets: int, n_steps: int | None = None, n_paths: int = N_PATHS) -> None:
        self.p = market(n_assets)
        self.z = normals(n_paths, n_assets) if n_steps is None else normals(n_paths, n_steps, n_assets)
        self.path = basket_path(n_assets, n_steps)
        self.program = ad.record(self.path, self.p, self.z[:1], lanes=(1,), passive=(1,))

    def greeks(self, method: str = "auto", order: int = 2) -> Expectation:
        """Estimate from the recording: plan, sweep, standard errors."""
        return expectation(self.program, self.p, lanes=self.z, order=order, method=method)

    def greeks_of_function(self) -> Expectation:
        """Estimate from the function: record, and find the code that was written for its structure."""
        return expectation(self.path, self.p, lanes=self.z)

    def sweep(self, method: str = "auto", order: int = 2) -> Callable[[], object]:
        """Return the bare sweep over all paths, in one thread, planned beforehand."""
        sweep = PathSweep(self.program, order, method)
        return lambda: sweep.sums((self.p,), (self.z,), 0, len(self.z))


class BasketGreeks:
    """5 to 40 assets: Hessians of 10 to 80 inputs."""

    params = sizes(5, 10, 20, 40)
    param_names = ("n_assets",)

    def setup(self, n_assets: int) -> None:
        """Record one path and draw the noise."""
        self.case = Case(n_assets)

    def time_hessian(self, n_assets: int) -> None:
        """Value, gradient, Hessian and standard errors."""
        self.case.greeks()

    def track_hessian_over_price(self, n_assets: int) -> float:
        """Return the cost of the sweep of second order in sweeps of the price."""
        return median_seconds(self.case.sweep()) / median_seconds(self.case.sweep(order=0))

    def track_edge_pushing_over_bottleneck(self, n_assets: int) -> float:
        """Return the cost of edge pushing's sweep over that of the bottleneck sweep."""
        return median_seconds(self.case.sweep("edge_pushing")) / median_seconds(self.case.sweep("bottleneck"))

    def track_ratio_to_numpy_by_hand(self, n_assets: int) -> float:
        """Return our time over that of the formula written by hand."""
        by_hand = median_seconds(lambda: greeks_by_hand(self.case.p, self.case.z))
        return median_seconds(self.case.greeks) / by_hand


class BasketGreeksAgainstJax:
    """The same against jax's compiled Hessian, where jax is installed."""

    params = sizes(5, 10, 20, 40)
    param_names = ("n_assets",)

    def setup(self, n_assets: int) -> None:
        """Record one path, draw the noise and compile; not applicable without jax."""
        self.case = Case(n_assets)
        try:
            self.theirs = jax_run(self.case)
        except ImportError:
            raise NotImplementedError("jax is not installed") from None

    def track_ratio_to_jax(self, n_assets: int) -> float:
        """Return our time over jax's, compiled and warm."""
        theirs = median_seconds(self.theirs)
        return median_seconds(self.case.greeks) / theirs


class TrackedSteps:
    """Ten assets, every time step on the tape."""

    params = [2] if SMALLEST else [10, 50]
    param_names = ("n_steps",)

    def track_steps_over_one_step(self, n_steps: int) -> float:
        """Return the cost of tracking the steps."""
        n_paths = 200 if SMALLEST else 2000
        one, tracked = Case(10, n_paths=n_paths), Case(10, n_steps, n_paths)
        return median_seconds(tracked.sweep()) / median_seconds(one.sweep())


def jax_run(case: Case) -> Callable[[], object]:
    """Return a call of jax's sweep, which compiles at the first."""
    compiled = jax_greeks(case.p.size // 2)
    return lambda: compiled(case.p, case.z)[2].block_until_ready()


def largest_differences(case: Case) -> dict[str, float]:
    """Return how far each method's gradient and Hessian are from the formula by hand, relative to the largest entry."""
    _, gradient, hessian = greeks_by_hand(case.p, case.z)
    found = {}
    for method in ("bottleneck", "edge_pushing", "forward_over_reverse"):
        ours = case.greeks(method)
        assert ours.gradient is not None and ours.hessian is not None
        found[method] = max(
            float(np.abs(mine - wanted).max() / np.abs(wanted).max())
            for mine, wanted in ((ours.gradient, gradient), (ours.hessian, hessian))
        )
    return found
