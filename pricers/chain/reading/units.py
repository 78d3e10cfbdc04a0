"""Units that put-call parity gives away: strikes in thousandths, prices in coins, calls and puts exchanged.

C - P falls by one discount factor for every unit of strike. The slope is far from -1 only where strikes and prices
are in different units, and then it says by which factor.
"""

from __future__ import annotations

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.chain.reading.contracts import Contracts
from pricers.chain.reading.rows import Rows

_MIN_PAIRS = 3
_NEAR = (0.5, 1.6)
"""What a slope may be and count as one: a discount factor, or a negative rate's."""
_COHERENT = 0.5
"""Largest spread of the slopes of one expiry, as a share of their median, from which a unit can be told."""
_POSSIBLE_DISCOUNTS = (0.2, 5.0)
"""Beyond these no rate explains a slope."""
_STRIKES_NEAR_SPOT = 10.0
"""The median strike lies within this factor of the spot, or the two are of different things."""


def parity_slope(contracts: Contracts, mid: Floats) -> float:
    """Return -d(C - P)/dK of the expiry with the most rows, the median over pairs; NaN if few or at odds."""
    key = contracts.root_index * len(contracts.expiry_dates) + contracts.expiry_index
    rows = np.flatnonzero((key == np.argmax(np.bincount(key))) & np.isfinite(mid) & (mid > 0.0))
    calls, puts = rows[contracts.is_call[rows]], rows[~contracts.is_call[rows]]
    strike, call, put = np.intersect1d(contracts.strike[calls], contracts.strike[puts], return_indices=True)
    if strike.size < _MIN_PAIRS:
        return float("nan")
    difference = mid[calls[call]] - mid[puts[put]]
    # Slopes over half of the strikes: the noise of neighbours does not matter.
    half = strike.size // 2
    slopes = (difference[half:] - difference[:-half]) / (strike[half:] - strike[:-half])
    low, median, high = np.quantile(slopes, (0.25, 0.5, 0.75))
    return -float(median) if high - low < _COHERENT * abs(median) else float("nan")


def _is_near(value: float) -> bool:
    return _NEAR[0] < value < _NEAR[1]


def scale_strikes(rows: Rows, contracts: Contracts, mid: Floats, spot: float) -> Floats:
    """Return the strikes, divided by 1000 where they are in thousandths and parity proves it.

    Raises
    ------
    AadValueError
        If strikes and spot cannot belong together.
    """
    strike = contracts.strike
    ratio = float(np.median(strike)) / spot
    if 1.0 / _STRIKES_NEAR_SPOT < ratio < _STRIKES_NEAR_SPOT:
        return strike
    if 1.0 / _STRIKES_NEAR_SPOT < ratio / 1000.0 < _STRIKES_NEAR_SPOT:
        if _is_near(1000.0 * parity_slope(contracts, mid)):
            rows.notes.append("strikes are in thousandths, as put-call parity proves: divided by 1000")
            return strike / 1000.0
        raise AadValueError(
            f"{rows.table.source}: the median strike {np.median(strike):g} is about 1000 times the spot {spot:g}; "
            "some vendors write strikes in thousandths, divide them by 1000 (or correct the spot with spot=, --spot)"
        )
    raise AadValueError(
        f"{rows.table.source}: the median strike {np.median(strike):g} and the spot {spot:g} do not belong together; "
        "give the spot with spot= (--spot), or say with columns= (--columns) which columns they are"
    )


def price_unit(rows: Rows, contracts: Contracts, mid: Floats, spot: float) -> float:
    """Return what prices are to be multiplied by: the spot where they are in coins, else one.

    Raises
    ------
    AadValueError
        If calls and puts are exchanged, or if prices and strikes are in different units otherwise.
    """
    slope = parity_slope(contracts, mid)
    if not np.isfinite(slope) or _is_near(slope):
        return 1.0
    if _is_near(slope * spot) and not _is_near(spot):
        rows.notes.append(
            f"prices are in units of the underlying, as put-call parity proves: multiplied by the spot {spot:.2f}"
        )
        return spot
    if _is_near(-slope) or _is_near(-slope * spot):
        raise AadValueError(
            f"{rows.table.source}: call less put rises with the strike: calls and puts are exchanged; "
            "correct the column of calls and puts, or say with columns= (--columns) which side is which"
        )
    if not _POSSIBLE_DISCOUNTS[0] < slope < _POSSIBLE_DISCOUNTS[1]:
        raise AadValueError(
            f"{rows.table.source}: call less put falls by {slope:.3g} for every unit of strike, where it should be a "
            "discount factor: prices and strikes are in different units. Say the unit in the header, as in "
            "'bid (cents)', or bring them to one"
        )
    return 1.0
