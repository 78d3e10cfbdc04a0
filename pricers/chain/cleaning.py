"""Drop the rows of a chain that cannot be used, counting each under its reason."""

from __future__ import annotations

import datetime

import numpy as np

from aadlib.errors import AadValueError
from aadlib.validation import require_non_negative
from pricers.chain.chain import Chain

DAYS_PER_YEAR = 365.0

OPEN_SETTLED_ROOTS = frozenset({"SPX", "NDX", "RUT", "DJX"})
"""Index roots whose third-Friday options settle on the opening prices of that day."""

OPEN_SETTLEMENT_DAYS = 0.27
"""Days between the open and the close, 6.5 hours: what settlement at the open takes off an expiry."""


def is_settled_at_open(*, root: str, expiry_date: datetime.date) -> bool:
    """Tell whether an option settles at the open of its third Friday (the Thursday where that is a holiday).

    The root counts in any case and with or without a caret, ``"^SPX"`` being ``"SPX"``.
    """
    first_of_month = expiry_date.replace(day=1)
    third_friday = 15 + (4 - first_of_month.weekday()) % 7
    return root.strip().lstrip("^").upper() in OPEN_SETTLED_ROOTS and third_friday - expiry_date.day in (0, 1)


def years_to_expiry(*, root: str, quote_date: datetime.date, expiry_date: datetime.date) -> float:
    """Return the ACT/365 time to expiry in years, less 0.27 day where the option settles at the open.

    Parameters
    ----------
    root : str
        Option root, for example ``"SPX"``.
    quote_date, expiry_date : datetime.date
        The expiry must be after the quote.

    Returns
    -------
    float
        Years.

    Raises
    ------
    AadValueError
        If the expiry date is not after the quote date.
    """
    days = float((expiry_date - quote_date).days)
    if days <= 0.0:
        raise AadValueError(f"expiry_date = {expiry_date}: must be after the quote date {quote_date}")
    if is_settled_at_open(root=root, expiry_date=expiry_date):
        days -= OPEN_SETTLEMENT_DAYS
    return days / DAYS_PER_YEAR


def require_rows(chain: Chain, what: str) -> None:
    """Raise `AadValueError` with the count of every reason if no row is left."""
    if len(chain) == 0:
        counts = "; ".join(f"{reason}: {count}" for reason, count in chain.dropped.items())
        raise AadValueError(f"{what}: nothing left of the chain after dropping {counts}; loosen the filters")


def _is_repeated(chain: Chain) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
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
        If no row is left, with the counts; if the window is empty.
    """
    require_non_negative("min_expiry", min_expiry)
    if not max_expiry > min_expiry:
        raise AadValueError(f"max_expiry = {max_expiry}: must be above min_expiry = {min_expiry}")
    chain = chain.drop("expiry not after the quote date", chain.days <= 0)
    require_rows(chain, "every option has expired on the quote date")
    missing = ~(np.isfinite(chain.bid) & np.isfinite(chain.ask))
    chain = chain.drop("bid or ask missing", missing)
    chain = chain.drop("bid not above zero", chain.bid <= 0.0)
    chain = chain.drop("crossed or locked, ask not above bid", chain.ask <= chain.bid)
    require_rows(chain, "no usable quote")
    chain = chain.drop("duplicate of an earlier row", _is_repeated(chain))
    # Whole days compare exactly; a window end such as 7/365 is forgiven its last bit.
    years = chain.days / DAYS_PER_YEAR
    chain = chain.drop("expiry before the window", years < min_expiry * (1.0 - 1e-12))
    chain = chain.drop("expiry after the window", chain.days / DAYS_PER_YEAR > max_expiry * (1.0 + 1e-12))
    require_rows(chain, "no expiry inside the window")
    return chain


def drop_thin(chain: Chain, *, min_open_interest: float) -> Chain:
    """Drop options with an open interest below `min_open_interest`; a missing one counts as zero.

    Raises
    ------
    AadValueError
        If no row is left, with the counts; if `min_open_interest` is negative.
    """
    require_non_negative("min_open_interest", min_open_interest)
    held = np.nan_to_num(chain.open_interest, nan=0.0)
    chain = chain.drop(f"open interest below {min_open_interest:g}", held < min_open_interest)
    require_rows(chain, "no option with the open interest asked for")
    return chain
