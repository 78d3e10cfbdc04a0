"""The tables of the program `explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aadlib.types import Floats
from apps.report.tables import Column, Table, table
from apps.risk.book import Position

if TYPE_CHECKING:
    from pricers.desk import Attribution

GROUPS = (
    ("time", ("time",)),
    ("delta", ("spot",)),
    ("gamma", ("gamma",)),
    ("rates", ("rates", "dividends")),
    ("vega", ("volatility",)),
    ("volga", ("volga",)),
    ("vanna", ("vanna",)),
    ("with time", ("charm", "veta")),
)
"""Heading -> terms of an attribution that a terminal shows together."""


def grouped(found: Attribution) -> Floats:
    """Return the terms by `GROUPS`, (n_positions, n_groups)."""
    from pricers.desk import TERMS

    columns = [[TERMS.index(name) for name in names] for _, names in GROUPS]
    return np.stack([found.terms[:, chosen].sum(axis=1) for chosen in columns], axis=1)


def positions(book: Sequence[Position], found: Attribution) -> Table:
    """Return profit and loss by position, and of the book."""
    sizes = np.array([position.size for position in book])
    numbers = sizes[:, None] * np.column_stack([found.total, grouped(found), found.unexplained])
    rows = [
        (position.label, position.quantity, position.option, *row)
        for position, row in zip(book, numbers, strict=True)
    ]
    rows.append(("whole book", None, "", *numbers.sum(axis=0)))
    headings = ["P&L", *(heading for heading, _ in GROUPS), "unexplained"]
    columns = [
        Column("position"),
        Column("quantity"),
        Column("option"),
        *(Column(h, spec=",.2f") for h in headings),
    ]
    return table(
        "Profit and loss by position",
        columns,
        rows,
        note=(
            "In the currency of the chain. Delta and gamma: the spot moves and the smile keeps its place in moneyness. "
            "Vega: quotes move from what the first surface, held in strike and date, implies for the second day, by "
            "exact sensitivities through the calibration. With time: charm and veta. Unexplained is all that is left."
        ),
    )


def summary(book: Sequence[Position], found: Attribution) -> Table:
    """Return how much is explained, of the book and of the median position."""
    sizes = np.array([position.size for position in book])
    total, left = float(sizes @ found.total), float(sizes @ found.unexplained)
    moved = np.abs(found.total) > 0.0
    shares = np.abs(found.unexplained[moved] / found.total[moved])
    rows = [
        ("profit and loss of the book", f"{total:,.2f}"),
        ("unexplained", f"{left:,.2f}"),
        ("unexplained over profit and loss, book", f"{abs(left / total):.2%}" if total else "-"),
        ("the same, median position", f"{np.median(shares):.2%}" if shares.size else "-"),
        ("spot", f"{np.expm1(found.spot_move):+.2%}"),
    ]
    return table("Attribution", [Column("what"), Column("amount")], rows)


def buckets(book: Sequence[Position], found: Attribution) -> Table:
    """Return the first-order volatility term of the book by tenor and strike."""
    sizes = np.array([position.size for position in book])
    amounts = dict(zip(found.bucket_labels, (sizes @ found.buckets).tolist(), strict=True))
    tenors = list(dict.fromkeys(label.partition(" ")[0] for label in found.bucket_labels))
    strikes = list(dict.fromkeys(label.partition(" ")[2] for label in found.bucket_labels))
    rows = []
    for tenor in tenors:
        row = [amounts[f"{tenor} {strike}"] for strike in strikes]
        rows.append((tenor, *row, sum(row)))
    columns = [Column("tenor"), *(Column(name, spec=",.2f") for name in (*strikes, "sum"))]
    return table("Vega profit and loss by tenor and delta", columns, rows)


def csv_columns(book: Sequence[Position], found: Attribution) -> dict[str, Any]:
    """Return every term and bucket of every position, quantity and multiplier included, by column."""
    from pricers.desk import TERMS

    sizes = np.array([position.size for position in book])
    numbers = {"before": found.before, "after": found.after, "profit_and_loss": found.total}
    numbers |= dict(zip(TERMS, found.terms.T, strict=True)) | {"unexplained": found.unexplained}
    numbers |= {f"vega {label}": of for label, of in zip(found.bucket_labels, found.buckets.T, strict=True)}
    return {
        "position": [position.label for position in book],
        "option": [position.option for position in book],
        "size": sizes,
        **{name: sizes * of_one for name, of_one in numbers.items()},
    }
