"""All the roots of a function of one number, for many lanes at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aadlib.types import Floats

REACH = 8.5
"""Beyond it the normal density is below 1e-16."""

CELLS = 17

HALVINGS = 8
"""How often a cell is halved at most: to 1/256."""

SMOOTH = 0.04
"""How far the middle of a cell may be from what its ends say, relative to how much the function varies in it."""

CORNERS_PER_LANE = 24
"""So many cells that are never resolved are corners of the function; more are turns without number."""

MOST_STEPS = 100

CORNERS = 3
"""Steps towards the bottom of a dip with a kink."""

Function = Callable[[npt.NDArray[np.intp], Floats], tuple[Floats, Floats]]
"""Of the numbers of some lanes and one argument for each: values and slopes."""


class Roots(NamedTuple):
    """Where the function crosses zero: the lane of each root, in ascending order, and the argument.

    `doubtful` are the lanes in which the function turns so often that roots may be missing.
    """

    lanes: npt.NDArray[np.intp]
    along: Floats
    doubtful: npt.NDArray[np.intp]


class Cells(NamedTuple):
    """Intervals on lanes, with values and slopes at both ends."""

    lanes: npt.NDArray[np.intp]
    left: Floats
    right: Floats
    y0: Floats
    y1: Floats
    s0: Floats
    s1: Floats

    def chosen(self, which: npt.NDArray[Any]) -> Cells:
        """Return some of the cells."""
        return Cells(*(part[which] for part in self))


def all_roots(function: Function, n_lanes: int) -> Roots:
    """Return the roots between -REACH and REACH of a function on every lane, smooth but for kinks.

    The cells of a grid are halved until the cubic through the values and slopes at their ends says what is in their
    middle: a cell that is resolved has no turns that its ends do not tell of. Each cell with a change of sign is then
    searched by Newton's method, which falls back on halving the bracket. A cell without one that falls and rises is cut
    at the bottom of the dip, that of the cubic or the corner that the two tangents make.
    """
    cells, doubtful = _resolved_cells(function, n_lanes)
    crossing = cells.chosen((cells.y0 < 0.0) != (cells.y1 < 0.0))
    whole = (crossing.lanes, crossing.left, crossing.right, crossing.y1 > crossing.y0)
    parts = [whole, *_dips(function, cells)]
    lanes, left, right, rising = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((left, lanes))
    lanes, left, right, rising = lanes[order], left[order], right[order], rising[order]
    return Roots(lanes, _polished(function, lanes, left, right, rising), doubtful)


def _resolved_cells(function: Function, n_lanes: int) -> tuple[Cells, npt.NDArray[np.intp]]:
    """Return cells that cover the range on every lane, and the lanes on which many were not resolved."""
    grid = np.linspace(-REACH, REACH, CELLS + 1)
    every = np.arange(n_lanes)
    swept = [function(every, np.full(n_lanes, along)) for along in grid]
    values, slopes = np.array([v for v, _ in swept]), np.array([s for _, s in swept])
    cell, lanes = np.divmod(np.arange(CELLS * n_lanes), max(1, n_lanes))
    ends = (part[index, lanes] for part in (values, slopes) for index in (cell, cell + 1))
    open_ = Cells(lanes, grid[cell], grid[cell + 1], *ends)
    done: list[Cells] = []
    for _ in range(HALVINGS):
        if not open_.lanes.size:
            break
        middle = 0.5 * (open_.left + open_.right)
        y, s = function(open_.lanes, middle)
        resolved = _is_resolved(open_, y, s)
        halves = [
            open_._replace(right=middle, y1=y, s1=s),
            open_._replace(left=middle, y0=y, s0=s),
        ]
        done += [half.chosen(resolved) for half in halves]
        pairs = zip(*(half.chosen(~resolved) for half in halves), strict=True)
        open_ = Cells(*(np.concatenate(pair) for pair in pairs))
    unresolved = np.bincount(open_.lanes, minlength=n_lanes)
    joined = Cells(*(np.concatenate(parts) for parts in zip(*done, open_, strict=True)))
    return joined, np.flatnonzero(unresolved > CORNERS_PER_LANE)


def _is_resolved(cells: Cells, y: Floats, s: Floats) -> npt.NDArray[np.bool_]:
    """Return whether the cubic through both ends predicts what is in the middle, as far as a root may depend on it."""
    width = cells.right - cells.left
    predicted = 0.5 * (cells.y0 + cells.y1) + 0.125 * width * (cells.s0 - cells.s1)
    slope = 1.5 * (cells.y1 - cells.y0) / width - 0.25 * (cells.s0 + cells.s1)
    bent = width * (np.abs(cells.s0) + np.abs(cells.s1) + np.abs(s))
    varies = np.maximum(np.maximum(np.abs(cells.y0 - y), np.abs(cells.y1 - y)), bent)
    off = np.maximum(np.abs(predicted - y), 0.25 * width * np.abs(slope - s))
    away = np.minimum(np.minimum(np.abs(cells.y0), np.abs(cells.y1)), np.abs(y))
    same_side = ((cells.y0 < 0.0) == (cells.y1 < 0.0)) & ((cells.y0 < 0.0) == (y < 0.0))
    resolved: npt.NDArray[np.bool_] = (off <= SMOOTH * varies) | (same_side & (away > 4.0 * (varies + off)))
    return resolved | ~np.isfinite(off)


Brackets = tuple[npt.NDArray[np.intp], Floats, Floats, npt.NDArray[np.bool_]]


def _dips(function: Function, cells: Cells) -> list[Brackets]:
    """Return brackets in cells whose ends have one sign and whose inside has the other."""
    side = np.where(cells.y0 < 0.0, -1.0, 1.0)
    dipping = ((cells.y0 < 0.0) == (cells.y1 < 0.0)) & (side * cells.s0 < 0.0) & (side * cells.s1 > 0.0)
    lanes, begin, end, y0, y1, s0, s1 = cells.chosen(dipping)
    side, width = side[dipping], end - begin
    if not lanes.size:
        return []
    s0, s1 = s0 * width, s1 * width
    # The cubic y0 + s0 u + c2 u^2 + c3 u^3 on 0..1 has its dip where s0 + 2 c2 u + 3 c3 u^2 vanishes, rising.
    c2, c3 = 3.0 * (y1 - y0) - 2.0 * s0 - s1, 2.0 * (y0 - y1) + s0 + s1
    root = np.sqrt(np.maximum(c2 * c2 - 3.0 * c3 * s0, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        u = -s0 / (c2 + side * root)
    u = np.where(np.isfinite(u), u, 0.5)
    bottom = begin + np.clip(u, 0.01, 0.99) * width
    depth = side * function(lanes, bottom)[0]
    # A function with a kink has its dip near the corner of the tangents of both ends, which come nearer step by step.
    left, right, s0, s1 = begin, end, s0 / width, s1 / width
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
    lanes, begin, end, bottom, side = lanes[below], begin[below], end[below], bottom[below], side[below]
    return [
        (lanes, begin, bottom, side < 0.0),
        (lanes, bottom, end, side > 0.0),
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
