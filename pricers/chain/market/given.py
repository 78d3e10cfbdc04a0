"""What the user knows better than the quotes do: rates, a dividend yield, cash dividends, forwards."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import one_float, require_finite, require_instance, require_positive
from pricers.american.cash_dividends import CashDividend, value_of_dividends
from pricers.chain.market.given_files import read_curve, read_dividends, read_forwards
from pricers.chain.settlement import DAYS_PER_YEAR

When = datetime.date | float
"""A day, or years from the quote date."""


@dataclass(frozen=True, eq=False)
class GivenMarket:
    """Rates, dividends and forwards to be taken instead of implied ones; nothing is given by default.

    Attributes
    ----------
    times, rates : (n,) float, or None
        Zero rates, continuously compounded, at years from the quote date; between them forward rates are flat, beyond
        the ends zero rates are.
    dividend_yield : float or None
    dividends : tuple of CashDividend
    forwards : dict
        Expiry date -> forward.
    """

    times: Floats | None = None
    rates: Floats | None = None
    dividend_yield: float | None = None
    dividends: tuple[CashDividend, ...] = ()
    forwards: Mapping[datetime.date, float] = field(default_factory=dict)

    def rate(self, expiry: Floats) -> Floats | None:
        """Return the zero rates of expiries, None where none are given."""
        if self.times is None or self.rates is None:
            return None
        sums = np.interp(expiry, self.times, self.rates * self.times)
        inside = (expiry >= self.times[0]) & (expiry <= self.times[-1])
        flat = np.where(expiry < self.times[0], self.rates[0], self.rates[-1])
        return np.where(inside, sums / expiry, flat)

    def forward(self, spot: float, expiry: Floats, dates: Sequence[datetime.date], rate: Floats) -> Floats:
        """Return the forwards of expiries, NaN where none follows from what is given."""
        forward = np.full(expiry.size, np.nan)
        if self.dividend_yield is not None:
            owed = value_of_dividends(self.dividends, expiry=expiry, rate=rate)
            forward = np.asarray((spot - owed) * np.exp((rate - self.dividend_yield) * expiry))
        return np.array([self.forwards.get(date, own) for date, own in zip(dates, forward, strict=True)])

    def notes(self) -> tuple[str, ...]:
        """Say what was given."""
        said = []
        if self.rates is not None:
            shown = ", ".join(f"{rate:.3%}" for rate in self.rates[:6])
            said.append(f"zero rates as given: {shown}{', ...' if self.rates.size > 6 else ''}")
        if self.dividend_yield is not None:
            said.append(f"dividend yield as given: {self.dividend_yield:.3%}")
        if self.dividends:
            use = (
                ""
                if self.dividend_yield is not None
                else "; they count in early exercise only, forwards are implied"
            )
            said.append(f"{len(self.dividends)} cash dividend(s) as given{use}")
        if self.forwards:
            said.append(f"{len(self.forwards)} forward(s) as given")
        return tuple(said)


def given_market(
    *,
    quote_date: datetime.date,
    rate: float | None = None,
    dividend_yield: float | None = None,
    curve: str | os.PathLike[str] | Mapping[When, float] | None = None,
    dividends: str | os.PathLike[str] | Sequence[CashDividend] | Mapping[When, float] | None = None,
    forwards: str | os.PathLike[str] | Mapping[datetime.date, float] | None = None,
) -> GivenMarket:
    """Return what the user gives of the market.

    Parameters
    ----------
    quote_date : datetime.date
    rate : float, per year, continuously compounded, optional
        The same for every expiry.
    dividend_yield : float, per year, optional
        Forwards are the spot, less the cash dividends, grown at the rate less this yield.
    curve : path, or mapping of dates or years to zero rates, optional
        A file has the columns `expiry` (or `years`) and `rate` (or `discount`).
    dividends : path, sequence of CashDividend, or mapping of ex-dates or years to amounts, optional
        A file has the columns `date` (or `years`) and `amount`. Those up to the quote date are past.
    forwards : path, or mapping of expiry dates to forwards, optional
        A file has the columns `expiry` and `forward`. Expiries that are not there keep their implied forwards.

    Raises
    ------
    AadValueError
        If `rate` and `curve` are both given, a number is out of range or a file cannot be read.
    """
    require_instance("quote_date", quote_date, datetime.date, "a date")
    if rate is not None and curve is not None:
        raise AadValueError("rate and curve are both given: give one of them")
    times = rates = None
    if rate is not None:
        times, rates = np.array([1.0]), np.array([_rate("rate", rate)])
    elif curve is not None:
        pairs = read_curve(curve, quote_date) if isinstance(curve, (str, os.PathLike)) else curve
        times, rates = _curve(pairs, quote_date)
    if dividend_yield is not None:
        _rate("dividend_yield", dividend_yield)
    if isinstance(forwards, (str, os.PathLike)):
        forwards = read_forwards(forwards)
    if forwards is not None and not isinstance(forwards, Mapping):
        raise AadTypeError(
            f"forwards = {forwards!r}: must be a path, or a mapping of expiry dates to forwards"
        )
    for date, forward in (forwards or {}).items():
        require_finite(f"forward of {date}", forward)
        require_positive(f"forward of {date}", forward)
    return GivenMarket(times, rates, dividend_yield, _dividends(dividends, quote_date), dict(forwards or {}))


def _rate(name: str, rate: float) -> float:
    require_finite(name, one_float(name, rate))
    if not -1.0 < rate < 1.0:
        raise AadValueError(f"{name} = {rate}: must lie between -1 and 1 a year; write 0.05 for 5%")
    return float(rate)


def _years(when: Any, quote_date: datetime.date) -> float:
    if isinstance(when, datetime.date):
        return (when - quote_date).days / DAYS_PER_YEAR
    return float(when)


def _curve(pairs: Any, quote_date: datetime.date) -> tuple[Floats, Floats]:
    """Return times and zero rates, sorted."""
    if not isinstance(pairs, Mapping) or not pairs:
        raise AadTypeError(f"curve = {pairs!r}: must be a path, or a mapping of dates or years to zero rates")
    by_time = sorted((_years(when, quote_date), _rate("curve", rate)) for when, rate in pairs.items())
    times, rates = np.array(by_time).T
    require_positive("curve, years", times)
    return times, rates


def _dividends(given: Any, quote_date: datetime.date) -> tuple[CashDividend, ...]:
    if given is None:
        return ()
    if isinstance(given, (str, os.PathLike)):
        given = read_dividends(given)
    if isinstance(given, Mapping):
        coming = [(_years(when, quote_date), amount) for when, amount in given.items()]
        given = [CashDividend(time, amount) for time, amount in sorted(coming) if time > 0.0]
    if not isinstance(given, Sequence) or not all(isinstance(dividend, CashDividend) for dividend in given):
        raise AadTypeError(
            "dividends: must be a path, CashDividend objects, or a mapping of ex-dates or years to amounts"
        )
    return tuple(given)
