"""What each column of a chain was taken for, in words: for ``--explain`` and the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnUse:
    """One column of the source.

    Attributes
    ----------
    header : str
        Its name there.
    field : str
        What it was taken for, with the side where a row has call and put; "" where it was not read.
    because : str
        By its name, by its content, or as asked for.
    sample : str
        Its first text.
    """

    header: str
    field: str
    because: str
    sample: str


@dataclass(frozen=True)
class Explanation:
    """How a chain was read.

    Attributes
    ----------
    source : str
        File name, or the type of the frame.
    layout : str
        How the options stand in it.
    columns : tuple of ColumnUse
        Every column of the source, in its order.
    notes : tuple of str
        Whatever was inferred, converted or left out.
    """

    source: str
    layout: str
    columns: tuple[ColumnUse, ...]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return the explanation as lines of text."""
        width = max((len(column.header) for column in self.columns), default=0)
        return [
            f"{self.source}: {self.layout}",
            *(
                f"  {column.header:{width}}  {column.field or '(not read)':20} {column.because:12} {column.sample}"
                for column in self.columns
            ),
            *(f"  note: {note}" for note in self.notes),
        ]
