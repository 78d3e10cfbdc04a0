"""A surface that moves with the logarithm of the spot: what a smile that is sticky in moneyness does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.types import Floats
from aadlib.validation import require_finite, values_of
from pricers.curves.rate_curve import accumulated, is_curve, require_rate
from pricers.number_kinds import is_plain
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.later_volatility import LaterVolatility, later_volatility
from pricers.surfaces.moved_variance import moved_predictor
from pricers.surfaces.surface import Tabulated
from pricers.surfaces.term_volatility import TermVolatility


@dataclass(frozen=True, eq=False)
class MovingVolatility:
    """The volatility that another surface has at S exp(-move(t)), move(t) = move + integral of carry from 0 to t.

    Parameters
    ----------
    surface : VolatilitySurface
    move : number of any kind
        ln(spot / spot of the day of the surface) where the smile keeps its place in moneyness, 0 where it stays.
    carry : number of any kind or RateCurve, per year
        By how much the forward grows faster than on the day of the surface, likewise.
    """

    surface: Any
    move: Any
    carry: Any = 0.0

    def __post_init__(self) -> None:
        require_finite("move", self.move)
        require_rate("carry", self.carry)

    @property
    def numbers(self) -> list[Any]:
        """Those of the surface."""
        return list(self.surface.numbers)

    def with_numbers(self, numbers: Any) -> MovingVolatility:
        """Return the surface at other numbers, as far away."""
        return replace(self, surface=self.surface.with_numbers(numbers))

    @property
    def seams(self) -> Any:
        """Those of the surface."""
        return self.surface.seams

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the volatilities at spots and one time."""
        move = self.moved(time)
        if is_plain(move):
            return self.surface(np.asarray(spots) * np.exp(-values_of(move)), time)
        logarithms = np.log(np.atleast_1d(values_of(spots))).tolist()
        found = self.surface.along_paths(ad.array([x - move for x in logarithms]), time)
        return found if np.ndim(spots) or np.ndim(found) == 0 else found[0]

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the volatility of a step, at the logarithm of a spot that is another on every path."""
        return self.surface.along_paths(log_spot - self.moved(time + 0.5 * length), time, length)

    def moved(self, time: Any) -> Any:
        """Return by how much the surface has moved at a float time."""
        return self.move + accumulated(self.carry, time)


@dataclass(frozen=True, eq=False)
class MovingCalibratedVolatility(MovingVolatility):
    """The same of a calibrated surface, which a march takes as a table."""

    def tabulated(self, spots: Floats, times: Floats) -> Tabulated:
        """Return its variance on a march's interior nodes (n,) in steps with these midpoints."""
        times = np.asarray(times, dtype=np.float64)
        of_forward = -np.asarray(self.surface.log_forward(times))
        grown, numbers = carry_table(self.carry, times)
        moved = -np.concatenate([np.ones((times.size, 1)), grown], axis=1)
        moves = [self.move, *numbers]
        predictor = moved_predictor(
            surface=self.surface,
            nodes=np.log(spots),
            times=times,
            shifts=np.concatenate([of_forward[:, None], moved], axis=1),
            home=of_forward + moved @ values_of(moves),
            hats=None,
        )
        return Tabulated(predictor, [*self.surface.numbers, 1.0, *moves], "variance")


def carry_table(carry: Any, times: Floats) -> tuple[Floats, list[Any]]:
    """Return a matrix and numbers whose product is the integral of a rate from 0 to each time."""
    if not is_curve(carry):
        return times[:, None], [carry]
    return np.concatenate([carry.spent(times), times[:, None]], axis=1), [*carry.rates, carry.shift]


def moving_volatility(surface: Any, move: Any, carry: Any = 0.0) -> Any:
    """Return a surface moved along the logarithm of the spot; one that knows no spot is itself.

    Raises
    ------
    AadTypeError
        When the surface is one that is seen later and the carry a curve.
    """
    if isinstance(surface, FlatVolatility | TermVolatility):
        return surface
    if isinstance(surface, LaterVolatility):
        if is_curve(carry):
            raise AadTypeError(
                "surface is seen later, and a curve of carry begins today: move it by a number alone"
            )
        since_the_day_of_the_surface = move - carry * surface.elapsed
        moved = moving_volatility(surface.surface, since_the_day_of_the_surface, carry)
        return later_volatility(moved, surface.elapsed)
    kind = MovingCalibratedVolatility if isinstance(surface, CalibratedVolatility) else MovingVolatility
    return kind(surface, move, carry)
