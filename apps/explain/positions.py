"""The positions of a book as prices of a market, on the day of their chain and on a later one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from aadlib.errors import AadValueError
from apps.risk.book import Position

if TYPE_CHECKING:
    from pricers.contracts import Market
    from pricers.market_numbers import MarketNumbers

    Price = Callable[[Market], Any]


def position_prices(
    book: Sequence[Position], market: Market, elapsed: float
) -> list[Callable[[float], Price]]:
    """Return what `pricers.desk.explain` takes: one option of each position, as time passes.

    Raises
    ------
    AadValueError
        For a product that is simulated, or one that expires before `elapsed` (years) has passed.
    """
    from apps.risk.engines.products import is_simulated

    prices = []
    for position in book:
        if position.term.expiry <= elapsed:
            raise AadValueError(
                f"{position.label}: expires on or before the day of the second chain, so what it paid is no price; "
                "take it out of the book"
            )
        if is_simulated(position.contract):
            raise AadValueError(
                f"{position.label}: {position.contract.NAME} options are simulated, whose errors would drown a day's "
                "profit and loss; take it out of the book"
            )
        prices.append(_price(position, market))
    return prices


def _price(position: Position, market: Market) -> Callable[[float], Price]:
    from pricers import pde

    if not position.is_vanilla:
        claim = position.contract.claim(market, position.terms)
        if claim is None:
            return lambda elapsed: lambda market: 0.0 * market.spot  # it is over
        return partial(_later, claim)
    options = pde.vanillas(
        market,
        strikes=[position.strike],
        expiries=[position.term.expiry],
        is_call=position.is_call,
        differentiate="spot",
    )
    return lambda elapsed: lambda market: options.later(elapsed).price_at(market)[0]


def _later(claim: MarketNumbers, elapsed: float) -> Price:
    return claim.later(elapsed).price_at
