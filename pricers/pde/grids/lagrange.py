"""Lagrange interpolation on a few nodes around each point: the nodes, the weights and their derivatives."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.pde.grids.lagrange_kernels import lagrange_kernel
from pricers.types import Longs


def lagrange_start(nodes: Floats, points: Floats, width: int) -> Longs:
    """Return the first of the `width` nodes around each point; raises if a point lies outside the nodes."""
    if points.size and not (nodes[0] <= points.min() and points.max() <= nodes[-1]):
        raise AadValueError(
            f"log-moneyness runs from {points.min().item()!r} to {points.max().item()!r}: must lie inside the grid, "
            f"{nodes[0].item()!r} to {nodes[-1].item()!r}; widen the grid"
        )
    before = np.searchsorted(nodes, points, side="right") - width // 2
    return np.asarray(np.clip(before, 0, nodes.size - width))


def lagrange_weights(nodes: Sequence[Any], point: Any) -> list[Any]:
    """Return the Lagrange weights of a few nodes at a point of any number type.

    Products from both ends serve all weights: three multiplications each, whatever their number.
    """
    distances = [point - node for node in nodes]
    up_to = list(itertools.accumulate(distances[:-1], lambda product, distance: product * distance))
    from_on = list(itertools.accumulate(distances[:0:-1], lambda product, distance: product * distance))[::-1]
    products = [from_on[0], *(a * b for a, b in zip(up_to[:-1], from_on[1:], strict=True)), up_to[-1]]
    weights = []
    for j, product in enumerate(products):
        scale: Any = 1.0
        for i, node in enumerate(nodes):
            if i != j:
                scale = scale * (nodes[j] - node)
        weights.append(product * (1.0 / scale))
    return weights


def lagrange_derivatives(nodes: Floats, points: Floats) -> Floats:
    """Return the Lagrange weights of nodes (n, width) at points (n,), and two derivatives, (3, n, width)."""
    result = np.empty((3, *nodes.shape))
    lagrange_kernel(np.ascontiguousarray(nodes), np.ascontiguousarray(points), result)
    return result


def lagrange_stencils(nodes: Floats, points: Floats) -> tuple[Longs, Floats]:
    """Four-point Lagrange interpolation: first nodes, (n_points,), and weights, (n_points, 4).

    Raises
    ------
    AadValueError
        If a point lies outside the nodes.
    """
    points = np.asarray(points, dtype=np.float64)
    first = lagrange_start(nodes, points, 4)
    local = nodes[first[:, None] + np.arange(4)]
    return first, np.stack(lagrange_weights(list(local.T), points), axis=1)
