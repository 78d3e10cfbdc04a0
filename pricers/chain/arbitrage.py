"""Static arbitrage in quotes: what could be locked in at the quoted bids and asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_instance, whole_number
from pricers.chain.quotes import Quotes
from pricers.types import Bools, Longs

SAME_TIME = 1e-9
"""Years within which two slices count as one expiry."""
MOST_BLAMED = 20
"""Quotes named at most."""
MOST_SUSPECTS = 12
"""Of the quotes that take part in the largest gains, so many are tried one by one."""
ABOUT_AS_MUCH = 0.8
"""Share of the gains that the most guilty one takes away from which another is as suspect."""
LEAST_GAIN = 1e-9
"""Share of the forward below which a gain is round-off."""


A_QUOTES = "the Quotes of pricers.chain.load_quotes"


@dataclass(frozen=True)
class Arbitrage:
    """A quote sold at its bid against others bought at their asks, for nothing or less.

    Attributes
    ----------
    kind : "vertical", "butterfly" or "calendar"
        A call above one of a lower strike or a put above one of a higher strike; a price above the chord of others in
        its slice; a price above the chord of a later slice at the same forward moneyness.
    gain : float, price
        What one sold option brings at least.
    sold : int
        Position in the quotes.
    bought : tuple of int
        Positions in the quotes; the rest of the position is cash and forwards.
    """

    kind: str
    gain: float
    sold: int
    bought: tuple[int, ...]

    @property
    def quotes(self) -> tuple[int, ...]:
        """Positions of all quotes that take part."""
        return (self.sold, *self.bought)


@dataclass(frozen=True)
class ArbitrageReport:
    """All arbitrage found, largest gain first.

    Attributes
    ----------
    found : tuple of Arbitrage
        One at most of every kind for a quote sold: the one with the largest gain.
    worst : tuple of (str, float)
        Quotes to blame, twenty at most: name, and what leaving it out too takes off the sum of the gains.
    """

    found: tuple[Arbitrage, ...]
    worst: tuple[tuple[str, float], ...]

    def count(self, kind: str) -> int:
        """Return the number of one kind."""
        return sum(item.kind == kind for item in self.found)


def quote_name(quotes: Quotes, position: int) -> str:
    """Return root, expiry date, strike and kind of a quote."""
    require_instance("quotes", quotes, Quotes, A_QUOTES)
    if whole_number("position", position, 0) >= len(quotes):
        raise AadValueError(f"position = {position!r}: there are {len(quotes)} quotes")
    kind = "call" if quotes.is_call[position] else "put"
    return f"{quotes.slices[quotes.slice_index[position]].label} {quotes.strike[position]:g} {kind}"


def find_arbitrage(quotes: Quotes) -> ArbitrageReport:
    """Find vertical, butterfly and calendar arbitrage at the quoted bids and asks.

    Parameters
    ----------
    quotes : Quotes
        Bids and asks are compared; where they are equal, so are mids.

    Returns
    -------
    ArbitrageReport

    Notes
    -----
    Puts become calls by parity at the slice's forward and prices are divided by the discounted forward, so that at one
    expiry calls c(k) fall and are convex in k = K / F, 1 - k <= c <= 1, and grow with expiry at fixed k. A bid above
    the lower convex hull of its slice's asks, or of those of a later slice, is an arbitrage with the two quotes that
    span the hull there. Rates and dividends are taken as certain.

    References
    ----------
    P. Carr, D. B. Madan, Finance Research Letters 2 (2005), 125-130.
    """
    require_instance("quotes", quotes, Quotes, A_QUOTES)
    unit = quotes.discount * quotes.forward
    parity = np.where(quotes.is_call, 0.0, 1.0 - np.exp(quotes.log_moneyness))
    calls = _Calls(np.exp(quotes.log_moneyness), quotes.bid / unit + parity, quotes.ask / unit + parity, unit)
    found = _all(calls, quotes, np.ones(len(quotes), dtype=bool))
    return ArbitrageReport(tuple(found), tuple(_to_blame(calls, quotes, found)))


@dataclass(frozen=True, eq=False)
class _Calls:
    """Moneyness K / F, bid and ask as calls over the discounted forward, and that forward, of every quote."""

    moneyness: Floats
    bid: Floats
    ask: Floats
    unit: Floats


@dataclass(frozen=True, eq=False)
class _AskBound:
    """The lower convex hull of a slice's asks, which no call of any strike may be sold above.

    It starts at the call of strike 0, the forward, and is level beyond its lowest point: a higher strike is worth less.
    """

    own: Longs
    vertex: Longs
    moneyness: Floats
    price: Floats

    @classmethod
    def of(cls, calls: _Calls, own: Longs) -> _AskBound:
        """Return the bound of the quotes `own` of one slice, sorted by strike."""
        k = np.concatenate([[0.0], calls.moneyness[own]])
        price = np.concatenate([[1.0], calls.ask[own]])
        vertex: list[int] = []
        for i in range(int(np.argmin(price)) + 1):
            while len(vertex) > 1:
                a, b = vertex[-2:]
                if (price[b] - price[a]) * (k[i] - k[a]) < (price[i] - price[a]) * (k[b] - k[a]):
                    break
                vertex.pop()  # b lies on or above the chord from a to i
            vertex.append(i)
        return cls(own, np.array([-1, *own])[vertex], k[vertex], price[vertex])

    def at(self, moneyness: Floats) -> Floats:
        """Return the bound at other strikes."""
        return np.interp(moneyness, self.moneyness, self.price)

    def legs(self, moneyness: float) -> tuple[int, ...]:
        """Return the quotes that span the bound at a strike."""
        right = int(np.searchsorted(self.moneyness, moneyness))
        return tuple(int(v) for v in self.vertex[max(right - 1, 0) : right + 1] if v >= 0)


def _all(calls: _Calls, quotes: Quotes, used: Bools) -> list[Arbitrage]:
    """Return the arbitrages among the used quotes, largest gain first."""
    members = (np.flatnonzero(used & (quotes.slice_index == k)) for k in range(len(quotes.slices)))
    slices = [_AskBound.of(calls, own) for own in members if own.size]
    found = [item for bound in slices for item in _in_slice(calls, bound)]
    expiry = np.array([quotes.slices[quotes.slice_index[bound.own[0]]].expiry for bound in slices])
    for e, bound in enumerate(slices):
        found += _across_slices(
            calls, bound, [slices[k] for k in np.flatnonzero(expiry > expiry[e] + SAME_TIME)]
        )
    return sorted(found, key=lambda item: (-item.gain, item.sold))


def _to_blame(calls: _Calls, quotes: Quotes, found: list[Arbitrage]) -> Iterator[tuple[str, float]]:
    """Yield quote after quote whose removal takes most of the gains that are left away.

    Where several take about as much, as the two of a pair do, it is the one that bends its smile most.
    """
    bend = _bend(quotes)
    used = np.ones(len(quotes), dtype=bool)
    for _ in range(MOST_BLAMED):
        gain_of: dict[int, float] = {}
        for item in found:
            for position in item.quotes:
                gain_of[position] = gain_of.get(position, 0.0) + item.gain
        suspects = sorted(gain_of, key=lambda position: (-gain_of[position], position))[:MOST_SUSPECTS]
        if not suspects:
            return
        trials = []
        for suspect in suspects:
            used[suspect] = False
            trials.append(_all(calls, quotes, used))
            used[suspect] = True
        taken = sum(item.gain for item in found) - np.array([sum(item.gain for item in t) for t in trials])
        best = int(np.argmax(np.where(taken >= ABOUT_AS_MUCH * taken.max(), bend[suspects], -1.0)))
        yield quote_name(quotes, suspects[best]), float(taken[best])
        used[suspects[best]] = False
        found = trials[best]


def _bend(quotes: Quotes) -> Floats:
    """Return how far each volatility is from the median of the five around it in the slice, (n,)."""
    middle = np.empty(len(quotes))
    for k in np.unique(quotes.slice_index):
        own = quotes.slice_index == k
        padded = np.pad(quotes.volatility[own], 2, constant_values=np.nan)
        middle[own] = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return np.abs(quotes.volatility - middle)


def _in_slice(calls: _Calls, bound: _AskBound) -> Iterator[Arbitrage]:
    gains = calls.bid[bound.own] - bound.at(calls.moneyness[bound.own])
    for gain, sold in zip(gains.tolist(), bound.own.tolist(), strict=True):
        if gain > LEAST_GAIN:
            legs = bound.legs(calls.moneyness[sold])
            kind = "vertical" if any(_is_vertical(calls, sold, leg) for leg in legs) else "butterfly"
            yield Arbitrage(kind, gain * float(calls.unit[sold]), sold, legs)


def _is_vertical(calls: _Calls, sold: int, leg: int) -> bool:
    """Tell whether the one leg alone pays for the sold quote, as calls or as puts."""
    above = calls.bid[sold] - calls.ask[leg]
    further = calls.moneyness[sold] - calls.moneyness[leg]
    return bool(above > LEAST_GAIN if further > 0.0 else above > LEAST_GAIN - further)


def _across_slices(calls: _Calls, bound: _AskBound, later: list[_AskBound]) -> Iterator[Arbitrage]:
    """Yield the best arbitrage of each quote of a slice with one of the later slices."""
    if not later:
        return
    moneyness = calls.moneyness[bound.own]
    bounds = np.array([other.at(moneyness) for other in later])
    lowest = bounds.argmin(axis=0)
    gains = calls.bid[bound.own] - bounds.min(axis=0)
    for j in np.flatnonzero(gains > LEAST_GAIN).tolist():
        sold = int(bound.own[j])
        legs = later[lowest[j]].legs(float(moneyness[j]))
        yield Arbitrage("calendar", float(gains[j] * calls.unit[sold]), sold, legs)
