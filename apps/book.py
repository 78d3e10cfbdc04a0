"""The book of a risk report: the embedded one, or one read from a CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aadlib.errors import AadValueError

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes

COLUMNS = ("quantity", "expiry", "strike", "cp")
"""Columns of a book file; `root` and `label` may be added."""

_TENORS = {"1m": 1.0 / 12.0, "3m": 0.25, "6m": 0.5, "1y": 1.0}
_QUANTITIES = (-20.0, -10.0, 10.0, 20.0)


@dataclass(frozen=True)
class Position:
    """So many European options of one kind; `slice_index` points into the quotes' slices."""

    label: str
    quantity: float
    slice_index: int
    strike: float
    is_call: bool


def default_book(quotes: Quotes) -> list[Position]:
    """Return the embedded book: short near, long far, with a risk reversal and a butterfly.

    At the slices nearest to 1, 3, 6 and 12 months: at-the-money and 25-delta calls and puts; a 3-month risk reversal
    and a 6-month butterfly. Strikes are listed ones.
    """
    expiries = np.array([s.expiry for s in quotes.slices])
    chosen = {tenor: int(np.argmin(np.abs(np.log(expiries / years)))) for tenor, years in _TENORS.items()}
    listed = {k: _listed_strikes(quotes, k) for k in set(chosen.values())}
    book = []
    for (tenor, k), quantity in zip(chosen.items(), _QUANTITIES, strict=True):
        put, money, call = listed[k]
        book += [
            Position(f"{tenor} ATM call", quantity, k, money, True),
            Position(f"{tenor} ATM put", quantity, k, money, False),
            Position(f"{tenor} 25-delta call", quantity, k, call, True),
            Position(f"{tenor} 25-delta put", quantity, k, put, False),
        ]
    k = chosen["3m"]
    put, money, call = listed[k]
    book += [
        Position("3m risk reversal, call", 15.0, k, call, True),
        Position("3m risk reversal, put", -15.0, k, put, False),
    ]
    k = chosen["6m"]
    put, money, call = listed[k]
    book += [
        Position("6m butterfly, low wing", 10.0, k, put, True),
        Position("6m butterfly, body", -20.0, k, money, True),
        Position("6m butterfly, high wing", 10.0, k, call, True),
    ]
    return book


def _listed_strikes(quotes: Quotes, k: int) -> tuple[float, float, float]:
    """Return the listed strikes nearest to the 25-delta put, the forward and the 25-delta call of slice `k`."""
    from aadlib import norm_cdf

    mine = quotes.slice_index == k
    x, volatility, strike = quotes.log_moneyness[mine], quotes.volatility[mine], quotes.strike[mine]
    deviation = volatility * np.sqrt(quotes.slices[k].expiry)
    call_delta = norm_cdf(-x / deviation + 0.5 * deviation)  # of the forward
    nearest = [
        int(np.argmin(np.abs(call_delta - 0.75))),
        int(np.argmin(np.abs(x))),
        int(np.argmin(np.abs(call_delta - 0.25))),
    ]
    low, money, high = (float(strike[j]) for j in nearest)
    return low, money, high


def read_book(path: Path, quotes: Quotes) -> list[Position]:
    """Read a book from a CSV file with the columns `COLUMNS`, and `root` and `label` where wanted.

    An expiry is a date of the chain's slices; without a root, the one that settles last on that date is meant.

    Raises
    ------
    AadValueError
        The file cannot be read, has no rows, lacks a column, or a field is not what it should be (with its line).
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(line for line in stream if not line.startswith("#"))
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise AadValueError(
                    f"{path}: missing columns {', '.join(missing)}: a book needs {', '.join(COLUMNS)}"
                )
            book = [_position(path, number, row, quotes) for number, row in enumerate(reader, start=1)]
    except OSError as error:
        raise AadValueError(f"{path}: cannot be read ({error.strerror}); name a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise AadValueError(f"{path}: not a CSV file in UTF-8 ({error})") from error
    if not book:
        raise AadValueError(f"{path}: a header and no positions; a book needs at least one")
    return book


def _position(path: Path, number: int, row: dict[str, str | None], quotes: Quotes) -> Position:
    from pricers.chain.fields import parse_date, parse_is_call

    place = f"{path}, position {number}"
    text = {
        name: (value or "").strip()
        for name, value in row.items()
        if name is not None and isinstance(value, str)
    }
    try:
        quantity, strike = float(text.get("quantity", "")), float(text.get("strike", ""))
        date, is_call = parse_date(text.get("expiry", "")), parse_is_call(text.get("cp", ""))
    except ValueError as error:
        raise AadValueError(f"{place}: {error}") from None
    if not (np.isfinite(quantity) and np.isfinite(strike) and strike > 0.0):
        raise AadValueError(
            f"{place}: quantity = {quantity}, strike = {strike}: must be finite, the strike above zero"
        )
    root = text.get("root", "")
    fitting = [k for k, s in enumerate(quotes.slices) if s.expiry_date == date and root in ("", s.root)]
    if not fitting:
        dates = ", ".join(sorted({s.expiry_date.isoformat() for s in quotes.slices}))
        raise AadValueError(f"{place}: no slice {root} {date}; the calibrated expiries are {dates}")
    label = text.get("label", "") or f"{'call' if is_call else 'put'} {strike:g}"
    return Position(label, quantity, fitting[-1], strike, is_call)
