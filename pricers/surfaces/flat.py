"""Flat volatility: one number for every spot and time; it must give Black-Scholes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aadlib.validation import require_positive
from pricers.surfaces.surface import NO_SEAMS


@dataclass(frozen=True)
class FlatVolatility:
    """A constant volatility, both implied and local.

    Parameters
    ----------
    volatility : float, per square root of a year, > 0; may be a number being differentiated

    Raises
    ------
    AadValueError
        When the volatility is not positive or not finite.

    Examples
    --------
    >>> FlatVolatility(0.2)(100.0, 0.5)
    0.2
    """

    volatility: Any

    def __post_init__(self) -> None:
        require_positive("volatility", self.volatility)

    @property
    def numbers(self) -> list[Any]:
        """The volatility."""
        return [self.volatility]

    def with_numbers(self, numbers: Any) -> FlatVolatility:
        """Return another flat volatility."""
        (volatility,) = numbers
        return FlatVolatility(volatility)

    @property
    def seams(self) -> Sequence[float]:
        """None: it is smooth in time."""
        return NO_SEAMS

    def __call__(self, spots: Any, time: Any) -> Any:
        """Return the local volatility at spots and a time: the same number everywhere."""
        return self.volatility

    def along_paths(self, log_spot: Any, time: float, length: float = 0.0) -> Any:
        """Return the local volatility: the same number on every path."""
        return self.volatility

    def accumulated_variance(self, time: Any) -> Any:
        """Return the variance of the log spot from today to a time (years), or to each of many."""
        return self.volatility * self.volatility * time

    def mean_volatility(self, expiry: Any) -> Any:
        """Return the implied volatility, the same for every expiry."""
        return self.volatility

    def total_variance(self, log_moneyness: Any, expiry: Any) -> Any:
        """Return implied variance times expiry, of the shape of `log_moneyness`."""
        return self.volatility * self.volatility * expiry + 0.0 * log_moneyness
