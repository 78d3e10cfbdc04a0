"""Extrapolated central differences in one input of the book, and steps short enough for its pricing grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.types import Floats

if TYPE_CHECKING:
    from pricers.pde.grids import ForwardGrid

_LOG_BUMP = 5e-4


def spot_step(grid: ForwardGrid, spot: float) -> float:
    """Return the smaller step of extrapolated differences in spot: the prices stay in the cells they are read from."""
    return _step_in_cells(grid) * spot


def rate_step(grid: ForwardGrid) -> float:
    """Return the smaller step of extrapolated differences in the rate, within the same cells at the last expiry."""
    return _step_in_cells(grid) / max(1.0, float(grid.expiries[-1]))


def _step_in_cells(grid: ForwardGrid) -> float:
    """Half the narrowest spacing, 5e-4 at most: beyond, prices are read from other nodes."""
    return min(_LOG_BUMP, 0.5 * float(np.diff(grid.nodes).min()))


def bumped(point: Floats, coordinate: int, step: float) -> Floats:
    """Return `point` with one coordinate bumped by a step."""
    result = point.copy()
    result[coordinate] += step
    return result


def differences(function: Callable[[float], Any], step: float) -> tuple[Any, Any]:
    """Return first and second central differences at 0, extrapolated from `step` and twice that to fourth order."""
    up, down, far_up, far_down = (function(k * step) for k in (1.0, -1.0, 2.0, -2.0))
    first = (8.0 * (up - down) - (far_up - far_down)) / (12.0 * step)
    second = (16.0 * (up + down) - (far_up + far_down) - 30.0 * function(0.0)) / (12.0 * step * step)
    return first, second
