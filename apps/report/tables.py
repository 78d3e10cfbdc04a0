"""Tables for a terminal, a pipe and the HTML page, from one description."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from apps.report.text import printable

Cell = str | float | int | None


@dataclass(frozen=True)
class Column:
    """A column's heading, its unit (empty where there is none) and the format of its numbers."""

    heading: str
    unit: str = ""
    spec: str = ".6g"

    def text(self, cell: Cell) -> str:
        """Return `cell` as shown: text without control characters, numbers by `spec`, missing values as a dash."""
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return "-"
        if isinstance(cell, str):
            return printable(cell)
        if isinstance(cell, int):
            return f"{cell:,d}"
        return format(cell, self.spec)


@dataclass(frozen=True)
class Table:
    """A titled table; `rows` hold raw values, in the order of `columns`."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def texts(self) -> list[list[str]]:
        """The cells as shown."""
        return [
            [column.text(cell) for column, cell in zip(self.columns, row, strict=True)] for row in self.rows
        ]

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold no text, and are aligned to the right."""
        return [not any(isinstance(row[j], str) for row in self.rows) for j in range(len(self.columns))]


def table(title: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], note: str = "") -> Table:
    """Build a `Table` from any sequences, turning NumPy numbers into Python's."""
    plain = tuple(tuple(cell.item() if hasattr(cell, "item") else cell for cell in row) for row in rows)
    return Table(title=title, columns=tuple(columns), rows=plain, note=note)


def print_table(shown: Table, stream: TextIO | None = None) -> None:
    """Print a table: framed on a terminal, aligned plain text in a pipe, nowhere where stdout is closed."""
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return
    if stream.isatty():
        _print_framed(shown, stream)
    else:
        stream.write(plain_text(shown) + "\n")


def plain_text(shown: Table) -> str:
    """Return a table as aligned columns without colour, frames or wrapping."""
    headings = [f"{c.heading} [{c.unit}]" if c.unit else c.heading for c in shown.columns]
    lines = [headings, *shown.texts]
    widths = [max(len(line[j]) for line in lines) for j in range(len(headings))]
    aligned = [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, shown.numeric, strict=True)
        ).rstrip()
        for line in lines
    ]
    rule = "  ".join("-" * width for width in widths)
    note = [shown.note] if shown.note else []
    return printable("\n".join([shown.title, aligned[0], rule, *aligned[1:], *note]), keep="\n") + "\n"


def _print_framed(shown: Table, stream: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Framed

    framed = Framed(
        title=escape(printable(shown.title)),
        caption=escape(printable(shown.note)) or None,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
    )
    for column, right in zip(shown.columns, shown.numeric, strict=True):
        heading = escape(column.heading) + (f"\n[dim]{escape(column.unit)}[/dim]" if column.unit else "")
        framed.add_column(heading, justify="right" if right else "left")
    for line in shown.texts:
        framed.add_row(*(escape(text) for text in line))
    Console(file=stream).print(framed)
