"""Gradient and Hessian by central differences of a price that is exact to many digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aadlib.extend import map_pieces
from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import LABELS, BermudanOption

ValuesAtSpots = Callable[[BermudanOption, Floats], Floats]
"""Prices of one option at several spots at once, (n_spots,)."""


def differenced(
    values: ValuesAtSpots,
    option: BermudanOption,
    *,
    spot_step: float,
    volatility_step: float,
    rate_step: float,
) -> tuple[float, Floats, Floats]:
    """Return price, gradient (4,) and Hessian (4, 4) in spot, volatility, rate and dividend yield.

    Second-order accurate in the steps: shares of spot and of volatility, and what rate and dividend yield are moved
    by. One call of `values` serves all spots, so 19 calls are made.
    """
    n = len(LABELS)
    steps = np.array([spot_step * option.spot, volatility_step * option.volatility, rate_step, rate_step])
    spots = option.spot + steps[0] * np.array([-1.0, 0.0, 1.0])
    bumps = [(0, 0, 0)]
    for i in range(3):
        for one in (-1, 1):
            bumps.append(tuple(one if k == i else 0 for k in range(3)))  # type: ignore[arg-type]
            for j in range(i):
                bumps += [
                    tuple(one if k == i else other if k == j else 0 for k in range(3))  # type: ignore[misc]
                    for other in (-1, 1)
                ]

    def at(bump: tuple[int, int, int]) -> Floats:
        volatility, rate, dividend_yield = (
            getattr(option, name) + move * step
            for name, move, step in zip(LABELS[1:], bump, steps[1:], strict=True)
        )
        moved = replace(option, volatility=volatility, rate=rate, dividend_yield=dividend_yield)
        return values(moved, spots)

    found = dict(zip(bumps, map_pieces(at, bumps, work=np.inf), strict=True))

    def value(*moves: tuple[int, int]) -> float:
        moved = [0] * n
        for place, move in moves:
            moved[place] += move
        return float(found[moved[1], moved[2], moved[3]][1 + moved[0]])

    price = value()
    gradient, hessian = np.empty(n), np.empty((n, n))
    for i in range(n):
        up, down = value((i, 1)), value((i, -1))
        gradient[i] = (up - down) / (2.0 * steps[i])
        hessian[i, i] = (up - 2.0 * price + down) / steps[i] ** 2
        for j in range(i):
            corners = sum(a * b * value((i, a), (j, b)) for a in (-1, 1) for b in (-1, 1))
            hessian[i, j] = hessian[j, i] = corners / (4.0 * steps[i] * steps[j])
    return price, gradient, hessian
