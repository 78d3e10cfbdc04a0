"""A call or put on one asset in a flat market that may be exercised at equally spaced dates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.types import Floats
from aadlib.validation import require_finite, require_positive, whole_number
from pricers.american.bermudan.stopped_premium_kernel import N_OUTPUTS, Terms, stopped_hessian_kernel

LABELS = ("spot", "volatility", "rate", "dividend_yield")
"""What a price is differentiated in, in the order of every gradient and Hessian of this package."""


@dataclass(frozen=True, kw_only=True)
class BermudanOption:
    """A call or put that may be exercised at k expiry / n_dates, k = 1 .. n_dates; the spot is lognormal.

    Parameters
    ----------
    spot, strike : float, currency, > 0
    expiry : float, years, > 0
    volatility : float, per square root of a year, > 0
    rate, dividend_yield : float, per year, continuously compounded, of any sign
    is_call : bool
    n_dates : int, >= 1; one date is a European option

    Raises
    ------
    AadValueError
        For a number that is not finite or has the wrong sign, and for less than one date.
    AadTypeError
        When `is_call` is not a bool.
    """

    spot: float
    strike: float
    expiry: float
    volatility: float
    rate: float = 0.0
    dividend_yield: float = 0.0
    is_call: bool = False
    n_dates: int = 50

    def __post_init__(self) -> None:
        for name in ("spot", "strike", "expiry", "volatility"):
            require_positive(name, getattr(self, name))
            object.__setattr__(self, name, float(getattr(self, name)))
        for name in ("rate", "dividend_yield"):
            require_finite(name, getattr(self, name))
            object.__setattr__(self, name, float(getattr(self, name)))
        if not isinstance(self.is_call, bool | np.bool_):
            raise AadTypeError(f"is_call = {self.is_call!r}: must be True for a call or False for a put")
        whole_number("n_dates", self.n_dates, 1)

    @property
    def terms(self) -> Terms:
        """The option as kernels take it."""
        return Terms(
            self.spot, self.volatility, self.rate, self.dividend_yield, self.strike, self.expiry,
            1.0 if self.is_call else -1.0, math.log(self.spot / self.strike),
            self.strike * math.exp(-self.rate * self.expiry),
        )  # fmt: skip

    @property
    def times(self) -> Floats:
        """Exercise dates, (n_dates,), years."""
        return self.expiry * np.arange(1, self.n_dates + 1) / self.n_dates

    def european(self) -> Floats:
        """Return the European price, gradient and upper triangle of the Hessian, (15,), as the kernels order them."""
        premium = np.empty(N_OUTPUTS)
        stopped_hessian_kernel(0.0, 0.0, self.terms, premium)
        sign = self.terms.sign
        exercised = np.zeros(N_OUTPUTS)
        exercised[:2] = sign * (self.spot - self.strike), sign
        return exercised - premium
