"""Dates and times of day as vendors and spreadsheets write them, and the proof of which number is the day.

A time in UTC (``Z``, ``+00:00``, an epoch number) is turned into the exchange's zone before its date is taken, so that
00:15 UTC is still the evening before in New York; midnight sharp is a bare date that a program wrote with a time.
A time in another zone keeps its date if that is New York's date too; where it is not, the exchange's zone is asked for.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aadlib.errors import AadValueError
from pricers.chain.reading.table import Column

ORDERS = ("month-first", "day-first", "year-first")
"""What the first number of a date such as 03/04/24 may be."""

SERIAL = "serial"
"""What dates= says where days are a spreadsheet's numbers, 45538 for 2024-09-03."""
_DAY_ZERO = datetime.date(1899, 12, 30)
_SERIAL = re.compile(r"([34]\d{4})(\.\d+)?")
_LAST_SATURDAYS = datetime.date(2015, 2, 1)
"""Monthly options expired on Saturdays until then."""

DEFAULT_ZONE = "America/New_York"

_MONTH_NAMES = (
    *("jan jän", "feb fév fev", "mar mär mrz", "apr avr", "may mai", "jun juin", "jul juil", "aug aoû aou"),
    *("sep", "oct okt", "nov", "dec dez déc"),
)
"""First letters in English, and in German and French where they are others."""
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_WEEKDAY = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?,?", re.IGNORECASE
)
_TIME = re.compile(
    r"(?:[T ,]|\bat\b|^|(?<=\d):)\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"\s*(?P<half>[ap]\.?m\.?(?![a-z]))?\s*(?P<zone>[A-Za-z]+/[A-Za-z_]+|[A-Z]{1,5}\b)?"
    r"\s*(?P<offset>[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT_TIME = re.compile(r"^(\d{8})[T ]?(\d{2})(\d{2})(\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d{2})\2(\d{2})|(\d{4})([-/.])(\d{1,2})\6(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})\.?")
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[ \-./]*([^\W\d_]{3,9})\.?[ \-./,]*(\d{4}|\d{2})")
_MONTH_DAY_YEAR = re.compile(r"([^\W\d_]{3,9})\.?[ \-./]*(\d{1,2})(?:st|nd|rd|th)?[ \-./,]+(\d{4}|\d{2})")
_YEAR_MONTH_DAY = re.compile(r"(\d{4})[ \-./]*([^\W\d_]{3,9})\.?[ \-./]*(\d{1,2})")
_ZONE_HOURS = {
    **dict.fromkeys(("Z", "UTC", "GMT"), 0.0),
    **{"BST": 1.0, "CET": 1.0, "CEST": 2.0, "IST": 5.5, "HKT": 8.0, "JST": 9.0, "KST": 9.0},
}
"""Hours ahead of UTC by a zone's name; the American ones are the exchange's own and need none."""
_EPOCH_DIGITS = {10: 1.0, 13: 1e3, 16: 1e6, 19: 1e9}


class Moment(NamedTuple):
    """A date, the time of day where the text has one, and whether it is another date in UTC, where it was given."""

    date: datetime.date
    time: datetime.time | None = None
    moved: bool = False

    def __str__(self) -> str:
        if self.time is None:
            return self.date.isoformat()
        return f"{self.date.isoformat()} {self.time.isoformat(timespec='seconds')}"


def exchange_zone(name: str) -> datetime.tzinfo:
    """Return a time zone by its name; raises ValueError where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is not a time zone: write America/New_York, Europe/Berlin or UTC"
        ) from None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _number_triple(text: str) -> tuple[str, str, str, str] | None:
    """Return separator and numbers of a date such as 3/9/2024, whose order is not given by its form."""
    parts = _NUMBERS.fullmatch(text)
    return (parts[2], parts[1], parts[3], parts[4]) if parts else None


def _ordered(triple: Sequence[str], order: str) -> datetime.date:
    """Return the date that three numbers make in one order; raises ValueError where they make none."""
    first, second, third = triple
    if order == "month-first":
        return datetime.date(_year(third), int(first), int(second))
    if order == "day-first":
        return datetime.date(_year(third), int(second), int(first))
    if order != "year-first" or len(third) == 4:
        raise ValueError("day or month may come first")
    return datetime.date(_year(first.zfill(2)), int(second), int(third))


def _named_month(text: str) -> datetime.date | None:
    """Return the date of a text with the month's name, None where it is no such text."""
    text = _WEEKDAY.sub(" ", text).strip(" ,")
    for form, (day, month, year) in (
        (_DAY_MONTH_YEAR, (1, 2, 3)),
        (_YEAR_MONTH_DAY, (3, 2, 1)),
        (_MONTH_DAY_YEAR, (2, 1, 3)),
    ):
        parts = form.fullmatch(text)
        if parts and (
            number := _MONTHS.get(parts[month].lower()[:4]) or _MONTHS.get(parts[month].lower()[:3])
        ):
            return datetime.date(_year(parts[year]), number, int(parts[day]))
    return None


