"""What the user says about a chain that the file does not: one record of options, checked when it is built."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from aadlib.errors import AadTypeError, AadValueError
from aadlib.validation import one_float, require_choice, require_finite, require_instance, require_positive
from pricers.chain.reading.dates import ORDERS, SERIAL, exchange_zone, parse_moment
from pricers.chain.reading.names import COLUMN_ALIASES, Meaning, meaning_of, squash


@dataclass(frozen=True)
class ReadingOptions:
    """Options of the reading; see `pricers.chain.read_chain` for what each does."""

    spot: float | None = None
    quote_date: datetime.date | str | None = None
    expiry: datetime.date | str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)
    at: datetime.date | str | None = None
    underlying: str | None = None
    decimal: str | None = None
    dates: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        if self.spot is not None:
            require_finite("spot", one_float("spot", self.spot))
            require_positive("spot", self.spot)
        for name in ("quote_date", "expiry"):
            object.__setattr__(self, name, _as_date(name, getattr(self, name)))
        if isinstance(self.at, datetime.date):
            object.__setattr__(self, "at", str(self.at))
        if self.decimal is not None:
            require_choice("decimal", self.decimal, (".", ","))
        if self.dates is not None:
            require_choice("dates", self.dates, (*ORDERS, SERIAL))
        for name in ("underlying", "zone"):
            if getattr(self, name) is not None:
                require_instance(name, getattr(self, name), str, "a text")
        require_instance("columns", self.columns, Mapping, "a mapping of fields to column names")
        if self.zone is not None:
            try:
                exchange_zone(self.zone)
            except ValueError as error:
                raise AadValueError(f"zone: {error}") from None
        for name in self.columns:
            column_meaning(name)


def _as_date(name: str, given: datetime.date | str | None) -> datetime.date | None:
    if isinstance(given, datetime.datetime):
        return given.date()
    if given is None or isinstance(given, datetime.date):
        return given
    if not isinstance(given, str):
        raise AadTypeError(f"{name} = {given!r}: must be a date or a text such as '2024-09-03'")
    try:
        return parse_moment(given, orders=dict.fromkeys("-/.", "refused")).date
    except (ValueError, KeyError):
        raise AadValueError(f"{name} = {given!r}: is no date; write YYYY-MM-DD") from None


def column_meaning(name: str) -> Meaning:
    """Return what a key of `columns` means: a field such as "bid", or "call_bid" where a row has call and put.

    Raises
    ------
    AadValueError
        If there is no such field; lists them.
    """
    if name in COLUMN_ALIASES:
        return Meaning(name)
    meaning = meaning_of(name)
    if meaning is None:
        known = ", ".join(COLUMN_ALIASES)
        raise AadValueError(
            f"columns: there is no field {name!r}; the fields are {known}, and call_bid, put_ask, ..."
        )
    return Meaning(meaning.field, meaning.side)


def parse_columns(text: str) -> dict[str, str | None]:
    """Parse a command line's ``spot=Index Spot,bid=Best Bid`` into the `columns` of `read_chain`.

    A field with nothing behind its sign, as in ``root=``, is left unread. Commas inside a column's name are written
    as they are: a comma starts a new field only where ``field=`` follows.

    Raises
    ------
    AadValueError
        If the text has another form or names a field that there is none of.

    Examples
    --------
    >>> parse_columns("spot=Index Spot,bid=Best Bid")
    {'spot': 'Index Spot', 'bid': 'Best Bid'}
    """
    require_instance("text", text, str, "a text such as 'spot=Index Spot'")
    columns: dict[str, str | None] = {}
    last = None
    for part in text.split(","):
        name, sign, header = part.partition("=")
        if sign and name.strip():
            last = name.strip()
            column_meaning(last)
            columns[last] = header.strip() or None
        elif last is not None:
            columns[last] = f"{columns[last] or ''},{part}"
        else:
            raise AadValueError(
                f"columns = {text!r}: must be field=Column name, several of them with commas between"
            )
    return columns


def header_asked_for(columns: Mapping[str, str | None], header: str) -> Meaning | None:
    """Return the meaning that the user gave a column, by its exact name or by its letters and digits."""
    for name, wanted in columns.items():
        if wanted and (wanted.strip() == header.strip() or squash(wanted) == squash(header)):
            return column_meaning(name)
    return None
