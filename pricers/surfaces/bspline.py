"""Clamped B-spline bases in one and two dimensions, evaluated in any number type.

The bases are built once as local polynomials; from there on a spline value is a few multiplications and
additions, so weights and coordinates may be floats, `ADVar`s or `Dual`s. Outside the knots a spline keeps its
end value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import (
    one_float,
    require_finite,
    require_increasing,
    require_shape,
    values_of,
    whole_number,
)
from pricers.types import Longs


@dataclass(frozen=True)
class BSplineBasis:
    """The B-splines of one degree over given breakpoints, clamped at both ends.

    Between breakpoints `i` and `i + 1` exactly the basis functions `i .. i + degree` differ from zero, and there

        B[i + j](u) = sum over p of pieces[i, j, p] * (u - breakpoints[i])**p

    Parameters
    ----------
    breakpoints : (n_intervals + 1,) floats, strictly increasing
        End knots (repeated `degree` times internally) and interior knots.
    degree : int, 1 to 5

    Raises
    ------
    AadValueError
        If breakpoints do not increase, are not finite or fewer than two, or the degree is out of range.

    References
    ----------
    C. de Boor, A Practical Guide to Splines, Springer 1978, chapter IX.

    Examples
    --------
    >>> basis = BSplineBasis([0.0, 1.0, 2.0])
    >>> basis.size
    5
    >>> float(basis.evaluate([1.0, 1.0, 1.0, 1.0, 1.0], 0.3))
    1.0
    """

    breakpoints: Floats
    degree: int = 3
    pieces: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if whole_number("degree", self.degree, 1) > 5:
            raise AadValueError(f"degree = {self.degree!r}: must be an integer from 1 to 5")
        require_increasing("breakpoints", self.breakpoints)
        points = values_of(self.breakpoints)
        if points.size < 2:
            raise AadValueError(f"breakpoints has {points.size} entries: at least two are needed")
        pieces = _local_polynomials(points, self.degree)
        for array in (points, pieces):
            array.setflags(write=False)
        object.__setattr__(self, "breakpoints", points)
        object.__setattr__(self, "pieces", pieces)

    @property
    def size(self) -> int:
        """Number of basis functions, and so of weights."""
        return self.breakpoints.size - 1 + self.degree

    @property
    def greville(self) -> Floats:
        """Abscissae at which the weights of the identity function sit: (size,) floats."""
        knots = _clamped_knots(self.breakpoints, self.degree)
        return np.array([knots[i + 1 : i + 1 + self.degree].mean() for i in range(self.size)])

    def interval(self, coordinate: Any) -> int:
        """Index of the knot interval that holds the coordinate's value; the ends belong to the outermost."""
        value = float(values_of(coordinate))
        inside = int(np.searchsorted(self.breakpoints, value, side="right")) - 1
        return min(max(inside, 0), self.breakpoints.size - 2)

    def local_values(self, coordinate: Any) -> tuple[int, list[Any]]:
        """Return the first basis function that is not zero and the `degree + 1` values from it on."""
        index, offset = self._locate(coordinate)
        return index, [_horner(self.pieces[index, j], offset) for j in range(self.degree + 1)]

    def piece(self, weights: Any, index: int) -> list[Any]:
        """Return the polynomial coefficients, lowest power first, of the spline on one knot interval."""
        local = [weights[index + j] for j in range(self.degree + 1)]
        return [_linear_combination(self.pieces[index, :, power], local) for power in range(self.degree + 1)]

    def evaluate(self, weights: Any, coordinate: Any) -> Any:
        """Evaluate the spline at one coordinate.

        Parameters
        ----------
        weights : (size,) numbers of any type
        coordinate : number of any type; beyond the end knots the end value is returned

        Raises
        ------
        AadValueError
            If weights has the wrong length or anything is NaN or infinite.

        Notes
        -----
        A differentiable coordinate selects its knot interval by value; spline pieces join with continuous
        derivatives up to `degree - 1`, so at an interior knot either choice gives the same first two. A recording
        holds inside that interval, or on that side of the end knots: a replay elsewhere raises `BranchChanged`.
        """
        require_shape("weights", weights, (self.size,))
        require_finite("weights", weights)
        require_finite("coordinate", coordinate)
        index, offset = self._locate(coordinate)
        return _horner(self.piece(weights, index), offset)

    def tabulate(self, coordinates: Any) -> tuple[Longs, Floats]:
        """Return first indices, shape (...), and basis values, shape (..., degree + 1), of float coordinates."""
        points = self.breakpoints
        clipped = np.clip(coordinates, points[0], points[-1])
        first = np.clip(np.searchsorted(points, clipped, side="right") - 1, 0, points.size - 2)
        offset = (clipped - points[first])[..., None]
        values = np.zeros((*first.shape, self.degree + 1))
        for power in range(self.degree, -1, -1):
            values = values * offset + self.pieces[first, :, power]
        return first, values

    def matrix(self, coordinates: Any) -> Floats:
        """Return the dense design matrix, (n_coordinates, size), of float coordinates."""
        first, values = self.tabulate(np.asarray(coordinates, dtype=np.float64))
        dense = np.zeros((first.size, self.size))
        np.put_along_axis(dense, first[:, None] + np.arange(self.degree + 1), values, axis=1)
        return dense

    def _locate(self, coordinate: Any) -> tuple[int, Any]:
        index = self.interval(coordinate)
        lower, upper = float(self.breakpoints[index]), float(self.breakpoints[index + 1])
        # The coordinate itself is compared, not its value: in a recording each of these is a guard.
        if coordinate < lower:
            return index, 0.0
        if coordinate > upper:
            return index, upper - lower
        return index, coordinate - lower


