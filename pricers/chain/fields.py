"""The columns of a chain file, their names at the vendors, and the parsing of one field."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

COLUMN_ALIASES: dict[str, tuple[str, ...]] = {
    "quote_date": ("quote_date", "date", "trade_date", "quotedate", "tradedate", "data_date", "as_of"),
    "spot": ("spot", "underlying_price", "underlying", "underlying_last", "underlyingprice", "stock_price"),
    "expiry": ("expiry", "expiration", "expiry_date", "expiration_date", "expire_date", "exdate", "maturity"),
    "strike": ("strike", "strike_price", "strikeprice"),
    "cp": ("cp", "call_put", "option_type", "type", "right", "cp_flag", "put_call", "callput", "optiontype"),
    "bid": ("bid", "bid_price", "best_bid", "bid_eod"),
    "ask": ("ask", "ask_price", "best_ask", "best_offer", "offer", "ask_eod"),
    "open_interest": ("open_interest", "openinterest", "open_int", "oi"),
    "root": ("root", "root_symbol", "option_root", "underlying_symbol", "ticker", "symbol"),
}
"""Accepted names of each column, best first; case, spaces, dashes, dots and brackets do not matter."""

OPTIONAL_COLUMNS = ("root",)
"""Columns a file may lack: without a root every option gets the root ``""`` (settled at the close)."""

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_ISO_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?: .*)?")
_CALL_WORDS = {"c": True, "call": True, "calls": True, "p": False, "put": False, "puts": False}


def normalise_name(name: str) -> str:
    """Return a column name in lower case with underscores, without brackets."""
    return re.sub(r"[\s\-.]+", "_", name.strip().strip("[]").strip().lower())


def parse_date(text: str) -> datetime.date:
    """Parse ``2019-05-17``, ``20190517`` or the American ``5/17/2019``; a time of day is ignored."""
    iso = _ISO_DATE.fullmatch(text.strip())
    american = None if iso else _US_DATE.fullmatch(text.strip())
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    elif american:
        month, day, year = (int(part) for part in american.groups())
        year += 2000 if year < 100 else 0
    else:
        raise ValueError(f"{text!r} is not a date: write YYYY-MM-DD or M/D/YYYY")
    try:
        return datetime.date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date ({error}): write YYYY-MM-DD or M/D/YYYY") from None


def parse_is_call(text: str) -> bool:
    """Parse ``C`` or ``call`` as True, ``P`` or ``put`` as False, in any case."""
    try:
        return _CALL_WORDS[text.strip().lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither a call nor a put: write C or P, call or put") from None


def parse_number(text: str) -> float:
    """Parse a number that may be empty (NaN) or have thousands separators."""
    stripped = text.strip()
    if not stripped:
        return math.nan
    if _THOUSANDS.fullmatch(stripped):
        stripped = stripped.replace(",", "")
    try:
        return float(stripped)
    except ValueError:
        raise ValueError(f"{text!r} is not a number: write 1234.5 or leave the field empty") from None


def parse_numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    """Parse a column of numbers, (n,)."""
    try:
        return np.fromiter(map(float, texts), dtype=np.float64, count=len(texts))
    except ValueError:
        # Empty fields and thousands separators take the slow way; so does the search for the bad one.
        return np.fromiter(map(parse_number, texts), dtype=np.float64, count=len(texts))


class Codes(dict[str, int], Generic[T]):
    """Text -> position of its parsed value among `distinct`; each distinct text is parsed once."""

    def __init__(self, parse: Callable[[str], T]) -> None:
        super().__init__()
        self._parse = parse
        self._positions: dict[T, int] = {}

    def __missing__(self, text: str) -> int:
        parsed = self._parse(text)
        self[text] = position = self._positions.setdefault(parsed, len(self._positions))
        return position

    @property
    def distinct(self) -> list[T]:
        """The values seen so far, in the order of their first appearance."""
        return list(self._positions)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the position of each text's value, (n,)."""
        return np.fromiter(map(self.__getitem__, texts), dtype=np.float64, count=len(texts))
