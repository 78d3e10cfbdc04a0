"""The book of a risk report: the embedded one, or one read from a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from aadlib.errors import AadValueError
from apps.report.plots import readable_expiry

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes

COLUMNS = ("quantity", "expiry", "strike", "cp")
"""Columns of a book file; `root` and `label` may be added."""

_TENORS = {"1m": 1.0 / 12.0, "3m": 0.25, "6m": 0.5, "1y": 1.0}
_QUANTITIES = (-20.0, -10.0, 10.0, 20.0)
_NEAR = 1.5
"""Factor by which a slice may miss a tenor and still bear its name."""

T = TypeVar("T")


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

    At the slices near 1, 3, 6 and 12 months, as far as the chain has them: at-the-money and 25-delta calls and puts; a
    risk reversal at 3 months and a butterfly at 6, or at the last of these slices. Strikes are listed ones.
    """
    chosen = _chosen_slices(quotes)
    listed = {name: _listed_strikes(quotes, k) for name, (k, _) in chosen.items()}
    book = []
    for name, (k, quantity) in chosen.items():
        put, money, call = listed[name]
        book += [
            Position(f"{name} ATM call", quantity, k, money, True),
            Position(f"{name} ATM put", quantity, k, money, False),
            Position(f"{name} 25-delta call", quantity, k, call, True),
            Position(f"{name} 25-delta put", quantity, k, put, False),
        ]
    last = list(chosen)[-1]
    name = "3m" if "3m" in chosen else last
    put, money, call = listed[name]
    k = chosen[name][0]
    if put < call:
        book += [
            Position(f"{name} risk reversal, call", 15.0, k, call, True),
            Position(f"{name} risk reversal, put", -15.0, k, put, False),
        ]
    name = "6m" if "6m" in chosen else last
    put, money, call = listed[name]
    k = chosen[name][0]
    if put < money < call:
        book += [
            Position(f"{name} butterfly, low wing", 10.0, k, put, True),
            Position(f"{name} butterfly, body", -20.0, k, money, True),
            Position(f"{name} butterfly, high wing", 10.0, k, call, True),
        ]
    return book


def _chosen_slices(quotes: Quotes) -> dict[str, tuple[int, float]]:
    """Return name -> (slice, quantity): tenors that a slice is near to, or else the nearest slices by their expiry."""
    expiries = np.array([s.expiry for s in quotes.slices])
    quoted = np.unique(quotes.slice_index)  # a slice may have lost all its quotes
    nearest: list[tuple[float, int, str, float]] = []
    for (tenor, years), quantity in zip(_TENORS.items(), _QUANTITIES, strict=True):
        miss = np.abs(np.log(expiries[quoted] / years))
        nearest.append((float(miss.min()), int(quoted[np.argmin(miss)]), tenor, quantity))
    near = {}
    for miss_of_tenor, k, tenor, quantity in sorted(nearest, reverse=True):
        if miss_of_tenor < math.log(_NEAR):
            near[k] = (tenor, quantity)  # the nearest of several tenors comes last and stays
    far = {k: (readable_expiry(float(expiries[k])), quantity) for _, k, _, quantity in reversed(nearest)}
    return {name: (k, quantity) for k, (name, quantity) in sorted((near or far).items())}


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
    from pricers.chain.reading.dates import parse_date
    from pricers.chain.reading.numbers import parse_number
    from pricers.chain.reading.words import parse_is_call

    where = f"{path}, position {number}"
    text = {
        name: (value or "").strip()
        for name, value in row.items()
        if name is not None and isinstance(value, str)
    }

    def parsed(column: str, parse: Callable[[str], T]) -> T:
        try:
            return parse(text.get(column, ""))
        except ValueError as error:
            raise AadValueError(f"{where}, column {column}: {error}") from None

    quantity, strike = parsed("quantity", parse_number), parsed("strike", parse_number)
    date, is_call = parsed("expiry", parse_date), parsed("cp", parse_is_call)
    if not (math.isfinite(quantity) and quantity != 0.0):
        raise AadValueError(f"{where}: quantity = {quantity}: must be finite and not zero")
    if not (math.isfinite(strike) and strike > 0.0):
        raise AadValueError(f"{where}: strike = {strike}: must be finite and above zero")
    root = text.get("root", "")
    fitting = [k for k, s in enumerate(quotes.slices) if s.expiry_date == date and root in ("", s.root)]
    if not fitting:
        wanted = f"{root} {date}".strip()
        labels = ", ".join(s.label for s in quotes.slices)
        raise AadValueError(f"{where}: no slice {wanted}; the calibrated ones are {labels}")
    label = text.get("label", "") or f"{'call' if is_call else 'put'} {strike:g}"
    return Position(label, quantity, fitting[-1], strike, is_call)
