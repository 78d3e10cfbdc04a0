"""Small CSV files of what the user knows of a market: curves, dividends, forwards."""

from __future__ import annotations

import csv
import datetime
import math
import os
from collections.abc import Sequence
from typing import Any

from aadlib.errors import AadValueError
from pricers.chain.reading.dates import parse_date
from pricers.chain.reading.numbers import parse_number
from pricers.chain.settlement import DAYS_PER_YEAR

_DATES = ("expiry", "date", "ex_date", "maturity")
_YEARS = ("years", "time")


def _read(
    path: str | os.PathLike[str], whens: Sequence[str], values: Sequence[str]
) -> tuple[list[tuple[Any, float]], str]:
    """Return (date or years, number) of each row, and the name of the column of numbers."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(line for line in stream if line.strip() and not line.startswith("#"))
            names = {(name or "").strip().lower(): name for name in reader.fieldnames or []}
            when = next((name for name in whens if name in names), None)
            value = next((name for name in values if name in names), None)
            if when is None or value is None:
                raise AadValueError(
                    f"{path}: needs a column {' or '.join(whens)} and a column {' or '.join(values)}; it has "
                    f"{', '.join(names) or 'none'}"
                )
            pairs = [
                (_when(path, n, row[names[when]], when), _number(path, n, row[names[value]], value))
                for n, row in enumerate(reader, start=1)
            ]
    except OSError as error:
        raise AadValueError(f"{path}: cannot be read ({error.strerror}); name a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AadValueError(f"{path}: not a CSV file in UTF-8 ({error})") from None
    if not pairs:
        raise AadValueError(f"{path}: a header and no rows")
    times = [time for time, _ in pairs]
    if len(set(times)) < len(times):
        twice = next(time for time in times if times.count(time) > 1)
        raise AadValueError(f"{path}: {twice} stands there twice")
    return pairs, value


def _when(path: Any, row: int, text: str | None, name: str) -> Any:
    if name in _YEARS:
        return _number(path, row, text, name)
    try:
        return parse_date(text or "")
    except ValueError as error:
        raise AadValueError(f"{path}, row {row}, column {name}: {error}") from None


def _number(path: Any, row: int, text: str | None, name: str) -> float:
    bare = (text or "").strip()
    factor = 0.01 if bare.endswith("%") else 1.0
    try:
        number = factor * parse_number(bare.rstrip("%"))
    except ValueError as error:
        raise AadValueError(f"{path}, row {row}, column {name}: {error}") from None
    if not math.isfinite(number):
        raise AadValueError(f"{path}, row {row}, column {name}: {bare!r} is no number")
    return number


def read_curve(path: str | os.PathLike[str], quote_date: datetime.date) -> dict[Any, float]:
    """Return dates or years -> zero rate; discount factors are turned into rates."""
    pairs, name = _read(path, (*_DATES, *_YEARS), ("rate", "zero_rate", "discount", "discount_factor"))
    if name in ("rate", "zero_rate"):
        return dict(pairs)
    curve = {}
    for when, discount in pairs:
        years = (when - quote_date).days / DAYS_PER_YEAR if isinstance(when, datetime.date) else when
        if not (years > 0.0 and discount > 0.0):
            raise AadValueError(f"{path}: {name} = {discount:g} at {when}: both must be above zero and ahead")
        curve[when] = -math.log(discount) / years
    return curve


def read_dividends(path: str | os.PathLike[str]) -> dict[Any, float]:
    """Return ex-dates or years -> amount."""
    return dict(_read(path, (*_DATES, *_YEARS), ("amount", "dividend"))[0])


def read_forwards(path: str | os.PathLike[str]) -> dict[datetime.date, float]:
    """Return expiry dates -> forward."""
    return dict(_read(path, _DATES, ("forward",))[0])
