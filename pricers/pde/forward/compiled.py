"""The compiled forward march: all quotes in one sweep, their Jacobian by lanes, a gradient by one adjoint sweep."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_shape
from pricers.pde.forward.recorded import forward_plan
from pricers.pde.grids.lagrange import lagrange_stencils
from pricers.pde.grids.moneyness_grid import ForwardGrid
from pricers.pde.march.lanes import weight_lanes
from pricers.pde.march.state import MarchState, adjoint_of, march
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.types import Bools, Longs


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
        Threads that share the tangent lanes; by default `AADLIB_NUM_THREADS`, or all cores.

    Notes
    -----
    Prices are undiscounted and divided by the forward. Call `march` first; `jacobian` and `gradient` then hold at
    the parameters of that march. The result does not depend on the number of threads. One instance belongs to one
    thread at a time: it keeps the last march. It is the march of `march_forward` recorded as one operation, by the same
    kernels.
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
        self.n_threads = n_threads
        node, stencil = lagrange_stencils(grid.nodes, log_moneyness)
        columns = node[:, None] + np.arange(4)
        # A put is call - (1 - k); the stencil of 1 - k is exact to round-off, so deep puts keep their digits.
        parity = (stencil * (1.0 - grid.moneyness)[columns]).sum(axis=1)
        self._offset = np.where(is_call, 0.0, -parity)
        results = np.asarray(expiry_index, dtype=np.int64)[:, None] * grid.nodes.size + columns
        self._reading = csr_array(
            (stencil.ravel(), results.ravel(), 4 * np.arange(n_quotes + 1)),
            shape=(n_quotes, grid.expiries.size * grid.nodes.size),
        )
        x = np.broadcast_to(grid.nodes[1:-1], (grid.shape[0], grid.shape[1] - 2))
        self._plan, self._others = forward_plan(
            grid, surface.table(np.ascontiguousarray(x), grid.midpoints), "log_volatility"
        )
        self._state: MarchState | None = None
        self._lanes: Floats | None = None

    def march(self, parameters: Any) -> Floats:
        """Return the normalised prices of the quotes, (n_quotes,): one march."""
        require_shape("parameters", parameters, (self.surface.n_parameters,))
        require_finite("parameters", parameters)
        numbers = np.concatenate([np.asarray(parameters, dtype=np.float64), self._others])
        self._state, _ = march(self._plan, self._plan.parts(numbers))
        return np.asarray(self._reading @ self._state.results.ravel() + self._offset)

    def variance(self, parameters: Any) -> Floats:
        """Return the local variance on the grid, (n_steps, n_nodes)."""
        surface = self.surface.with_parameters(np.asarray(parameters, dtype=np.float64))
        nodes, times = self.grid.nodes, self.grid.midpoints[:, None]
        return np.asarray(surface.local_volatility(log_moneyness=nodes, time=times) ** 2)

    def jacobian(self, scale: Floats | None = None) -> Floats:
        """Return scale[q] * d price[q] / d parameter[j] at the last march, (n_quotes, n_parameters).

        Cost: some five marches for 200 parameters.
        """
        reading = self._reading
        if scale is not None:
            require_shape("scale", scale, (self._offset.size,))
            weights = reading.data * np.repeat(scale, 4)
            reading = csr_array((weights, reading.indices, reading.indptr), shape=reading.shape)
        used, columns, self._lanes, _ = weight_lanes(
            self._plan, self._marched(), None, False, self.n_threads, self._lanes
        )
        of_used = (reading @ self._lanes)[:, columns]
        if used.size == self.surface.n_parameters:
            return np.asarray(of_used)
        jacobian = np.zeros((self._offset.size, self.surface.n_parameters))
        jacobian[:, used] = of_used
        return jacobian

    def gradient(self, seed: Floats) -> Floats:
        """Return the gradient of sum(seed * price) at the last march, (n_parameters,): one reverse sweep."""
        seeds = self.grid_seeds(seed).ravel()
        adjoint = adjoint_of(self._plan, self._marched(), seeds, with_coefficients=False, with_weights=True)
        return adjoint.operands[: self.surface.n_parameters]

    def grid_seeds(self, seed: Floats) -> Floats:
        """Return the weights of the calls at every expiry and node in sum(seed * price), (n_expiries * n_nodes,)."""
        require_shape("seed", seed, (self._offset.size,))
        return np.asarray(self._reading.T @ np.asarray(seed, dtype=np.float64))

    def _marched(self) -> MarchState:
        if self._state is None:
            raise AadValueError("no march yet: call march(parameters) first")
        return self._state
