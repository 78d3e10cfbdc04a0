"""Gradient and Hessian by central differences of a price that is exact to many digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from aadlib.extend import map_pieces
from aadlib.types import Floats
from pricers.american.bermudan.bermudan_option import LABELS, BermudanOption
from pricers.curves.rate_curve import is_curve

NEAREST = 0.05
"""Share of the step of a rate that it is cut down to near zero."""

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
    """Return price, gradient (4,) and Hessian (4, 4) in the order of `LABELS`.

    Second-order accurate in the steps: shares of spot and of volatility, and what rate and dividend yield are moved
    by. One call of `values` serves all spots, so 19 calls are made, and one more where the rate that exercise earns is
    all but zero: the price has a kink there, where exercise begins, so the differences stay on its own side (from above
    at zero), by shorter steps the nearer it is.
    """
    earned = earned_rate(option)
    near = rate_step if earned is None else min(rate_step, max(0.5 * abs(earned), NEAREST * rate_step))
    beside = option if earned is None or abs(earned) >= near else beside_zero(option, near)
    if beside is not option:
        _, gradient, hessian = differenced(
            values, beside, spot_step=spot_step, volatility_step=volatility_step, rate_step=rate_step
        )
        way = option.numbers() - beside.numbers()
        spots = np.array([option.spot])
        return float(values(option, spots)[0]), gradient + hessian @ way, hessian
    n = len(LABELS)
    of_rates = (rate_step, near) if option.is_call else (near, rate_step)
    steps = np.array([spot_step * option.spot, *of_rates, volatility_step * option.volatility])
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
        return values(moved_option(option, *(np.array(bump) * steps[1:]).tolist()), spots)

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


def moved_option(
    option: BermudanOption, rate: float, dividend_yield: float, volatility: float
) -> BermudanOption:
    """Return the option with rate, dividend yield and volatility moved by so much; curves in parallel."""
    moves = {"rate": rate, "dividend_yield": dividend_yield}
    rates: dict[str, Any] = {
        name: given.shifted(given.shift + move) if is_curve(given) else given + move
        for name, move in moves.items()
        for given in [getattr(option, name)]
    }
    return replace(option, **rates, volatility=option.volatility + volatility)


def earned_rate(option: BermudanOption) -> float | None:
    """Return the rate that exercise earns: interest on the strike of a put, dividends of a call; None for curves."""
    earned = option.dividend_yield if option.is_call else option.rate
    return None if option.n_dates == 1 or is_curve(earned) else float(earned)


def beside_zero(option: BermudanOption, step: float) -> BermudanOption:
    """Return the option with the rate that exercise earns one and a half steps off zero, on its side."""
    name = "dividend_yield" if option.is_call else "rate"
    moved: dict[str, Any] = {name: math.copysign(1.5 * step, getattr(option, name))}
    return replace(option, **moved)
