"""Which column is what: by the user's word, by its name, and for option symbols by its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aadlib.errors import AadValueError
from pricers.chain.reading.dates import parse_moment
from pricers.chain.reading.names import Meaning, meaning_of, squash
from pricers.chain.reading.numbers import parse_number
from pricers.chain.reading.options import ReadingOptions, column_meaning, header_asked_for
from pricers.chain.reading.symbols import symbol_reader
from pricers.chain.reading.table import Table

_BLANK_RANK = 2000
"""Added to the rank of a column whose first rows are all empty: any other of the same field is better."""


@dataclass(frozen=True)
class Taken:
    """A column and what it is taken for."""

    position: int
    header: str
    meaning: Meaning
    because: str

    @property
    def field(self) -> str:
        """The field without its side."""
        return self.meaning.field

    @property
    def name(self) -> str:
        """The field with its side: ``bid``, ``call bid``."""
        return f"{self.meaning.side} {self.field}".strip()


def count_known_names(header: Sequence[str], options: ReadingOptions) -> int:
    """Count the fields that a line of text would name if it were the header."""
    names = [header_asked_for(options.columns, text) or meaning_of(text) for text in header]
    return len({(meaning.field, meaning.side) for meaning in names if meaning is not None})


def _is_word(text: str) -> bool:
    """Tell whether a text is neither a number nor a missing one."""
    for decimal in (".", ","):
        try:
            parse_number(text, decimal=decimal)
        except ValueError:
            continue
        return False
    return True


def _by_content(meaning: Meaning | None, header: str, texts: Sequence[str]) -> Meaning | None:
    """Return the meaning of a column in view of what its first rows hold."""
    filled = [text for text in texts if text.strip()]
    if symbol_reader(filled) is not None:
        words = squash(header)
        side = "call" if words.startswith("call") else "put" if words.startswith("put") else ""
        return Meaning("option_symbol", meaning.side if meaning and meaning.side else side)
    if meaning is None or meaning.field == "option_symbol":
        return None
    if meaning.field == "spot" and filled and all(_is_word(text) for text in filled):
        return Meaning("underlying", meaning.side, rank=100)
    if meaning.field == "underlying" and filled and not any(_is_word(text) for text in filled):
        return None
    return meaning if filled else replace(meaning, rank=meaning.rank + _BLANK_RANK)


def _has_dates(table: Table, position: int) -> bool:
    try:
        return parse_moment(table.sample[0][position]).date.year > 1990
    except (ValueError, IndexError):
        return False


def recognise(table: Table, options: ReadingOptions) -> list[Taken]:
    """Return every column that has a meaning; several may have the same.

    Raises
    ------
    AadValueError
        If a column that the user named is not there.
    """
    for name, wanted in options.columns.items():
        if wanted and not any(header_asked_for({name: wanted}, header) for header in table.header):
            raise AadValueError(
                f"{table.source}: columns: {name} = {wanted!r}, but there is no such column; "
                f"the columns are {', '.join(map(repr, table.header))}"
            )
    settled = {(column_meaning(name).field, column_meaning(name).side) for name in options.columns}
    taken = []
    for position, header in enumerate(table.header):
        asked = header_asked_for(options.columns, header)
        if asked is not None:
            taken.append(Taken(position, header, asked, "as asked for"))
            continue
        by_name = meaning_of(header)
        meaning = _by_content(by_name, header, [row[position] for row in table.sample])
        if meaning is None or (meaning.field, meaning.side) in settled:
            continue
        because = "by its name" if by_name and by_name.field == meaning.field else "by content"
        taken.append(Taken(position, header, meaning, because))
    if not any(column.field == "quote_date" for column in taken) and ("quote_date", "") not in settled:
        # Without a date the time's column may be both.
        taken = [
            replace(column, meaning=Meaning("quote_date"), because="by content")
            if column.field == "quote_time" and _has_dates(table, column.position)
            else column
            for column in taken
        ]
    return taken
