"""Ladders and stress: a book's profit and loss under many moves of its market, priced again and by its Greeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aadlib.types import Floats
from apps.risk.desk.moved_book import Move, MovedBook
from apps.risk.desk.stress import Scenario, require_possible

if TYPE_CHECKING:
    from apps.risk.desk.greeks import DeskGreeks
    from apps.risk.results import Valuation

SPOTS = (-0.1, -0.05, -0.02, -0.01, 0.0, 0.01, 0.02, 0.05, 0.1)
"""Of both ladders, as shares of the spot."""
FALLS = (-5.0, -2.0, -1.0, -0.5)
RISES = (0.0, 2.0, 5.0)
"""Points of the ladder in volatility: the two largest falls that leave enough, and all rises."""
DAYS = (0.0, 1.0, 7.0, 14.0, 30.0, 90.0)
"""Of the ladder in time, as far as the book's first expiry."""
_LEAST = 0.25
"""Share of the lowest local volatility that a ladder and an embedded scenario leave."""


@dataclass(frozen=True, eq=False)
class Ladder:
    """Profit and loss over a grid of moves.

    Attributes
    ----------
    spots : (n,) float, shares of the spot
    others : (m,) float, volatility points or calendar days
    profit, predicted : (n, m) float
        By pricing again, and by the report's Greeks to second order.
    """

    spots: Floats
    others: Floats
    profit: Floats
    predicted: Floats


@dataclass(frozen=True, eq=False)
class Scenarios:
    """Ladders and stress of a book.

    Attributes
    ----------
    volatility, time : Ladder
    stress : tuple of Scenario
    profit, predicted : (n_scenarios,) float
        By pricing again, and by the report's Greeks to second order.
    omitted : tuple of str
        Embedded scenarios that do not suit the book or the surface.
    left_out : tuple of str
        Simulated positions, which are not in it.
    """

    volatility: Ladder
    time: Ladder
    stress: tuple[Scenario, ...]
    profit: Floats
    predicted: Floats
    omitted: tuple[str, ...]
    left_out: tuple[str, ...]


def scenarios_of(
    valuation: Valuation, desk: DeskGreeks, stress: Sequence[Scenario], *, embedded: bool
) -> Scenarios:
    """Return ladders and stress.

    Parameters
    ----------
    embedded : bool
        Whether the scenarios are nobody's own: those that do not suit the book are left out then.

    Raises
    ------
    AadValueError
        A scenario of one's own does not suit.
    """
    book = MovedBook(valuation, desk.price, desk.time)
    omitted = tuple(one.name for one in stress if embedded and not _suits(book, one.move))
    stress = tuple(one for one in stress if one.name not in omitted)
    require_possible(stress, book)
    moves = [one.move for one in stress]
    points = [*[v for v in FALLS if _suits(book, Move(volatility=v))][:2], *RISES]
    days = [d for d in DAYS if d < book.days]
    return Scenarios(
        volatility=_ladder(book, [[Move(spot=s, volatility=v) for v in points] for s in SPOTS], points),
        time=_ladder(book, [[Move(spot=s, days=d) for d in days] for s in SPOTS], days),
        stress=stress,
        profit=book.profit(moves),
        predicted=book.predicted(moves),
        omitted=omitted,
        left_out=desk.price.left_out,
    )


def _suits(book: MovedBook, move: Move) -> bool:
    least = _LEAST * book.lowest_volatility(Move())
    return move.days < book.days and book.lowest_volatility(move) >= least


def _ladder(book: MovedBook, grid: list[list[Move]], others: Sequence[float]) -> Ladder:
    moves = [move for line in grid for move in line]
    shape = len(grid), len(others)
    return Ladder(
        np.array(SPOTS),
        np.array(others),
        book.profit(moves).reshape(shape),
        book.predicted(moves).reshape(shape),
    )
