"""What closed forms make of curves: means up to the expiry, and what calendar time does to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.validation import values_of
from pricers.curves.rate_curve import Rate, accumulated, is_curve
from pricers.number_kinds import is_plain

INSTANT = 1e-7
"""Years over which the rate of today is taken."""


def mean_rate_until(name: str, rate: Rate, expiry: Any) -> Any:
    """Return the mean of a rate up to each expiry, a number as it is; at expiry zero the rate of today."""
    if not is_curve(rate):
        return rate
    years = _years(name, expiry)
    return accumulated(rate, years) * (1.0 / years)


def mean_volatility_until(volatility: Any, expiry: Any) -> Any:
    """Return the implied volatility for each expiry, a number as it is.

    Raises
    ------
    AadTypeError
        For a local volatility, which has no closed form.
    """
    if hasattr(volatility, "mean_volatility"):
        return volatility.mean_volatility(_years("volatility", expiry))
    if hasattr(volatility, "along_paths"):
        raise AadTypeError(
            f"volatility = {volatility!r}: closed forms take numbers, FlatVolatility and TermVolatility; over a local "
            "volatility use pricers.pde.european, pricers.pde.vanillas or pricers.trees.price"
        )
    return volatility


def _years(name: str, expiry: Any) -> Any:
    """Return the expiries, those that are not positive and finite as short as nothing."""
    if not is_plain(np.asarray(expiry)):
        raise AadTypeError(
            f"expiry is being differentiated, and {name} is a curve, which jumps in time: give a number for {name}"
        )
    years = values_of(expiry)
    filled = np.where(np.isfinite(years) & (years > 0.0), years, INSTANT)
    return filled if filled.ndim else float(filled)


def drift_of_means(rate: Rate, mean: Any, expiry: Any) -> Any:
    """Return how the mean of a rate to a fixed date changes as calendar time passes, per year; zero for a number.

    (mean - rate of today) / expiry: the curve stands in the calendar, and its first moment is left behind.
    """
    if not is_curve(rate):
        return 0.0
    years = values_of(expiry)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            years > 0.0, (values_of(mean) - float(accumulated(rate, INSTANT)) / INSTANT) / years, 0.0
        )


def drift_of_volatility(volatility: Any, mean: Any, expiry: Any) -> Any:
    """Return how the implied volatility to a fixed date changes as calendar time passes, per year."""
    if not hasattr(volatility, "accumulated_variance"):
        return 0.0
    years, implied = values_of(expiry), values_of(mean)
    today = float(values_of(volatility.accumulated_variance(INSTANT))) / INSTANT
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(years > 0.0, (implied**2 - today) / (2.0 * implied * years), 0.0)


def as_time_passes(flat: Any, *terms: tuple[Any, Any]) -> Any:
    """Return a derivative in calendar time under curves: that in a flat market, and each derivative times its drift."""
    for derivative, drift in terms:
        if np.any(drift):
            flat = flat + np.where(drift == 0.0, 0.0, derivative * drift)
    return flat
