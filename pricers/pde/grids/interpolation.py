"""Cubic interpolation between the nodes, smooth enough for delta and gamma."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.validation import values_of
from pricers.pde.grids.spot_grids import Grid


def interpolate(*, grid: Grid, values: Any, spot: Any) -> Any:
    """Interpolate node values at a spot by the cubic through the four nodes around it.

    Parameters
    ----------
    grid : Grid
    values : (n_nodes,) numbers of any kind
    spot : float, currency, strictly inside the grid; may be a number being differentiated

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
    Replaying a recording with the spot outside the four nodes it was recorded between raises `BranchChanged`.
    """
    level = float(values_of(spot))
    grid.require_inside("spot", level)
    if len(values) != grid.n_nodes:
        raise AadValueError(
            f"values has {len(values)} entries: must have one for each of {grid.n_nodes} nodes"
        )
    start = int(np.searchsorted(grid.spots, level, side="right")) - 2
    start = min(max(start, 0), grid.n_nodes - 4)
    nodes = grid.positions[start : start + 4].tolist()
    position = ad.log(spot) if grid.coordinate == "log_spot" else spot
    if (
        not nodes[0] <= position <= nodes[3]
    ):  # in a recording a guard: a replay may not leave these four nodes
        raise AadValueError(f"spot = {spot!r}: outside the four nodes of its cubic")
    distances = [position - node for node in nodes]
    low, high = distances[0] * distances[1], distances[2] * distances[3]
    products = (distances[1] * high, distances[0] * high, low * distances[3], low * distances[2])
    value = 0.0
    for j, product in enumerate(products):
        scale = math.prod(nodes[j] - other for other in nodes if other != nodes[j])
        value = value + product * (values[start + j] / scale)
    return value
