"""Ladders and stress: a book's profit and loss under many moves of its market, priced again and by its Greeks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aadlib.errors import AadValueError
from apps.risk.desk.moved_book import MovedBook
from apps.risk.desk.moves import Ladder, Move, Scenario, Scenarios

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


def require_possible(scenarios: Sequence[Scenario], book: MovedBook) -> None:
    """Raise for a scenario under which the book cannot be priced.

    Raises
    ------
    AadValueError
        It ends at or after the book's first expiry, or leaves no local volatility somewhere.
    """
    for name, move in ((scenario.name, scenario.move) for scenario in scenarios):
        if move.days >= book.days:
            raise AadValueError(
                f"scenario {name!r}: days = {move.days:g}: must end before the first expiry of the book, in "
                f"{book.days:.4g} days"
            )
        if (lowest := book.lowest_volatility(move)) <= 0.0:
            raise AadValueError(
                f"scenario {name!r}: volatility_points = {move.volatility:g}, tilt_points = {move.tilt:g}: take "
                f"local volatility to {lowest:.1%} somewhere; move it by less"
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
