"""A trinomial lattice over a local volatility, on floats or duals.

The nodes stand still over the forward, s = S / F(t) = S_0 exp(y), so far apart that every probability is positive;
those of a node match mean and variance of the spot after the step:

    up = (m2 + m b) / (a (a + b)),   down = (m2 - m a) / (b (a + b)),   middle = 1 - up - down

with a, b the relative distances to the neighbours, m the relative drift that a shift of the rates leaves (0 without
one) and m2 = m^2 + (1 + m)^2 (exp(sigma^2 dt) - 1).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from aadlib.compiled_duals import zeros
from aadlib.types import Floats
from pricers.kernel_options import OPTIONS

REACH = 3
"""Nodes to either side of the spot that are handed back."""


@njit(**OPTIONS)
def trinomial_tree_kernel(
    rate: Any, dividend_yield: Any, volatility: Any, local: Floats, levels: Floats, payoff: Floats, times: Floats,
    rates: Floats, growths: Floats, strike: float, root: int, is_call: bool, american: bool,
) -> Any:  # fmt: skip
    """Return the values at the nodes around the root, (2 REACH + 1,), at shifts of rate, yield and volatility.

    Parameters
    ----------
    local : (n_steps, n_nodes) volatilities
    levels : (n_nodes,) of the spot over its forward, times today's spot; the root is today's spot
    payoff : (n_nodes,) at expiry
    times, rates, growths : (n_steps + 1,) years, integral of the rate, forward over spot
    """
    n, sign = levels.size, 1.0 if is_call else -1.0
    like = 0.0 * rate * dividend_yield * volatility
    values, later = zeros(n, like), zeros(n, like)
    above, below = np.empty(n), np.empty(n)
    for j in range(1, n - 1):
        above[j] = levels[j + 1] / levels[j] - 1.0
        below[j] = 1.0 - levels[j - 1] / levels[j]
    for j in range(n):
        values[j] = like + payoff[j]
    for m in range(times.size - 2, -1, -1):
        step = times[m + 1] - times[m]
        drift = np.exp((rate - dividend_yield) * step) - 1.0
        discount = np.exp(rates[m] - rates[m + 1] - rate * step)
        grown = (1.0 + drift) * (1.0 + drift)
        for j in range(n):
            later[j] = values[j]
        for j in range(1, n - 1):
            sigma = local[m, j] + volatility
            spread = sigma * sigma * step
            second = drift * drift + grown * (spread * (1.0 + 0.5 * spread))
            a, b = above[j], below[j]
            up = (second + drift * b) * (1.0 / (a * (a + b)))
            down = (second - drift * a) * (1.0 / (b * (a + b)))
            here = later[j]
            values[j] = discount * (here + up * (later[j + 1] - here) + down * (later[j - 1] - here))
        # Far away a value is linear in the spot.
        values[0] = values[1] - (values[2] - values[1]) * ((levels[1] - levels[0]) / (levels[2] - levels[1]))
        values[n - 1] = values[n - 2] + (values[n - 2] - values[n - 3]) * (
            (levels[n - 1] - levels[n - 2]) / (levels[n - 2] - levels[n - 3])
        )
        if american:
            for j in range(n):
                values[j] = max(values[j], sign * (levels[j] * growths[m] - strike))
    kept = zeros(2 * REACH + 1, like)
    for k in range(2 * REACH + 1):
        kept[k] = values[root - REACH + k]
    return kept
