"""Assets under local volatility: log-Euler steps, the volatility frozen at the beginning of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.monte_carlo.dynamics.lane_splines import spline_on_lanes
from pricers.surfaces.bspline import BSplineBasis
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.spline_volatility import SplineVolatility
from pricers.surfaces.svi_local_volatility import SVILocalVolatility

Surface = FlatVolatility | SplineVolatility | SVILocalVolatility
"""Surfaces whose numbers can be inputs of a path."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LocalVolatility(Dynamics):
    """Several assets, each with a local volatility surface.

    ln S(t + h) = ln S(t) + (r - q - sigma^2 / 2) h + sigma sqrt(h) e,   sigma = sigma(S(t), t + h / 2)

    Parameters
    ----------
    spots, rate, dividend_yields, correlation
        As for `Dynamics`.
    surfaces : one surface or one per asset
        FlatVolatility, SplineVolatility or SVILocalVolatility, whose numbers are the group "weights"; one given for
        several assets is one set of them. SVI surfaces keep their own reference spot: the volatility belongs to the
        strike, not to the moneyness.

    Raises
    ------
    AadTypeError
        For a surface of another kind.
    AadValueError
        For a spot that is not positive, NaN, a wrong length, or an unusable correlation matrix.

    Notes
    -----
    The price of a smooth payoff is off by O(h). A spline's volatility must stay positive: build it with
    `logarithmic=True`, or with positive weights.

    References
    ----------
    P. Kloeden and E. Platen (1992), Numerical Solution of Stochastic Differential Equations, section 10.2.
    """

    surfaces: Any

    GROUPS: ClassVar = {"spots": "spot", "weights": "weight", **Dynamics.GROUPS}
    IS_EXACT: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        n = self.n_assets
        single = isinstance(self.surfaces, Surface)
        surfaces = (self.surfaces,) * n if single else tuple(self.surfaces)
        if len(surfaces) != n:
            raise AadValueError(f"surfaces has {len(surfaces)} entries: there are {n} spots")
        for surface in surfaces:
            if not isinstance(surface, Surface):
                raise AadTypeError(
                    f"surfaces: {surface!r} must be a FlatVolatility, a SplineVolatility or an SVILocalVolatility"
                )
        object.__setattr__(self, "surfaces", surfaces)

    def _distinct(self) -> list[Any]:
        """Return every surface once: one given for all assets is the same object, and so the same parameters."""
        distinct: list[Any] = []
        for surface in self.surfaces:
            if not any(surface is other for other in distinct):
                distinct.append(surface)
        return distinct

    def group(self, name: str) -> Floats:
        """Return the values of one group of parameters: (size,) floats."""
        if name == "weights":
            return np.concatenate([np.ravel(values_of(_numbers(surface))) for surface in self._distinct()])
        return super().group(name)

    def labels(self, name: str) -> list[str]:
        """Name the parameters of one group."""
        if name == "weights":
            sizes = [np.size(_numbers(surface)) for surface in self._distinct()]
            return [f"weight[{k},{i}]" for k, size in enumerate(sizes) for i in range(size)]
        return super().labels(name)

    def fields_at(self, groups: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of the dataclass that these numbers replace."""
        fields = super().fields_at(groups)
        if "weights" in fields:
            rest = list(fields.pop("weights"))
            made = []
            for surface in self._distinct():
                size = np.size(_numbers(surface))
                made.append((surface, _with_numbers(surface, rest[:size])))
                rest = rest[size:]
            fields["surfaces"] = [
                next(new for old, new in made if old is surface) for surface in self.surfaces
            ]
        return fields

    def law(self, log_prices: list[Any], time: float, length: Any) -> tuple[list[Any], list[Any]]:
        """Return means and standard deviations of the log prices a step later, given the log prices now."""
        root = ad.sqrt(length)
        middle = time + 0.5 * float(ad.value_of(length))
        means, deviations = [], []
        for x, surface, dividend_yield in zip(log_prices, self.surfaces, self.dividend_yields, strict=True):
            volatility = volatility_at(surface, ad.exp(x), middle)
            means.append(x + (self.rate - dividend_yield - 0.5 * volatility * volatility) * length)
            deviations.append(volatility * root)
        return means, deviations


def volatility_at(surface: Surface, spot: Any, time: float) -> Any:
    """Return a surface's volatility at a spot that is another on every path, and a float time."""
    if isinstance(surface, FlatVolatility):
        return surface.volatility
    if isinstance(surface, SVILocalVolatility):
        return surface(spot, time)
    if isinstance(surface.basis, BSplineBasis):
        basis, row = surface.basis, list(surface.weights)
    else:
        basis, row = surface.basis.first, surface.basis.contract_second(surface.weights, time)
    value = spline_on_lanes(basis, row, spot)
    return ad.exp(value) if surface.logarithmic else value


def _numbers(surface: Surface) -> Any:
    if isinstance(surface, FlatVolatility):
        return [surface.volatility]
    return surface.weights if isinstance(surface, SplineVolatility) else surface.parameters


def _with_numbers(surface: Surface, numbers: list[Any]) -> Any:
    if isinstance(surface, FlatVolatility):
        return FlatVolatility(numbers[0])
    if isinstance(surface, SplineVolatility):
        return replace(surface, weights=ad.array(numbers).reshape(surface.shape))
    return replace(surface, parameters=numbers)
