"""Terminal and boundary values: the payoff averaged over the kink's cell, and what it is worth at the grid's ends."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import values_of
from pricers.curves.rate_curve import is_curve
from pricers.number_kinds import is_plain
from pricers.pde.grids.spot_grids import Grid

Pays = Literal["option", "cash", "asset"]
"""What is paid in the money: how far the spot is beyond the strike, one unit of currency, or the asset."""
PAYS = ("option", "cash", "asset")


def intrinsic_values(spots: Floats, strike: Any, is_call: bool) -> list[Any]:
    """Return the payoff at each spot; on which side of the strike a spot lies is decided by value."""
    middle = float(values_of(strike))
    if is_call:
        return [level - strike if level > middle else 0.0 for level in spots.tolist()]
    return [strike - level if level < middle else 0.0 for level in spots.tolist()]


def averaged_payoff(grid: Grid, strike: Any, is_call: bool, pays: Pays = "option") -> list[Any]:
    """Return the payoff at each node, averaged over the cell of the node nearest to the strike.

    Of an option only what the kink adds to the straight line through the node is averaged: the line itself is kept, so
    that nodes of uneven cells do not move it, and calls minus puts stay exactly linear. Of a digital it is the jump.
    """
    if pays != "option":
        return _averaged_digital(grid, strike, is_call, pays)
    values = intrinsic_values(grid.spots, strike, is_call)
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


def _averaged_digital(grid: Grid, strike: Any, is_call: bool, pays: Pays) -> list[Any]:
    """Return one unit or the spot where a node's cell lies in the money, and the cell's mean where the strike is."""
    level, x = float(values_of(strike)), grid.positions
    paid = grid.spots if pays == "asset" else np.ones(grid.n_nodes)
    values: list[Any] = np.where((grid.spots > level) == is_call, paid, 0.0).tolist()
    logarithmic = grid.coordinate == "log_spot"
    edge = ad.log(strike) if logarithmic else strike
    edges = 0.5 * (x[:-1] + x[1:])
    node = int(np.searchsorted(edges, float(values_of(edge))))
    if not 0 < node < grid.n_nodes - 1:
        return values
    low, high = edges[node - 1].item(), edges[node].item()
    if not low < edge <= high:  # true here; in a recording a guard against a strike in another cell
        raise AadValueError(f"strike = {strike!r}: not in the cell of node {node}")

    def integral(end: Any) -> Any:
        """Return that of what is paid, up to a constant."""
        if pays == "cash":
            return end
        return ad.exp(end) if logarithmic else 0.5 * end * end

    inside = integral(high) - integral(edge) if is_call else integral(edge) - integral(low)
    values[node] = inside / (high - low)
    return values


def boundary_values(
    level: float,
    strike: Any,
    rate: Any,
    dividend_yield: Any,
    elapsed: list[Any],
    is_call: bool,
    american: bool,
    expiry: Any = None,
    pays: Pays = "option",
) -> list[Any]:
    """Return the value far from the strike at times to expiry `elapsed` (n,): the discounted payoff, or zero.

    Rates that are curves are taken between the expiry and those times before it. An American option is worth at least
    its immediate exercise.
    """
    if pays != "option":
        if (level > float(values_of(strike))) != is_call or (pays == "asset" and level == 0.0):
            return [0.0] * len(elapsed)
        if pays == "cash":
            return _discounts(rate, elapsed, expiry)
        return [level * factor for factor in _discounts(dividend_yield, elapsed, expiry)]
    immediate = intrinsic_values(np.array([level]), strike, is_call)[0]
    if is_plain(immediate) and immediate == 0.0:
        return [0.0] * len(elapsed)
    # A node at zero makes no factor worth recording.
    assets = (
        [0.0] * len(elapsed)
        if level == 0.0
        else [level * factor for factor in _discounts(dividend_yield, elapsed, expiry)]
    )
    cash = [strike * factor for factor in _discounts(rate, elapsed, expiry)]
    sides = zip(assets, cash, strict=True)
    held = [a - c for a, c in sides] if is_call else [c - a for a, c in sides]
    return [ad.maximum(value, immediate) for value in held] if american else held


def _discounts(rate: Any, elapsed: list[Any], expiry: Any) -> list[Any]:
    """Return exp(-rate * elapsed), and record nothing where the rate is the plain number zero."""
    if is_curve(rate):
        whole = rate.accumulated(expiry)
        return [ad.exp(rate.accumulated(max(expiry - time, 0.0)) - whole) for time in elapsed]
    if is_plain([rate, elapsed]):
        return list(np.exp(-rate * np.array(elapsed)).tolist())
    if is_plain(rate) and rate == 0.0:
        return [1.0] * len(elapsed)
    return [ad.exp(-(rate * time)) for time in elapsed]
