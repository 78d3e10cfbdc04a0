"""One path: normals of every step, the model's law of a step, and log prices added up step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.triangular import Factor, multiply, total


def split_normals(z: Any, n_steps: int, n_assets: int, *, tracked: bool) -> list[list[Any]]:
    """Return the normals as one list per step with one number, or one array over paths, per asset.

    `z` has the shape (n_steps, n_assets) of a tracked path, or (n_assets,), and in plain NumPy paths on axes before.
    """
    wanted = (n_steps, n_assets) if tracked else (n_assets,)
    if tuple(z.shape[z.ndim - len(wanted) :]) != wanted or z.ndim < len(wanted):
        raise AadValueError(f"normals have shape {tuple(z.shape)}: the last axes must be {wanted}")
    before = () if z.ndim == len(wanted) else (Ellipsis,)
    if tracked:
        return [[z[(*before, k, i)] for i in range(n_assets)] for k in range(n_steps)]
    return [[z[(*before, i)] for i in range(n_assets)]]


@dataclass(frozen=True, eq=False)
class Simulation:
    """One path of a model over equal steps.

    Parameters
    ----------
    dynamics : Dynamics
    expiry : number, years
    normals : one list per step, one number (or array over paths) per asset
    correlated : bool
        Whether the normals are correlated already.
    """

    dynamics: Dynamics
    expiry: Any
    normals: list[list[Any]]
    correlated: bool
    factor: Factor

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.normals)

    def discounts(self) -> list[Any]:
        """Return the value today of one unit of currency at the end of each step."""
        n = self.n_steps
        return [self.dynamics.discount(self.expiry * ((k + 1) / n)) for k in range(n)]

    def shocks(self, step: int) -> list[Any]:
        """Return the step's correlated normals."""
        normals = self.normals[step]
        return normals if self.correlated else multiply(self.factor, normals)

    def law(self, log_prices: list[Any], step: int) -> tuple[list[Any], list[Any]]:
        """Return means and deviations of the log prices at the end of a step, given those at its begin."""
        return self.dynamics.law(log_prices, *self._step(step))

    def _step(self, step: int) -> tuple[float, Any]:
        """Return the time at which a step begins, and its length."""
        return float(ad.value_of(self.expiry)) * step / self.n_steps, self.expiry / self.n_steps

    def log_prices(self, until: int | None = None) -> list[list[Any]]:
        """Return the log prices at the end of each of the first `until` steps (default: all)."""
        current = self.dynamics.log_spots()
        ends = []
        for step in range(self.n_steps if until is None else until):
            move = self.dynamics.normally_moved if step == self.n_steps - 1 else self.dynamics.moved
            current = move(current, *self._step(step), self.shocks(step))
            ends.append(current)
        return ends

    def merged(self) -> Simulation:
        """Return the same end of the path reached in one step: its normals are summed."""
        if self.n_steps == 1:
            return self
        scale = 1.0 / math.sqrt(self.n_steps)
        assets = range(self.dynamics.n_assets)
        return replace(
            self, normals=[[total([normals[i] for normals in self.normals]) * scale for i in assets]]
        )
