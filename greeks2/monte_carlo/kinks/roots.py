"""All the roots of a function of one number, for many lanes at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aadlib.types import Floats

REACH = 8.5
"""Beyond it the normal density is below 1e-16."""

CELLS = 17

MOST_STEPS = 100

CORNERS = 3
"""Steps towards the bottom of a dip with a kink."""

Function = Callable[[npt.NDArray[np.intp], Floats], tuple[Floats, Floats]]
"""Of the numbers of some lanes and one argument for each: values and slopes."""


class Roots(NamedTuple):
    """Where the function crosses zero: the lane of each root, in ascending order, and the argument."""

    lanes: npt.NDArray[np.intp]
    along: Floats


def all_roots(function: Function, n_lanes: int) -> Roots:
    """Return the roots between -REACH and REACH of a function on every lane, smooth but for kinks.

    Each cell of a grid with a change of sign is searched by Newton's method, which falls back on halving the bracket.
    A cell without one that falls and rises is cut at the bottom of the dip, that of the cubic through values and slopes
    or the corner that the two tangents make, so that two roots in one cell are found unless the function turns several
    times within it.
    """
    grid = np.linspace(-REACH, REACH, CELLS + 1)
    every = np.arange(n_lanes)
    swept = [function(every, np.full(n_lanes, along)) for along in grid]
    values, slopes = np.array([v for v, _ in swept]), np.array([s for _, s in swept])
    cell, lanes = np.nonzero((values[:-1] < 0.0) != (values[1:] < 0.0))
    left, right, rising = grid[cell], grid[cell + 1], values[cell + 1, lanes] > values[cell, lanes]
    cuts = _dips(function, grid, values, slopes)
    lanes = np.concatenate([lanes, *(part[0] for part in cuts)])
    left = np.concatenate([left, *(part[1] for part in cuts)])
    right = np.concatenate([right, *(part[2] for part in cuts)])
    rising = np.concatenate([rising, *(part[3] for part in cuts)])
    order = np.lexsort((left, lanes))
    lanes, left, right, rising = lanes[order], left[order], right[order], rising[order]
    return Roots(lanes, _polished(function, lanes, left, right, rising))


Brackets = tuple[npt.NDArray[np.intp], Floats, Floats, npt.NDArray[np.bool_]]


def _dips(function: Function, grid: Floats, values: Floats, slopes: Floats) -> list[Brackets]:
    """Return brackets in cells whose ends have one sign and whose inside has the other."""
    width = grid[1] - grid[0]
    y0, y1, s0, s1 = values[:-1], values[1:], slopes[:-1] * width, slopes[1:] * width
    side = np.where(y0 < 0.0, -1.0, 1.0)
    cell, lanes = np.nonzero(((y0 < 0.0) == (y1 < 0.0)) & (side * s0 < 0.0) & (side * s1 > 0.0))
    if not cell.size:
        return []
    y0, y1, s0, s1, side = (part[cell, lanes] for part in (y0, y1, s0, s1, side))
    # The cubic y0 + s0 u + c2 u^2 + c3 u^3 on 0..1 has its dip where s0 + 2 c2 u + 3 c3 u^2 vanishes, rising.
    c2, c3 = 3.0 * (y1 - y0) - 2.0 * s0 - s1, 2.0 * (y0 - y1) + s0 + s1
    root = np.sqrt(np.maximum(c2 * c2 - 3.0 * c3 * s0, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        u = -s0 / (c2 + side * root)
    u = np.where(np.isfinite(u), u, 0.5)
    bottom = grid[cell] + np.clip(u, 0.01, 0.99) * width
    depth = side * function(lanes, bottom)[0]
    # A function with a kink has its dip near the corner of the tangents of both ends, which come nearer step by step.
    left, right, s0, s1 = grid[cell], grid[cell + 1], s0 / width, s1 / width
    for _ in range(CORNERS):
        with np.errstate(divide="ignore", invalid="ignore"):
            corner = (y1 - y0 + s0 * left - s1 * right) / (s0 - s1)
        corner = np.where((corner > left) & (corner < right), corner, 0.5 * (left + right))
        value, slope = function(lanes, corner)
        deeper = side * value < depth
        bottom, depth = np.where(deeper, corner, bottom), np.where(deeper, side * value, depth)
        falls = side * slope < 0.0
        left, y0, s0 = (np.where(falls, *pair) for pair in ((corner, left), (value, y0), (slope, s0)))
        right, y1, s1 = (np.where(falls, *pair) for pair in ((right, corner), (y1, value), (s1, slope)))
    below = depth < 0.0
    lanes, cell, bottom, side = lanes[below], cell[below], bottom[below], side[below]
    return [
        (lanes, grid[cell], bottom, side < 0.0),
        (lanes, bottom, grid[cell + 1], side > 0.0),
    ]


def _polished(
    function: Function,
    lanes: npt.NDArray[np.intp],
    left: Floats,
    right: Floats,
    rising: npt.NDArray[np.bool_],
) -> Floats:
    """Return the root in each bracket to the last bits."""
    left, right = left.copy(), right.copy()
    along = 0.5 * (left + right)
    open_ = np.arange(lanes.size)
    for _ in range(MOST_STEPS):
        if not open_.size:
            break
        x = along[open_]
        y, slope = function(lanes[open_], x)
        above = (y > 0.0) == rising[open_]
        right[open_] = np.where(above, x, right[open_])
        left[open_] = np.where(above, left[open_], x)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = x - y / slope
        inside = (step > left[open_]) & (step < right[open_])
        new = np.where(y == 0.0, x, np.where(inside, step, 0.5 * (left[open_] + right[open_])))
        along[open_] = new
        open_ = open_[np.abs(new - x) > 4e-15 * (1.0 + np.abs(x))]
    return along
