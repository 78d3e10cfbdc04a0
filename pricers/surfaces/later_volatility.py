"""A surface seen from a later day: it stays where it is in strike and date, and time to it is shorter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aadlib.types import Floats
from aadlib.validation import one_float, require_non_negative
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.surface import Tabulated, TabulatedSurface, VolatilitySurface, require_surface


@dataclass(frozen=True, eq=False)
class LaterVolatility:
    """The volatilities of another surface at t + elapsed.

    Parameters
    ----------
    surface : VolatilitySurface
    elapsed : float, years, >= 0, since the day of the surface
    """

    surface: Any
    elapsed: float

    @property
    def numbers(self) -> list[Any]:
        """Those of the surface."""
        return list(self.surface.numbers)

    def with_numbers(self, numbers: Any) -> LaterVolatility:
        """Return the surface at other numbers, seen from the same day."""
        return replace(self, surface=self.surface.with_numbers(numbers))

    @property
    def seams(self) -> Floats:
        """Those of the surface that are still to come."""
        seams = np.asarray(self.surface.seams, dtype=np.float64) - self.elapsed
        return seams[seams > 0.0]

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the volatilities at spots and one time."""
        return self.surface(spots, time + self.elapsed)

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the volatility of a step, at the logarithm of a spot that is another on every path."""
        return self.surface.along_paths(log_spot, time + self.elapsed, length)


@dataclass(frozen=True, eq=False)
class LaterTabulatedVolatility(LaterVolatility):
    """The same of a surface that can be tabulated."""

    def tabulated(self, spots: Floats, times: Floats) -> Tabulated:
        """Return it on a march's interior nodes (n,) in steps with these midpoints."""
        table: Tabulated = self.surface.tabulated(spots, np.asarray(times) + self.elapsed)
        return table


def later_volatility(surface: VolatilitySurface, elapsed: float) -> Any:
    """Return a surface seen `elapsed` years later; one that does not know time is itself."""
    require_surface("surface", surface)
    require_non_negative("elapsed", one_float("elapsed", elapsed))
    if elapsed == 0.0 or isinstance(surface, FlatVolatility) or getattr(surface, "is_static", False):
        return surface
    if isinstance(surface, LaterVolatility):
        return replace(surface, elapsed=surface.elapsed + elapsed)
    kind = LaterTabulatedVolatility if isinstance(surface, TabulatedSurface) else LaterVolatility
    return kind(surface, elapsed)


def today_and_elapsed(surface: Any) -> tuple[Any, float]:
    """Return the surface behind one that is seen later, and by how much."""
    if isinstance(surface, LaterVolatility):
        return surface.surface, surface.elapsed
    return surface, 0.0
