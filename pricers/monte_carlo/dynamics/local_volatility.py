"""Assets under local volatility: log-Euler steps, the volatility frozen at the beginning of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.monte_carlo.dynamics.dynamics import Dynamics
from pricers.surfaces.surface import VolatilitySurface, number_labels, require_surface


@dataclass(frozen=True, kw_only=True, eq=False)
class LocalVolatility(Dynamics):
    """Several assets, each with a local volatility surface.

    ln S(t + h) = ln S(t) + (r - q - sigma^2 / 2) h + sigma sqrt(h) e,   sigma = sigma(S(t), t + h / 2)

    Parameters
    ----------
    spots, rate, dividend_yields, correlation
        As for `Dynamics`.
    surfaces : one surface or one per asset
        Any `VolatilitySurface`, whose numbers are the group "weights" (of a `BumpedVolatility`, the bumps); one given
        for several assets is one set of them. Surfaces keep their own reference spot: the volatility belongs to the
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
        single = isinstance(self.surfaces, VolatilitySurface) or np.ndim(self.surfaces) == 0
        surfaces = (self.surfaces,) * n if single else tuple(self.surfaces)
        if len(surfaces) != n:
            raise AadValueError(f"surfaces has {len(surfaces)} entries: there are {n} spots")
        for surface in surfaces:
            require_surface("surfaces", surface)
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
            return np.concatenate([values_of(surface.numbers) for surface in self._distinct()])
        return super().group(name)

    def labels(self, name: str) -> list[str]:
        """Name the parameters of one group."""
        if name == "weights":
            distinct = self._distinct()
            names = ["weight" if len(distinct) == 1 else f"weight {k}" for k in range(len(distinct))]
            return [
                x for name, surface in zip(names, distinct, strict=True) for x in number_labels(surface, name)
            ]
        return super().labels(name)

    def fields_at(self, groups: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of the dataclass that these numbers replace."""
        fields = super().fields_at(groups)
        if "weights" in fields:
            rest = list(fields.pop("weights"))
            made = []
            for surface in self._distinct():
                size = len(surface.numbers)
                made.append((surface, surface.with_numbers(rest[:size])))
                rest = rest[size:]
            fields["surfaces"] = [
                next(new for old, new in made if old is surface) for surface in self.surfaces
            ]
        return fields

    def law(self, log_prices: list[Any], time: float, length: Any) -> tuple[list[Any], list[Any]]:
        """Return means and standard deviations of the log prices a step later, given the log prices now."""
        root = ad.sqrt(length)
        years = float(ad.value_of(length))
        means, deviations = [], []
        for x, surface, drift in zip(log_prices, self.surfaces, self.drifts(time, length), strict=True):
            volatility = surface.along_paths(x, time, years)
            means.append(x + (drift - 0.5 * volatility * volatility) * length)
            deviations.append(volatility * root)
        return means, deviations
