"""The book as one price of a market, on any day: what desk Greeks are taken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import aadlib as ad
from aadlib.types import Floats
from apps.risk.book import Position
from pricers.contracts import Market
from pricers.market_numbers import MarketNumbers
from pricers.number_kinds import is_plain

if TYPE_CHECKING:
    from pricers.pde import MarketPrice, MarketPrices


@dataclass(frozen=True, eq=False, repr=False)
class BookPrice(MarketNumbers):
    """The positions of a book that finite differences price, vanillas by one forward march: one price each.

    Attributes
    ----------
    positions : tuple of Position
        Those that are in it: vanillas first, then the others.
    vanillas : MarketPrices, or None where the book has none
    claims : tuple of MarketPrice
        One for each of the others.
    left_out : tuple of str
        Labels of simulated positions, which are not in it.
    """

    positions: tuple[Position, ...]
    vanillas: MarketPrices | None
    claims: tuple[MarketPrice, ...]
    left_out: tuple[str, ...]

    @property
    def sizes(self) -> Floats:
        """What each position counts, (n_positions,)."""
        return np.array([position.size for position in self.positions])

    @property
    def first_date(self) -> float:
        """Years to the first expiry."""
        return min(position.term.expiry for position in self.positions)

    def price_at(self, market: Market) -> Any:
        """Return the price of one option of each position in another market, (n_positions,) numbers of any kind."""
        prices: list[Any] = [] if self.vanillas is None else list(self.vanillas.price_at(market))
        prices += [claim.price_at(market) for claim in self.claims]
        return np.array(prices) if is_plain(prices) else ad.array(prices)

    def value_at(self, market: Market) -> Any:
        """Return the value of the book in another market."""
        return self.sizes @ self.price_at(market)

    def later(self, elapsed: float) -> BookPrice:
        """Return the book `elapsed` years later."""
        return replace(
            self,
            market=self.market.later(elapsed),
            vanillas=None if self.vanillas is None else self.vanillas.later(elapsed),
            claims=tuple(claim.later(elapsed) for claim in self.claims),
        )


def book_price(book: Sequence[Position], market: Market) -> BookPrice:
    """Return the book as a price of a market; what is over or simulated is not in it."""
    from pricers import pde

    plain = [position for position in book if position.is_vanilla]
    options = None
    if plain:
        options = pde.vanillas(
            market,
            strikes=[position.strike for position in plain],
            expiries=[position.term.expiry for position in plain],
            is_call=[position.is_call for position in plain],
            differentiate="spot",
        )
    others, claims, left_out = [], [], []
    for position in book:
        if position.is_vanilla:
            continue
        if position.contract.is_simulated:
            left_out.append(position.label)
        elif (claim := position.contract.claim(market, position.terms)) is not None:
            others.append(position)
            claims.append(claim)
    return BookPrice(market, "spot", (*plain, *others), options, tuple(claims), tuple(left_out))
