"""The spot: one number for the chain, from a column, the lines above, the user, or the forwards of the expiries."""

from __future__ import annotations

import datetime
import math

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.chain.reading.contracts import Contracts
from pricers.chain.reading.options import ReadingOptions
from pricers.chain.reading.rows import Rows
from pricers.chain.settlement import last_day


def spot_column(rows: Rows, decimals: dict[str, str]) -> Floats | None:
    """Return the spot of every row, the middle of its bid and ask where there is no price; None without any."""
    if "spot" in rows.columns:
        return rows.floats("spot", decimals["spot"])
    if "spot_bid" in rows.columns:
        sides = [rows.floats(name, decimals[name]) for name in ("spot_bid", "spot_ask")]
        rows.notes.append("spot is the middle of the underlying's bid and ask")
        return np.asarray(np.round(0.5 * (sides[0] + sides[1]), 10))
    return None


def read_spot(
    rows: Rows, spots: Floats | None, contracts: Contracts, quote_date: datetime.date, options: ReadingOptions
) -> float:
    """Return the spot of the chain.

    Raises
    ------
    AadValueError
        If the spots differ and are not the forwards of the expiries; if the spot is not positive.
    """
    distinct = np.unique(spots[np.isfinite(spots)]) if spots is not None else np.array([])
    if options.spot is not None:
        if distinct.size and not np.allclose(distinct, options.spot, rtol=1e-9):
            there = f"{distinct[0]:g}" if distinct.size == 1 else f"{distinct[0]:g} to {distinct[-1]:g}"
            rows.notes.append(f"spot {options.spot:g} as asked for; the file says {there}")
        return float(options.spot)
    assert spots is not None
    if distinct.size > 1:
        return _spot_of_forwards(rows, spots, contracts, quote_date)
    spot = float(distinct[0]) if distinct.size else float(spots[0])
    if not (math.isfinite(spot) and spot > 0.0):
        raise AadValueError(
            f"{rows.table.source}: spot = {spot}: must be finite and above zero; give it with spot= (--spot)"
        )
    return spot


def _spot_of_forwards(rows: Rows, spots: Floats, contracts: Contracts, quote_date: datetime.date) -> float:
    """Return the spot that the underlyings of the expiries have in common: their forwards carried back to today."""
    n_expiries = len(contracts.expiry_dates)
    known = np.isfinite(spots)
    low, high = np.full(n_expiries, np.inf), np.full(n_expiries, -np.inf)
    np.minimum.at(low, contracts.expiry_index[known], spots[known])
    np.maximum.at(high, contracts.expiry_index[known], spots[known])
    label = rows.label("spot" if "spot" in rows.columns else "spot_bid")
    if n_expiries < 2 or np.any(low != high) or np.any(low <= 0.0):
        values = np.unique(spots[known])
        shown = ", ".join(f"{value:g}" for value in values[:3]) + (", ..." if values.size > 3 else "")
        raise AadValueError(
            f"{rows.table.source}: column {label} has {values.size} values ({shown}); a chain has one underlying at "
            "one moment: give the spot with spot= (--spot), read one snapshot with at= (--at), or split the file"
        )
    days = np.array([(last_day(date) - quote_date).days for date in contracts.expiry_dates], dtype=float)
    order = np.argsort(days)
    days, forward = days[order], low[order]
    later = np.flatnonzero(days >= max(2.0 * days[0], days[0] + 1.0))
    spot, how = float(forward[0]), "the shortest expiry's"
    if later.size and days[0] > 0.0:
        k = int(later[0])
        carry = math.log(forward[k] / forward[0]) / (days[k] - days[0])
        spot, how = float(forward[0] * math.exp(-carry * days[0])), "carried back from the first two"
    rows.notes.append(
        f"column {label} is each expiry's own forward ({forward[0]:g} to {forward[-1]:g}); the spot is {how}, "
        f"{spot:.2f}; spot= (--spot) gives another"
    )
    return spot
