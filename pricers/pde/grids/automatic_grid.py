"""The default grid: as wide as the option's deviations ask, concentrated at the strike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import one_float, one_number, require_non_negative, require_positive, values_of
from pricers.curves.rate_curve import is_curve, mean_rate, require_rate
from pricers.pde.grids.spot_grids import Grid, log_grid, sinh_grid

SMALLEST_DEVIATION = 1e-7
"""Nodes are laid for at least this sigma sqrt(T), so that differences of values stay above their round-off."""


WIDE_DEVIATION = 1.0
"""Beyond this sigma sqrt(T) spots are spread over so many scales that equal steps of the logarithm serve better."""


def default_grid(
    *,
    spot: Any,
    strike: Any,
    expiry: Any,
    rate: Any = 0.0,
    dividend_yield: Any = 0.0,
    volatility: Any,
    lower_barrier: float | None = None,
    upper_barrier: float | None = None,
    n_nodes: int = 401,
) -> Grid:
    """Build the grid that `price` uses when none is given.

    Nodes from 0 (or the lower barrier) to six deviations beyond spot, strike and forward (or the upper barrier),
    closest within one and a half deviations of the strike, which is a node (of the spot where the strike is beyond a
    barrier). Where the drift is more than a deviation
    the zone of closest nodes is widened along the way of the kink, from the strike to the discounted strike, and the
    grid begins six deviations below. Deviations above one get a grid in the logarithm.

    Parameters
    ----------
    spot, strike, expiry, rate, dividend_yield, volatility, lower_barrier, upper_barrier, n_nodes
        As for `price`; only their values count. The volatility is a number or a function.

    Raises
    ------
    AadValueError
        When spot or strike is not positive, expiry negative, a rate not finite, the volatility an array or negative
        anywhere it is sampled, or the spot is beyond a barrier.
    """
    require_terms(spot=spot, strike=strike, expiry=expiry, rate=rate, dividend_yield=dividend_yield)
    for name, level_given in (("lower_barrier", lower_barrier), ("upper_barrier", upper_barrier)):
        if level_given is not None:
            require_positive(name, one_float(name, level_given))
    s, k, t = (float(values_of(x)) for x in (spot, strike, expiry))
    r, q = (float(values_of(mean_rate(x, 0.0, t))) for x in (rate, dividend_yield))
    forward = s * math.exp((r - q) * t)
    if callable(volatility):
        around = np.array(sorted({s, k, forward}))
        level = float(
            max(np.max(values_of(volatility(around, time))) for time in (0.05 * t, 0.5 * t, 0.95 * t))
        )
    else:
        if np.ndim(values_of(volatility)):
            raise AadValueError(
                "grid = None with an array of volatilities: pass the grid whose nodes they belong to"
            )
        level = float(values_of(volatility))
    require_non_negative("volatility", level)
    deviation = max(level * math.sqrt(t), SMALLEST_DEVIATION)
    width = 1.5 * k * min(deviation, 1.0)
    low_end, reach = 0.0, max(s, k, forward) * math.exp(_exponent(deviation))
    kink_today = k * s / forward  # the strike, discounted: where the kink has travelled to
    if abs(math.log(forward / s)) > deviation:  # the drift carries the kink out of the zone around the strike
        low_end = min(s, k, forward, kink_today) * math.exp(-_exponent(deviation))
        reach = max(s, k, forward, kink_today) * math.exp(_exponent(deviation))
        width = max(width, 0.5 * abs(k - kink_today))
    lowest = low_end if lower_barrier is None else lower_barrier
    highest = reach if upper_barrier is None else upper_barrier
    if not lowest < s < highest:
        name = "lower_barrier" if s <= lowest else "upper_barrier"
        raise AadValueError(
            f"{name} = {(lowest if s <= lowest else highest)!r}: already crossed by the spot, {s!r}"
        )
    centre = k if lowest < k < highest else s  # with the strike beyond a barrier no kink is left between them
    if deviation > WIDE_DEVIATION:
        lowest = (
            min(s, k, forward, kink_today) * math.exp(-_exponent(deviation))
            if lower_barrier is None
            else lowest
        )
        return Grid(log_grid(lowest=lowest, highest=highest, centre=centre, n_nodes=n_nodes).spots)
    return sinh_grid(lowest=lowest, highest=highest, centre=centre, width=width, n_nodes=n_nodes)


def require_terms(*, strike: Any, expiry: Any, rate: Any, dividend_yield: Any, spot: Any = 1.0) -> None:
    """Raise unless a contract and its rates are single numbers in range, or curves for the rates."""
    for name, number in (("spot", spot), ("strike", strike), ("expiry", expiry)):
        one_number(name, number)
    require_positive("spot", spot)
    require_positive("strike", strike)
    require_non_negative("expiry", expiry)
    for name, rate_given in (("rate", rate), ("dividend_yield", dividend_yield)):
        if not is_curve(rate_given):
            one_number(name, rate_given)
        require_rate(name, rate_given)


def _exponent(deviation: float) -> float:
    """Return how far the grid reaches beyond the levels that matter, in the logarithm: six deviations, or fewer.

    Far above the strike a call lacks what the put is worth, N(-d2) with d2 = x / s - s / 2 at distance x: large
    deviations s need x = s (4.5 + s / 2).
    """
    return min(6.0 * deviation, max(5.0, deviation * (4.5 + 0.5 * deviation)))
