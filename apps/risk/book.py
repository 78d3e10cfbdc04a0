"""The book of a risk report: the embedded one, or one read from a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from aadlib.errors import AadValueError
from apps.report.plots import readable_expiry

if TYPE_CHECKING:
    from pricers.chain.quotes import Quotes

COLUMNS = ("quantity", "expiry", "strike", "cp")
"""Columns of a book file."""
OPTIONAL_COLUMNS = ("root", "label", "multiplier", "product")
"""Columns that may be added."""
PRODUCTS = ("vanilla",)
"""What the column `product` may say; empty is the first."""

_TENORS = {"1m": 1.0 / 12.0, "3m": 0.25, "6m": 0.5, "1y": 1.0}
_QUANTITIES = (-20.0, -10.0, 10.0, 20.0)
_NEAR = 1.5
"""Factor by which a slice may miss a tenor and still bear its name."""
_SAME_DELTA = 0.08
"""A slice holds a position where a listed strike misses the delta that is meant by no more."""

T = TypeVar("T")


@dataclass(frozen=True)
class Position:
    """So many European options of one kind; `slice_index` points into the quotes' slices.

    One option pays `multiplier` times what its formula says.
    """

    label: str
    quantity: float
    slice_index: int
    strike: float
    is_call: bool
    multiplier: float = 1.0

    @property
    def size(self) -> float:
        """What the Greeks of one option are multiplied by."""
        return self.quantity * self.multiplier


class _Listed(NamedTuple):
    """A listed strike of a slice, its delta as a call, and by how much that misses the delta that is meant."""

    strike: float
    call_delta: float
    miss: float

    def position(self, name: str, quantity: float, slice_index: int, *, is_call: bool) -> Position:
        """Return a position that is called what it is: its kind and its forward Black delta in hundredths."""
        delta = self.call_delta if is_call else 1.0 - self.call_delta
        label = f"{name} {100.0 * delta:.0f}-delta {'call' if is_call else 'put'}"
        return Position(label, quantity, slice_index, self.strike, is_call)


def default_book(quotes: Quotes) -> list[Position]:
    """Return the embedded book: short near, long far, with a risk reversal and a butterfly.

    At the slices near 1, 3, 6 and 12 months that list strikes at the money and at 25 delta: at-the-money and 25-delta
    calls and puts; a risk reversal at 3 months and a butterfly at 6, or at the last of these slices. Strikes are listed
    ones, and a label says the delta of its own strike.
    """
    listed = [_listed_strikes(quotes, k) for k in range(len(quotes.slices))]
    chosen = _chosen_slices(quotes, listed)
    book = []
    for name, (k, quantity) in chosen.items():
        low, money, high = listed[k]
        book += [
            money.position(name, quantity, k, is_call=True),
            money.position(name, quantity, k, is_call=False),
            high.position(name, quantity, k, is_call=True),
            low.position(name, quantity, k, is_call=False),
        ]
    last = list(chosen)[-1]
    name = "3m" if "3m" in chosen else last
    k = chosen[name][0]
    low, money, high = listed[k]
    if low.strike < high.strike:
        book += [
            high.position(f"{name} risk reversal,", 15.0, k, is_call=True),
            low.position(f"{name} risk reversal,", -15.0, k, is_call=False),
        ]
    name = "6m" if "6m" in chosen else last
    k = chosen[name][0]
    low, money, high = listed[k]
    if low.strike < money.strike < high.strike:
        book += [
            item.position(f"{name} butterfly,", quantity, k, is_call=True)
            for item, quantity in ((low, 10.0), (money, -20.0), (high, 10.0))
        ]
    return book


def _chosen_slices(quotes: Quotes, listed: list[tuple[_Listed, ...]]) -> dict[str, tuple[int, float]]:
    """Return name -> (slice, quantity): tenors that a slice is near to, or else the nearest slices by their expiry.

    Only slices that hold the deltas of the book are looked at, where there are any.
    """
    expiries = np.array([s.expiry for s in quotes.slices])
    holding = [
        k for k, strikes in enumerate(listed) if strikes and max(s.miss for s in strikes) <= _SAME_DELTA
    ]
    quoted = np.array(holding or [k for k, strikes in enumerate(listed) if strikes])
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


def _listed_strikes(quotes: Quotes, k: int) -> tuple[_Listed, ...]:
    """Return the listed strikes nearest to the 25-delta put, the forward and the 25-delta call of slice `k`.

    None where the slice has no quotes left.
    """
    from aadlib import norm_cdf

    mine = quotes.slice_index == k
    if not mine.any():
        return ()
    x, volatility, strike = quotes.log_moneyness[mine], quotes.volatility[mine], quotes.strike[mine]
    deviation = volatility * np.sqrt(quotes.slices[k].expiry)
    call_delta = norm_cdf(-x / deviation + 0.5 * deviation)  # of the forward
    listed = []
    for meant in (0.75, norm_cdf(0.5 * deviation), 0.25):  # the middle one of a call at the forward
        miss = np.abs(call_delta - meant)
        j = int(np.argmin(miss))
        listed.append(_Listed(float(strike[j]), float(call_delta[j]), float(miss[j])))
    return tuple(listed)


def read_book(path: Path, quotes: Quotes) -> list[Position]:
    """Read a book from a CSV file with the columns `COLUMNS`, and any of `OPTIONAL_COLUMNS`.

    An expiry is a date of the chain's slices; without a root, the one that settles last on that date is meant. The
    `multiplier` is what one point of price is worth (1 where it is empty); the `product` must be vanilla.

    Raises
    ------
    AadValueError
        The file cannot be read, has no rows, lacks a column or has one that is not known, or a field is not what it
        should be (with its line).
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(line for line in stream if not line.startswith("#"))
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise AadValueError(
                    f"{path}: missing columns {', '.join(missing)}: a book needs {', '.join(COLUMNS)}"
                )
            unknown = [
                repr(name) for name in reader.fieldnames or [] if name not in COLUMNS + OPTIONAL_COLUMNS
            ]
            if unknown:
                raise AadValueError(
                    f"{path}: unknown columns {', '.join(unknown)}: a book has {', '.join(COLUMNS)}, and "
                    f"{', '.join(OPTIONAL_COLUMNS)} where wanted; remove or rename them"
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
    multiplier = parsed("multiplier", parse_number) if text.get("multiplier") else 1.0
    if not (math.isfinite(multiplier) and multiplier > 0.0):
        raise AadValueError(f"{where}: multiplier = {multiplier}: must be finite and above zero")
    product = text.get("product", "").lower() or PRODUCTS[0]
    if product not in PRODUCTS:
        raise AadValueError(
            f"{where}: product = {product!r}: this report prices {', '.join(PRODUCTS)} options only; price others on "
            "the calibrated surface in Python, with pricers.pde or pricers.monte_carlo"
        )
    root = text.get("root", "")
    fitting = [k for k, s in enumerate(quotes.slices) if s.expiry_date == date and root in ("", s.root)]
    if not fitting:
        wanted = f"{root} {date}".strip()
        labels = ", ".join(s.label for s in quotes.slices)
        raise AadValueError(f"{where}: no slice {wanted}; the calibrated ones are {labels}")
    label = text.get("label", "") or f"{'call' if is_call else 'put'} {strike:g}"
    return Position(label, quantity, fitting[-1], strike, is_call, multiplier)
