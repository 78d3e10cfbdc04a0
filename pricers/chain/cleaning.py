"""Drop the rows of a chain that cannot be used, counting each under its reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import one_float, require_non_negative
from pricers.chain.chain import Chain, require_chain
from pricers.chain.settlement import DAYS_PER_YEAR
from pricers.types import Bools

ASSUMED_SPREAD = 0.01
"""Spread of mid prices without a bid and an ask, as a share of the price."""
_LEAST_ASSUMED_SPREAD = 2e-5
"""The least of it, as a share of the spot."""

_MOST_REPEATED = 0.1
"""Largest share of an expiry's options that may stand twice at different prices before that is no accident."""
_FEWEST_CONFLICTS = 5
"""Fewer are an accident whatever their share."""


def require_rows(chain: Chain, what: str) -> None:
    """Raise `AadValueError` with the count of every reason if no row is left."""
    if len(chain) == 0:
        counts = "; ".join(f"{reason}: {count}" for reason, count in chain.dropped.items())
        raise AadValueError(f"{what}: nothing left of the chain after dropping {counts}; loosen the filters")


def _with_assumed_spread(chain: Chain) -> Chain:
    """Give a chain whose bid is its ask in every row a spread, for the weights; say so in `is_mid_only`."""
    width = np.maximum(ASSUMED_SPREAD * chain.bid, _LEAST_ASSUMED_SPREAD * chain.spot)
    half = 0.5 * np.minimum(width, chain.bid)
    note = (
        f"bid is ask in every row: they are mid prices, and a spread of {ASSUMED_SPREAD:.0%} is assumed; "
        "inside bid and ask has no meaning"
    )
    explanation = chain.explanation and replace(chain.explanation, notes=(*chain.explanation.notes, note))
    return replace(
        chain, bid=chain.bid - half, ask=chain.ask + half, is_mid_only=True, explanation=explanation
    )


def _require_few_conflicts(chain: Chain, repeated: Bools) -> None:
    """Raise where so many options stand twice at different prices that two chains are in one."""
    if not repeated.any():
        return
    key = np.stack([chain.root_index, chain.expiry_index, chain.strike, chain.is_call]).astype(np.float64)
    order = np.lexsort(key)
    same = np.all(np.diff(key[:, order]) == 0.0, axis=0)
    bid, ask = chain.bid[order], chain.ask[order]
    conflicts = np.flatnonzero(same & ((np.diff(bid) != 0.0) | (np.diff(ask) != 0.0)))
    # Settlements share the third Fridays only, so every expiry is looked at for itself.
    slices = chain.root_index * len(chain.expiry_dates) + chain.expiry_index
    n_options = np.bincount(slices[~repeated])
    n_conflicts = np.bincount(slices[order[conflicts]], minlength=n_options.size)
    bad = (n_conflicts >= _FEWEST_CONFLICTS) & (n_conflicts > _MOST_REPEATED * n_options)
    conflicts = conflicts[bad[slices[order[conflicts]]]]
    if not conflicts.size:
        return
    k = int(conflicts[0])
    row = order[k]
    option = f"{'call' if chain.is_call[row] else 'put'} {chain.strike[row]:g}"
    raise AadValueError(
        f"{conflicts.size} of {n_options[bad].sum()} options stand twice at different prices: the {option} of "
        f"{chain.expiry_dates[chain.expiry_index[row]]} at {bid[k]:g}/{ask[k]:g} and {bid[k + 1]:g}/{ask[k + 1]:g}. "
        "Two settlements (SPX and SPXW share third Fridays) or two snapshots are in one chain: add a column root, a "
        "time of the quote, or split the file"
    )


def _is_repeated(chain: Chain) -> Bools:
    """Mark the rows whose option already stood further up, (n,)."""
    order = np.lexsort((chain.is_call, chain.strike, chain.expiry_index, chain.root_index))
    same = np.ones(len(chain), dtype=bool)
    same[0] = False
    for column in (chain.is_call, chain.strike, chain.expiry_index, chain.root_index):
        ordered = column[order]
        same[1:] &= ordered[1:] == ordered[:-1]
    repeated = np.empty_like(same)
    repeated[order] = same  # lexsort is stable: the first of equal options keeps its row
    return repeated


def drop_unusable(chain: Chain, *, min_expiry: float = 0.0, max_expiry: float = np.inf) -> Chain:
    """Drop expired options, missing, zero and crossed quotes, duplicates, and expiries outside the window.

    Parameters
    ----------
    chain : Chain
    min_expiry, max_expiry : float, years, >= 0
        Calendar days over 365; both ends belong to the window.

    Returns
    -------
    Chain
        With the count of each reason in `dropped`; of duplicates the first usable row is kept.

    Raises
    ------
    AadValueError
        If no row is left, with the counts; if the window is empty; if so many options stand twice at different prices
        that two chains are in one.
    """
    require_chain(chain)
    require_non_negative("min_expiry", one_float("min_expiry", min_expiry))
    one_float("max_expiry", max_expiry)
    if not max_expiry > min_expiry:
        raise AadValueError(f"max_expiry = {max_expiry}: must be above min_expiry = {min_expiry}")
    chain = chain.drop("expiry not after the quote date", chain.days <= 0)
    require_rows(chain, "every option has expired on the quote date")
    missing = ~(np.isfinite(chain.bid) & np.isfinite(chain.ask))
    chain = chain.drop("bid or ask missing", missing)
    chain = chain.drop("bid not above zero", chain.bid <= 0.0)
    if len(chain) and np.array_equal(chain.bid, chain.ask):
        chain = _with_assumed_spread(chain)
    chain = chain.drop("crossed or locked, ask not above bid", chain.ask <= chain.bid)
    require_rows(chain, "no usable quote")
    repeated = _is_repeated(chain)
    _require_few_conflicts(chain, repeated)
    chain = chain.drop("duplicate of an earlier row", repeated)
    # Whole days compare exactly; a window end such as 7/365 is forgiven its last bit.
    years = chain.days / DAYS_PER_YEAR
    chain = chain.drop("expiry before the window", years < min_expiry * (1.0 - 1e-12))
    chain = chain.drop("expiry after the window", chain.days / DAYS_PER_YEAR > max_expiry * (1.0 + 1e-12))
    require_rows(chain, "no expiry inside the window")
    return chain


def drop_thin(chain: Chain, *, min_open_interest: float) -> Chain:
    """Drop options with an open interest below `min_open_interest`; a missing one counts as zero.

    A chain in which no option has one stays whole: its source does not report it.

    Raises
    ------
    AadValueError
        If no row is left, with the counts; if `min_open_interest` is negative.
    """
    require_chain(chain)
    require_non_negative("min_open_interest", one_float("min_open_interest", min_open_interest))
    if np.isnan(chain.open_interest).all():
        return chain
    held = np.nan_to_num(chain.open_interest, nan=0.0)
    chain = chain.drop(f"open interest below {min_open_interest:g}", held < min_open_interest)
    require_rows(chain, "no option with the open interest asked for")
    return chain
