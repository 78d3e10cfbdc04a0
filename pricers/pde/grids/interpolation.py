"""Cubic interpolation between the nodes, smooth enough for delta and gamma."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import one_number, require_instance, values_of
from pricers.number_kinds import holds_recorded
from pricers.pde.grids.lagrange import lagrange_derivatives
from pricers.pde.grids.spot_grids import Grid


def interpolate(*, grid: Grid, values: Any, spot: Any, expand: bool = False) -> Any:
    """Interpolate node values at a spot by the cubic through the four nodes around it.

    Parameters
    ----------
    grid : Grid
    values : (n_nodes,) numbers of any kind
    spot : float, currency, strictly inside the grid; may be a number being differentiated
    expand : bool
        Whether a recording holds every operation, as lanes need: it then keeps the four nodes it was made with, and a
        replay with the spot outside them raises `BranchChanged`.

    Returns
    -------
    value : number, currency
        Fourth-order accurate; its first derivative in the spot is third order, its second derivative second order.

    Raises
    ------
    AadValueError
        When the spot is outside the grid or the values are not one for each node.

    Notes
    -----
    A recording reads by one operation, `GridReading`, that finds its four nodes in every replay anew: a spot may move
    over the whole grid. Between cells the value is continuous, and its derivatives jump by the interpolant's error;
    around where it was recorded it keeps its four nodes.
    """
    require_instance("grid", grid, Grid, "a Grid, such as uniform_grid(...)")
    one_number("spot", spot)
    if np.ndim(values) != 1:
        raise AadValueError(
            f"values has shape {np.shape(values)}: must be one for each of {grid.n_nodes} nodes"
        )
    level = float(values_of(spot))
    grid.require_inside("spot", level)
    if len(values) != grid.n_nodes:
        raise AadValueError(
            f"values has {len(values)} entries: must have one for each of {grid.n_nodes} nodes"
        )
    position = ad.log(spot) if grid.coordinate == "log_spot" else spot
    numbers = [*values, position]
    if not expand and holds_recorded(numbers):
        reading = GridReading(grid.positions, float(values_of(position)))
        return ad.apply_composite(reading, ad.array(numbers))[0]
    start = cubic_start(grid.spots, level)
    nodes = grid.positions[start : start + 4].tolist()
    if not nodes[0] <= position <= nodes[3]:  # in a recording a guard
        raise AadValueError(f"spot = {spot!r}: outside the four nodes of its cubic")
    distances = [position - node for node in nodes]
    low, high = distances[0] * distances[1], distances[2] * distances[3]
    products = (distances[1] * high, distances[0] * high, low * distances[3], low * distances[2])
    value = 0.0
    for j, product in enumerate(products):
        scale = math.prod(nodes[j] - other for other in nodes if other != nodes[j])
        value = value + product * (values[start + j] / scale)
    return value


def cubic_start(nodes: Floats, point: float) -> int:
    """Return the first of the four nodes around a point."""
    start = int(np.searchsorted(nodes, point, side="right")) - 2
    return min(max(start, 0), nodes.size - 4)


@dataclass(frozen=True, eq=False)
class ReadingState:
    """First node and the cubic's weights, their first and second derivatives in the position, (3, 4), and the values'.

    slope, bend : first and second derivative of the result in the position
    """

    start: int
    weights: Floats
    slope: float
    bend: float


class GridReading(ad.Composite):
    """The cubic through the four nodes around a position, found by value.

    Operands: values at the nodes, then the position, in the coordinate of the nodes.

    Parameters
    ----------
    nodes : (n,) float, increasing
    home : float, the position where it was recorded
    """

    def __init__(self, nodes: Floats, home: float) -> None:
        self.nodes, self.home = nodes, cubic_start(nodes, home)

    def forward(self, operands: Floats) -> tuple[Floats, ReadingState]:
        """Return the value; raises where the position lies outside the nodes."""
        position = operands[-1:]
        if not self.nodes[0] < position[0] < self.nodes[-1]:
            raise AadValueError(
                f"spot: its position {position[0].item()!r} has left the grid, {self.nodes[0].item()!r} to "
                f"{self.nodes[-1].item()!r}; widen the grid"
            )
        near_home = self.nodes[self.home] <= position[0] <= self.nodes[self.home + 3]
        start = self.home if near_home else cubic_start(self.nodes, position[0])
        around = slice(start, start + 4)
        weights = lagrange_derivatives(self.nodes[None, around], position)[:, 0]
        value, slope, bend = weights @ operands[around]
        return np.array([value]), ReadingState(start, weights, slope, bend)

    def tangents(self, state: ReadingState, directions: Floats) -> Floats:
        """Return the tangents of the value, (1, d)."""
        return (self._moved(state, 0, directions) + state.slope * directions[-1])[None]

    def adjoint(self, state: ReadingState, seeds: Floats) -> Floats:
        """Return the adjoints of node values and position."""
        return self._scattered(state, seeds * state.weights[0][:, None], seeds * state.slope)[:, 0]

    def second_order(self, state: ReadingState, seeds: Floats, tangents: Floats) -> Floats:
        """Return the derivatives of the adjoint along directions."""
        seeded = seeds * tangents[-1]
        of_position = seeds * self._moved(state, 1, tangents) + state.bend * seeded
        return self._scattered(state, state.weights[1][:, None] * seeded, of_position)

    def curvature(self, state: ReadingState, seeds: Floats, tangents: Floats) -> Floats:
        """Return the second derivatives along pairs of directions: only the position has curvature."""
        seeded = seeds * tangents[-1]
        crossed = np.outer(seeded, self._moved(state, 1, tangents))
        return crossed + crossed.T + state.bend * np.outer(seeded, tangents[-1])

    def _moved(self, state: ReadingState, order: int, directions: Floats) -> Floats:
        return np.asarray(state.weights[order] @ directions[state.start : state.start + 4])

    def _scattered(self, state: ReadingState, of_nodes: Floats, of_position: Floats) -> Floats:
        bars = np.zeros((self.nodes.size + 1, of_position.size))
        bars[state.start : state.start + 4] = of_nodes
        bars[-1] = of_position
        return bars