@dataclass(frozen=True)
class TensorBasis:
    """Products of two B-spline bases: spline(u, v) = sum of weights[i, j] A_i(u) B_j(v).

    Parameters
    ----------
    first, second : BSplineBasis
        Bases of the coordinates `u` and `v`.
    """

    first: BSplineBasis
    second: BSplineBasis

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the weights."""
        return self.first.size, self.second.size

    def contract_second(self, weights: Any, coordinate: Any) -> list[Any]:
        """Fix `v` and return the `first.size` weights of the one-dimensional spline that is left."""
        start, values = self.second.local_values(coordinate)
        return [
            _linear_combination(values, [weights[i][start + j] for j in range(len(values))])
            for i in range(self.first.size)
        ]

    def evaluate(self, weights: Any, first: Any, second: Any) -> Any:
        """Evaluate the surface at one pair of coordinates; weights have shape `shape`, of any number type."""
        require_shape("weights", weights, self.shape)
        require_finite("weights", weights)
        return self.first.evaluate(self.contract_second(weights, second), first)


def uniform_basis(*, lower: float, upper: float, size: int, degree: int = 3) -> BSplineBasis:
    """Build a clamped basis of `size` functions over equally spaced breakpoints from `lower` to `upper`."""
    whole_number("size", size, 1)
    whole_number("degree", degree, 1)
    one_float("lower", lower)
    one_float("upper", upper)
    if size <= degree:
        raise AadValueError(
            f"size = {size!r}: a basis of degree {degree} has at least {degree + 1} functions"
        )
    require_increasing("[lower, upper]", np.array([lower, upper], dtype=np.float64))
    return BSplineBasis(np.linspace(lower, upper, size - degree + 1), degree)


def _clamped_knots(points: Floats, degree: int) -> Floats:
    return np.concatenate([np.repeat(points[0], degree), points, np.repeat(points[-1], degree)])


def _local_polynomials(points: Floats, degree: int) -> Floats:
    """Return de Boor's recurrence over all intervals at once, on polynomials about their left ends.

    It is the one of `scipy.interpolate.BSpline`, which takes longer to import than a calibration to run.
    """
    knots, begins = _clamped_knots(points, degree), np.arange(points.size - 1) + degree
    pieces = np.zeros((points.size - 1, degree + 1, degree + 1))
    pieces[:, 0, 0] = 1.0
    for order in range(1, degree + 1):
        lower, pieces = pieces, np.zeros_like(pieces)
        for j in range(order):
            left, right = (knots[begins + 1 + j - order], knots[begins + 1 + j])
            share = lower[:, j] / (right - left)[:, None]
            risen = np.roll(
                share, 1, axis=1
            )  # times the distance from the left end: the highest power is still zero
            pieces[:, j] += (right - points[:-1])[:, None] * share - risen
            pieces[:, j + 1] += (points[:-1] - left)[:, None] * share + risen
    return pieces


def _horner(coefficients: Any, offset: Any) -> Any:
    value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        value = value * offset + coefficient
    return value


def _linear_combination(factors: Any, numbers: list[Any]) -> Any:
    """Sum factor * number without recording the terms whose factor is an exact zero."""
    terms = [
        factor * number
        for factor, number in zip(factors, numbers, strict=True)
        if not (isinstance(factor, float) and factor == 0.0)
    ]
    return sum(terms[1:], start=terms[0]) if terms else 0.0
