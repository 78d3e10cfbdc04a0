"""Option values read off the nodes of a forward march, as one operation that finds its cells anew in every replay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_increasing, require_shape, values_of
from pricers.pde.grids.lagrange import lagrange_derivatives, lagrange_start
from pricers.types import Bools, Longs

READING_WIDTH = 6
"""Nodes that a price is read from: with six, the gamma of the reading is of fourth order, above the march's own."""


@dataclass(frozen=True, eq=False)
class ReadingState:
    """Positions among the operands (n_options, READING_WIDTH), Lagrange weights and their derivatives, and the values'.

    weights : (3, n_options, READING_WIDTH), the weights and their first and second derivatives in x
    slope, bend : (n_options,), first and second derivative of each result in its own x
    """

    positions: Longs
    weights: Floats
    slope: Floats
    bend: Floats


class ForwardReading(ad.Composite):
    """Undiscounted options over the forward at x = ln(strike / forward), between the nodes.

    Operands: calls at the nodes, expiry by expiry, then x of each option. The out-of-the-money option is interpolated
    and the other one follows by parity, which then holds to round-off.

    Parameters
    ----------
    nodes : (n_nodes,) float, increasing
    rows : (n_options,) int, which expiry of the operands each option has
    is_call : (n_options,) bool
    home : (n_options,) float, x where it was recorded

    Notes
    -----
    Nodes are those around `home` while x has not left their three inner cells, so that a recording is smooth around
    where it was made; further on they are those around x. Where nodes change the interpolant is continuous up to its
    error, and its derivatives jump by theirs.
    """

    def __init__(self, nodes: Floats, rows: Longs, is_call: Bools, home: Floats) -> None:
        self.nodes, self.rows, self.is_call = nodes, rows, is_call
        self.home = lagrange_start(nodes, home, READING_WIDTH)

    def forward(self, operands: Floats) -> tuple[Floats, ReadingState]:
        """Return the options' values (n_options,); raises where an x lies outside the nodes."""
        n_options = self.rows.size
        x = operands[operands.size - n_options :]
        near_home = (self.nodes[self.home + 1] <= x) & (x <= self.nodes[self.home + READING_WIDTH - 2])
        start = np.where(near_home, self.home, lagrange_start(self.nodes, x, READING_WIDTH))
        around = start[:, None] + np.arange(READING_WIDTH)
        positions = self.rows[:, None] * self.nodes.size + around
        near = self.nodes[around]
        weights = lagrange_derivatives(near, x)
        read_put = near[:, READING_WIDTH // 2 - 1] < 0.0
        values = operands[positions] - np.where(read_put[:, None], -np.expm1(near), 0.0)
        read, slope, bend = (weights * values).sum(axis=2)
        # By parity 1 for a call that is read as a put, -1 for a put that is read as a call.
        parity = self.is_call.astype(np.float64) - ~read_put
        moneyness = parity * np.exp(x)
        return read - parity * np.expm1(x), ReadingState(
            positions, weights, slope - moneyness, bend - moneyness
        )

    def tangents(self, state: ReadingState, directions: Floats) -> Floats:
        """Return the tangents of the results (n_options, d)."""
        return self._moved(state, 0, directions) + state.slope[:, None] * directions[-self.rows.size :]

    def adjoint(self, state: ReadingState, seeds: Floats) -> Floats:
        """Return the adjoints of nodes and x."""
        return self.adjoints(state, seeds[:, None])[:, 0]

    def adjoints(self, state: ReadingState, seeds: Floats) -> Floats:
        """Return `adjoint` for columns of seeds (n_options, d)."""
        of_nodes = state.weights[0, ..., None] * seeds[:, None]
        return self._scattered(state.positions, of_nodes, state.slope[:, None] * seeds)

    def second_order(self, state: ReadingState, seeds: Floats, tangents: Floats) -> Floats:
        """Return the derivatives of the adjoint along directions."""
        seeded = seeds[:, None] * tangents[-self.rows.size :]
        of_points = seeds[:, None] * self._moved(state, 1, tangents) + state.bend[:, None] * seeded
        return self._scattered(state.positions, state.weights[1, ..., None] * seeded[:, None], of_points)

    def curvature(self, state: ReadingState, seeds: Floats, tangents: Floats) -> Floats:
        """Return the second derivatives along pairs of directions: only x has curvature, with itself and its nodes."""
        of_points = tangents[-self.rows.size :]
        moving = np.flatnonzero(of_points.any(axis=0))  # few directions move x
        seeded = seeds[:, None] * of_points[:, moving]
        result = np.zeros((tangents.shape[1], tangents.shape[1]))
        crossed = seeded.T @ self._moved(state, 1, tangents)
        result[moving] += crossed
        result[:, moving] += crossed.T
        result[moving] += seeded.T @ (state.bend[:, None] * of_points)
        return result

    def _moved(self, state: ReadingState, order: int, directions: Floats) -> Floats:
        """Return what the nodes' motion does to the results, or to their derivative in x."""
        return np.asarray(np.einsum("qk,qkd->qd", state.weights[order], directions[state.positions]))

    def _scattered(self, positions: Longs, of_nodes: Floats, of_points: Floats) -> Floats:
        n_options = self.rows.size
        bars = np.zeros(((int(self.rows.max()) + 1) * self.nodes.size + n_options, of_points.shape[1]))
        np.add.at(bars, positions, of_nodes)
        bars[-n_options:] = of_points
        return bars


def read_options(*, nodes: Floats, calls: Any, rows: Any, log_moneyness: Any, is_call: Any) -> Any:
    """Read undiscounted options over the forward off a forward march.

    Parameters
    ----------
    nodes : (n_nodes,) float, those of the grid
    calls : (n_expiries, n_nodes) numbers, as `march_forward` returns them
    rows : (n_options,) int, which expiry of the grid each option has
    log_moneyness : (n_options,) numbers, ln(strike / forward), inside the nodes
    is_call : (n_options,) bool

    Returns
    -------
    (n_options,) numbers, floats or recorded
        Times forward and discount factor they are prices.

    Raises
    ------
    AadValueError
        When a row is none of the expiries, a log-moneyness lies outside the nodes, lengths differ, there are no options
        or fewer than six nodes, or nodes do not increase.
    AadTypeError
        When rows are no whole numbers.

    Examples
    --------
    A put and a call, differentiable in a volatility that grows with time and in the spot, whatever the curve:

    >>> import numpy as np, aadlib as ad
    >>> from pricers.pde import forward_grid, march_forward
    >>> expiries, strikes = np.array([0.5, 1.0]), np.array([90.0, 110.0])
    >>> grid = forward_grid(expiries=expiries, first_deviation=0.1, lower=-1.5, upper=1.5, n_nodes=100)
    >>> def prices(x):
    ...     def variance(step):
    ...         return [(x[1] + x[2] * grid.midpoints[step]) ** 2] * grid.nodes.size
    ...     calls = march_forward(grid=grid, variance=variance)
    ...     log_moneyness = np.log(strikes / 100.0) - np.log(x[0] / 100.0)
    ...     return x[0] * read_options(
    ...         nodes=grid.nodes, calls=calls, rows=[0, 1], log_moneyness=log_moneyness, is_call=[False, True]
    ...     )
    >>> program = ad.record(prices, [100.0, 0.2, 0.05])
    >>> program.jacobian([100.0, 0.2, 0.05]).shape, len(program.composites)
    ((2, 3), 2)
    """
    points, wanted = np.asarray(log_moneyness), np.asarray(rows)
    require_increasing("nodes", nodes)
    if nodes.size < READING_WIDTH:
        raise AadValueError(
            f"nodes = {nodes.tolist()}: a price is read from {READING_WIDTH}, give as many at least"
        )
    if points.ndim != 1 or points.size == 0:
        raise AadValueError(f"log_moneyness has shape {points.shape}: give a list of at least one")
    if not np.issubdtype(wanted.dtype, np.integer):
        raise AadTypeError(f"rows = {wanted.tolist()}: give whole numbers")
    require_shape("calls", calls, (np.shape(calls)[0], nodes.size))
    require_shape("rows", wanted, points.shape)
    require_shape("is_call", is_call, points.shape)
    if wanted.min() < 0 or wanted.max() >= len(calls):
        raise AadValueError(f"rows = {wanted.tolist()}: must be among the {len(calls)} expiries of calls")
    used, position = np.unique(wanted, return_inverse=True)
    operation = ForwardReading(nodes, position, np.asarray(is_call, dtype=np.bool_), values_of(points))
    return ad.apply_composite(operation, ad.array([*calls[used].ravel().tolist(), *points.tolist()]))
