"""When options expire: the last day, settlement at the open or the close, and the years until then."""

from __future__ import annotations

import datetime
import re

from aadlib.errors import AadValueError
from aadlib.validation import require_instance

DAYS_PER_YEAR = 365.0

OPEN_SETTLED_ROOTS = frozenset({"SPX", "NDX", "RUT", "DJX"})
"""Index roots whose third-Friday options settle on the opening prices of that day."""

OPEN_SETTLEMENT_DAYS = 0.27
"""Days between the open and the close, 6.5 hours: what settlement at the open takes off an expiry."""

LAST_YEAR_OF_SATURDAYS = 2016
"""Until February 2015 monthly options expired on the Saturday after their last day of trading; some with a Saturday
in January 2016 were listed by then. Later Saturdays are those of exchanges that never close."""


def normalise_root(root: str) -> str:
    """Return a root without the marks that vendors add: ``^SPX``, ``$SPX.X``, ``.SPX`` and ``SPX.XO`` are ``SPX``."""
    require_instance("root", root, str, "a text such as 'SPX'")
    bare = root.strip().upper()
    bare = re.sub(r"^(?:[IO]:|[\^$.])+", "", bare)
    return re.sub(r"(?:\.XO?| INDEX)$", "", bare).strip()


def last_day(expiry_date: datetime.date) -> datetime.date:
    """Return the last day of trading: the Friday before where the expiry is one of the old Saturdays."""
    require_instance("expiry_date", expiry_date, datetime.date, "a date")
    if expiry_date.weekday() == 5 and expiry_date.year <= LAST_YEAR_OF_SATURDAYS:
        return expiry_date - datetime.timedelta(days=1)
    return expiry_date


def is_settled_at_open(*, root: str, expiry_date: datetime.date) -> bool:
    """Tell whether an option settles at the open of its third Friday (the Thursday where that is a holiday).

    The root counts in any case and with or without a vendor's marks, ``"^SPX"`` and ``"SPX.XO"`` being ``"SPX"``; the
    Saturdays on which options expired until 2015 stand for the Friday before.
    """
    day = last_day(expiry_date)
    third_friday = 15 + (4 - day.replace(day=1).weekday()) % 7
    return normalise_root(root) in OPEN_SETTLED_ROOTS and third_friday - day.day in (0, 1)


def years_to_expiry(*, root: str, quote_date: datetime.date, expiry_date: datetime.date) -> float:
    """Return the ACT/365 time to the last day in years, less 0.27 day where the option settles at the open.

    Parameters
    ----------
    root : str
        Option root, for example ``"SPX"``.
    quote_date, expiry_date : datetime.date
        The expiry must be after the quote.

    Returns
    -------
    float
        Years.

    Raises
    ------
    AadValueError
        If the expiry date is not after the quote date.
    """
    require_instance("quote_date", quote_date, datetime.date, "a date")
    days = float((last_day(expiry_date) - quote_date).days)
    if days <= 0.0:
        raise AadValueError(f"expiry_date = {expiry_date}: must be after the quote date {quote_date}")
    if is_settled_at_open(root=root, expiry_date=expiry_date):
        days -= OPEN_SETTLEMENT_DAYS
    return days / DAYS_PER_YEAR
