"""Assets under local volatility: log-Euler steps, the volatility frozen at the beginning of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_positive, values_of
from pricers.monte_carlo.correlation import pack_correlations, unpack_correlations
from pricers.monte_carlo.dynamics.geometric_brownian_motion import as_correlation, as_numbers
from pricers.monte_carlo.dynamics.lane_splines import spline_on_lanes
from pricers.monte_carlo.triangular import Factor, factorize
from pricers.surfaces.bspline import BSplineBasis
from pricers.surfaces.flat import FlatVolatility
from pricers.surfaces.spline_volatility import SplineVolatility
from pricers.surfaces.svi_local_volatility import SVILocalVolatility

Surface = FlatVolatility | SplineVolatility | SVILocalVolatility
"""Surfaces whose numbers can be inputs of a path."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LocalVolatility:
    """Several assets, each with a local volatility surface.

    ln S(t + h) = ln S(t) + (r - q - sigma^2 / 2) h + sigma sqrt(h) e,   sigma = sigma(S(t), t + h / 2)

    Parameters
    ----------
    spots : (n_assets,) numbers, currency, > 0
    surfaces : one surface or one per asset
        FlatVolatility, SplineVolatility or SVILocalVolatility, whose numbers are the group "weights"; one given for
        several assets is one set of them. SVI surfaces keep their own reference spot: the volatility belongs to the
        strike, not to the moneyness.
    rate : number, per year, continuously compounded
    dividend_yields : (n_assets,) numbers or one for all, per year
    correlation : (n_assets, n_assets) numbers, optional

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

    spots: Any
    surfaces: Any
    rate: Any = 0.0
    dividend_yields: Any = 0.0
    correlation: Any = None

    GROUPS: ClassVar[tuple[str, ...]] = ("spots", "weights", "rate", "dividend_yields", "correlations")
    IS_EXACT: ClassVar[bool] = False

    def __post_init__(self) -> None:
        spots = as_numbers("spots", self.spots)
        require_positive("spots", spots)
        single = isinstance(self.surfaces, Surface)
        surfaces = (self.surfaces,) * len(spots) if single else tuple(self.surfaces)
        if len(surfaces) != len(spots):
            raise AadValueError(f"surfaces has {len(surfaces)} entries: there are {len(spots)} spots")
        for surface in surfaces:
            if not isinstance(surface, Surface):
                raise AadTypeError(
                    f"surfaces: {surface!r} must be a FlatVolatility, a SplineVolatility or an SVILocalVolatility"
                )
        require_finite("rate", self.rate)
        object.__setattr__(self, "spots", spots)
        object.__setattr__(self, "surfaces", surfaces)
        object.__setattr__(
            self, "dividend_yields", as_numbers("dividend_yields", self.dividend_yields, len(spots))
        )
        object.__setattr__(self, "correlation", as_correlation(self.correlation, len(spots)))

    @property
    def n_assets(self) -> int:
        """Number of assets."""
        return len(self.spots)

    def _weights(self) -> list[Any]:
        """Return every surface once: one given for all assets is the same object, and so the same parameters."""
        found: list[Any] = []
        for surface in self.surfaces:
            if not any(surface is other for other in found):
                found.append(surface)
        return found

    def group(self, name: str) -> Floats:
        """Return the values of one group of parameters: (size,) floats."""
        if name == "weights":
            return np.concatenate([np.ravel(values_of(_numbers(surface))) for surface in self._weights()])
        if name == "correlations":
            matrix = np.eye(self.n_assets) if self.correlation is None else values_of(self.correlation)
            return pack_correlations(matrix)
        return np.atleast_1d(values_of(getattr(self, name)))

    def labels(self, name: str) -> list[str]:
        """Name the parameters of one group."""
        n = self.n_assets
        if name == "weights":
            return [
                f"weight[{k},{i}]" for k, s in enumerate(self._weights()) for i in range(np.size(_numbers(s)))
            ]
        if name == "correlations":
            return [f"correlation[{i},{j}]" for i in range(n) for j in range(i)]
        if name == "rate":
            return ["rate"]
        return [f"{name[:-1]}[{i}]" for i in range(n)]

    def replaced(self, groups: dict[str, Any]) -> LocalVolatility:
        """Return the same model with other numbers, of any kind, in some groups."""
        fields = {
            name: numbers for name, numbers in groups.items() if name not in ("correlations", "weights")
        }
        if "rate" in fields:
            fields["rate"] = fields["rate"][0]
        if "correlations" in groups:
            fields["correlation"] = unpack_correlations(groups["correlations"], self.n_assets)
        if "weights" in groups:
            rest = list(groups["weights"])
            made = []
            for surface in self._weights():
                size = np.size(_numbers(surface))
                made.append((surface, _with_numbers(surface, rest[:size])))
                rest = rest[size:]
            fields["surfaces"] = [
                next(new for old, new in made if old is surface) for surface in self.surfaces
            ]
        return replace(self, **fields)

    def factor(self) -> Factor:
        """Return the rows of the Cholesky factor of the correlation matrix; recorded where that is."""
        return factorize(self.correlation)

    def log_spots(self) -> list[Any]:
        """Return ln S_i at the start."""
        return [ad.log(spot) for spot in self.spots]

    def law(self, log_prices: list[Any], time: float, length: Any) -> tuple[list[Any], list[Any]]:
        """Return means and standard deviations of the log prices a step later, given the log prices now."""
        root = ad.sqrt(length)
        middle = time + 0.5 * float(ad.value_of(length))
        means, deviations = [], []
        for x, surface, dividend_yield in zip(log_prices, self.surfaces, self.dividend_yields, strict=True):
            volatility = local_volatility(surface, ad.exp(x), middle)
            means.append(x + (self.rate - dividend_yield - 0.5 * volatility * volatility) * length)
            deviations.append(volatility * root)
        return means, deviations


def local_volatility(surface: Surface, spot: Any, time: float) -> Any:
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
