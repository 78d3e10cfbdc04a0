"""Rates over time: a number is the same rate for ever, a curve another one in every interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

import aadlib as ad
from aadlib.errors import AadTypeError
from aadlib.types import Floats
from aadlib.validation import (
    as_floats,
    one_number,
    require_finite,
    require_increasing,
    require_numbers,
    require_positive,
    require_shape,
)


@runtime_checkable
class RateCurve(Protocol):
    """A continuously compounded rate, of interest or of dividends, as a function of time."""

    shift: Any
    """Parallel shift, per year: what a path or a price is differentiated in."""

    def accumulated(self, time: Any) -> Any:
        """Return the integral of the rate from today to a float time (years), or to each of many."""

    def shifted(self, shift: Any) -> RateCurve:
        """Return the curve with another parallel shift, a number of any kind."""

    def later(self, elapsed: float) -> RateCurve:
        """Return the curve as it is seen `elapsed` years later, where it stays what it is at every date."""


Rate = Any
"""A number of any kind, flat for ever, or a `RateCurve`: what every engine takes as its rate and dividend yield."""


@dataclass(frozen=True, eq=False)
class PiecewiseRate:
    """Rates constant between times, as discount factors and forwards linear in the logarithm have them.

    Parameters
    ----------
    times : (n,) float, years, > 0, increasing
        Ends of the intervals; the first begins today, the last has no end.
    rates : (n,) numbers of any kind, per year, continuously compounded
    shift : number of any kind, per year, added to all of them

    Raises
    ------
    AadValueError
        When times are not positive or do not increase, or a rate is not finite, or their numbers differ.

    Examples
    --------
    >>> curve = PiecewiseRate([0.5, 1.0], [0.02, 0.04])
    >>> float(curve.accumulated(1.0)), round(float(mean_rate(curve, 0.5, 2.0)), 12)
    (0.03, 0.04)
    """

    times: Floats
    rates: Any
    shift: Any = 0.0

    def __post_init__(self) -> None:
        times = as_floats("times", self.times)
        require_increasing("times", times)
        require_positive("times", times)
        require_shape("rates", self.rates, times.shape)
        require_finite("rates", self.rates)
        require_finite("shift", self.shift)
        times.flags.writeable = False
        object.__setattr__(self, "times", times)

    @classmethod
    def from_factors(cls, times: Any, factors: Any) -> PiecewiseRate:
        """Return the curve with exp(-accumulated(times)) = factors, which are discount factors or spot over forward."""
        known = as_floats("factors", factors)
        ends = as_floats("times", times)
        require_increasing("times", ends)
        require_positive("times", ends)
        require_shape("factors", known, ends.shape)
        require_positive("factors", known)
        ends = np.concatenate([[0.0], ends])
        sums = np.concatenate([[0.0], -np.log(known)])
        return cls(ends[1:], np.diff(sums) / np.diff(ends))

    def accumulated(self, time: Any) -> Any:
        """Return the integral of the rate from today to a float time (years), or to each of many."""
        if isinstance(time, ad.ADVar) or hasattr(time, "partials"):
            raise AadTypeError(
                "time is being differentiated: the rate of a curve jumps in time, so give a number for a rate there"
            )
        if not isinstance(time, float):
            require_numbers("time", time)
        spent = self.spent(time)
        plain = np.asarray(self.rates)
        if plain.dtype != object:
            total = spent @ plain
        else:
            columns = [x if x.ndim else float(x) for x in np.moveaxis(spent, -1, 0)]
            total = sum(
                rate * width for rate, width in zip(self.rates, columns, strict=True) if np.any(width > 0.0)
            )
        if isinstance(self.shift, float) and self.shift == 0.0:
            return total
        return total + self.shift * time

    def spent(self, time: Any) -> Floats:
        """Return the years of each interval before a float time, or before each of many: (..., n) float."""
        begins = np.concatenate([[0.0], self.times[:-1]])
        widths = np.append(np.diff(self.times, prepend=0.0)[:-1], np.inf)
        return np.clip(np.asarray(time, dtype=np.float64)[..., None] - begins, 0.0, widths)

    def shifted(self, shift: Any) -> PiecewiseRate:
        """Return the curve with another parallel shift, a number of any kind."""
        return replace(self, shift=shift)

    def later(self, elapsed: float) -> PiecewiseRate:
        """Return the curve as it is seen `elapsed` years later, where it stays what it is at every date."""
        first = min(int(np.searchsorted(self.times, elapsed, side="right")), self.times.size - 1)
        times = self.times[first:] - elapsed
        times[-1] = max(times[-1], 1.0)  # the last rate has no end
        return replace(self, times=times, rates=self.rates[first:])


def is_curve(rate: Rate) -> bool:
    """Return whether a rate is a curve and no number."""
    return hasattr(rate, "accumulated")


def require_rate(name: str, rate: Rate) -> None:
    """Raise unless a rate is a finite number or a curve."""
    if not is_curve(rate):
        require_finite(name, rate)


def shifted(rate: Rate, number: Any) -> Rate:
    """Return a rate at another number: the number itself where it is flat, the curve's parallel shift."""
    return rate.shifted(number) if is_curve(rate) else number


def later(rate: Rate, elapsed: float) -> Rate:
    """Return a rate as it is seen `elapsed` years later."""
    return rate.later(elapsed) if is_curve(rate) else rate


def accumulated(rate: Rate, time: Any) -> Any:
    """Return the integral of a rate from today to a time (years)."""
    if is_curve(rate):
        return rate.accumulated(time)
    require_numbers("rate", rate)
    require_numbers("time", time)
    return (np.asarray(rate) if isinstance(rate, list) else rate) * time


def log_growth(rate: Rate, dividend_yield: Rate, time: Any) -> Any:
    """Return ln(forward / spot) at a time (years)."""
    if is_curve(rate) or is_curve(dividend_yield):
        return accumulated(rate, time) - accumulated(dividend_yield, time)
    one_number("rate", rate)
    one_number("dividend_yield", dividend_yield)
    require_numbers("time", time)
    return (rate - dividend_yield) * time


def mean_rate(rate: Rate, begin: Any, end: Any) -> Any:
    """Return the mean of a rate between two times (years), begin < end: a flat one as it is."""
    if not is_curve(rate):
        return rate
    if not (isinstance(begin, float) and isinstance(end, float)):
        begin, end = as_floats("begin", begin), as_floats("end", end)
    return (rate.accumulated(end) - rate.accumulated(begin)) * (1.0 / (end - begin))


def discount_factor(rate: Rate, time: Any) -> Any:
    """Return exp(-integral of the rate from today to a time)."""
    if is_curve(rate):
        total = rate.accumulated(time)
        return math.exp(-total) if isinstance(total, float) else ad.exp(-total)
    return ad.exp(-accumulated(rate, time))
