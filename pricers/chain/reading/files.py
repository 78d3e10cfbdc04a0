"""A file of text as a raw table: encoding, delimiter, header, and the lines around the quotes.

The file is read in blocks and only the columns that are asked for are kept, so a million rows need little memory.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.chain.reading.numbers import plain_number
from pricers.chain.reading.table import (
    N_SAMPLE_ROWS,
    Column,
    OddRow,
    TextCodes,
    numbers_column,
)
from pricers.types import Longs

_BLOCK_ROWS = 500  # the texts of a small block are still in the cache when they are encoded
_DELIMITERS = (",", "\t", ";", "|")
_HEADER_LINES = 60
"""Lines of the file among which the header is looked for."""
_MIN_KNOWN_NAMES = 2
_COMPRESSED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _encoding_of(path: Path) -> str:
    """Return the encoding of a file of text, or raise where it is none."""
    if not path.exists():
        raise AadValueError(f"path = {str(path)!r}: there is no such file; check the name")
    if not path.is_file():
        raise AadValueError(f"path = {str(path)!r}: not a file; give the path of a CSV file")
    with open(path, "rb") as handle:
        start = handle.read(4096)
        if not start.strip():
            raise AadValueError(f"{path}: the file is empty; it needs a header and at least one quote")
        marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
        if marked is not None:
            return marked
        if start.startswith(_COMPRESSED):
            raise AadValueError(
                f"{path}: compressed, or a spreadsheet's own format; unpack it or export it as CSV"
            )
        # In UTF-16 every second byte of plain text is zero.
        zeros = [start[k::2].count(0) / max(len(start[k::2]), 1) for k in (0, 1)]
        if max(zeros) > 0.8 and min(zeros) < 0.2:
            return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
        if b"\0" in start:
            raise AadValueError(f"{path}: binary content; export it as CSV text")
        if start.lstrip().startswith((b"{", b"<", b"[{")):
            raise AadValueError(
                f"{path}: JSON, HTML or XML; export it as CSV, or read it with pandas and pass the frame"
            )
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for block in itertools.chain([start], iter(lambda: handle.read(1 << 20), b"")):
                decoder.decode(block)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


class FileTable:
    """A file of text with one row of column names; see `pricers.chain.reading.table.Table`."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        count_known_names: Callable[[list[str]], int],
        *,
        decimal: str | None = None,
    ) -> None:
        self.path = Path(path)
        self._has_decimal_comma = decimal == ","
        self.source = str(path)
        self.notes: list[str] = []
        self.header: list[str] = []
        self.odd_rows: list[OddRow] = []
        self.encoding = _encoding_of(self.path)
        if self.encoding not in ("utf-8", "utf-8-sig"):
            self.notes.append(f"encoding {self.encoding}")
        self._find_header(count_known_names)
        with self._open() as handle:
            rows = itertools.islice(self._rows(handle), N_SAMPLE_ROWS)
            first = list(rows)
        if _has_row_names(first, len(self.header)):
            self.header = ["row.names", *self.header]
            self.notes.append("the header is one name short: the first column is row names, as R writes them")
        self.sample = [row for row in first if len(row) == len(self.header)]

    def _open(self) -> IO[str]:
        # cp1252 leaves five bytes undefined; a note in another alphabet shall not hinder the numbers.
        return open(self.path, encoding=self.encoding, newline="", errors="replace")

    def _find_header(self, count_known_names: Callable[[list[str]], int]) -> None:
        """Find the line and the delimiter under which the most names are known; what stands above is the preamble."""
        with self._open() as handle:
            lines = [line.rstrip("\r\n") for line in itertools.islice(handle, _HEADER_LINES)]
        separator = re.fullmatch(r'"?sep=(.)"?', lines[0], re.IGNORECASE)
        delimiters = (separator[1],) if separator else _DELIMITERS
        candidates = self._candidates(lines, delimiters, count_known_names)
        if max(candidates)[0] < _MIN_KNOWN_NAMES and not separator:
            candidates += self._candidates(lines, (" ",), count_known_names)
        known, _, negative_line, delimiter, header = max(candidates, key=lambda candidate: candidate[:3])
        self.delimiter, self._n_above = delimiter, 1 - negative_line
        if known == 0 and all(_is_no_quote(line) for line in lines) and len(lines) < _HEADER_LINES:
            raise AadValueError(f"{self.source}: only comments; it needs a header and at least one quote")
        self.header = header
        above = [line for k, line in enumerate(lines[:-negative_line]) if not (separator and k == 0)]
        self.preamble = [
            next(csv.reader([line.lstrip("# ")], delimiter=delimiter)) for line in above if line.strip()
        ]
        titles = [line for line in above if not _is_no_quote(line)]
        if separator:
            self.notes.append(f"line 1 names the delimiter: {lines[0]!r}")
        if titles:
            self.notes.append(f"{len(titles)} line(s) above the header: {_shown(titles)}")

    @staticmethod
    def _candidates(
        lines: list[str], delimiters: tuple[str, ...], count_known_names: Callable[[list[str]], int]
    ) -> list[tuple[int, bool, int, str, list[str]]]:
        """Return known names, is no comment, minus the line, delimiter and fields of every possible header."""
        candidates = []
        for number, line in enumerate(lines):
            for delimiter in delimiters:
                bare = line.lstrip("# ") if line.startswith("#") else line
                try:
                    header = next(csv.reader([bare], delimiter=delimiter, skipinitialspace=True), [])
                except csv.Error:
                    continue
                candidates.append(
                    (count_known_names(header), not _is_no_quote(line), -number, delimiter, header)
                )
        return candidates

    def _content(self, handle: Iterable[str]) -> Iterator[str]:
        """Yield the lines below the header that are neither comments nor blank."""
        below = itertools.islice(handle, self._n_above, None)
        return (line for line in below if not line.startswith("#") and not line.isspace())

    def _rows(self, handle: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(self._content(handle), delimiter=self.delimiter, skipinitialspace=True)

    def encode(self, positions: Collection[int], numbers: Collection[int]) -> dict[int, Column]:
        """Read the file and return the columns at these positions.

        The columns among `numbers` come as values where Python's own parser takes every number of all of them; one
        with a comma, and all are kept as texts: it may say what the dots of the others mean.
        """
        if self._has_decimal_comma:
            return self._encode(positions, ())
        try:
            return self._encode(positions, numbers)
        except AadValueError:
            raise
        except ValueError:
            return self._encode(positions, ())

    def _encode(self, positions: Collection[int], numbers: Collection[int]) -> dict[int, Column]:
        texts = {position: TextCodes() for position in positions if position not in numbers}
        blocks: dict[int, list[Longs | Floats]] = {position: [] for position in positions}
        self.odd_rows = []
        n_rows, n_cut = 0, 0
        with self._open() as handle:
            rows = self._rows(handle)
            block = list(itertools.islice(rows, _BLOCK_ROWS))
            while block:
                following = list(itertools.islice(rows, _BLOCK_ROWS))
                if set(map(len, block)) != {len(self.header)}:
                    n_cut += self._set_odd_rows_aside(block, n_rows, is_last=not following)
                by_column = list(zip(*block, strict=True)) if block else []
                for position in positions if block else ():
                    fields = by_column[position]
                    blocks[position].append(
                        _plain_numbers(fields) if position in numbers else texts[position].encode(fields)
                    )
                n_rows += len(block)
                block = following
        if n_cut:
            self.notes.append(f"{n_cut} row(s) with empty fields beyond the header's last, cut off")
        if n_rows == 0 and self.odd_rows:
            odd, width = self.odd_rows[0], len(self.header)
            raise AadValueError(
                f"{self.place_of_odd(odd)}: {len(odd.fields)} fields where the header has {width}, as in all rows; "
                "numbers with a comma must stand in quotes, or another delimiter be used"
            )
        if n_rows == 0:
            raise AadValueError(f"{self.source}: a header and no rows; it needs at least one quote")
        joined = {position: np.concatenate(parts) for position, parts in blocks.items()}
        return {
            position: numbers_column(self.header[position], joined[position].astype(np.float64, copy=False))
            if position in numbers
            else Column(
                self.header[position], list(texts[position]), joined[position].astype(np.int64, copy=False)
            )
            for position in positions
        }

    def _set_odd_rows_aside(self, block: list[list[str]], n_before: int, *, is_last: bool) -> int:
        """Take the rows of another width out of a block; return how many only had empty fields too many."""
        width, n_cut, kept = len(self.header), 0, []
        for k, row in enumerate(block):
            if len(row) > width and not any(text.strip() for text in row[width:]):
                n_cut += 1
                row = row[:width]
            if len(row) == width:
                kept.append(row)
            else:
                self.odd_rows.append(OddRow(n_before + len(kept), row, is_last and k == len(block) - 1))
        block[:] = kept
        return n_cut

    def _line_of(self, wanted: Callable[[int, list[str]], bool]) -> int:
        """Return the line of the first row, numbered without the odd ones, that is wanted; reads the file again."""
        line = 0

        def counted(handle: Iterable[str]) -> Iterator[str]:
            nonlocal line
            for line, text in enumerate(handle, 1):  # noqa: B007  # the reader's caller looks at it
                yield text

        with self._open() as handle:
            n_before = 0
            for row in self._rows(counted(handle)):
                if wanted(n_before, row):
                    return line
                n_before += len(row) == len(self.header) or (
                    len(row) > len(self.header) and not any(text.strip() for text in row[len(self.header) :])
                )
        return line

    def place(self, row: int) -> str:
        """Say on which line a row stands."""
        width = len(self.header)
        return f"{self.source}, line {self._line_of(lambda n, fields: n == row and len(fields) >= width)}"

    def place_of_odd(self, odd: OddRow) -> str:
        """Say on which line a row of another width stands."""
        return f"{self.source}, line {self._line_of(lambda n, fields: n == odd.row and fields == odd.fields)}"


def _has_row_names(rows: list[list[str]], width: int) -> bool:
    """Return whether rows are one field wider than the header throughout, and begin with a name of their own each."""
    if not rows or any(len(row) != width + 1 for row in rows):
        return False
    return len({row[0] for row in rows}) == len(rows) and any(row[-1].strip() for row in rows)


def _plain_numbers(fields: Sequence[str]) -> Floats:
    """Return numbers that need no interpretation; raises ValueError at another."""
    try:
        return np.fromiter(map(float, fields), dtype=np.float64, count=len(fields))
    except ValueError:
        return np.fromiter(map(plain_number, fields), dtype=np.float64, count=len(fields))


def _is_no_quote(line: str) -> bool:
    return line.startswith("#") or not line.strip()


def _shown(texts: list[str]) -> str:
    """Return the first texts for a message."""
    shown = ", ".join(repr(text.strip()[:60]) for text in texts[:3])
    return shown + (", ..." if len(texts) > 3 else "")
