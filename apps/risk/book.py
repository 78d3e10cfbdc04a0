"""The positions of a risk report's book, and the embedded book."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from apps.report.plots import readable_expiry
from apps.risk.products import VANILLA
from apps.risk.products.contract import Contract, OptionTerms

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes, Slice

_TENORS = {"1m": 1.0 / 12.0, "3m": 0.25, "6m": 0.5, "1y": 1.0}
_QUANTITIES = (-20.0, -10.0, 10.0, 20.0)
_NEAR = 1.5
"""Factor by which a slice may miss a tenor and still bear its name."""
_SAME_DELTA = 0.08
"""A slice holds a position where a listed strike misses the delta that is meant by no more."""


@dataclass(frozen=True)
class Position:
    """So many options of one kind; `term` has their expiry, with its forward and discount factor.

    One option pays `multiplier` times what its formula says.
    """

    label: str
    quantity: float
    term: Slice
    strike: float
    is_call: bool
    multiplier: float = 1.0
    contract: Contract = VANILLA

    @property
    def terms(self) -> OptionTerms:
        """What its contract is about."""
        return OptionTerms(self.term, self.strike, self.is_call)

    @property
    def option(self) -> str:
        """The option in a few words."""
        return self.contract.describe(self.terms)

    @property
    def is_vanilla(self) -> bool:
        """Whether the forward march prices it."""
        return self.contract is VANILLA

    @property
    def size(self) -> float:
        """What the Greeks of one option are multiplied by."""
        return self.quantity * self.multiplier


class _Listed(NamedTuple):
    """A listed strike of a slice, its delta as a call, and by how much that misses the delta that is meant."""

    strike: float
    call_delta: float
    miss: float

    def position(self, name: str, quantity: float, term: Slice, *, is_call: bool) -> Position:
        """Return a position that is called what it is: its kind and its forward Black delta in hundredths."""
        delta = self.call_delta if is_call else 1.0 - self.call_delta
        label = f"{name} {100.0 * delta:.0f}-delta {'call' if is_call else 'put'}"
        return Position(label, quantity, term, self.strike, is_call)


def default_book(quotes: Quotes) -> list[Position]:
    """Return the embedded book: short near, long far, with a risk reversal and a butterfly.

    At the slices near 1, 3, 6 and 12 months that list strikes at the money and at 25 delta: at-the-money and 25-delta
    calls and puts; a risk reversal at 3 months and a butterfly at 6, or at the last of these slices. Strikes are listed
    ones, and a label says the delta of its own strike.
    """
    listed = [_listed_strikes(quotes, k) for k in range(len(quotes.slices))]
    chosen = _chosen_slices(quotes, listed)
    book = []
    for name, (k, quantity) in chosen.items():
        (low, money, high), term = listed[k], quotes.slices[k]
        book += [
            money.position(name, quantity, term, is_call=True),
            money.position(name, quantity, term, is_call=False),
            high.position(name, quantity, term, is_call=True),
            low.position(name, quantity, term, is_call=False),
        ]
    last = list(chosen)[-1]
    name = "3m" if "3m" in chosen else last
    k = chosen[name][0]
    low, money, high = listed[k]
    if low.strike < high.strike:
        book += [
            high.position(f"{name} risk reversal,", 15.0, quotes.slices[k], is_call=True),
            low.position(f"{name} risk reversal,", -15.0, quotes.slices[k], is_call=False),
        ]
    name = "6m" if "6m" in chosen else last
    k = chosen[name][0]
    low, money, high = listed[k]
    if low.strike < money.strike < high.strike:
        book += [
            item.position(f"{name} butterfly,", quantity, quotes.slices[k], is_call=True)
            for item, quantity in ((low, 10.0), (money, -20.0), (high, 10.0))
        ]
    return book


def _chosen_slices(quotes: Quotes, listed: list[tuple[_Listed, ...]]) -> dict[str, tuple[int, float]]:
    """Return name -> (slice, quantity): tenors that a slice is near to, or else the nearest slices by their expiry.

    Only slices that hold the deltas of the book are looked at, where there are any.
    """
    expiries = np.array([s.expiry for s in quotes.slices])
    holding = [
        k for k, strikes in enumerate(listed) if strikes and max(s.miss for s in strikes) <= _SAME_DELTA
    ]
    quoted = np.array(holding or [k for k, strikes in enumerate(listed) if strikes])
    nearest: list[tuple[float, int, str, float]] = []
    for (tenor, years), quantity in zip(_TENORS.items(), _QUANTITIES, strict=True):
        miss = np.abs(np.log(expiries[quoted] / years))
        nearest.append((float(miss.min()), int(quoted[np.argmin(miss)]), tenor, quantity))
    near = {}
    for miss_of_tenor, k, tenor, quantity in sorted(nearest, reverse=True):
        if miss_of_tenor < math.log(_NEAR):
            near[k] = (tenor, quantity)  # the nearest of several tenors comes last and stays
    far = {k: (readable_expiry(float(expiries[k])), quantity) for _, k, _, quantity in reversed(nearest)}
    return {name: (k, quantity) for k, (name, quantity) in sorted((near or far).items())}


def _listed_strikes(quotes: Quotes, k: int) -> tuple[_Listed, ...]:
    """Return the listed strikes nearest to the 25-delta put, the forward and the 25-delta call of slice `k`.

    None where the slice has no quotes left.
    """
    from aadlib import norm_cdf

    mine = quotes.slice_index == k
    if not mine.any():
        return ()
    x, volatility, strike = quotes.log_moneyness[mine], quotes.volatility[mine], quotes.strike[mine]
    deviation = volatility * np.sqrt(quotes.slices[k].expiry)
    call_delta = norm_cdf(-x / deviation + 0.5 * deviation)  # of the forward
    listed = []
    for meant in (0.75, norm_cdf(0.5 * deviation), 0.25):  # the middle one of a call at the forward
        miss = np.abs(call_delta - meant)
        j = int(np.argmin(miss))
        listed.append(_Listed(float(strike[j]), float(call_delta[j]), float(miss[j])))
    return tuple(listed)
