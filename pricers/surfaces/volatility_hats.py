"""Hat-shaped bumps of a local volatility: one number per bucket of expiry and deviation from the money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    require_finite,
    require_increasing,
    require_positive,
    require_shape,
    values_of,
)
from pricers.types import Longs

_ON_CENTRE = 1e-9  # deviations


@dataclass(frozen=True, eq=False)
class VolatilityHats:
    """Products of hat functions in ln t and in deviations d = x / sqrt(w(t)), flat beyond the outermost centres.

    They add up to one everywhere, so that equal bumps are a parallel shift of the local volatility:

        sigma(x, t) -> sigma(x, t) + sum_b h_b hat_b(t, d),   b running through deviations fastest.

    Parameters
    ----------
    expiries : (n_expiries,) float, years, > 0, increasing
    deviations : (n_deviations,) float, increasing
        Centres of the buckets. One centre alone is a hat that is one everywhere.

    Raises
    ------
    AadValueError
        For centres out of order, none at all, or an expiry that is not positive.

    Examples
    --------
    >>> hats = VolatilityHats([0.25, 1.0], [-1.0, 0.0, 1.0])
    >>> hats.weights(time=0.5, deviation=0.25).round(3).tolist()
    [0.0, 0.375, 0.125, 0.0, 0.375, 0.125]
    """

    expiries: Floats
    deviations: Floats

    def __post_init__(self) -> None:
        for name in ("expiries", "deviations"):
            array = as_floats(name, getattr(self, name))
            if array.ndim != 1 or array.size == 0:
                raise AadValueError(f"{name} = {array.tolist()}: give a list of at least one bucket centre")
            require_increasing(name, array)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        require_positive("expiries", self.expiries)

    @property
    def size(self) -> int:
        """Number of buckets."""
        return self.expiries.size * self.deviations.size

    def weights(self, *, time: Any, deviation: Any) -> Floats:
        """Return the hats at float points: shape of the arguments broadcast together, then (size,)."""
        require_positive("time", time)
        require_finite("deviation", deviation)
        t, d = np.broadcast_arrays(values_of(time), values_of(deviation))
        product = (
            _hats(np.log(self.expiries), np.log(t))[..., :, None] * _hats(self.deviations, d)[..., None, :]
        )
        return np.asarray(product.reshape(*t.shape, self.size))

    def row(self, bumps: Any, *, time: float, deviation: Floats, shift: Any = 0.0) -> list[Any]:
        """Return sum_b h_b hat_b at deviation + shift for many deviations at one time, in few operations.

        Parameters
        ----------
        bumps : (size,) numbers of any type
        time : float, years, > 0
        deviation : (n,) float
        shift : number of any type
            Common displacement; the pieces of the hats are chosen by its value.

        Returns
        -------
        list of n numbers

        Notes
        -----
        Two operations a point are recorded. The derivative in the shift at a centre is the mean of both sides.
        """
        require_shape("bumps", bumps, (self.size,))
        require_positive("time", time)
        heights = self._at_time(bumps, time)
        intercepts, slopes = [heights[0]], [0.0]
        for j, width in enumerate(np.diff(self.deviations).tolist()):
            slope = (heights[j + 1] - heights[j]) * (1.0 / width)
            slopes.append(slope)
            intercepts.append(heights[j] + slope * (shift - float(self.deviations[j])))
        intercepts.append(heights[-1])
        slopes.append(0.0)

        d = deviation + float(values_of(shift))
        pieces = list(zip(intercepts, slopes, strict=True))
        left = np.searchsorted(self.deviations, d - _ON_CENTRE, side="right")
        right = np.searchsorted(self.deviations, d + _ON_CENTRE, side="right")
        means: dict[int, tuple[Any, Any]] = {}
        row = []
        for i, (k, after) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
            if k != after and k not in means:
                (a, b), (a_after, b_after) = pieces[k], pieces[k + 1]
                means[k] = (0.5 * (a + a_after), 0.5 * (b + b_after))
            intercept, slope = pieces[k] if k == after else means[k]
            flat = isinstance(slope, float) and slope == 0.0
            row.append(intercept if flat else intercept + slope * float(deviation[i]))
        return row

    def along_paths(self, bumps: Any, *, time: float, deviation: Any) -> Any:
        """Return sum_b h_b hat_b at one time and a deviation that is another number on every path.

        The piece of every path is looked up by value: no comparison steers a recording. On a centre it is the later
        one.
        """
        require_shape("bumps", bumps, (self.size,))
        heights = self._at_time(bumps, time)
        here = ad.stop_gradient(deviation)
        slopes = [
            (after - before) * (1.0 / width)
            for before, after, width in zip(
                heights[:-1], heights[1:], np.diff(self.deviations).tolist(), strict=True
            )
        ]
        # Piece j + 1 begins at centre j; the outermost pieces are flat.
        slope, intercept, last = 0.0, heights[0], 0.0
        for centre, after in zip(self.deviations.tolist(), [*slopes, 0.0], strict=True):
            beyond = (here >= centre) * 1.0
            slope = slope + beyond * (after - last)
            intercept = intercept - beyond * ((after - last) * centre)
            last = after
        return intercept + slope * deviation

    def in_time(self, times: Floats) -> tuple[Longs, Floats, int]:
        """Return the hats in ln t at float times: the first one there, its value and the next one's, their number."""
        n = self.expiries.size
        dense = _hats(np.log(self.expiries), np.log(times))
        first = np.clip(np.searchsorted(self.expiries, times, side="right") - 1, 0, max(n - 2, 0))
        return first, np.take_along_axis(dense, first[:, None] + np.arange(min(2, n)), axis=1), n

    def _at_time(self, bumps: Any, time: float) -> list[Any]:
        in_time = _hats(np.log(self.expiries), np.log(time))
        n = self.deviations.size
        active = [(float(in_time[e]), e * n) for e in np.flatnonzero(in_time)]
        heights = []
        for j in range(n):
            value: Any = 0.0
            for factor, first in active:
                value = value + (bumps[first + j] if factor == 1.0 else factor * bumps[first + j])
            heights.append(value)
        return heights


def _hats(centres: Floats, points: Any) -> Floats:
    return np.stack([np.interp(points, centres, row) for row in np.eye(centres.size)], axis=-1)
