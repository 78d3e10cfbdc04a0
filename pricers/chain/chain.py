"""The rows of an option chain as arrays."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from aadlib.types import Floats
from aadlib.validation import require_instance, require_shape
from pricers.chain.reading.explanation import Explanation
from pricers.chain.settlement import last_day
from pricers.types import Bools, Longs


@dataclass(frozen=True, eq=False)
class Chain:
    """An option chain of one underlying on one date, one entry per row in every array.

    Attributes
    ----------
    quote_date : datetime.date
    spot : float, > 0
    roots : tuple of str
    expiry_dates : tuple of datetime.date
    root_index, expiry_index : (n,) int
        Positions in `roots` and `expiry_dates`.
    strike : (n,) float, > 0
    is_call : (n,) bool
    bid, ask, open_interest : (n,) float
        NaN where the field was empty.
    dropped : dict
        Reason -> number of rows left out so far.
    exercise_style : str
        "american", "european", or "" where the source does not say.
    is_mid_only : bool
        The source has mid prices only; the bid and ask here have a spread that was assumed.
    explanation : Explanation, optional
        How the source was read.
    """

    quote_date: datetime.date
    spot: float
    roots: tuple[str, ...]
    expiry_dates: tuple[datetime.date, ...]
    root_index: Longs
    expiry_index: Longs
    strike: Floats
    is_call: Bools
    bid: Floats
    ask: Floats
    open_interest: Floats
    dropped: dict[str, int] = field(default_factory=dict)
    exercise_style: str = ""
    is_mid_only: bool = False
    explanation: Explanation | None = None

    def __len__(self) -> int:
        return int(self.strike.size)

    @property
    def days(self) -> Longs:
        """Calendar days from the quote date to the last day of trading, (n,)."""
        ahead = np.array(
            [(last_day(date) - self.quote_date).days for date in self.expiry_dates], dtype=np.int64
        )
        return np.asarray(ahead[self.expiry_index])

    def drop(self, reason: str, bad: ArrayLike) -> Chain:
        """Return the chain without the rows where `bad` is true, counted under `reason`."""
        mask = np.asarray(bad, dtype=bool)
        require_shape("bad", mask, (len(self),))
        count = int(mask.sum())
        if count == 0:
            return self
        columns = {item.name: getattr(self, item.name) for item in fields(self)}
        columns_left = {
            name: column[~mask] for name, column in columns.items() if isinstance(column, np.ndarray)
        }
        return replace(
            self, dropped={**self.dropped, reason: self.dropped.get(reason, 0) + count}, **columns_left
        )


def require_chain(chain: object) -> None:
    """Raise `AadTypeError` unless something is a `Chain`."""
    require_instance("chain", chain, Chain, "a Chain, such as what read_chain returns")
