"""Quote dates and times, and the choice of one snapshot of several."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import numpy as np

from aadlib.errors import AadValueError
from pricers.chain.reading.dates import Moment, parse_moment
from pricers.chain.reading.options import ReadingOptions
from pricers.chain.reading.rows import Rows
from pricers.types import Bools, Longs

ONE_SNAPSHOT = datetime.timedelta(minutes=15)
"""Quotes within this time are one snapshot, if no option is quoted twice."""


def _parse_time(text: str) -> datetime.time | None:
    """Parse a time of day, with or without a date; a number counts hours, seconds or milliseconds of the day."""
    bare = text.strip()
    if not bare:
        return None
    try:
        number = float(bare)
    except ValueError:
        for candidate in (f"2000-01-01 {bare}", bare):
            try:
                return parse_moment(candidate).time
            except ValueError:
                continue
        raise ValueError(f"{text!r} is no time of day: write HH:MM:SS") from None
    seconds = number * (3600.0 if number < 24.0 else 1.0 if number < 86_400.0 else 1e-3)
    if not 0.0 <= seconds < 86_400.0:
        raise ValueError(f"{text!r} is no time of day: write HH:MM:SS")
    return (datetime.datetime.min + datetime.timedelta(seconds=round(seconds, 6))).time()


def _moments_of(rows: Rows, parse: Callable[[str], Moment]) -> tuple[list[Moment], Longs]:
    """Return the distinct moments of the quotes, sorted, and each row's position among them."""
    dates = rows.parse("quote_date", parse)
    codes = rows.columns["quote_date"].codes
    if any(moment.moved for moment in dates):
        moved = next(k for k, moment in enumerate(dates) if moment.moved)
        rows.notes.append(
            f"quote_date {rows.columns['quote_date'].texts[moved]!r} is {dates[moved]} at the exchange (zone=)"
        )
    if "quote_time" in rows.columns and all(moment.time is None for moment in dates):
        times = rows.parse("quote_time", _parse_time)
        n_times = len(times)
        pairs, codes = np.unique(codes * n_times + rows.columns["quote_time"].codes, return_inverse=True)
        dates = [Moment(dates[pair // n_times].date, times[pair % n_times]) for pair in pairs.tolist()]
    plain = [Moment(moment.date, moment.time) for moment in dates]
    distinct = sorted(set(plain), key=str)
    at = {moment: k for k, moment in enumerate(distinct)}
    return distinct, np.array([at[moment] for moment in plain])[codes]


def _is_asked_for(moment: Moment, at: str) -> bool:
    """Tell whether a moment is the one asked for: a date, a time of day, or both, to any precision."""
    wanted = " ".join(at.replace("T", " ").split())
    date, time = moment.date.isoformat(), moment.time.isoformat(timespec="seconds") if moment.time else ""
    if wanted.find(":") == 1:
        wanted = "0" + wanted
    return any(form.startswith(wanted) for form in (f"{date} {time}".strip(), time) if form)


def choose_snapshot(
    rows: Rows, parse: Callable[[str], Moment], contract: Longs, options: ReadingOptions
) -> tuple[datetime.date, Bools | None]:
    """Return the quote date and the rows of the one snapshot, None where all are.

    Parameters
    ----------
    rows : Rows
    parse : callable
        Text -> Moment.
    contract : (n,) int
        Equal numbers are the same option.
    options : ReadingOptions

    Raises
    ------
    AadValueError
        If there are several snapshots and not one of them was asked for; names them.
    """
    given = options.quote_date
    if "quote_date" not in rows.columns:
        assert isinstance(given, datetime.date)
        return given, None
    moments, position = _moments_of(rows, parse)
    keep = None
    if options.at is not None:
        wanted = np.array([_is_asked_for(moment, str(options.at)) for moment in moments])
        if not wanted.any():
            raise AadValueError(
                f"at = {options.at!r}: {rows.table.source} has no such snapshot; it has {_shown(moments)}"
            )
        keep = wanted[position]
        moments = [moment for moment, is_wanted in zip(moments, wanted, strict=True) if is_wanted]
        contract = contract[keep]
    if len(moments) > 1:
        _require_one(rows, moments, contract)
    date = moments[0].date
    if isinstance(given, datetime.date) and given != date:
        rows.notes.append(f"quote_date {given} as asked for; the file says {date}")
        date = given
    return date, keep


def _require_one(rows: Rows, moments: list[Moment], contract: Longs) -> None:
    """Raise unless the moments are the seconds over which one snapshot was taken."""
    times = [datetime.datetime.combine(moment.date, moment.time or datetime.time(0)) for moment in moments]
    is_twice = np.unique(contract).size < contract.size
    same_date = moments[0].date == moments[-1].date
    if same_date and not is_twice and max(times) - min(times) <= ONE_SNAPSHOT:
        rows.notes.append(f"quotes from {moments[0]} to {moments[-1]} taken as one snapshot")
        return
    name = "quote_date" if same_date is False or "quote_time" not in rows.columns else "quote_time"
    example = str(moments[-1]).removesuffix(":00")
    raise AadValueError(
        f"{rows.table.source}: column {rows.label(name)} has {len(moments)} values ({_shown(moments)}): a chain is one "
        f"snapshot; read one of them with at='{example}' (--at \"{example}\"), or split the file; if it is not when "
        f'the options were quoted, leave it unread with columns= (--columns "{name}=")'
    )


def _shown(moments: list[Moment]) -> str:
    shown = [str(moment) for moment in moments]
    return ", ".join(shown if len(shown) <= 6 else [*shown[:3], "...", *shown[-2:]])
