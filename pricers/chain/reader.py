"""Read an option chain from a CSV file, whatever the vendor calls its columns.

The file is read in blocks and only the columns that are used are kept, so a million rows need little memory.
"""

from __future__ import annotations

import csv
import datetime
import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aadlib.errors import AadTypeError, AadValueError
from pricers.chain.chain import Chain
from pricers.chain.fields import (
    COLUMN_ALIASES,
    OPTIONAL_COLUMNS,
    Codes,
    normalise_name,
    parse_date,
    parse_is_call,
    parse_number,
    parse_numbers,
)

T = TypeVar("T")
FloatArray = NDArray[np.float64]

_BLOCK_ROWS = 2_000  # small blocks stay in the cache: twice as fast as one block of 20,000 rows
_DELIMITERS = (",", "\t")
_BINARY_STARTS = (b"\x1f\x8b", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff")  # gzip, zip, UTF-16


def _content_lines(lines: Iterator[str]) -> Iterator[str]:
    return (line for line in lines if not line.startswith("#") and not line.isspace())


def _line_of_row(path: Path, row: int) -> int:
    """Return the line of the file on which data row `row` (from 0) stands; reads the file again."""
    with open(path, encoding="utf-8-sig", newline="") as handle:
        content = (n for n, line in enumerate(handle, 1) if not line.startswith("#") and not line.isspace())
        return next(itertools.islice(content, row + 1, None))


def _check_text(path: Path) -> None:
    """Raise unless `path` is a file of text, by its first bytes."""
    if not path.exists():
        raise AadValueError(f"path = {str(path)!r}: there is no such file; check the name")
    if not path.is_file():
        raise AadValueError(f"path = {str(path)!r}: not a file; give the path of a CSV file")
    with open(path, "rb") as handle:
        start = handle.read(4096)
    if not start.strip():
        raise AadValueError(f"{path}: the file is empty; it needs a header and at least one quote")
    if b"\0" in start or start.startswith(_BINARY_STARTS):
        raise AadValueError(
            f"{path}: binary, compressed or UTF-16 content; unpack it or export it as CSV in UTF-8"
        )


def _find_columns(header: Sequence[str], path: Path) -> dict[str, int]:
    """Return column -> position in the file, or raise naming every column that is missing."""
    names = [normalise_name(name) for name in header]
    found: dict[str, int] = {}
    for column, aliases in COLUMN_ALIASES.items():
        position = next((names.index(alias) for alias in aliases if alias in names), None)
        if position is not None:
            found[column] = position
    missing = [column for column in COLUMN_ALIASES if column not in found and column not in OPTIONAL_COLUMNS]
    if missing:
        wanted = "; ".join(f"{column} (or {', '.join(COLUMN_ALIASES[column][1:])})" for column in missing)
        raise AadValueError(
            f"{path}: missing columns: {wanted}. The file has {', '.join(header)!r}: rename or add them"
        )
    return found


class _Columns:
    """The used columns of the rows read so far, as compact arrays."""

    def __init__(self, path: Path, positions: dict[str, int], width: int) -> None:
        self.path, self.positions, self.width, self.n_rows = path, positions, width, 0
        self.quote_date = Codes(parse_date)
        self.spot = Codes(parse_number)
        self.expiry = Codes(parse_date)
        self.cp = Codes(parse_is_call)
        self.root = Codes(str.strip)
        self._column_parsers: dict[str, Callable[[Sequence[str]], FloatArray]] = {
            "quote_date": self.quote_date.encode,
            "spot": self.spot.encode,
            "expiry": self.expiry.encode,
            "cp": self.cp.encode,
            "root": self.root.encode,
        }
        self._blocks: dict[str, list[FloatArray]] = {column: [] for column in positions}

    def append(self, rows: list[list[str]], *, is_last: bool) -> None:
        """Parse a block of rows; only the last one may be cut short."""
        if set(map(len, rows)) != {self.width}:
            self._raise_at_first_odd_row(rows, is_last)
        by_column = list(zip(*rows, strict=True))
        for column, position in self.positions.items():
            parse = self._column_parsers.get(column, parse_numbers)
            try:
                self._blocks[column].append(parse(by_column[position]))
            except ValueError:
                self._raise_at_first_bad_field(column, parse, by_column[position])
                raise
        self.n_rows += len(rows)

    def _raise_at_first_odd_row(self, rows: list[list[str]], is_last: bool) -> None:
        row = next(k for k, row_fields in enumerate(rows) if len(row_fields) != self.width)
        line, n_found = _line_of_row(self.path, self.n_rows + row), len(rows[row])
        if is_last and row == len(rows) - 1 and n_found < self.width:
            raise AadValueError(
                f"{self.path}, line {line}: the last row has {n_found} of {self.width} fields; "
                "the file is truncated, fetch it again"
            )
        raise AadValueError(
            f"{self.path}, line {line}: {n_found} fields where the header has {self.width}; correct the row"
        )

    def _raise_at_first_bad_field(
        self, column: str, parse: Callable[[Sequence[str]], FloatArray], texts: Sequence[str]
    ) -> None:
        for row, text in enumerate(texts):
            try:
                parse([text])
            except ValueError as error:
                line = _line_of_row(self.path, self.n_rows + row)
                raise AadValueError(f"{self.path}, line {line}, column {column}: {error}") from None

    def floats(self, column: str) -> FloatArray:
        """Return a column as floats, (n,)."""
        return np.concatenate(self._blocks[column])

    def codes(self, column: str) -> NDArray[np.int64]:
        """Return a coded column as positions among its distinct values, (n,)."""
        return self.floats(column).astype(np.int64)


def _read_columns(path: Path) -> _Columns:
    with open(path, encoding="utf-8-sig", newline="") as handle:
        lines = _content_lines(handle)
        first = next(lines, None)
        if first is None:
            raise AadValueError(f"{path}: only comments; it needs a header and at least one quote")
        delimiter = max(_DELIMITERS, key=first.count)
        header = next(csv.reader([first], delimiter=delimiter))
        columns = _Columns(path, _find_columns(header, path), len(header))
        rows = csv.reader(lines, delimiter=delimiter)
        block = list(itertools.islice(rows, _BLOCK_ROWS))
        while block:
            following = list(itertools.islice(rows, _BLOCK_ROWS))
            columns.append(block, is_last=not following)
            block = following
    if columns.n_rows == 0:
        raise AadValueError(f"{path}: a header and no rows; it needs at least one quote")
    return columns


def _single(path: Path, column: str, values: Sequence[T]) -> T:
    """Return the one value that a column has throughout."""
    if len(values) > 1:
        shown = ", ".join(str(value) for value in values[:3])
        raise AadValueError(
            f"{path}: column {column} has {len(values)} values ({shown}{', ...' if len(values) > 3 else ''}); "
            "a chain has one underlying on one date, split the file"
        )
    return values[0]


def _check_strikes(path: Path, strike: FloatArray, spot: float) -> None:
    bad = np.flatnonzero(~(np.isfinite(strike) & (strike > 0.0)))
    if bad.size:
        line = _line_of_row(path, int(bad[0]))
        raise AadValueError(f"{path}, line {line}: strike = {strike[bad[0]]}: must be finite and above zero")
    if np.median(strike) > 100.0 * spot:
        raise AadValueError(
            f"{path}: the median strike {np.median(strike):g} is over 100 times the spot {spot:g}; "
            "some vendors write strikes in thousandths, divide them by 1000"
        )


def read_chain(path: str | os.PathLike[str]) -> Chain:
    """Read an option chain from a CSV file.

    Parameters
    ----------
    path : path of a CSV file in UTF-8
        One row per option, comma or tab separated; lines that start with ``#`` are comments. The columns are
        those of `COLUMN_ALIASES` under any of their names, in any order; others are ignored. Dates are
        ``YYYY-MM-DD``, ``YYYYMMDD`` or ``M/D/YYYY``; calls and puts ``C``/``P`` or ``call``/``put``.

    Returns
    -------
    Chain
        All rows of the file, nothing dropped; empty prices and open interests are NaN.

    Raises
    ------
    AadTypeError
        If `path` is not a path.
    AadValueError
        If the file is missing, unreadable, empty, binary or truncated; if columns are missing; at the first field
        that is not a number or a date and the first strike that is not positive (with its line); if quote dates or
        spots are mixed.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise AadTypeError(f"path = {path!r}: must be the path of a CSV file")
    file = Path(path)
    try:
        _check_text(file)
        columns = _read_columns(file)
    except OSError as error:
        raise AadValueError(
            f"path = {str(path)!r}: cannot be read ({error.strerror or error}); check the name and your permissions"
        ) from None
    except UnicodeDecodeError as error:
        raise AadValueError(f"{file}: not UTF-8 text ({error.reason}); export it as CSV in UTF-8") from None
    except csv.Error as error:
        raise AadValueError(f"{file}: not a CSV file ({error}); export it as CSV in UTF-8") from None
    quote_date: datetime.date = _single(file, "quote_date", columns.quote_date.distinct)
    spot = _single(file, "spot", columns.spot.distinct)
    if not (math.isfinite(spot) and spot > 0.0):
        raise AadValueError(f"{file}: spot = {spot}: must be finite and above zero")
    strike = columns.floats("strike")
    _check_strikes(file, strike, spot)
    has_root = "root" in columns.positions
    return Chain(
        quote_date=quote_date,
        spot=spot,
        roots=tuple(columns.root.distinct) if has_root else ("",),
        expiry_dates=tuple(columns.expiry.distinct),
        root_index=columns.codes("root") if has_root else np.zeros(strike.size, dtype=np.int64),
        expiry_index=columns.codes("expiry"),
        strike=strike,
        is_call=np.array(columns.cp.distinct, dtype=bool)[columns.codes("cp")],
        bid=columns.floats("bid"),
        ask=columns.floats("ask"),
        open_interest=columns.floats("open_interest"),
    )
