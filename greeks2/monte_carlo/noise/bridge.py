"""Brownian bridge: the first numbers decide where a path ends, the next ones its middle, and so on."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import NamedTuple

import numpy as np

from aadlib.types import Floats


class Midpoint(NamedTuple):
    """One point of the path, drawn between two that are known: left_weight * left + right_weight * right + spread * z.

    `left` and `right` are times in steps; at time 0 the path is 0.
    """

    at: int
    left: int
    right: int
    left_weight: float
    right_weight: float
    spread: float


@lru_cache(maxsize=64)
def midpoints(n_steps: int) -> tuple[Midpoint, ...]:
    """Return the points of a path over equal steps in the order in which they are drawn, its end first.

    References
    ----------
    Glasserman (2004), Monte Carlo Methods in Financial Engineering, section 3.1, equation 3.7.
    """
    points = [Midpoint(n_steps, 0, 0, 0.0, 0.0, sqrt(n_steps))]
    gaps = [(0, n_steps)]
    while gaps:  # breadth first: a coarse path before any finer one
        wider = []
        for left, right in gaps:
            if right - left < 2:
                continue
            at, length = (left + right) // 2, right - left
            spread = sqrt((at - left) * (right - at) / length)
            points.append(Midpoint(at, left, right, (right - at) / length, (at - left) / length, spread))
            wider += [(left, at), (at, right)]
        gaps = wider
    return tuple(points)


def bridge(normals: Floats) -> Floats:
    """Return the normal increments, one per step, of the Brownian paths that `normals` draw coarse to fine.

    Parameters
    ----------
    normals : (n_paths, n_steps, n_assets), independent, the most important first

    Returns
    -------
    (n_paths, n_steps, n_assets), independent standard normals again: the map is orthogonal
    """
    n_steps = normals.shape[1]
    paths = np.empty_like(normals)
    for k, point in enumerate(midpoints(n_steps)):
        values = point.spread * normals[:, k]
        if point.right:
            values += point.right_weight * paths[:, point.right - 1]
        if point.left:
            values += point.left_weight * paths[:, point.left - 1]
        paths[:, point.at - 1] = values
    increments = paths.copy()
    increments[:, 1:] -= paths[:, :-1]
    return increments
