"""The default grid: as wide as the option's deviations ask, concentrated at the strike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import require_positive, values_of
from pricers.curves.rate_curve import mean_rate, require_rate
from pricers.pde.grids.spot_grids import Grid, sinh_grid


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
    closest within one and a half deviations of the strike, which is a node.

    Parameters
    ----------
    spot, strike, expiry, rate, dividend_yield, volatility, lower_barrier, upper_barrier, n_nodes
        As for `price`; only their values count. The volatility is a number or a function.

    Raises
    ------
    AadValueError
        When spot, strike or expiry is not positive, a rate is not finite, the volatility is an array or not
        positive anywhere it is sampled, or the strike is beyond a barrier.
    """
    require_positive("spot", spot)
    require_positive("strike", strike)
    require_positive("expiry", expiry)
    require_rate("rate", rate)
    require_rate("dividend_yield", dividend_yield)
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
    require_positive("volatility", level)
    deviation = level * math.sqrt(t)
    lowest = 0.0 if lower_barrier is None else lower_barrier
    reach = max(s, k, forward) * math.exp(min(6.0 * deviation, 5.0))
    highest = reach if upper_barrier is None else upper_barrier
    width = 1.5 * k * min(deviation, 1.0)
    if not lowest < k < highest:
        raise AadValueError(f"strike = {k!r}: must lie between the barriers, {lowest!r} and {highest!r}")
    return sinh_grid(lowest=lowest, highest=highest, centre=k, width=width, n_nodes=n_nodes)
