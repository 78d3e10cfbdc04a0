"""Options as rows: the columns of a source under the names of fields, and where each row came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.chain.reading.numbers import parse_number, parse_numbers
from pricers.chain.reading.table import Column, Table
from pricers.types import Bools, Longs

T = TypeVar("T")


@dataclass(eq=False)
class Rows:
    """Options, one per row, with the columns of the source under the names of fields.

    Attributes
    ----------
    table : Table
    columns : dict
        Field -> Column.
    factors : dict
        Field -> what its header's unit multiplies the numbers by, where that is not one.
    source_row : (n,) int
        The table's row that each option comes from.
    dropped : dict
        Reason -> number of rows left out so far.
    notes : list of str
    """

    table: Table
    columns: dict[str, Column]
    factors: dict[str, float]
    source_row: Longs
    dropped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return int(self.source_row.size)

    def keep(self, mask: Bools, reason: str = "") -> None:
        """Keep the rows where `mask` is true; with a reason the others are counted under it."""
        if mask.all():
            return
        if reason:
            self.dropped[reason] = self.dropped.get(reason, 0) + int(np.sum(~mask))
        self.columns = {name: column.select(mask) for name, column in self.columns.items()}
        self.source_row = self.source_row[mask]

    def place(self, row: int) -> str:
        """Say where an option stands in the source."""
        return self.table.place(int(self.source_row[row]))

    def place_of(self, name: str, text_position: int) -> str:
        """Say where a text of a column first stands, with the column's name."""
        column = self.columns[name]
        return f"{self.place(column.first_row_of(text_position))}, column {self.label(name)}"

    def label(self, name: str) -> str:
        """Return a field's name, and the header it was read under where that is another."""
        header = self.columns[name].header.strip()
        return name if header == name else f"{name} ({header!r})"

    def parse(self, name: str, parse: Callable[[str], T]) -> list[T]:
        """Return the value of every distinct text of a column; a bad one is an error with its line."""
        values = []
        for position, text in enumerate(self.columns[name].texts):
            try:
                values.append(parse(text))
            except ValueError as error:
                raise AadValueError(f"{self.place_of(name, position)}: {error}") from None
        return values

    def floats(self, name: str, decimal: str) -> Floats:
        """Return a column of numbers in the unit of its header, (n,); a bad one is an error with its line."""
        column, factor = self.columns[name], self.factors.get(name, 1.0)
        if column.values is not None:
            return column.values * factor if factor != 1.0 else column.values
        try:
            values = parse_numbers(column.texts, decimal)
        except ValueError:
            values = self.parse(name, partial(parse_number, decimal=decimal))
        return np.array(values, dtype=np.float64)[column.codes] * factor

    def texts(self, name: str) -> list[str]:
        """Return the distinct texts of a column, none where there is no such column."""
        return self.columns[name].texts if name in self.columns else []
