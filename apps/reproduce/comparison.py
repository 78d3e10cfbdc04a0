"""A published table beside ours: its numbers, what recomputes them, and how the two are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from apps.report.tables import Cell, Column, Table, table

Stage = Callable[[str], AbstractContextManager[None]]
"""Announces the work in its block, by name, to the progress bar."""


@dataclass(frozen=True)
class Ours:
    """One number (or a few words) measured now; `what` is also the published one's key where there is one."""

    what: str
    value: Cell
    unit: str = ""


@dataclass(frozen=True)
class PublishedTable:
    """A table of the report and how we recompute it.

    Attributes
    ----------
    title : what is computed, with the inputs
    source : where the published numbers stand
    published : what -> number or words
    stages : names of the steps that `rows` announces, in order
    rows : measures everything; simulations take `n_paths` and `seed`
    note : what to know when comparing, and where the published numbers are off
    """

    title: str
    source: str
    published: Mapping[str, Cell]
    stages: tuple[str, ...]
    rows: Callable[..., Sequence[Ours]]
    note: str

    def beside(self, ours: Sequence[Ours]) -> Table:
        """Return the measured rows beside the published ones, with their ratio."""
        columns = [
            Column("what"),
            Column("unit"),
            Column("published", "", ".4g"),
            Column("ours", "", ".4g"),
            Column("published / ours", "", ".3g"),
        ]
        rows = []
        for row in ours:
            published = self.published.get(row.what)
            rows.append((row.what, row.unit, published, row.value, _ratio(published, row.value)))
        return table(self.title, columns, rows, note=f"Published: {self.source}.")


def _ratio(published: Cell, ours: Cell) -> float | None:
    if isinstance(published, str) or isinstance(ours, str) or published is None or not ours:
        return None
    return published / ours