def _epoch(text: str) -> datetime.datetime | None:
    """Return the moment of a count of seconds (to nanoseconds) since 1970, None where it is no such count."""
    digits = re.fullmatch(r"(\d{10}|\d{13}|\d{16}|\d{19})(?:\.\d+)?", text)
    if digits is None:
        return None
    seconds = int(digits[1]) / _EPOCH_DIGITS[len(digits[1])]
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.timezone.utc)


def _in_zone(date: datetime.date, time: datetime.time, hours: float, zone: datetime.tzinfo | None) -> Moment:
    """Turn a time that is `hours` ahead of UTC into the exchange's zone; midnight sharp is a bare date."""
    if time == datetime.time(0):
        return Moment(date)
    written = datetime.timezone(datetime.timedelta(hours=hours))
    instant = datetime.datetime.combine(date, time, tzinfo=written)
    there = instant.astimezone(zone or exchange_zone(DEFAULT_ZONE))
    if zone is not None or hours == 0.0:
        return Moment(there.date(), there.time(), there.date() != date)
    if there.date() != date and not -10.0 <= hours <= -3.0:
        raise ValueError(
            f"the same moment in {DEFAULT_ZONE} is {there:%Y-%m-%d %H:%M}, another date; say the exchange's zone with "
            f"zone='{DEFAULT_ZONE}' or another name (--zone)"
        )
    return Moment(date, time)


