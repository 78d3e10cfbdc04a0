"""Discount factors and forwards of one underlying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aadlib as ad
from aadlib.validation import as_floats, one_float, one_number, require_positive, require_shape
from pricers.curves.rate_curve import (
    PiecewiseRate,
    Rate,
    discount_factor,
    log_growth,
    require_rate,
)


@dataclass(frozen=True, kw_only=True)
class ForwardCurve:
    """A spot with a rate and a dividend yield, each a number or a curve.

    Parameters
    ----------
    spot : float, currency, > 0
    rate : float or RateCurve, per year, continuously compounded
    dividend_yield : float or RateCurve, per year

    Numbers may be of any kind.

    Raises
    ------
    AadValueError
        When the spot is not positive, or a rate is NaN or infinite.

    Examples
    --------
    >>> terms = {"times": [0.5, 1.0], "forwards": [101.0, 103.0], "discounts": [0.99, 0.97]}
    >>> curve = ForwardCurve.from_forwards(spot=100.0, **terms)
    >>> round(float(curve.forward(1.0)), 10), round(float(curve.discount(0.5)), 10)
    (103.0, 0.99)
    """

    spot: Any
    rate: Rate = 0.0
    dividend_yield: Rate = 0.0

    def __post_init__(self) -> None:
        one_number("spot", self.spot)
        require_positive("spot", self.spot)
        require_rate("rate", self.rate)
        require_rate("dividend_yield", self.dividend_yield)

    @staticmethod
    def from_forwards(*, spot: float, times: Any, forwards: Any, discounts: Any) -> ForwardCurve:
        """Return the curve through forwards and discount factors at increasing times, log-linear in between.

        Parameters
        ----------
        spot : float, currency, > 0
        times : (n,) float, years, > 0, increasing
        forwards, discounts : (n,) float, > 0
        """
        require_positive("spot", one_float("spot", spot))
        factors, prices = as_floats("discounts", discounts), as_floats("forwards", forwards)
        require_positive("forwards", prices)
        require_shape("forwards", prices, factors.shape)
        return ForwardCurve(
            spot=spot,
            rate=PiecewiseRate.from_factors(times, factors),
            dividend_yield=PiecewiseRate.from_factors(times, factors * prices / spot),
        )

    def keywords(self) -> dict[str, Any]:
        """Return what pricers take by these names: spot, rate and dividend_yield."""
        return {"spot": self.spot, "rate": self.rate, "dividend_yield": self.dividend_yield}

    def discount(self, expiry: Any) -> Any:
        """Return the value today of one unit of currency paid at `expiry` (years)."""
        return discount_factor(self.rate, expiry)

    def forward(self, expiry: Any) -> Any:
        """Return the forward price for delivery at `expiry` (years), currency."""
        return self.spot * ad.exp(self.log_growth(expiry))

    def log_growth(self, expiry: Any) -> Any:
        """Return ln(forward / spot)."""
        return log_growth(self.rate, self.dividend_yield, expiry)
