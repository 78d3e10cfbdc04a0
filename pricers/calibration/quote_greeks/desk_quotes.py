"""A smile in the five numbers that a desk quotes for a tenor, and what each of them does to every quote of a chain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import as_floats, require_increasing, require_positive
from pricers.chain.quotes import Quotes

_NAMES = ("ATM", "25d RR", "25d BF", "10d RR", "10d BF")
_STRIKES = ("10d put", "25d put", "ATM", "25d call", "10d call")
_SMILE = np.array(
    [
        [1.0, 0.0, 0.0, -0.5, 1.0],
        [1.0, -0.5, 1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 0.5, 1.0, 0.0, 0.0],
        [1.0, 0.0, 0.0, 0.5, 1.0],
    ]
)
"""What each of `_NAMES`, across, does to the volatility at each of `_STRIKES`, down."""
_TENORS = (1.0 / 12.0, 2.0 / 12.0, 0.25, 0.5, 0.75, 1.0, 2.0, 3.0, 5.0)


@dataclass(frozen=True, eq=False)
class DeskQuotes:
    """At-the-money volatility, risk reversals and butterflies by tenor, as directions in the quotes of a chain.

    With RR = call less put volatility and BF = their mean less the at-the-money one, the volatilities of a tenor are

        25-delta call = ATM + BF25 + RR25 / 2,      25-delta put = ATM + BF25 - RR25 / 2,

    and the same at 10 delta. Between these five strikes a change is linear in Black's forward delta of the call at
    the quote's own volatility, beyond them it is constant; between tenors it is linear in ln t, outside them constant.
    So a change of every ATM by one point is a parallel shift of all quotes.

    Parameters
    ----------
    tenors : (n_tenors,) float, years, > 0, increasing

    Raises
    ------
    AadValueError
        For tenors that are not positive or out of order.
    """

    tenors: Floats

    def __post_init__(self) -> None:
        tenors = np.atleast_1d(as_floats("tenors", self.tenors))
        if tenors.size == 0:
            raise AadValueError("tenors is empty: give at least one")
        require_positive("tenors", tenors)
        require_increasing("tenors", tenors)
        object.__setattr__(self, "tenors", tenors)

    @classmethod
    def of(cls, quotes: Quotes) -> DeskQuotes:
        """Return the usual tenors that a chain reaches, its last expiry where it reaches none."""
        used = np.array([quotes.slices[k].expiry for k in np.unique(quotes.slice_index)])
        usual = [t for t in _TENORS if 0.9 * used[0] <= t <= 1.1 * used[-1]]
        return cls(np.array(usual or [used[-1]]))

    @property
    def size(self) -> int:
        """Number of desk quotes: five a tenor."""
        return len(_NAMES) * self.tenors.size

    @cached_property
    def labels(self) -> list[str]:
        """Tenor and name of each, tenor by tenor."""
        return [f"{_tenor_label(t)} {name}" for t in self.tenors.tolist() for name in _NAMES]

    @cached_property
    def hat_labels(self) -> list[str]:
        """Tenor and strike of each of `hats`, tenor by tenor."""
        return [f"{_tenor_label(t)} {name}" for t in self.tenors.tolist() for name in _STRIKES]

    def directions(self, quotes: Quotes) -> Floats:
        """Return the change of every quote's volatility with each desk quote, (n_quotes, size)."""
        hats = self.hats(quotes).reshape(len(quotes), self.tenors.size, len(_STRIKES))
        return (hats @ _SMILE).reshape(len(quotes), self.size)

    def hats(self, quotes: Quotes) -> Floats:
        """Return what every quote has of each tenor's five strikes, (n_quotes, size): each row adds up to one."""
        expiry = np.array([item.expiry for item in quotes.slices])[quotes.slice_index]
        deviation = quotes.volatility * np.sqrt(expiry)
        call_delta = ad.norm_cdf(-quotes.log_moneyness / deviation + 0.5 * deviation)
        at_the_money = ad.norm_cdf(0.5 * deviation)  # of a call at the forward, at this quote's volatility
        of_strikes = _smile_hats(call_delta, np.clip(at_the_money, 0.26, 0.74))
        times = np.log(self.tenors)
        of_tenors = np.stack([np.interp(np.log(expiry), times, unit) for unit in np.eye(times.size)], axis=1)
        return (of_tenors[:, :, None] * of_strikes[:, None, :]).reshape(len(quotes), self.size)


def _smile_hats(call_delta: Floats, at_the_money: Floats) -> Floats:
    """Return what a delta has of each of the five strikes of a smile, (n, 5)."""
    ends = np.array([0.90, 0.75, 0.0, 0.25, 0.10])  # deltas of the call at `_STRIKES`
    knots = np.where(np.arange(5) == 2, at_the_money[:, None], ends)
    rank = np.zeros(call_delta.size)
    for k in range(4):
        rank += np.clip((knots[:, k] - call_delta) / (knots[:, k] - knots[:, k + 1]), 0.0, 1.0)
    return np.clip(1.0 - np.abs(rank[:, None] - np.arange(5)), 0.0, None)


def _tenor_label(years: float) -> str:
    months = round(12.0 * years)
    if abs(12.0 * years - months) > 0.05 or months == 0:
        return f"{round(365.0 * years)}d"
    return f"{months // 12}y" if months % 12 == 0 else f"{months}m"
