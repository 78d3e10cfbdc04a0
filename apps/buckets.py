"""Local-volatility buckets: from derivatives in surface parameters to vegas a trader can read.

A bucket is a hat function in (ln expiry, deviations from the money); the hats add up to one. Raising bucket b by h_b
volatility points scales the surface,

    sigma -> sigma (1 + sum_b h_b X_b),   X_b = 0.01 hat_b / (mean volatility of the bucket),

so that it gains h_b points on average over the bucket and stays positive where it is small. The surface is a spline
in ln sigma; P is the least-squares projection on its weights over a grid of points. Then

    weights -> weights + P ln(1 + sum_b h_b X_b)

has the first derivatives D_b = P X_b and the second ones -P (X_b X_c), whence with the price's gradient g and Hessian H

    vega_b = g' D_b,   vega-vega_bc = D_b' H D_c - g' P (X_b X_c).
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
    volatilities : (n_buckets,) float
        Mean volatility of each bucket.
    directions : (n_parameters, n_buckets) float
        D: change of the surface parameters per volatility point; zero for the levels.
    first, second : (n_pairs,) int
        Pairs of buckets that overlap, first <= second.
    curvatures : (n_parameters, n_pairs) float
        P (X_b X_c) of each pair.
    misfit : float
        Root mean square relative error of the projection of all buckets together, weighted towards the money.
    """

    expiries: FloatArray
    deviations: FloatArray
    volatilities: FloatArray
    directions: FloatArray
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    curvatures: FloatArray
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
        """Change of the parameters that raises every bucket by one point, (n_parameters,)."""
        return np.asarray(self.directions.sum(axis=1))

    def vega(self, gradient: FloatArray) -> FloatArray:
        """Return the price change per volatility point of each bucket, (n_buckets,).

        `gradient` (n_parameters,) is the price's in the surface's parameters.
        """
        require_shape("gradient", gradient, self.directions.shape[:1])
        # einsum sums in one order whatever the number of threads, unlike a matrix product.
        return np.asarray(np.einsum("p,pb->b", gradient, self.directions))

    def vega_vega(self, gradient: FloatArray, hessian: FloatArray) -> FloatArray:
        """Return the second derivatives per volatility point squared, (n_buckets, n_buckets)."""
        size = self.directions.shape[0]
        require_shape("gradient", gradient, (size,))
        require_shape("hessian", hessian, (size, size))
        matrix = np.einsum("pb,pc->bc", self.directions, np.einsum("pq,qc->pc", hessian, self.directions))
        matrix = 0.5 * (matrix + matrix.T)
        bent = np.einsum("p,pk->k", gradient, self.curvatures)
        matrix[self.first, self.second] -= bent
        apart = self.first != self.second
        matrix[self.second[apart], self.first[apart]] -= bent[apart]
        return np.asarray(matrix)


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
    # Sparse matrices are heavy to import and only buckets need them.
    from scipy.sparse import csc_array, csr_array, diags_array, eye_array
    from scipy.sparse.linalg import splu

    times, widths = np.asarray(expiries, dtype=np.float64), np.asarray(deviations, dtype=np.float64)
    require_positive("expiries", times)
    for name, centres in (("expiries", times), ("deviations", widths)):
        require_increasing(name, centres)
        if centres.size < 2:
            raise AadValueError(f"{name} = {centres.tolist()}: give at least two bucket centres")
    t, d = _sample(surface, times, widths)
    importance = np.exp(-((d / _IMPORTANT_DEVIATIONS) ** 2))
    x = d * np.sqrt(surface.total_variance(t))
    volatility = surface.local_volatility(log_moneyness=x, time=t)
    in_time, in_deviation = _hats(np.log(times), np.log(t)), _hats(widths, d)
    hats = (in_time[:, :, None] * in_deviation[:, None, :]).reshape(t.size, -1)
    masses = hats * importance[:, None]
    means = (masses * volatility[:, None]).sum(axis=0) / masses.sum(axis=0)
    relative = _VOLATILITY_POINT * hats / means

    of_time = surface.time_basis.matrix(surface.time_coordinate(t))
    of_strike = surface.strike_basis.matrix(np.arcsinh(x / surface.scale(t)))
    design = csr_array((of_time[:, :, None] * of_strike[:, None, :]).reshape(t.size, -1))
    weighted = design.T @ diags_array(importance)
    normal = weighted @ design
    ridge = _RIDGE * normal.trace() * eye_array(normal.shape[0])
    solve = splu(csc_array(normal + ridge)).solve

    first, second = (index.astype(np.int64) for index in np.nonzero(np.triu(hats.T @ hats > 0.0)))
    projected = solve(weighted @ np.hstack([relative, relative[:, first] * relative[:, second]]))
    padded = np.vstack([projected, np.zeros((surface.levels.size, projected.shape[1]))])
    parallel = relative.sum(axis=1)
    error = design @ projected[:, : relative.shape[1]].sum(axis=1) / parallel - 1.0
    return Buckets(
        expiries=times,
        deviations=widths,
        volatilities=means,
        directions=padded[:, : relative.shape[1]],
        first=first,
        second=second,
        curvatures=padded[:, relative.shape[1] :],
        misfit=float(np.sqrt(np.average(error**2, weights=importance))),
    )


def _sample(
    surface: SplineLocalVolatility, times: FloatArray, widths: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the points (expiry, deviations) of the projection, flattened.

    They cover all that the surface's basis functions reach, not only what lies between the centres: a weight that no
    point holds would swing freely.
    """
    knots = surface.time_basis.breakpoints
    log_time = np.linspace(min(knots[0], np.log(times[0])), max(knots[-1], np.log(times[-1])), _N_TIMES)
    deviation = np.linspace(widths[0] - _REACH, widths[-1] + _REACH, _N_DEVIATIONS)
    t, d = np.meshgrid(np.exp(log_time), deviation, indexing="ij")
    return t.ravel(), d.ravel()


def _hats(centres: FloatArray, points: FloatArray) -> FloatArray:
    """Return hat functions at the centres, flat beyond the first and the last: (n_points, n_centres)."""
    return np.stack([np.interp(points, centres, row) for row in np.eye(centres.size)], axis=1)
