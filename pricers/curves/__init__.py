"""Curves of rates and dividend yields: a number is the flat one, a `PiecewiseRate` a term structure."""

from pricers.curves.forward_curve import ForwardCurve
from pricers.curves.rate_curve import (
    PiecewiseRate,
    Rate,
    RateCurve,
    accumulated,
    discount_factor,
    is_curve,
    log_growth,
    mean_rate,
    require_rate,
    shifted,
)

__all__ = [
    "ForwardCurve", "PiecewiseRate", "Rate", "RateCurve", "accumulated", "discount_factor", "is_curve",
    "log_growth", "mean_rate", "require_rate", "shifted",
]  # fmt: skip
