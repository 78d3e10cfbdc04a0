"""From a raw table to rows of options under the names of fields, without the lines that are no options."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from pricers.chain.reading.explanation import ColumnUse, Explanation
from pricers.chain.reading.files import FileTable
from pricers.chain.reading.frames import FrameTable, is_frame
from pricers.chain.reading.layouts import LAYOUTS
from pricers.chain.reading.names import NUMBER_FIELDS
from pricers.chain.reading.odd_lines import LAYOUT_SIDE, drop_notes, set_notes_aside
from pricers.chain.reading.options import ReadingOptions
from pricers.chain.reading.preamble import facts_above
from pricers.chain.reading.recognise import Taken, count_known_names, recognise
from pricers.chain.reading.required import best_of_each, is_twin, require_equal_twins, require_fields
from pricers.chain.reading.rows import Rows
from pricers.chain.reading.table import Column, Table, constant, stack


def open_table(path: Any, options: ReadingOptions) -> Table:
    """Return the raw table of a path, a frame or a dictionary of arrays."""
    if isinstance(path, (str, os.PathLike)):
        return FileTable(path, lambda header: count_known_names(header, options), decimal=options.decimal)
    if is_frame(path):
        return FrameTable(path)
    raise AadTypeError(
        f"path = {path!r}: must be the path of a CSV file, a pandas or polars frame, or a dict of arrays"
    )


def read_rows(table: Table, options: ReadingOptions) -> tuple[Rows, Explanation]:
    """Return the options of a table as rows of texts, and what each column was taken for."""
    recognised = recognise(table, options)
    layout, arranged = next(
        (layout, columns) for layout in LAYOUTS if (columns := layout.arrange(recognised)) is not None
    )
    facts = facts_above(table.preamble)
    taken = best_of_each(arranged)
    require_fields(table, taken, facts, options)
    twins = [c for c in arranged if c not in taken and is_twin(c, taken)]
    positions = sorted({c.position for c in (*taken, *twins)})
    numbers = {c.position for c in (*taken, *twins) if c.field in NUMBER_FIELDS}
    columns = table.encode(positions, numbers)
    require_equal_twins(table, taken, twins, columns)
    set_notes_aside(table, taken, columns)
    is_wide = any(c.meaning.side for c in taken)
    rows = _two_in_a_row(table, taken, columns) if is_wide else _one_in_a_row(table, taken, columns)
    _add_facts(rows, facts)
    drop_notes(rows)
    samples = table.sample[0] if table.sample else [""] * len(table.header)
    used = {c.position: c for c in taken}
    explanation = Explanation(
        source=table.source,
        layout=layout.DESCRIPTION,
        columns=tuple(
            ColumnUse(
                header, used[k].name if k in used else "", used[k].because if k in used else "", samples[k]
            )
            for k, header in enumerate(table.header)
        ),
        notes=(),
    )
    return rows, explanation


def _one_in_a_row(table: Table, taken: Sequence[Taken], columns: Mapping[int, Column]) -> Rows:
    """Return the rows of a table that has one option in each."""
    n_rows = len(next(iter(columns.values())))
    return Rows(
        table=table,
        columns={c.field: columns[c.position] for c in taken},
        factors={c.field: c.meaning.factor for c in taken if c.meaning.factor != 1.0},
        source_row=np.arange(n_rows),
    )


def _two_in_a_row(table: Table, taken: Sequence[Taken], columns: Mapping[int, Column]) -> Rows:
    """Return the calls of a table that has call and put in each row, and below them the puts."""
    n_rows = len(next(iter(columns.values())))
    by_side = {
        side: {c.field: columns[c.position] for c in taken if c.meaning.side in ("", side)}
        for side in ("call", "put")
    }
    fields = set(by_side["call"]) & set(by_side["put"])
    stacked = {field: stack([by_side["call"][field], by_side["put"][field]]) for field in fields}
    stacked["cp"] = stack([constant(LAYOUT_SIDE, side, n_rows) for side in ("call", "put")])
    return Rows(
        table=table,
        columns=stacked,
        factors={c.field: c.meaning.factor for c in taken if c.meaning.factor != 1.0},
        source_row=np.tile(np.arange(n_rows), 2),
    )


def _add_facts(rows: Rows, facts: Mapping[str, str]) -> None:
    """Fill fields that no column gives from the lines above the header."""
    for name, text in facts.items():
        has_column = name in rows.columns or (name == "expiry" and "option_symbol" in rows.columns)
        if not has_column and not (name == "spot" and "spot_bid" in rows.columns):
            rows.columns[name] = constant(name, text, len(rows))
            rows.notes.append(f"{name} {text} from the lines above the header")


def with_notes(explanation: Explanation, rows: Rows) -> Explanation:
    """Return the explanation with all that was noted on the way."""
    return replace(explanation, notes=(*rows.table.notes, *rows.notes))
