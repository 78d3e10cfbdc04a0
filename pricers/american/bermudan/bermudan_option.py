"""A call or put on one lognormal asset that may be exercised at equally spaced dates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.types import Floats
from aadlib.validation import one_float, require_positive, whole_number
from pricers.american.bermudan.stopped_premium_kernel import N_OUTPUTS, Terms, stopped_hessian_kernel
from pricers.curves.rate_curve import Rate, accumulated, is_curve, mean_rate, require_rate

LABELS = ("spot", "rate", "dividend_yield", "volatility")
"""What a price is differentiated in, in the order of every gradient and Hessian: of a curve its parallel shift."""


@dataclass(frozen=True, kw_only=True)
class BermudanOption:
    """A call or put that may be exercised at k expiry / n_dates, k = 1 .. n_dates; the spot is lognormal.

    Parameters
    ----------
    spot, strike : float, currency, > 0
    expiry : float, years, > 0
    volatility : float, per square root of a year, > 0
    rate, dividend_yield : float or RateCurve, per year, continuously compounded, of any sign
    is_call : bool
    n_dates : int, >= 1; one date is a European option

    Raises
    ------
    AadValueError
        For a number that is not finite or has the wrong sign, and for less than one date.
    AadTypeError
        When `is_call` is not a bool, or something that must be one number is none.
    """

    spot: float
    strike: float
    expiry: float
    volatility: float
    rate: Rate = 0.0
    dividend_yield: Rate = 0.0
    is_call: bool = False
    n_dates: int = 50

    def __post_init__(self) -> None:
        for name in ("spot", "strike", "expiry", "volatility"):
            object.__setattr__(self, name, one_float(name, getattr(self, name)))
            require_positive(name, getattr(self, name))
        for name in ("rate", "dividend_yield"):
            if not is_curve(getattr(self, name)):
                object.__setattr__(self, name, one_float(name, getattr(self, name)))
            require_rate(name, getattr(self, name))
        if not isinstance(self.is_call, bool | np.bool_):
            raise AadTypeError(f"is_call = {self.is_call!r}: must be True for a call or False for a put")
        whole_number("n_dates", self.n_dates, 1)

    @property
    def sign(self) -> float:
        """1 for a call, -1 for a put."""
        return 1.0 if self.is_call else -1.0

    @property
    def mean_rate(self) -> float:
        """The rate, of a curve its mean to expiry."""
        return float(mean_rate(self.rate, 0.0, self.expiry))

    @property
    def mean_yield(self) -> float:
        """The dividend yield, of a curve its mean to expiry."""
        return float(mean_rate(self.dividend_yield, 0.0, self.expiry))

    def numbers(self, names: Sequence[str] = LABELS) -> Floats:
        """Return what the price is differentiated in; in place of curves their means, which shifts move alike."""
        known = {
            "spot": self.spot, "rate": self.mean_rate, "dividend_yield": self.mean_yield, "volatility": self.volatility
        }  # fmt: skip
        return np.array([known[name] for name in names])

    def beyond_mean(self, times: Any) -> Floats:
        """Return what rate and dividend yield add up to at times beyond their means, (2, ...); zeros without curves."""
        years = np.asarray(times, dtype=np.float64)
        sums = [
            accumulated(rate, years) - mean * years if is_curve(rate) else np.zeros(years.shape)
            for rate, mean in ((self.rate, self.mean_rate), (self.dividend_yield, self.mean_yield))
        ]
        return np.array(sums)

    def growth_between(self, begin: Any, end: Any) -> Floats:
        """Return what rate and dividend yield add up to between times, (2, ...)."""
        begins, ends = np.broadcast_arrays(
            np.asarray(begin, dtype=np.float64), np.asarray(end, dtype=np.float64)
        )
        means = np.multiply.outer(np.array([self.mean_rate, self.mean_yield]), ends - begins)
        return np.asarray(means + self.beyond_mean(ends) - self.beyond_mean(begins))

    @property
    def terms(self) -> Terms:
        """The option as kernels take it."""
        rate = self.mean_rate
        return Terms(
            self.spot, self.volatility, rate, self.mean_yield, self.strike, self.expiry, self.sign,
            math.log(self.spot / self.strike), self.strike * math.exp(-rate * self.expiry),
            self.beyond_mean(self.expiry * np.arange(self.n_dates + 1) / self.n_dates),
        )  # fmt: skip

    @property
    def times(self) -> Floats:
        """Exercise dates, (n_dates,), years."""
        return self.expiry * np.arange(1, self.n_dates + 1) / self.n_dates

    def european(self) -> Floats:
        """Return the European price, gradient and upper triangle of the Hessian, (15,), as the kernels order them."""
        premium = np.empty(N_OUTPUTS)
        stopped_hessian_kernel(0.0, 0.0, self.terms, premium)
        sign = self.sign
        exercised = np.zeros(N_OUTPUTS)
        exercised[:2] = sign * (self.spot - self.strike), sign
        return exercised - premium
