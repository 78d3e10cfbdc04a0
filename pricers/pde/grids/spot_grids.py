"""Space grids: uniform, concentrated by a hyperbolic sine, and uniform in the logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    one_float,
    require_choice,
    require_finite,
    require_increasing,
    require_non_negative,
    require_positive,
)

Coordinate = Literal["spot", "log_spot"]
FEWEST_NODES = 5  # four-point interpolation between two boundary values


@dataclass(frozen=True)
class Grid:
    """Increasing nodes of the spot and the coordinate in which differences are taken.

    Parameters
    ----------
    spots : (n_nodes,) float, currency, >= 0 (> 0 with `log_spot`), increasing, n_nodes >= 5
    coordinate : "spot" or "log_spot"

    Attributes
    ----------
    positions : (n_nodes,) float
        The nodes in the coordinate: the spots or their logarithms.

    Raises
    ------
    AadValueError
        When the nodes are too few, unsorted, negative, NaN, or zero in a logarithmic grid, or the coordinate is
        unknown.
    """

    spots: Floats
    coordinate: Coordinate = "spot"
    positions: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        require_choice("coordinate", self.coordinate, ("spot", "log_spot"))
        require_increasing("spots", self.spots)
        spots = np.array(self.spots, dtype=np.float64)
        if spots.size < FEWEST_NODES:
            raise AadValueError(f"spots has {spots.size} nodes: must have at least {FEWEST_NODES}")
        if self.coordinate == "log_spot":
            require_positive("spots", spots)
        require_non_negative("spots", spots)
        positions = np.log(spots) if self.coordinate == "log_spot" else spots.copy()
        for array in (spots, positions):
            array.flags.writeable = False
        object.__setattr__(self, "spots", spots)
        object.__setattr__(self, "positions", positions)

    @property
    def n_nodes(self) -> int:
        """Return the number of nodes, the two boundary nodes included."""
        return int(self.spots.size)

    def require_inside(self, name: str, level: float) -> None:
        """Raise unless `level` lies strictly between the first and the last node."""
        require_finite(name, level)
        if not self.spots[0] < level < self.spots[-1]:
            raise AadValueError(
                f"{name} = {level!r}: must lie inside the grid, between {self.spots[0].item()!r} and "
                f"{self.spots[-1].item()!r}; widen the grid"
            )


def uniform_grid(*, lowest: float, highest: float, n_nodes: int) -> Grid:
    """Space the nodes equally in the spot.

    Parameters
    ----------
    lowest, highest : float, currency, 0 <= lowest < highest
    n_nodes : int, >= 5

    Raises
    ------
    AadValueError
        When the ends are out of order, negative or not finite, or the nodes are too few.
    """
    _require_ends(lowest, highest, n_nodes)
    return Grid(np.linspace(lowest, highest, n_nodes))


def log_grid(*, lowest: float, highest: float, n_nodes: int, centre: float | None = None) -> Grid:
    """Space the nodes equally in the logarithm of the spot, one of them on `centre` where it is given.

    Parameters
    ----------
    lowest, highest : float, currency, 0 < lowest < highest
    n_nodes : int, >= 5
    centre : float or None, currency, lowest < centre < highest
        The grid is warped by at most two parts in n_nodes, smoothly, so that a node falls on it.

    Raises
    ------
    AadValueError
        When the ends are out of order, not positive or not finite, the centre is outside, or the nodes are few.
    """
    require_positive("lowest", lowest)
    _require_ends(lowest, highest, n_nodes)
    low, high = math.log(lowest), math.log(highest)
    parameters = np.linspace(0.0, 1.0, n_nodes)
    if centre is not None:
        _require_centre(centre, lowest, highest)
        parameters = _hit((math.log(centre) - low) / (high - low), n_nodes)
    spots = np.exp(low + (high - low) * parameters)
    spots[0], spots[-1] = lowest, highest
    return Grid(spots, "log_spot")


def sinh_grid(*, lowest: float, highest: float, centre: float, width: float, n_nodes: int) -> Grid:
    """Concentrate the nodes around `centre`, which is one of them.

    S = centre + width sinh(xi) with xi equally spaced up to a smooth warp of at most two parts in n_nodes.

    Parameters
    ----------
    lowest, highest : float, currency, 0 <= lowest < highest
    centre : float, currency, lowest < centre < highest
        Usually the strike, the kink of the payoff.
    width : float, currency, > 0
        Half width of the zone of nearly constant spacing.
    n_nodes : int, >= 5

    Raises
    ------
    AadValueError
        When the ends are out of order, the centre is outside, the width is not positive, or the nodes are few.

    References
    ----------
    D. Tavella and C. Randall (2000), Pricing Financial Instruments: the Finite Difference Method, eq. 5.17.
    """
    _require_ends(lowest, highest, n_nodes)
    _require_centre(centre, lowest, highest)
    require_positive("width", one_float("width", width))
    low, high = math.asinh((lowest - centre) / width), math.asinh((highest - centre) / width)
    parameters = _hit(-low / (high - low), n_nodes)
    spots = centre + width * np.sinh(low + (high - low) * parameters)
    spots[0], spots[-1] = lowest, highest
    spots[int(np.argmin(np.abs(spots - centre)))] = centre
    return Grid(spots)


def _hit(target: float, n_nodes: int) -> Floats:
    """Return n_nodes parameters from 0 to 1, a quadratic of the uniform ones, one of them equal to `target`.

    That one has an even index, so that every second node is a grid of the same kind (for extrapolation).
    """
    uniform = np.linspace(0.0, 1.0, n_nodes)
    index = 2 * round(0.5 * target * (n_nodes - 1))
    nearest = min(max(index, 2), n_nodes - 3) / (n_nodes - 1)
    bend = (target - nearest) / (nearest * (1.0 - nearest))
    return np.asarray(uniform + bend * uniform * (1.0 - uniform), dtype=np.float64)


def _require_ends(lowest: Any, highest: Any, n_nodes: Any) -> None:
    require_non_negative("lowest", one_float("lowest", lowest))
    require_finite("highest", one_float("highest", highest))
    if not lowest < highest:
        raise AadValueError(f"lowest = {lowest!r} and highest = {highest!r}: must be in increasing order")
    if not isinstance(n_nodes, int | np.integer) or n_nodes < FEWEST_NODES:
        raise AadValueError(f"n_nodes = {n_nodes!r}: must be an integer not below {FEWEST_NODES}")


def _require_centre(centre: float, lowest: float, highest: float) -> None:
    require_finite("centre", one_float("centre", centre))
    if not lowest < centre < highest:
        raise AadValueError(
            f"centre = {centre!r}: must lie between lowest = {lowest!r} and highest = {highest!r}"
        )
