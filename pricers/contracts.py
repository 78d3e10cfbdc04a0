"""Contracts and markets: frozen records that check themselves when they are built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.validation import require_finite, require_non_negative, require_positive


@dataclass(frozen=True, kw_only=True)
class European:
    """A European call or put.

    Parameters
    ----------
    strike : float, currency, > 0
    expiry : float, years, >= 0
    is_call : bool

    Raises
    ------
    AadValueError
        When the strike is not positive or the expiry is negative, NaN or infinite.
    AadTypeError
        When `is_call` is not a bool.
    """

    strike: Any
    expiry: Any
    is_call: bool = True

    def __post_init__(self) -> None:
        require_positive("strike", self.strike)
        require_non_negative("expiry", self.expiry)
        if not isinstance(self.is_call, bool):
            raise AadTypeError(f"is_call = {self.is_call!r}: must be True for a call or False for a put")


@dataclass(frozen=True, kw_only=True)
class Market:
    """A spot with a flat rate and a flat dividend yield, both continuously compounded.

    Parameters
    ----------
    spot : float, currency, > 0
    rate : float, per year
    dividend_yield : float, per year

    Raises
    ------
    AadValueError
        When the spot is not positive, or a rate is NaN or infinite.
    """

    spot: Any
    rate: Any = 0.0
    dividend_yield: Any = 0.0

    def __post_init__(self) -> None:
        require_positive("spot", self.spot)
        require_finite("rate", self.rate)
        require_finite("dividend_yield", self.dividend_yield)

    def discount(self, expiry: Any) -> Any:
        """Return the value today of one unit of currency paid at `expiry` (years)."""
        return ad.exp(-self.rate * expiry)

    def forward(self, expiry: Any) -> Any:
        """Return the forward price for delivery at `expiry` (years), currency."""
        return self.spot * ad.exp((self.rate - self.dividend_yield) * expiry)
