"""A frame (pandas, polars) or a dictionary of arrays as a raw table; neither library is imported."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from pricers.chain.reading.table import N_SAMPLE_ROWS, Column, OddRow, TextCodes, numbers_column


def is_frame(source: Any) -> bool:
    """Tell whether something is a dictionary of columns, has named columns, or is a pair of such calls and puts."""
    return isinstance(source, Mapping) or hasattr(source, "columns") or _calls_and_puts(source) is not None


def _calls_and_puts(source: Any) -> tuple[Any, Any] | None:
    """Return the two frames of yfinance's option chain, or of a dictionary of the same form."""
    calls, puts = (
        source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
        for name in ("calls", "puts")
    )
    return (calls, puts) if hasattr(calls, "columns") and hasattr(puts, "columns") else None


def _stacked(calls: Any, puts: Any) -> dict[str, Any]:
    """Return the columns that calls and puts have in common, the puts below the calls."""
    columns: dict[str, Any] = {
        str(name): np.concatenate([np.asarray(side[name], dtype=object) for side in (calls, puts)])
        for name in calls.columns
        if name in list(puts.columns)
    }
    return {"cp": np.repeat(["C", "P"], [len(calls), len(puts)]), **columns}


def _text(value: Any) -> str:
    """Return one value as a file would have it."""
    if value is None or value != value:  # NaN, NaT
        return ""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)


def _column(header: str, values: Any, *, is_number: bool) -> Column:
    """Return an array of any type as a column, of values where they are numbers and meant as such."""
    array = np.asarray(values)
    if is_number and array.dtype.kind in "iuf":
        return numbers_column(header, array.astype(np.float64))
    if is_number and array.dtype.kind == "O" and not any(isinstance(value, (str, bytes)) for value in array):
        return numbers_column(header, np.array([_float(value) for value in array], dtype=np.float64))
    if array.dtype.kind in "iu":
        distinct, codes = np.unique(array, return_inverse=True)
        return Column(header, [str(value) for value in distinct.tolist()], codes.astype(np.int64))
    if array.dtype.kind == "f":
        return numbers_column(header, array.astype(np.float64)).as_texts()
    if array.dtype.kind == "M":
        distinct, codes = np.unique(array, return_inverse=True)
        texts = [
            "" if text == "NaT" else text for text in np.datetime_as_string(distinct, unit="auto").tolist()
        ]
        return Column(header, texts, codes.astype(np.int64))
    codes_of = TextCodes()
    encoded = codes_of.encode([_text(value) for value in array.tolist()])
    return Column(header, list(codes_of), encoded)


def _float(value: Any) -> float:
    """Return a number of any type, NaN where it is missing."""
    try:
        return float(value)
    except (TypeError, ValueError):  # None, pandas.NA
        return float("nan")


def _named_columns(source: Any) -> tuple[list[Any], list[Any]]:
    """Return the names and the values of a frame's columns."""
    pair = _calls_and_puts(source)
    if pair is not None:
        source = _stacked(*pair)
    if isinstance(source, Mapping):
        return list(source), list(source.values())
    index = getattr(source, "index", None)
    if any(name is not None for name in getattr(index, "names", ())):
        source = source.reset_index()
    names = list(source.columns)
    if hasattr(source, "iloc"):  # pandas: two columns may have one name
        return names, [source.iloc[:, k] for k in range(len(names))]
    return names, [source[name] for name in names]


class FrameTable:
    """The columns of a frame or dictionary; see `pricers.chain.reading.table.Table`."""

    def __init__(self, source: Any) -> None:
        self.source = "dict" if isinstance(source, Mapping) else type(source).__name__
        self.notes: list[str] = []
        self.odd_rows: list[OddRow] = []
        self.preamble: list[list[str]] = []
        names, values = _named_columns(source)
        self.header = [
            " ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name) for name in names
        ]
        self._values = _equally_long(self.header, values)
        n_rows = len(self._values[0]) if self._values else 0
        if n_rows == 0:
            raise AadValueError(f"{self.source}: no rows; it needs at least one quote")
        first = [np.asarray(column[:N_SAMPLE_ROWS]).tolist() for column in self._values]
        self.sample = [[_text(value) for value in row] for row in zip(*first, strict=True)]

    def encode(self, positions: Collection[int], numbers: Collection[int]) -> dict[int, Column]:
        """Return the columns at these positions, those among `numbers` as values where they are numbers."""
        return {k: _column(self.header[k], self._values[k], is_number=k in numbers) for k in positions}

    def place(self, row: int) -> str:
        """Say which row it is."""
        return f"{self.source}, row {row}"

    def place_of_odd(self, odd: OddRow) -> str:
        """Say which row it is; a frame has none of another width."""
        return self.place(odd.row)


def _equally_long(header: list[str], values: list[Any]) -> list[Any]:
    """Return the columns as sequences of one length; one value alone stands for all rows."""
    is_single = [isinstance(value, (str, bytes)) or not hasattr(value, "__len__") for value in values]
    lengths = {len(value) for value, single in zip(values, is_single, strict=True) if not single}
    if not lengths:
        raise AadTypeError(
            f"columns {', '.join(header)}: at least one must be an array with one entry per option"
        )
    if len(lengths) > 1:
        each = ", ".join(
            f"{name} {len(value)}"
            for name, value, single in zip(header, values, is_single, strict=True)
            if not single
        )
        raise AadValueError(f"the columns have different lengths: {each}")
    n_rows = lengths.pop()
    return [
        np.full(n_rows, value, dtype=object) if single else value
        for value, single in zip(values, is_single, strict=True)
    ]
