"""The calibrated surface with bumps: what bucketed vega is a derivative in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from aadlib.validation import require_finite, require_instance, require_shape, values_of
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.surfaces.moved_variance import moved_predictor
from pricers.surfaces.surface import Tabulated
from pricers.surfaces.volatility_hats import VolatilityHats


@dataclass(frozen=True, eq=False)
class BumpedVolatility:
    """A calibrated local volatility plus bumps, sigma(S, t) + sum_b h_b hat_b(t, d), d = ln(S / F(t)) / sqrt(w(t)).

    Parameters
    ----------
    surface : CalibratedVolatility with its forward curve
    hats : VolatilityHats, the buckets
    bumps : (hats.size,) numbers of any kind, per square root of a year; zeros by default
        Derivatives in them at zero are bucketed vega, per 1.00 of volatility.

    Raises
    ------
    AadValueError
        When there is not one finite bump for each bucket.
    """

    surface: CalibratedVolatility
    hats: VolatilityHats
    bumps: Any = None

    def __post_init__(self) -> None:
        require_instance("surface", self.surface, CalibratedVolatility, "a CalibratedVolatility")
        require_instance("hats", self.hats, VolatilityHats, "VolatilityHats(expiries, deviations)")
        bumps = np.zeros(self.hats.size) if self.bumps is None else self.bumps
        require_shape("bumps", bumps, (self.hats.size,))
        require_finite("bumps", bumps)
        object.__setattr__(self, "bumps", list(bumps))

    @property
    def numbers(self) -> list[Any]:
        """The bumps."""
        return list(self.bumps)

    @property
    def number_names(self) -> list[str]:
        """Expiry and log-moneyness of each bucket's centre."""
        return [
            f"{expiry:.4g}y,x={deviation * self._width(expiry):.3g}"
            for expiry in self.hats.expiries.tolist()
            for deviation in self.hats.deviations.tolist()
        ]

    def with_numbers(self, numbers: Any) -> BumpedVolatility:
        """Return the surface with other bumps."""
        return replace(self, bumps=numbers)

    @property
    def seams(self) -> Floats:
        """Those of the surface."""
        return self.surface.seams

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the volatility at spots, a float or (n,) floats, and one float time."""
        log_spots = np.log(np.asarray(values_of(spots), dtype=np.float64))
        deviation = np.atleast_1d((log_spots - self.surface.log_forward(time)) / self._width(time))
        bumps = self.hats.row(self.bumps, time=time, deviation=deviation)
        plain = all(isinstance(bump, float) for bump in bumps)
        values = self.surface(spots, time) + (np.array(bumps) if plain else ad.array(bumps))
        return values if np.ndim(spots) else values[0]

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the volatility of a step at the logarithm of a spot that is another on every path."""
        middle = time + 0.5 * length
        deviation = (log_spot - float(self.surface.log_forward(middle))) * (1.0 / self._width(middle))
        bump = self.hats.along_paths(self.bumps, time=middle, deviation=deviation)
        return self.surface.along_paths(log_spot, time, length) + bump

    def tabulated(self, spots: Floats, times: Floats) -> Tabulated:
        """Return its variance on a march's interior nodes (n,) in steps with these midpoints."""
        moved = -np.asarray(self.surface.log_forward(times))
        predictor = moved_predictor(
            surface=self.surface,
            nodes=np.log(spots),
            times=np.asarray(times, dtype=np.float64),
            shifts=moved[:, None],
            home=moved,
            hats=self.hats,
        )
        return Tabulated(predictor, [*self.surface.numbers, 1.0, *self.bumps], "variance")

    def _width(self, time: float) -> float:
        return float(np.sqrt(self.surface.total_variance(time)))
