"""The raw table: columns of text, each distinct text kept once, before anything is known about their meaning.

A column with a million rows has a few hundred distinct dates and a few thousand distinct prices; whatever is read
from a text afterwards is read once per distinct text and spread to the rows by the column's codes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from aadlib.types import Floats
from pricers.types import Bools, Longs

N_SAMPLE_ROWS = 200
"""Rows below the header that are looked at to tell what a column holds."""


class TextCodes(dict[str, int]):
    """Text -> its position among the distinct texts of a column, in the order of first appearance."""

    def __missing__(self, text: str) -> int:
        self[text] = position = len(self)
        return position

    def encode(self, texts: Sequence[str]) -> Longs:
        """Return the position of each text, (n,)."""
        return np.fromiter(map(self.__getitem__, texts), dtype=np.int64, count=len(texts))


@dataclass(frozen=True, eq=False)
class Column:
    """One column: `texts[codes]` are its rows, or `values` where all of them are plain numbers.

    Attributes
    ----------
    header : str
        Its name in the source.
    texts : list of str
        The distinct texts; empty where there are `values`.
    codes : (n,) int
    values : (n,) float, optional
        The rows of a column of numbers that need no interpretation.
    """

    header: str
    texts: list[str]
    codes: Longs
    values: Floats | None = None

    def __len__(self) -> int:
        return int(self.codes.size if self.values is None else self.values.size)

    def select(self, keep: Bools) -> Column:
        """Return the rows that are kept, without the texts that no row has any more."""
        if self.values is not None:
            return numbers_column(self.header, self.values[keep])
        codes = self.codes[keep]
        in_use = np.bincount(codes, minlength=len(self.texts)) > 0
        renumbered = np.cumsum(in_use) - 1
        texts = [text for text, used in zip(self.texts, in_use, strict=True) if used]
        return Column(self.header, texts, renumbered[codes])

    def as_texts(self) -> Column:
        """Return the column with its numbers as texts."""
        if self.values is None:
            return self
        distinct, codes = np.unique(self.values, return_inverse=True)
        texts = ["" if value != value else repr(value) for value in distinct.tolist()]
        return Column(self.header, texts, codes.astype(np.int64))

    def text_at(self, row: int) -> str:
        """Return one row as text."""
        if self.values is None:
            return self.texts[self.codes[row]]
        return "" if np.isnan(self.values[row]) else f"{self.values[row]:.15g}"

    def first_row_of(self, text_position: int) -> int:
        """Return the first row that holds a distinct text."""
        return int(np.argmax(self.codes == text_position))

    def is_blank(self) -> bool:
        """Tell whether no row holds anything."""
        return self.values is None and not any(text.strip() for text in self.texts)


def numbers_column(header: str, values: Floats) -> Column:
    """Return a column of plain numbers."""
    return Column(header, [], np.empty(0, dtype=np.int64), values)


def stack(columns: Sequence[Column]) -> Column:
    """Return the rows of one column below those of the other."""
    values = [column.values for column in columns if column.values is not None]
    if len(values) == len(columns):
        return numbers_column(columns[0].header, np.concatenate(values))
    texts: list[str] = []
    codes = []
    for column in (column.as_texts() for column in columns):
        codes.append(column.codes + len(texts))
        texts += column.texts
    return Column(columns[0].header, texts, np.concatenate(codes))


def constant(header: str, text: str, n_rows: int) -> Column:
    """Return a column with the same text in every row."""
    return Column(header, [text], np.zeros(n_rows, dtype=np.int64))


@dataclass
class OddRow:
    """A row whose number of fields is not the header's: a title, a footer, or an accident.

    Attributes
    ----------
    row : int
        Number of whole rows before it.
    fields : list of str
    is_last : bool
        Nothing follows it.
    """

    row: int
    fields: list[str]
    is_last: bool


class Table(Protocol):
    """What the reading asks of a source, be it a file or a frame.

    Attributes
    ----------
    source : str
        How messages call it.
    header : list of str
    sample : list of list of str
        The first rows.
    preamble : list of list of str
        The fields of the lines above the header.
    notes : list of str
        What was noticed and left out so far.
    odd_rows : list of OddRow
        Known once the columns have been encoded.
    """

    source: str
    header: list[str]
    sample: list[list[str]]
    preamble: list[list[str]]
    notes: list[str]
    odd_rows: list[OddRow]

    def encode(self, positions: Collection[int], numbers: Collection[int]) -> dict[int, Column]:
        """Return the columns at these positions, those among `numbers` as values where all of them are plain."""

    def place(self, row: int) -> str:
        """Say where a row stands, for messages: ``chain.csv, line 7``."""

    def place_of_odd(self, odd: OddRow) -> str:
        """Say where a row of another width stands."""
