"""Lines that are no options: titles, totals, notes, repeated headers; counted and named, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from aadlib.errors import AadValueError
from pricers.chain.reading.dates import parse_date
from pricers.chain.reading.numbers import parse_number
from pricers.chain.reading.recognise import Taken
from pricers.chain.reading.rows import Rows
from pricers.chain.reading.symbols import symbol_reader
from pricers.chain.reading.table import Column, OddRow, Table
from pricers.chain.reading.words import parse_is_call, parse_is_call_flag
from pricers.types import Bools

LAYOUT_SIDE = "side of the row"
"""Header of the column that says call and put where the layout does."""

_IDENTITY = ("expiry", "strike", "cp", "is_call", "option_symbol", "quote_date")
"""Fields of which a row must have at least one that can be read, or it is no option."""


def _readers() -> dict[str, Callable[[str], object]]:
    """Return the parser that tells for each identity field whether a text can be one; the order of dates is open."""

    def number(text: str) -> float:
        value = min(_numbers_of(text))
        if value != value:
            raise ValueError(text)
        return value

    def date(text: str) -> object:
        try:
            return parse_date(text)
        except ValueError as error:
            if any(
                word in str(error) for word in ("month must", "another date")
            ):  # another order, another zone
                return text
            raise

    return {
        "quote_date": date,
        "expiry": date,
        "strike": number,
        "cp": parse_is_call,
        "is_call": parse_is_call_flag,
    }


def _numbers_of(text: str) -> list[float]:
    values = []
    for decimal in (".", ","):
        try:
            values.append(parse_number(text, decimal=decimal))
        except ValueError:
            continue
    if not values:
        raise ValueError(text)
    return values


def _can_be_read(text: str, parse: Callable[[str], object]) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def set_notes_aside(table: Table, taken: Sequence[Taken], columns: Mapping[int, Column]) -> None:
    """Turn rows of another width into notes where they hold nothing of an option, raise where they do."""
    readers = _readers()
    width = len(table.header)
    left_out = []
    for odd in table.odd_rows:
        identity = [c for c in taken if c.field in readers and c.position < len(odd.fields)]
        is_option = any(_can_be_read(odd.fields[c.position], readers[c.field]) for c in identity)
        first = columns.get(0)
        is_cut = first is not None and odd.fields[0] in first.texts
        has_letter = any(character.isalpha() for text in odd.fields for character in text)
        if is_option or is_cut or not has_letter:
            _raise_odd(table, odd, width)
        left_out.append(" ".join(text for text in odd.fields if text.strip()))
    if left_out:
        table.notes.append(f"{len(left_out)} line(s) that are no options left out: {_shown(left_out)}")


def _raise_odd(table: Table, odd: OddRow, width: int) -> None:
    n_fields = len(odd.fields)
    place = table.place_of_odd(odd)
    if odd.is_last and n_fields < width:
        raise AadValueError(
            f"{place}: the last row has {n_fields} of {width} fields; the file is truncated, fetch it again"
        )
    hint = "; numbers with a comma must stand in quotes" if n_fields > width else ""
    raise AadValueError(f"{place}: {n_fields} fields where the header has {width}{hint}; correct the row")


def _shown(texts: Sequence[str]) -> str:
    return ", ".join(repr(text[:60]) for text in texts[:3]) + (", ..." if len(texts) > 3 else "")


def drop_notes(rows: Rows) -> None:
    """Leave out the rows in which no field that tells one option from another can be read."""
    readers: dict[str, Callable[[str], object]] = dict(_readers())
    if "option_symbol" in rows.columns:
        reader = symbol_reader(rows.columns["option_symbol"].texts)
        if reader is not None:
            readers["option_symbol"] = reader
    is_option: Bools = np.zeros(len(rows), dtype=bool)
    present = [name for name in _IDENTITY if name in rows.columns and name in readers]
    if "cp" in present and rows.columns["cp"].header == LAYOUT_SIDE:
        present.remove("cp")  # the layout's own, in every row
    for name in present:
        column = rows.columns[name]
        if is_option.all():
            break
        if column.values is not None:
            is_option |= np.isfinite(column.values)
            continue
        readable = np.array([_can_be_read(text, readers[name]) for text in column.texts], dtype=bool)
        is_option |= readable[column.codes]
    if is_option.all():
        return
    if not is_option.any():
        raise AadValueError(
            f"{rows.table.source}: no row has a readable {' or '.join(present)}; "
            f"the first has {', '.join(repr(text) for text in rows.table.sample[0])}"
        )
    texts = []
    for k in np.flatnonzero(~is_option)[:4]:
        filled = [column.text_at(int(k)) for column in rows.columns.values()]
        texts.append(" ".join(dict.fromkeys(text for text in filled if text.strip())) or "empty")
    rows.notes.append(f"{int(np.sum(~is_option))} row(s) that are no options left out: {_shown(texts)}")
    rows.keep(is_option)
