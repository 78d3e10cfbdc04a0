"""The compiled forward march: all quotes in one sweep, their Jacobian by lanes, a gradient by one adjoint sweep."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_shape
from pricers.pde.forward import kernels
from pricers.pde.grids.lagrange import lagrange_stencils
from pricers.pde.grids.moneyness_grid import ForwardGrid
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.local_basis_kernels import basis_table_kernel
from pricers.types import Bools, Longs

LANES_PER_BLOCK = 48
"""Lanes of one tangent block: two blocks of (nodes x lanes) doubles stay in the second-level cache."""


class CompiledForwardMarch:
    """Prices of a fixed list of quotes as a function of the parameters of a local-volatility surface.

    Parameters
    ----------
    surface : CalibratedVolatility
        Bases, coordinates and expiry intervals; its own parameters are not used.
    grid : ForwardGrid
    log_moneyness : (n_quotes,) float
        ln(strike / forward) of each quote, inside the grid.
    expiry_index : (n_quotes,) int
        Position in ``grid.expiries``, not decreasing.
    is_call : (n_quotes,) bool
    n_threads : int, optional
        Threads that share the tangent lanes; by default the cores of this process, at most 8.

    Notes
    -----
    Prices are undiscounted and divided by the forward. Call `march` first; `jacobian` and `gradient` then hold at
    the parameters of that march. The result does not depend on the number of threads. One instance belongs to one
    thread at a time: it owns the work arrays.
    """

    def __init__(
        self,
        *,
        surface: CalibratedVolatility,
        grid: ForwardGrid,
        log_moneyness: Floats,
        expiry_index: Longs,
        is_call: Bools,
        n_threads: int | None = None,
    ) -> None:
        n_quotes = np.size(log_moneyness)
        require_shape("expiry_index", expiry_index, (n_quotes,))
        require_shape("is_call", is_call, (n_quotes,))
        if n_quotes and np.any(np.diff(expiry_index) < 0):
            raise AadValueError("expiry_index decreases: sort the quotes by expiry")
        self.surface, self.grid = surface, grid
        self.n_threads = n_threads or min(8, len(os.sched_getaffinity(0)))
        self._node, self._stencil = lagrange_stencils(grid.nodes, log_moneyness)
        self._columns = self._node[:, None] + np.arange(4)
        self._rows = np.asarray(expiry_index, dtype=np.int64)[:, None]
        # A put is call - (1 - k); the stencil of 1 - k is exact to round-off, so deep puts keep their digits.
        parity = (self._stencil * (1.0 - grid.moneyness)[self._columns]).sum(axis=1)
        self._offset = np.where(is_call, 0.0, -parity)
        self._quote_start = np.searchsorted(expiry_index, np.arange(grid.expiries.size + 1)).astype(np.int64)
        self._tabulate()
        self._variance, self._pivot, self._ratio, self._gain = np.zeros((4, *grid.shape))
        self._prices = np.zeros((grid.expiries.size, grid.nodes.size))
        self._jacobian = np.zeros((n_quotes, surface.n_parameters))

    def march(self, parameters: Any) -> Floats:
        """Return the normalised prices of the quotes, (n_quotes,): one march."""
        grid = self.grid
        self.variance(parameters)
        kernels.forward_march_kernel(
            grid.below, grid.above, grid.initial, grid.steps, grid.implicitness, grid.last_step,
            self._variance, self._pivot, self._ratio, self._gain, self._prices,
        )  # fmt: skip
        return np.asarray(
            (self._prices[self._rows, self._columns] * self._stencil).sum(axis=1) + self._offset
        )

    def variance(self, parameters: Any) -> Floats:
        """Return the local variance on the grid, (n_steps, n_nodes); a view that the next march overwrites."""
        require_shape("parameters", parameters, (self.surface.n_parameters,))
        require_finite("parameters", parameters)
        weights, levels = self.surface.split(np.ascontiguousarray(parameters, dtype=np.float64))
        kernels.log_variance_kernel(*self._tables, self._interval, weights, levels, self._variance)
        return self._variance

    def jacobian(self, scale: Floats | None = None) -> Floats:
        """Return scale[q] * d price[q] / d parameter[j] at the last march, (n_quotes, n_parameters).

        The array is reused by the next call. Cost: about ten marches for 200 parameters.
        """
        scale = np.ones(self._offset.size) if scale is None else np.ascontiguousarray(scale)
        require_shape("scale", scale, (self._offset.size,))

        def fill(block: tuple[int, int]) -> None:
            begin, end = block
            kernels.quote_tangents_kernel(
                *self._march_arrays(), *self._tables, self._interval,
                self.surface.strike_basis.size, self.surface.weights.size,
                self._quote_start, self._node, self._stencil, scale,
                begin, self._lane_start[begin:end], self._jacobian,
            )  # fmt: skip

        if self.n_threads == 1:
            for block in self._blocks:
                fill(block)
        else:
            with ThreadPoolExecutor(self.n_threads) as pool:
                list(pool.map(fill, self._blocks))
        return self._jacobian

    def gradient(self, seed: Floats) -> Floats:
        """Return the gradient of sum(seed * price) at the last march, (n_parameters,): one reverse sweep."""
        require_shape("seed", seed, (self._offset.size,))
        weights_bar = np.zeros(self.surface.weights.shape)
        levels_bar = np.zeros(self.surface.levels.shape)
        kernels.quote_adjoint_kernel(
            *self._march_arrays(), *self._tables, self._interval,
            self._quote_start, self._node, self._stencil, np.ascontiguousarray(seed), weights_bar, levels_bar,
        )  # fmt: skip
        return np.concatenate([weights_bar.ravel(), levels_bar])

    def grid_seeds(self, seed: Floats) -> Floats:
        """Return the weights of the calls at every expiry and node in sum(seed * price), (n_expiries, n_nodes)."""
        require_shape("seed", seed, (self._offset.size,))
        of_nodes = np.zeros(self._prices.shape)
        np.add.at(of_nodes, (self._rows, self._columns), self._stencil * seed[:, None])
        return of_nodes

    def _march_arrays(self) -> tuple[Any, ...]:
        grid = self.grid
        factors = (self._variance, self._pivot, self._ratio, self._gain)
        return grid.below, grid.steps, grid.implicitness, grid.last_step, *factors

    def _tabulate(self) -> None:
        """Tabulate the bases on the grid and find the step at which each parameter first matters."""
        surface, grid = self.surface, self.grid
        times = grid.midpoints
        first_t, in_t = surface.time_basis.tabulate(surface.time_coordinate(times))
        first_u = np.empty(grid.shape, dtype=np.int64)
        in_u = np.empty((*grid.shape, surface.strike_basis.degree + 1))
        u = np.arcsinh(grid.nodes / surface.scale(times)[:, None])
        basis = surface.strike_basis
        basis_table_kernel(u, basis.breakpoints, basis.pieces, first_u, in_u)
        self._tables = first_u, in_u, first_t, in_t
        self._interval = surface.interval(times)
        felt = np.full(surface.time_basis.size, times.size)
        for j in range(in_t.shape[1]):
            alive = np.flatnonzero(in_t[:, j])[::-1]
            felt[first_t[alive] + j] = np.minimum(felt[first_t[alive] + j], alive)
        felt = np.minimum.accumulate(felt[::-1])[::-1]
        of_weights = np.repeat(felt, surface.strike_basis.size)
        of_levels = np.searchsorted(self._interval, np.arange(surface.levels.size))
        self._lane_start = np.concatenate([of_weights, of_levels]).astype(np.int64)
        cuts = [*range(0, of_weights.size, LANES_PER_BLOCK), of_weights.size]
        cuts += [*range(of_weights.size, self._lane_start.size, LANES_PER_BLOCK), self._lane_start.size]
        self._blocks = [(a, b) for a, b in itertools.pairwise(cuts) if b > a]
