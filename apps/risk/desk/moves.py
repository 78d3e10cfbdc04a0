"""Moves of the market, and what a book makes under many of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from aadlib.types import Floats


class Move(NamedTuple):
    """What moves, all at once; nothing by default.

    Attributes
    ----------
    spot : float, a share of the spot, > -1
    volatility : float, points added to the local volatility everywhere
    tilt : float, points added to it for each at-the-money deviation ln(K / F) / sqrt(w(T)), from -4 to +2
        Flat beyond: 1 raises what stands two deviations above the money by two points, and lowers it below.
    rate : float, basis points added to the zero rates
    days : float, calendar days that pass
    """

    spot: float = 0.0
    volatility: float = 0.0
    tilt: float = 0.0
    rate: float = 0.0
    days: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """A move of the market and its name."""

    name: str
    move: Move


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
