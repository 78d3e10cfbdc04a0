"""The payoff on the nodes, its kink averaged over the cell, and what it is worth at the ends of the grid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError, values_of
from pricers.pde.grids import Grid


def intrinsic(level: float, strike: Any, is_call: bool) -> Any:
    """Return the payoff at one spot; on which side of the strike it lies is decided by value."""
    in_the_money = level > float(values_of(strike)) if is_call else level < float(values_of(strike))
    if not in_the_money:
        return 0.0
    return level - strike if is_call else strike - level


def averaged_payoff(grid: Grid, strike: Any, is_call: bool) -> list[Any]:
    """Return the payoff at each node, averaged over the cell of the node nearest to the strike.

    Only what the kink adds to the straight line through the node is averaged: the line itself is kept, so that
    nodes of uneven cells do not move it, and calls minus puts stay exactly linear.
    """
    values = [intrinsic(level, strike, is_call) for level in grid.spots.tolist()]
    x = grid.positions
    logarithmic = grid.coordinate == "log_spot"
    kink = ad.log(strike) if logarithmic else strike
    edges = 0.5 * (x[:-1] + x[1:])
    node = int(np.searchsorted(edges, float(values_of(kink))))
    if not 0 < node < grid.n_nodes - 1:
        return values
    low, high = edges[node - 1].item(), edges[node].item()
    if (
        not low < kink <= high
    ):  # true here; in a recording it stays as a guard against a strike in another cell
        raise AadValueError(f"strike = {strike!r}: not in the cell of node {node}")
    # With the strike on the node itself the branch is the one that pays nothing: its line is exact there.
    level, middle = grid.spots[node].item(), float(values_of(strike))
    above = level > middle or (level == middle and not is_call)
    if above:  # the node's line is the branch right of the kink; the other branch differs left of it
        width = kink - low
        excess = strike * width - (strike - math.exp(low)) if logarithmic else 0.5 * width * width
    else:
        width = high - kink
        excess = math.exp(high) - strike - strike * width if logarithmic else 0.5 * width * width
    values[node] = values[node] + excess / (high - low)
    return values


def boundary_value(
    level: float, strike: Any, rate: Any, dividend_yield: Any, elapsed: Any, is_call: bool, american: bool
) -> Any:
    """Return the value far from the strike: the discounted payoff, or zero out of the money.

    An American option is worth at least its immediate exercise.
    """
    immediate = intrinsic(level, strike, is_call)
    if isinstance(immediate, float) and immediate == 0.0:
        return 0.0
    asset = level * ad.exp(-dividend_yield * elapsed) if level > 0.0 else 0.0
    cash = strike * ad.exp(-rate * elapsed)
    held = asset - cash if is_call else cash - asset
    return ad.maximum(held, immediate) if american else held
