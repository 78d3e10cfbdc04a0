"""Local-volatility buckets: from derivatives in surface parameters to vegas a trader can read.

A bucket is a hat function in (ln expiry, deviations from the money); the hats add up to one. Raising bucket b by
h_b means sigma -> sigma + sum_b h_b hat_b. The surface is a spline in ln sigma plus levels, so the change is
projected on its parameters by least squares over a grid of points:

    ln sigma + ln(1 + sum_b h_b hat_b / sigma)  ->  parameters + P [X h - (X h)^2 / 2 + ...],   X = hat / sigma

whence vega = X' P' g and vega-vega = X' P' H P X - X' diag(P' g) X: exact derivatives of the projected bump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aadlib.errors import AadValueError, require_increasing, require_positive, require_shape
from apps.report.plots import readable_expiry

if TYPE_CHECKING:
    from pricers.surfaces.local_volatility import SplineLocalVolatility

FloatArray = NDArray[np.float64]

DEVIATIONS = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0)
"""Bucket centres in x / sqrt(w(t)): log-moneyness over the at-the-money standard deviation to that expiry."""

_VOLATILITY_POINT = 0.01
_N_TIMES, _N_DEVIATIONS = 60, 61
_REACH = 4.0  # deviations sampled beyond the outermost centres
_IMPORTANT_DEVIATIONS = 3.0  # a sample's weight falls like exp(-(d / 3)^2): where a density puts its mass
_RIDGE = 1e-8


@dataclass(frozen=True)
class Buckets:
    """Buckets of one surface, expiry by expiry, deviations running fastest.

    Attributes
    ----------
    expiries : (n_expiries,) float, years
    deviations : (n_deviations,) float
        Bucket centres.
    relative : (n_points, n_buckets) float
        X: change of ln(sigma) at each point for one volatility point in each bucket, to first order.
    projection : (n_parameters, n_points) float
        P: least-squares projection of a change of ln(sigma) on the surface's parameters.
    misfit : float
        Root mean square relative error of the projected parallel shift, weighted towards the money.
    """

    expiries: FloatArray
    deviations: FloatArray
    relative: FloatArray
    projection: FloatArray
    misfit: float

    @property
    def labels(self) -> list[str]:
        """One label per bucket: expiry and deviations."""
        return [f"{row} {column}" for row in self.expiry_labels for column in self.deviation_labels]

    @property
    def expiry_labels(self) -> list[str]:
        """The expiries as short text."""
        return [readable_expiry(t) for t in self.expiries]

    @property
    def deviation_labels(self) -> list[str]:
        """The deviations as short text."""
        return ["ATM" if d == 0.0 else f"{d:+g} dev" for d in self.deviations]

    @property
    def parallel(self) -> FloatArray:
        """Change of the parameters that raises local volatility by one point everywhere, (n_parameters,)."""
        return np.asarray(self.projection @ self.relative.sum(axis=1))

    def vega(self, gradient: FloatArray) -> FloatArray:
        """Return the price change per volatility point of each bucket, (n_buckets,).

        `gradient` (n_parameters,) is the price's in the surface's parameters.
        """
        require_shape("gradient", gradient, (self.projection.shape[0],))
        return np.asarray((gradient @ self.projection) @ self.relative)

    def vega_vega(self, gradient: FloatArray, hessian: FloatArray) -> FloatArray:
        """Return the second derivatives per volatility point squared, (n_buckets, n_buckets)."""
        size = self.projection.shape[0]
        require_shape("gradient", gradient, (size,))
        require_shape("hessian", hessian, (size, size))
        directions = self.projection @ self.relative
        bent = self.relative.T @ ((gradient @ self.projection)[:, None] * self.relative)
        matrix = directions.T @ hessian @ directions - bent
        return np.asarray(0.5 * (matrix + matrix.T))


def surface_buckets(
    surface: SplineLocalVolatility, *, expiries: Sequence[float], deviations: Sequence[float] = DEVIATIONS
) -> Buckets:
    """Lay buckets over a surface.

    Parameters
    ----------
    surface : SplineLocalVolatility
    expiries : bucket centres, years, increasing
    deviations : bucket centres in at-the-money standard deviations, increasing

    Raises
    ------
    AadValueError
        The centres are out of order, or there are fewer than two of either.
    """
    times, widths = np.asarray(expiries, dtype=np.float64), np.asarray(deviations, dtype=np.float64)
    require_positive("expiries", times)
    for name, centres in (("expiries", times), ("deviations", widths)):
        require_increasing(name, centres)
        if centres.size < 2:
            raise AadValueError(f"{name} = {centres.tolist()}: give at least two bucket centres")
    # Sample all that the surface's basis functions reach, not only what lies between the centres: a parameter that
    # no point holds would swing freely.
    knots = surface.time_basis.breakpoints
    log_time = np.linspace(min(knots[0], np.log(times[0])), max(knots[-1], np.log(times[-1])), _N_TIMES)
    deviation = np.linspace(widths[0] - _REACH, widths[-1] + _REACH, _N_DEVIATIONS)
    t, d = (axis.ravel() for axis in np.meshgrid(np.exp(log_time), deviation, indexing="ij"))
    importance = np.exp(-((d / _IMPORTANT_DEVIATIONS) ** 2))
    x = d * np.sqrt(surface.total_variance(t))
    volatility = surface.local_volatility(log_moneyness=x, time=t)
    in_time, in_deviation = _hats(np.log(times), np.log(t)), _hats(widths, d)
    hats = (in_time[:, :, None] * in_deviation[:, None, :]).reshape(t.size, -1)
    relative = _VOLATILITY_POINT * hats / volatility[:, None]
    of_time = surface.time_basis.matrix(surface.time_coordinate(t))
    of_strike = surface.strike_basis.matrix(np.arcsinh(x / surface.scale(t)))
    # Columns as the surface lays out its parameters: spline weights row by row, then levels (of the log variance).
    of_level = 0.5 * np.eye(surface.levels.size)[surface.interval(t)]
    design = np.hstack([(of_time[:, :, None] * of_strike[:, None, :]).reshape(t.size, -1), of_level])
    weighted = design.T * importance
    normal = weighted @ design
    normal[np.diag_indices_from(normal)] += _RIDGE * np.trace(normal)
    projection = np.linalg.solve(normal, weighted)
    parallel = relative.sum(axis=1)
    error = design @ (projection @ parallel) / parallel - 1.0
    return Buckets(
        times, widths, relative, projection, float(np.sqrt(np.average(error**2, weights=importance)))
    )


def _hats(centres: FloatArray, points: FloatArray) -> FloatArray:
    """Return hat functions at the centres, flat beyond the first and the last: (n_points, n_centres)."""
    return np.stack([np.interp(points, centres, row) for row in np.eye(centres.size)], axis=1)