def _time_of(parts: re.Match[str]) -> tuple[datetime.time, float | None]:
    """Return the time of day of a match and its hours ahead of UTC, None where it has no zone or its own."""
    hour = int(parts["hour"])
    half = (parts["half"] or "").lower().replace(".", "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    microsecond = int((parts["fraction"] or "0")[:6].ljust(6, "0"))
    time = datetime.time(hour, int(parts["minute"]), int(parts["second"] or 0), microsecond)
    if parts["offset"]:
        return time, _hours(parts["offset"])
    return time, _ZONE_HOURS.get((parts["zone"] or "").upper())


def _hours(offset: str) -> float:
    """Return the hours of ``+05:30``, ``-0400`` or ``+00``."""
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return float((-1 if offset[0] == "-" else 1) * (int(digits[:2]) + int(digits[2:]) / 60.0))


def _split_time(text: str) -> tuple[str, datetime.time | None, float | None]:
    """Return the text without its time of day, the time, and its hours ahead of UTC where they are given."""
    compact = _COMPACT_TIME.fullmatch(text)
    if compact and "19000000" < compact[1] < "22000000":
        time = datetime.time(int(compact[2]), int(compact[3]), int(compact[4] or 0))
        zone = compact[5]
        return compact[1], time, None if zone is None else 0.0 if zone == "Z" else _hours(zone)
    parts = _TIME.search(text)
    if parts is None:
        return text, None, None
    time, hours = _time_of(parts)
    rest = re.sub(r"\(.*\)$|\bat$", "", f"{text[: parts.start()]} {text[parts.end() :]}".strip())
    return rest.strip(" ,"), time, hours


def parse_moment(
    text: str, *, orders: Mapping[str, str] | None = None, zone: datetime.tzinfo | None = None
) -> Moment:
    """Parse a date with or without a time of day.

    Parameters
    ----------
    text : str
        ``2024-09-03``, ``20240903``, ``9/3/2024``, ``3 Sep 2024``, ``Tue Sep 03 2024 at 4:15 PM EDT``,
        ``2024-09-03T20:15:00Z``, ``1725321600000`` and their like.
    orders : mapping, optional
        Separator -> "month-first", "day-first" or "year-first": what comes first in ``9/3/24``; the month by default.
    zone : tzinfo, optional
        The exchange's zone, New York by default.

    Raises
    ------
    ValueError
        If the text is no date; the message shows it.
    """
    bare = re.sub(r"\s+", " ", text.strip())
    bare = re.sub(r"^(\d{8}|\d{10,19})\.0+$", r"\1", bare)  # a column that went through floating point
    number = _SERIAL.fullmatch(bare) if orders and SERIAL in orders else None
    if number is not None:
        return _serial_moment(float(bare))
    instant = _epoch(bare)
    if instant is not None:
        return _in_zone(instant.date(), instant.time(), 0.0, zone)
    try:
        rest, time, hours = _split_time(bare)
        date = _date_of(rest, orders or {})
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date ({error}): write YYYY-MM-DD or M/D/YYYY") from None
    if time is None or hours is None:
        return Moment(date, time)
    try:
        return _in_zone(date, time, hours, zone)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None


def _date_of(text: str, orders: Mapping[str, str]) -> datetime.date:
    year_first = _YEAR_FIRST.fullmatch(text)
    if year_first:
        year, month, day = (year_first[k] or year_first[k + 4] for k in (1, 3, 4))
        return datetime.date(int(year), int(month), int(day))
    triple = _number_triple(text)
    if triple:
        return _ordered(triple[1:], orders.get(triple[0], "month-first"))
    date = _named_month(text)
    if date is None and _SERIAL.fullmatch(text):
        raise ValueError(
            "a spreadsheet's number of a day? say so with dates='serial' (--dates serial), or format the column as "
            "dates"
        )
    if date is None:
        raise ValueError("no form of a date that is known")
    return date


def _serial_moment(days: float) -> Moment:
    """Return the moment of a spreadsheet's day number, which counts from 1899-12-30."""
    date = _DAY_ZERO + datetime.timedelta(days=int(days))
    seconds = round(86400.0 * (days - int(days)))
    if seconds == 0:
        return Moment(date)
    return Moment(date, (datetime.datetime.min + datetime.timedelta(seconds=min(seconds, 86399))).time())


def _are_day_numbers(texts: Sequence[str]) -> bool:
    """Return whether day numbers prove themselves: Fridays among them, on which options expire, and no Sundays.

    In the other system of spreadsheets, which counts from 1904, Fridays would be Thursdays; old Saturdays may stand.
    """
    dates = [_serial_moment(float(text)).date for text in texts]
    weekdays = [date.weekday() for date in dates if date.weekday() != 5 or date > _LAST_SATURDAYS]
    monthly = len(dates) - len(weekdays)
    return weekdays.count(4) + monthly > 0 and not {5, 6} & set(weekdays)


def parse_date(text: str) -> datetime.date:
    """Parse one date on its own, as `parse_moment` does; ``9/3/2024`` is American, 3 September."""
    return parse_moment(text).date


def _orders_that_fit(triples: Sequence[Sequence[str]]) -> list[str]:
    """Return the orders in which all the dates exist and their years lie within 15 of one another."""
    fitting = []
    for order in ORDERS:
        try:
            years = [_ordered(triple, order).year for triple in triples]
        except ValueError:
            continue
        # A year below 13 in front of the month is nobody's habit.
        far = max(years) - min(years) > 15 or (order == "year-first" and min(years) < 2013)
        if not far:
            fitting.append(order)
    return fitting


def prove_orders(columns: Mapping[str, Column], *, order: str | None, source: str) -> dict[str, str]:
    """Return separator -> what comes first in dates such as 03/09/2024, proved by a number above 12 or by option.

    "serial" is among them where day numbers of a spreadsheet are dates: by option, or proved by Fridays.

    Raises
    ------
    AadValueError
        If dates could be either or none; names the column, the dates and the option.
    """
    numbers = [
        text.strip()
        for column in columns.values()
        for text in column.texts
        if _SERIAL.fullmatch(text.strip())
    ]
    serial = {SERIAL: SERIAL} if order == SERIAL or (numbers and _are_day_numbers(numbers)) else {}
    by_separator: dict[str, dict[tuple[str, ...], tuple[str, str]]] = {}
    for name, column in columns.items():
        for text in column.texts:
            try:
                triple = _number_triple(_split_time(re.sub(r"\s+", " ", text.strip()))[0])
            except ValueError:
                continue  # an impossible time of day: its own line will say so
            if triple:
                by_separator.setdefault(triple[0], {}).setdefault(triple[1:], (name, text))
    if order is not None and order != SERIAL:
        return dict.fromkeys(by_separator, order) | serial
    return {separator: _order_of(dates, source) for separator, dates in by_separator.items()} | serial


def _order_of(dates: Mapping[tuple[str, ...], tuple[str, str]], source: str) -> str:
    """Return the one order that fits dates with the same separator, given with their column and text."""
    triples = list(dates)
    fitting = _orders_that_fit(triples)
    name, text = dates[triples[0]]
    if not fitting and len(triples) > 1:
        shown = ", ".join(repr(example) for _, example in list(dates.values())[:4])
        raise AadValueError(
            f"{source}: the dates {shown} (column {name} first) fit no one order of day, month and year; "
            "write them as YYYY-MM-DD"
        )
    readings = {tuple(_ordered(triple, order) for triple in triples) for order in fitting}
    if len(readings) > 1:
        first, second = sorted(fitting)[:2]
        raise AadValueError(
            f"{source}: column {name}: {text!r} is {_ordered(triples[0], first)} or {_ordered(triples[0], second)}, "
            "and no date of the file has a day above 12 to prove which; "
            f"say it with dates='{first}' or dates='{second}' (--dates {first} or {second})"
        )
    return fitting[0] if fitting else "month-first"  # a single bad date: its own line will say so
