"""Local volatility as a B-spline in the spot, or in spot and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_non_negative, require_shape, values_of
from pricers.surfaces.bspline import BSplineBasis, TensorBasis
from pricers.surfaces.lane_splines import spline_on_lanes
from pricers.surfaces.local_basis import LocalBasis, product_lines
from pricers.surfaces.surface import NO_SEAMS, Link, Tabulated


@dataclass(frozen=True, eq=False)
class SplineVolatility:
    """Local volatility sigma(S) = sum of weights[i] B_i(S), or sigma(S, t) = sum of weights[i, j] A_i(S) B_j(t).

    A march that records takes the weights themselves as its operands, and the basis as it stands: derivatives in a
    few hundred weights then cost no more memory than the weights.

    Parameters
    ----------
    basis : BSplineBasis in the spot, or TensorBasis with the spot first and calendar time second
    weights : (basis.size,), or basis.shape of a tensor; numbers of any kind
    logarithmic : bool
        The spline is then the logarithm of the volatility, so that any weights make a positive one.

    Raises
    ------
    AadTypeError
        When the basis is neither.
    AadValueError
        When the weights have the wrong shape or are not finite.

    Examples
    --------
    >>> from pricers.surfaces.bspline import uniform_basis
    >>> surface = SplineVolatility(uniform_basis(lower=0.0, upper=300.0, size=9), np.full(9, 0.2))
    >>> [round(float(v), 12) for v in surface(np.array([80.0, 120.0]), 0.0)]
    [0.2, 0.2]
    """

    basis: BSplineBasis | TensorBasis
    weights: Any
    logarithmic: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.basis, BSplineBasis | TensorBasis):
            raise AadTypeError(f"basis = {self.basis!r}: must be a BSplineBasis or a TensorBasis")
        weights = self.weights if isinstance(self.weights, np.ndarray) else ad.array(self.weights)
        require_shape("weights", weights, self.shape)
        require_finite("weights", weights)
        object.__setattr__(self, "weights", weights)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weights."""
        return (self.basis.size,) if isinstance(self.basis, BSplineBasis) else self.basis.shape

    @property
    def is_static(self) -> bool:
        """Whether the volatility depends on the spot alone."""
        return isinstance(self.basis, BSplineBasis)

    @property
    def numbers(self) -> list[Any]:
        """The weights row by row: those of the first spot function first."""
        return list(self.weights.ravel().tolist())

    @property
    def number_names(self) -> list[str]:
        """Spot, and time, that each weight acts around."""
        if isinstance(self.basis, BSplineBasis):
            return [f"S={spot:.4g}" for spot in self.basis.greville]
        times = self.basis.second.greville
        return [f"{time:.4g}y,S={spot:.4g}" for spot in self.basis.first.greville for time in times]

    def with_numbers(self, numbers: Any) -> SplineVolatility:
        """Return the surface with other weights."""
        return replace(self, weights=ad.array(numbers).reshape(self.shape))

    @property
    def seams(self) -> Sequence[float]:
        """None: it is smooth in time."""
        return NO_SEAMS

    @property
    def flat_weights(self) -> list[Any]:
        """The weights in the order of `local_basis`: times first."""
        return list((self.weights if self.is_static else self.weights.T).ravel().tolist())

    def local_basis(self, spots: Floats, times: Floats) -> LocalBasis:
        """Tabulate the basis at spots (n,) and one row for each of the times; a static surface has one row."""
        in_spot = self.basis if isinstance(self.basis, BSplineBasis) else self.basis.first
        first, values = in_spot.tabulate(spots)
        if isinstance(self.basis, BSplineBasis):
            lines = product_lines(np.zeros(1, dtype=np.int64), np.ones((1, 1)), 1, in_spot.size)
        else:
            lines = product_lines(*self.basis.second.tabulate(times), self.basis.second.size, in_spot.size)
        return LocalBasis(lines, first[:, None] + np.arange(values.shape[1]), values, in_spot.size)

    def tabulated(self, spots: Floats, times: Floats) -> Tabulated:
        """Return it on a march's interior nodes (n,), one row for each of the times, or one row where it is static."""
        link: Link = "log_volatility" if self.logarithmic else "volatility"
        return Tabulated(self.local_basis(spots, times), self.flat_weights, link)

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the local volatility at the logarithm of a spot that is another on every path."""
        if isinstance(self.basis, BSplineBasis):
            basis, row = self.basis, list(self.weights)
        else:
            basis = self.basis.first
            row = self.basis.contract_second(self.weights, time + 0.5 * length)
        value = spline_on_lanes(basis, row, ad.exp(log_spot))
        return ad.exp(value) if self.logarithmic else value

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the local volatility at float spots, one or (n,), and one time: numbers of the kind of the weights.

        Raises
        ------
        AadValueError
            When the volatility is negative at a spot.
        """
        if isinstance(self.basis, BSplineBasis):
            basis, row = self.basis, self.weights
        else:
            basis, row = self.basis.first, self.basis.contract_second(self.weights, time)
        first, inside = basis.tabulate(np.atleast_1d(values_of(spots)).astype(np.float64))
        listed = row.tolist() if isinstance(row, np.ndarray) else row
        numbers = [
            sum((factor * listed[k + b] for b, factor in enumerate(factors) if factor != 0.0), start=0.0)
            for k, factors in zip(first.tolist(), inside.tolist(), strict=True)
        ]
        values = np.array(numbers) if all(isinstance(x, float) for x in numbers) else ad.array(numbers)
        if self.logarithmic:
            values = ad.exp(values)
        else:
            require_non_negative("volatility", values)
        return values if np.ndim(spots) else values[0]
