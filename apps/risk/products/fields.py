"""The fields of one row of a book, parsed; an error names the place, the column and what may stand there."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from aadlib.errors import AadValueError

T = TypeVar("T")

YEARS = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
"""A number of years, 1000 being none: longer runs of digits are dates."""


@dataclass(frozen=True)
class Fields:
    """One row of a book.

    Parameters
    ----------
    where : str, file and number of the position, for errors
    text : column -> its text, stripped
    quote_date : date of the chain's quotes
    """

    where: str
    text: Mapping[str, str]
    quote_date: date

    def __contains__(self, column: str) -> bool:
        return bool(self.text.get(column))

    def error(self, column: str, what: str) -> AadValueError:
        """Return the error that names a column and its text."""
        return AadValueError(f"{self.where}: {column} = {self.text.get(column, '')!r}: {what}")

    def parsed(self, column: str, parse: Callable[[str], T]) -> T:
        """Return a column's text parsed by a function that raises ValueError at what it does not know."""
        return self.parsed_text(column, self.text.get(column, ""), parse)

    def parsed_text(self, column: str, text: str, parse: Callable[[str], T]) -> T:
        """Return a part of a column's text parsed."""
        try:
            return parse(text)
        except ValueError as error:
            raise AadValueError(f"{self.where}, column {column}: {error}") from None

    def number(self, column: str) -> float:
        """Return a finite number."""
        from pricers.chain.reading.numbers import parse_number

        number = self.parsed(column, parse_number)
        if not math.isfinite(number):
            raise AadValueError(f"{self.where}: {column} = {number}: must be a finite number")
        return number

    def positive(self, column: str) -> float:
        """Return a finite number above zero."""
        from pricers.chain.reading.numbers import parse_number

        number = self.parsed(column, parse_number)
        if not (math.isfinite(number) and number > 0.0):
            raise AadValueError(f"{self.where}: {column} = {number}: must be finite and above zero")
        return number

    def required(self, column: str, product: str, what: str) -> str:
        """Return the text of a column that a product cannot do without."""
        if column not in self:
            raise AadValueError(f"{self.where}: {column} is empty: {product} options need it, {what}")
        return self.text[column]


def date_or_years(text: str) -> date | float:
    """Return a date, or a number of years where the text is one; raises ValueError where it is neither."""
    from pricers.chain.reading.dates import parse_date

    if YEARS.fullmatch(text):
        return float(text)
    return parse_date(text)
