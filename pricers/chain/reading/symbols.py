"""Option symbols: root, expiry, right and strike in one word.

`SYMBOL_FORMS` has one line per form; a form's strike may be in thousandths (the clearing house's eight digits).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pricers.chain.reading.dates import parse_moment

N_SYMBOLS_TO_TELL = 20
"""Symbols of a column that are looked at to tell that it holds symbols."""


class OptionSymbol(NamedTuple):
    """What an option symbol says."""

    root: str
    expiry_date: datetime.date
    is_call: bool
    strike: float


def _compact(text: str) -> datetime.date:
    return datetime.date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))


def _american(text: str) -> datetime.date:
    return datetime.date(2000 + int(text[4:6]), int(text[:2]), int(text[2:4]))


def _written(text: str) -> datetime.date:
    return parse_moment(text).date


_ROOT = r"(?:O:)?[.$^]?(?P<root>[A-Z][A-Z.]{0,8}\d?)"
_RIGHT = r"(?P<right>[CP])"
_STRIKE = r"(?P<strike>\d+(?:[.D]\d+)?)"

SYMBOL_FORMS: tuple[tuple[str, Callable[[str], datetime.date], float], ...] = (
    # form, how its date is read, unit of its strike; NaN: thousandths or not, the rest of the file has to say
    (
        rf"{_ROOT}[ _]*(?P<date>\d{{6}}){_RIGHT}(?P<strike>\d{{8}})",
        _compact,
        1e-3,
    ),  # SPXW  241004C03600000 (OCC)
    (rf"{_ROOT} (?P<date>\d{{6}}){_RIGHT}(?P<strike>\d+)", _compact, float("nan")),  # SPXW 241004C3600000
    (rf"{_ROOT}_(?P<date>\d{{6}}){_RIGHT}{_STRIKE}", _american, 1.0),  # SPXW_100424C3600
    (rf"{_ROOT}(?P<date>\d{{6}}){_RIGHT}{_STRIKE}", _compact, 1.0),  # .SPXW241004C3600.5
    (
        rf"{_ROOT}-(?P<date>\d{{1,2}}[A-Z]{{3}}\d{{2}})-{_STRIKE}-{_RIGHT}",
        _written,
        1.0,
    ),  # BTC-04OCT24-3600-C
    (rf"(?P<root>[A-Z]+_USD[CT]?)-(?P<date>\d{{1,2}}[A-Z]{{3}}\d{{2}})-{_STRIKE}-{_RIGHT}", _written, 1.0),
    (rf"{_ROOT}(?:-USD[CT]?)?-(?P<date>\d{{6}})-{_STRIKE}-{_RIGHT}", _compact, 1.0),  # BTC-USD-241004-3600-C
    (
        rf"{_ROOT}[ _|-](?P<date>\d{{8}}|\d{{4}}-\d\d-\d\d)[ _|-]{_STRIKE}[ _|-]?{_RIGHT}(?:ALL|UT)?",
        _written,
        1.0,
    ),
    (
        rf"{_ROOT}[ _|-](?P<date>\d{{8}}|\d{{4}}-\d\d-\d\d)[ _|-]{_RIGHT}(?:ALL|UT)?[ _|-]?{_STRIKE}",
        _written,
        1.0,
    ),
    (  # SPX US 10/04/24 C3600 Index
        rf"{_ROOT}(?: [A-Z]{{2}})? (?P<date>\d{{1,2}}/\d{{1,2}}/\d{{2,4}}) {_RIGHT}{_STRIKE}(?: (?:INDEX|EQUITY))?",
        _written,
        1.0,
    ),
)
_FORMS = tuple((re.compile(form), date, unit) for form, date, unit in SYMBOL_FORMS)


class SymbolReader:
    """Reads the symbols of one column, all of one form."""

    def __init__(self, form: int) -> None:
        self._pattern, self._date, self.strike_unit = _FORMS[form]

    def __call__(self, text: str) -> OptionSymbol:
        """Parse one symbol; raises ValueError where it has another form."""
        parts = self._pattern.fullmatch(text.strip().upper())
        if parts is None:
            raise ValueError(
                f"{text!r} is no option symbol of the form of the others, {self._pattern.pattern!r}"
            )
        try:
            date = self._date(parts["date"])
        except ValueError as error:
            raise ValueError(f"{text!r} is no option symbol: its date is none ({error})") from None
        unit = 1.0 if self.strike_unit != self.strike_unit else self.strike_unit
        strike = float(parts["strike"].replace("D", ".")) * unit
        return OptionSymbol(parts["root"].strip(), date, parts["right"] == "C", round(strike, 6))


def symbol_reader(texts: Sequence[str]) -> SymbolReader | None:
    """Return the reader of a column's symbols by its first texts, None where they are no option symbols."""
    filled = [text for text in texts if text.strip()][:N_SYMBOLS_TO_TELL]
    for form in range(len(_FORMS)):
        reader = SymbolReader(form)
        n_read = 0
        for text in filled:
            try:
                reader(text)
            except ValueError:
                continue
            n_read += 1
        if n_read and n_read >= 0.8 * len(filled):
            return reader
    return None
