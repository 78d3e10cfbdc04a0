"""The calibrated surface: local volatility from a tensor B-spline and one level per expiry interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    require_finite,
    require_increasing,
    require_instance,
    require_non_negative,
    require_positive,
    require_shape,
    values_of,
)
from pricers.curves.forward_curve import ForwardCurve
from pricers.surfaces.bspline import BSplineBasis
from pricers.surfaces.lane_splines import spline_on_lanes
from pricers.surfaces.local_basis import LocalBasis, product_lines
from pricers.surfaces.surface import Tabulated
from pricers.surfaces.volatility_hats import VolatilityHats
from pricers.types import Longs


@dataclass(frozen=True)
class CalibratedVolatility:
    """Local variance exp(2 spline(u, ln t) + level of the expiry interval), positive by construction.

    With x = ln(spot / forward) and w(t) the at-the-money total variance, the strike coordinate is

        u(x, t) = arcsinh(x / (0.5 sqrt(w(t) + variance_offset)))

    It resolves the money at every expiry alike and grows like a logarithm in the wings. The levels are a clock:
    they carry what happens between two expiries (events, holidays) and leave the spline smooth.

    With its forward curve it is a volatility of spot and time, x = ln(S / forward(t)). That curve is the calibration
    day's and passive: the surface stays where it is when spot or rates move ("sticky local volatility").

    Parameters
    ----------
    strike_basis, time_basis : BSplineBasis
        Bases in u and in ln t; beyond their end knots the surface is flat.
    expiries : (n_expiries,) float, years, > 0, increasing
        Interval `e` runs from expiry `e - 1` (or 0) to expiry `e`; the last one has no end.
    atm_variance : (n_expiries,) float, > 0
        Total variance at the money at each expiry; linear in between, and from 0 at time 0.
    variance_offset : float, >= 0
        Keeps the coordinate regular at time 0.
    weights : (time_basis.size, strike_basis.size) numbers of any kind
        Spline weights: log volatilities.
    levels : (n_expiries,) numbers of any kind
        Added to the log variance on each expiry interval.
    forward_curve : ForwardCurve of floats, optional
        What log-moneyness is taken against: engines that work in spot and time need it, a forward march does not.

    Raises
    ------
    AadValueError
        For expiries out of order, a variance that is not positive, NaN, or a wrong shape.
    """

    strike_basis: BSplineBasis
    time_basis: BSplineBasis
    expiries: Floats
    atm_variance: Floats
    variance_offset: float
    weights: Any
    levels: Any
    forward_curve: ForwardCurve | None = None

    def __post_init__(self) -> None:
        for name in ("strike_basis", "time_basis"):
            require_instance(
                name, getattr(self, name), BSplineBasis, "a BSplineBasis, such as uniform_basis(...)"
            )
        require_increasing("expiries", self.expiries)
        require_positive("expiries", self.expiries)
        require_shape("atm_variance", self.atm_variance, np.shape(self.expiries))
        require_positive("atm_variance", self.atm_variance)
        require_non_negative("variance_offset", self.variance_offset)
        require_shape("weights", self.weights, (self.time_basis.size, self.strike_basis.size))
        require_finite("weights", self.weights)
        require_shape("levels", self.levels, np.shape(self.expiries))
        require_finite("levels", self.levels)
        for name in ("expiries", "atm_variance", "weights", "levels"):
            given = getattr(self, name)
            recorded = isinstance(given, np.ndarray) and given.dtype == object
            array = given.copy() if recorded else np.array(given, dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def n_parameters(self) -> int:
        """Number of spline weights and levels."""
        return self.weights.size + self.levels.size

    @cached_property
    def parameters(self) -> Floats:
        """Spline weights row by row (time-major), then levels: (n_parameters,) float."""
        return np.concatenate([self.weights.ravel(), self.levels])

    @property
    def numbers(self) -> list[Any]:
        """Spline weights row by row (time-major), then levels."""
        return [*self.weights.ravel().tolist(), *self.levels.tolist()]

    @property
    def number_names(self) -> list[str]:
        """Time and log-moneyness that each weight acts around; of the levels the end of their interval."""
        times = np.exp(self.time_basis.greville)
        x = np.sinh(self.strike_basis.greville) * self.scale(times)[:, None]
        weights = [f"{t:.4g}y,x={at:.3g}" for t, row in zip(times, x, strict=True) for at in row]
        return weights + [f"level,{expiry:.4g}y" for expiry in self.expiries]

    def with_numbers(self, numbers: Any) -> CalibratedVolatility:
        """Return the same surface with other weights and levels, laid out as `numbers`."""
        return self.with_parameters(ad.array(numbers))

    @property
    def seams(self) -> Floats:
        """The expiries, where the level jumps."""
        return self.expiries

    def log_forward(self, time: Any) -> Any:
        """Return the logarithm of the calibration day's forward at float times.

        Raises
        ------
        AadTypeError
            When the surface has no forward curve.
        """
        if self.forward_curve is None:
            raise AadTypeError(
                "this surface has no forward_curve, so that it knows moneyness and no spot: take the surface of a "
                "calibration, or dataclasses.replace(surface, forward_curve=ForwardCurve(...))"
            )
        return math.log(self.forward_curve.spot) + self.forward_curve.log_growth(time)

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the local volatility at spots, a float or (n,) floats, and one float time; of the weights' kind."""
        log_spots = np.log(np.asarray(values_of(spots), dtype=np.float64))
        first, inside = self.strike_basis.tabulate(
            np.arcsinh((log_spots - self.log_forward(time)) / self.scale(time))
        )
        row = [0.5 * number for number in self.spline_row(time)]
        if isinstance(row[0], float):
            line = np.array(row)
            return np.exp((inside * line[first[..., None] + np.arange(inside.shape[-1])]).sum(axis=-1))
        numbers = [
            sum(factor * row[k + b] for b, factor in enumerate(factors))
            for k, factors in zip(
                first.ravel().tolist(), inside.reshape(first.size, -1).tolist(), strict=True
            )
        ]
        return ad.exp(ad.array(numbers)) if np.ndim(spots) else ad.exp(numbers[0])

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the volatility of a step at the logarithm of a spot that is another on every path."""
        middle = time + 0.5 * length
        row = [0.5 * number for number in self.spline_row(middle, level=self.mean_level(time, length))]
        inverse_scale = 1.0 / float(self.scale(middle))
        coordinate = ad.arcsinh((log_spot - float(self.log_forward(middle))) * inverse_scale)
        return ad.exp(spline_on_lanes(self.strike_basis, row, coordinate))

    def mean_level(self, time: float, length: float) -> Any:
        """Return the logarithm of the mean of exp(level) over a step, a number of the levels' kind."""
        ends = np.append(self.expiries[:-1], np.inf)
        begins = np.append(0.0, self.expiries[:-1])
        shares = np.minimum(ends, time + length) - np.maximum(begins, time)
        inside = np.flatnonzero(shares > 1e-9 * length)
        if inside.size < 2:
            return self.levels[int(self.interval(time + 0.5 * length))]
        return ad.log(sum(float(shares[e] / length) * ad.exp(self.levels[e]) for e in inside))

    def tabulated(self, spots: Floats, times: Floats) -> Tabulated:
        """Return it on a march's interior nodes (n,) in steps with these midpoints: linear in weights and levels."""
        times = np.asarray(times, dtype=np.float64)
        x = np.log(spots) - np.asarray(self.log_forward(times))[:, None]
        return Tabulated(self.table(x, times), self.numbers, "log_volatility")

    def table(self, log_moneyness: Floats, times: Floats) -> LocalBasis:
        """Return the logarithm of the volatility at x (n_times, n), increasing along rows, linear in `numbers`."""
        from pricers.surfaces.surfaces_kernels import basis_table_kernel

        basis = self.strike_basis
        first = np.empty(log_moneyness.shape, dtype=np.int64)
        inside = np.empty((*first.shape, basis.degree + 1))
        basis_table_kernel(
            np.arcsinh(log_moneyness / self.scale(times)[:, None]),
            basis.breakpoints,
            basis.pieces,
            first,
            inside,
        )
        columns = first[..., None] + np.arange(basis.degree + 1)
        return LocalBasis(self.lines(times, 1.0), columns, inside, basis.size)

    def lines(self, times: Floats, factor: float) -> csr_array:
        """Return each time's weights in u, as combinations of `numbers`, of factor times the log volatility."""
        first, values = self.time_basis.tabulate(self.time_coordinate(times))
        in_time = product_lines(first, factor * values, self.time_basis.size, self.strike_basis.size)
        # The basis sums to one, so a level added to every weight is added to the spline.
        rows = np.repeat(self.interval(times), self.strike_basis.size)
        of_level = csr_array(0.5 * factor * np.eye(self.levels.size)[rows])
        return csr_array(hstack([in_time, of_level]))

    def with_parameters(self, parameters: Any) -> CalibratedVolatility:
        """Return the same surface with other weights and levels, laid out as in `parameters`."""
        require_shape("parameters", parameters, (self.n_parameters,))
        weights, levels = self.split(parameters)
        return replace(self, weights=weights, levels=levels)

    def split(self, parameters: Any) -> tuple[Any, Any]:
        """Return the views (weights, levels) of a parameter vector of any number type."""
        cut = self.weights.size
        return parameters[:cut].reshape(self.weights.shape), parameters[cut:]

    def total_variance(self, time: Any) -> Floats:
        """At-the-money total variance at float times: linear between expiries, level rate after the last."""
        knots = np.concatenate([[0.0], self.expiries])
        values = np.concatenate([[0.0], self.atm_variance])
        inside = np.interp(time, knots, values)
        last_rate = self.atm_variance[-1] / self.expiries[-1]
        return np.asarray(inside + last_rate * np.maximum(np.asarray(time) - knots[-1], 0.0))

    def scale(self, time: Any) -> Floats:
        """Width in x of one unit of u near the money, at float times."""
        return np.asarray(0.5 * np.sqrt(self.total_variance(time) + self.variance_offset))

    def strike_coordinate(self, log_moneyness: Any, time: float) -> Any:
        """u(x, t); x of any number type, t a float."""
        inverse_scale = 1.0 / float(self.scale(time))
        return ad.arcsinh(log_moneyness * inverse_scale)

    def time_coordinate(self, time: Any) -> Any:
        """ln t, held at the first knot before it so that time 0 is allowed."""
        return np.log(np.maximum(time, math.exp(self.time_basis.breakpoints[0])))

    def interval(self, time: Any) -> Longs:
        """Index of the expiry interval that holds each float time; an expiry ends its own interval."""
        return np.minimum(np.searchsorted(self.expiries, time, side="left"), self.expiries.size - 1)

    def spline_row(
        self, time: float, weights: Any = None, levels: Any = None, level: Any = None
    ) -> list[Any]:
        """Return the weights in u of the log variance at one time, (strike_basis.size,) numbers.

        A march contracts the time basis once per step, so that a cell is left with a cubic in u. The level is that of
        the time's interval, unless another is given.
        """
        weights = self.weights if weights is None else weights
        if level is None:
            level = (self.levels if levels is None else levels)[int(self.interval(time))]
        start, factors = self.time_basis.local_values(float(self.time_coordinate(time)))
        active = [(2.0 * factor, weights[start + j]) for j, factor in enumerate(factors) if factor != 0.0]
        row = []
        for i in range(self.strike_basis.size):
            value = level  # the basis sums to one, so adding the level to every weight adds it to the spline
            for factor, of_time in active:
                value = value + factor * of_time[i]
            row.append(value)
        return row

    def variance_row(
        self,
        *,
        log_moneyness: Floats,
        time: float,
        shift: Any = 0.0,
        weights: Any = None,
        levels: Any = None,
        volatility_bumps: Any = None,
        bump_shapes: VolatilityHats | None = None,
    ) -> list[Any]:
        """Return the local variances at x + shift for many x at one time, in few operations.

        Parameters
        ----------
        log_moneyness : (n,) float
        time : float, years, >= 0
        shift : number of any type
            Common displacement of x. Knot intervals are chosen by its value: a recording holds while the shift stays
            within half a knot interval of u, and raises `BranchChanged` beyond.
        weights, levels : arrays of numbers of any type, optional
            In place of the surface's own.
        volatility_bumps : (bump_shapes.size,) numbers of any type, optional
            Added to the local volatility, each times its hat at (time, (x + shift) / sqrt(w(time))): the variance is
            (sigma + sum_b h_b hat_b)^2. Absolute: 0.01 is a volatility point.
        bump_shapes : VolatilityHats, with `volatility_bumps` and only then

        Returns
        -------
        list of n numbers

        Raises
        ------
        AadValueError
            If only one of bumps and shapes is given, or a bump leaves no volatility above zero.

        Notes
        -----
        Ten operations a point are recorded when the shift is differentiated, eight when the weights alone are, and
        four more with bumps.
        """
        if (volatility_bumps is None) != (bump_shapes is None):
            raise AadValueError("volatility_bumps and bump_shapes: give both or neither")
        basis = self.strike_basis
        row = self.spline_row(time, weights, levels)
        if bump_shapes is not None:
            row = [0.5 * value for value in row]  # from here on the logarithm of the volatility
        inverse_scale = 1.0 / float(self.scale(time))
        moved = shift * inverse_scale
        self._guard_shift(moved)
        values = np.arcsinh(log_moneyness * inverse_scale + float(values_of(moved)))
        index = np.clip(
            np.searchsorted(basis.breakpoints, values, side="right") - 1, 0, basis.breakpoints.size - 2
        )
        pieces = {int(k): basis.piece(row, int(k)) for k in np.unique(index)}
        below, above = values < basis.breakpoints[0], values > basis.breakpoints[-1]
        # The end weights of a clamped basis are its end values: beyond the knots one exp serves all points.
        first = ad.exp(row[0]) if below.any() else None
        last = ad.exp(row[-1]) if above.any() else None
        variances = []
        for i, k in enumerate(index.tolist()):
            if below[i] or above[i]:
                variances.append(first if below[i] else last)
                continue
            offset = ad.arcsinh(moved + float(log_moneyness[i]) * inverse_scale) - float(basis.breakpoints[k])
            logarithm = pieces[k][-1]
            for coefficient in pieces[k][-2::-1]:
                logarithm = logarithm * offset + coefficient
            variances.append(ad.exp(logarithm))
        if bump_shapes is None:
            return variances
        width = math.sqrt(self.total_variance(time))
        bumps = bump_shapes.row(
            volatility_bumps, time=time, deviation=log_moneyness / width, shift=shift * (1.0 / width)
        )
        volatilities = [volatility + bump for volatility, bump in zip(variances, bumps, strict=True)]
        require_positive("bumped local volatility", values_of(volatilities))
        return [ad.square(volatility) for volatility in volatilities]

    def _guard_shift(self, moved: Any) -> None:
        """Compare a shift in units of u with its own neighbourhood: true now, and recorded as guards."""
        here = float(values_of(moved))
        reach = 0.5 * float(np.diff(self.strike_basis.breakpoints).min())
        if not here - reach <= moved <= here + reach:
            raise AadValueError("shift moved the points beyond their knot intervals: record again there")

    def local_variance(
        self, *, log_moneyness: Any, time: float, weights: Any = None, levels: Any = None
    ) -> Any:
        """Local variance at one point; coordinates, weights and levels of any number type.

        Parameters
        ----------
        log_moneyness : number
            ln(spot / forward to `time`).
        time : float, years, >= 0
        weights : (time_basis.size, strike_basis.size) numbers, optional
        levels : (n_expiries,) numbers, optional
            In place of the surface's own.

        Returns
        -------
        number
            Variance per year, above zero.
        """
        require_finite("log_moneyness", log_moneyness)
        require_non_negative("time", time)
        row = ad.array(self.spline_row(time, weights, levels))
        return ad.exp(self.strike_basis.evaluate(row, self.strike_coordinate(log_moneyness, time)))

    def local_volatility(self, *, log_moneyness: Any, time: Any) -> Floats:
        """Local volatilities at float points; the two arguments broadcast (for pictures and checks).

        Returns
        -------
        ndarray
            Per square root of a year, shape of `log_moneyness` and `time` broadcast together.
        """
        require_finite("log_moneyness", log_moneyness)
        require_non_negative("time", time)
        x, t = np.broadcast_arrays(values_of(log_moneyness), values_of(time))
        first_u, in_u = self.strike_basis.tabulate(np.arcsinh(x / self.scale(t)))
        first_t, in_t = self.time_basis.tabulate(self.time_coordinate(t))
        rows = first_t[..., None, None] + np.arange(in_t.shape[-1])[:, None]
        columns = first_u[..., None, None] + np.arange(in_u.shape[-1])
        spline = np.einsum("...j,...ji,...i->...", in_t, self.weights[rows, columns], in_u)
        return np.asarray(np.exp(spline + 0.5 * self.levels[self.interval(t)]))

    def bounds_hold(self, *, lower: float, upper: float) -> bool:
        """Whether every spline weight lies between the logarithms of two volatilities.

        A spline lies in the convex hull of its weights, so this bounds the surface (levels apart) everywhere.
        """
        require_positive("lower", lower)
        if upper <= lower:
            raise AadValueError(f"upper = {upper!r}: must be above lower = {lower!r}")
        return bool((self.weights >= math.log(lower)).all() and (self.weights <= math.log(upper)).all())
