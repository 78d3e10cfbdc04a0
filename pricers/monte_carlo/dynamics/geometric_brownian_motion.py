"""Correlated geometric Brownian motions: exact over a step of any length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import aadlib as ad
from aadlib.validation import require_non_negative
from pricers.monte_carlo.dynamics.dynamics import Dynamics, as_numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class GeometricBrownianMotion(Dynamics):
    """Several assets with constant volatilities, dividend yields and correlations.

    d ln S_i = (r - q_i - sigma_i^2 / 2) dt + sigma_i dW_i,   dW_i dW_j = rho_ij dt

    Parameters
    ----------
    spots, rate, dividend_yields, correlation
        As for `Dynamics`.
    volatilities : (n_assets,) numbers or one for all, per square root of a year, >= 0

    Raises
    ------
    AadValueError
        For a spot that is not positive, a negative volatility, NaN, a wrong length, or an unusable correlation matrix.

    Examples
    --------
    >>> GeometricBrownianMotion(spots=[100.0, 90.0], volatilities=0.2).volatilities
    (0.2, 0.2)
    """

    volatilities: Any

    GROUPS: ClassVar = {"spots": "spot", "volatilities": "volatility", **Dynamics.GROUPS}

    def __post_init__(self) -> None:
        super().__post_init__()
        volatilities = as_numbers("volatilities", self.volatilities, self.n_assets)
        require_non_negative("volatilities", volatilities)
        object.__setattr__(self, "volatilities", volatilities)

    def law(self, log_prices: list[Any], time: float, length: Any) -> tuple[list[Any], list[Any]]:
        """Return means and standard deviations of the log prices a step later, given the log prices now."""
        root = ad.sqrt(length)
        market = zip(log_prices, self.volatilities, self.drifts(time, length), strict=True)
        means = [x + (drift - 0.5 * volatility * volatility) * length for x, volatility, drift in market]
        return means, [volatility * root for volatility in self.volatilities]
