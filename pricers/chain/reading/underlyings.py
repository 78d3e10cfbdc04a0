"""Names of underlyings and roots, and the choice of one underlying of several."""

from __future__ import annotations

import numpy as np

from aadlib.errors import AadValueError
from pricers.chain.reading.options import ReadingOptions
from pricers.chain.reading.rows import Rows
from pricers.chain.reading.table import Column
from pricers.chain.settlement import normalise_root
from pricers.types import Bools

UNDERLYING_OF_ROOT = {
    "SPXW": "SPX",
    "SPXPM": "SPX",
    "NDXP": "NDX",
    "RUTW": "RUT",
    "VIXW": "VIX",
    "XSPW": "XSP",
}
"""Roots of weekly options and the like, and whose they are."""

COINS = frozenset({"BTC", "XBT", "ETH", "SOL", "XRP", "BNB", "DOGE", "MATIC", "PAXG", "AVAX", "TRX"})
"""Underlyings whose exchanges keep UTC."""


def underlying_of(root: str) -> str:
    """Return the underlying that a root or a name stands for: ``$SPX`` and ``SPXW`` are both SPX's."""
    bare = normalise_root(root)
    return UNDERLYING_OF_ROOT.get(bare, bare)


def is_coin(root: str) -> bool:
    """Tell whether a root is a cryptocurrency's."""
    return normalise_root(root).partition("_")[0] in COINS


def naming_column(rows: Rows, roots: Column | None) -> tuple[str, Column] | None:
    """Return the column that says whose options they are: the underlying's own name, or the roots."""
    named = rows.columns.get("underlying")
    if named is not None and not named.is_blank():
        return f"column {rows.label('underlying')}", named
    if roots is not None and not roots.is_blank():
        return "the option roots", roots
    return None


def choose_underlying(rows: Rows, roots: Column | None, options: ReadingOptions) -> Bools | None:
    """Return the rows of the one underlying, None where all are.

    Raises
    ------
    AadValueError
        If there are several and none was asked for, or if the one asked for is not there.
    """
    naming = naming_column(rows, roots)
    if naming is None:
        if options.underlying is not None:
            raise AadValueError(
                f"underlying = {options.underlying!r}: {rows.table.source} has no column that names underlyings"
            )
        return None
    where, column = naming
    names = [underlying_of(text) for text in column.texts]
    # The clearing house adds a digit to the root of an adjusted contract: AAPL1 is AAPL's.
    names = [name[:-1] if name[-1:].isdigit() and name[:-1] in names else name for name in names]
    distinct = sorted(set(names) - {""})
    shown = ", ".join(distinct[:8]) + (f", ... ({len(distinct)} in all)" if len(distinct) > 8 else "")
    if options.underlying is None:
        if len(distinct) <= 1:
            return None
        raise AadValueError(
            f"{rows.table.source}: {where} has several underlyings: {shown}; choose one with "
            f"underlying='{distinct[0]}' (--underlying {distinct[0]}), or leave the column unread with columns= "
            '(--columns "underlying=")'
        )
    wanted = underlying_of(options.underlying)
    if wanted not in distinct:
        raise AadValueError(
            f"underlying = {options.underlying!r}: {where} of {rows.table.source} has {shown}"
        )
    return np.array([name == wanted for name in names])[column.codes]
