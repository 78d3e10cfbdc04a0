"""Closed-form Greeks in the units that desks quote."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from aadlib.validation import require_choice

VOLATILITY_POINT, BASIS_POINT, DAY = 0.01, 1e-4, 1.0 / 365.0

MARKET_UNITS: dict[str, float] = {
    "vega": VOLATILITY_POINT, "theta": DAY, "rho": BASIS_POINT, "dividend_rho": BASIS_POINT,
    "vanna": VOLATILITY_POINT, "volga": VOLATILITY_POINT**2, "charm": DAY, "veta": VOLATILITY_POINT * DAY,
    "delta_rho": BASIS_POINT, "vera": VOLATILITY_POINT * BASIS_POINT, "rho_convexity": BASIS_POINT**2,
    "zomma": VOLATILITY_POINT, "color": DAY, "vanna_volatility": VOLATILITY_POINT**2, "ultima": VOLATILITY_POINT**3,
}  # fmt: skip
"""What each Greek is multiplied with: bumps of 0.01 of volatility, 0.0001 of a rate, a calendar day; others by one."""

Record = TypeVar("Record")


def in_units(greeks: Record, units: str) -> Record:
    """Return a record of raw Greeks in "raw" or "market" units.

    Raises
    ------
    AadValueError
        For another system of units.
    """
    require_choice("units", units, ("raw", "market"))
    if units == "raw":
        return greeks
    record: Any = greeks
    scaled = {f.name: MARKET_UNITS.get(f.name, 1.0) * getattr(record, f.name) for f in fields(record)}
    result: Record = replace(record, **scaled)
    return result
