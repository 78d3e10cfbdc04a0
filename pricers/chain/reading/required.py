"""Which column serves a field, and what to say where none does or two of one name differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from aadlib.errors import AadValueError
from pricers.chain.reading.names import COLUMN_ALIASES, squash
from pricers.chain.reading.options import ReadingOptions
from pricers.chain.reading.recognise import Taken
from pricers.chain.reading.table import Column, Table


def best_of_each(columns: Sequence[Taken]) -> list[Taken]:
    """Return the column with the best name for each field and side; the first of equals."""
    best: dict[str, Taken] = {}
    for column in sorted(columns, key=lambda c: (c.because != "as asked for", c.meaning.rank, c.position)):
        best.setdefault(column.name, column)
    if "bid" in best and "ask" in best:
        best.pop("mid", None)
    if {"spot", "spot_bid", "spot_ask"} <= set(best):
        # A spot taken at another time of day than the quotes gives way to the middle of the underlying's own quotes.
        worst = max(c.meaning.rank for c in best.values() if c.field == "bid") if "bid" in best else 0
        for name in ("spot",) if best["spot"].meaning.rank >= 1000 > worst else ("spot_bid", "spot_ask"):
            best.pop(name)
    if "cp" in best:
        best.pop("is_call", None)
    return list(best.values())


def is_twin(column: Taken, taken: Iterable[Taken]) -> bool:
    """Tell whether a column has the very name of one that is used, and the same side."""

    def bare(header: str) -> str:
        head, dot, number = header.strip().rpartition(".")
        return squash(head if dot and number.isdigit() else header)

    return any(c.name == column.name and bare(c.header) == bare(column.header) for c in taken)


def require_equal_twins(
    table: Table, taken: Sequence[Taken], twins: Sequence[Taken], columns: Mapping[int, Column]
) -> None:
    """Raise where two columns of one name hold different texts."""
    for twin in twins:
        used = next(c for c in taken if is_twin(twin, [c]))
        if used.because == "as asked for" != twin.because:
            continue
        ours, other = columns[used.position].as_texts(), columns[twin.position].as_texts()
        texts = [np.array(column.texts, dtype=object)[column.codes] for column in (ours, other)]
        different = np.flatnonzero(texts[0] != texts[1])
        if different.size:
            k = int(different[0])
            raise AadValueError(
                f"{table.place(k)}: the columns {used.position + 1} and {twin.position + 1} are both named "
                f"{used.header!r} and differ, {texts[0][k]!r} and {texts[1][k]!r}; rename the one that is not "
                f"{used.field}"
            )


_HINTS = {
    "quote_date": "quote_date= (--quote-date 2024-09-03)",
    "spot": "spot= (--spot 4400)",
    "expiry": "expiry= where all options have one",
}


def require_fields(
    table: Table, taken: Sequence[Taken], facts: Mapping[str, str], options: ReadingOptions
) -> None:
    """Raise naming every field that the source lacks and that nothing else gives."""
    fields = {c.field for c in taken}
    given = {name for name in ("spot", "quote_date", "expiry") if getattr(options, name) is not None} | set(
        facts
    )
    if {"spot_bid", "spot_ask"} <= fields:
        given.add("spot")
    if "option_symbol" in fields:
        given |= {"expiry", "strike", "cp"}
    if "is_call" in fields or any(c.meaning.side for c in taken):
        given.add("cp")
    if "mid" in fields:
        given |= {"bid", "ask"}
    missing = [
        f for f in ("quote_date", "spot", "expiry", "strike", "cp", "bid", "ask") if f not in fields | given
    ]
    if not missing:
        return
    names = "; ".join(f"{f} (or {', '.join(COLUMN_ALIASES[f][1:6])}, ...)" for f in missing)
    settled = "; ".join(f"{f} by {_HINTS[f]}" for f in missing if f in _HINTS)
    header = ", ".join(table.header)
    raise AadValueError(
        f"{table.source}: missing columns: {names}. The file has {header!r}: say which is which with columns= "
        f'(--columns "{missing[0]}=its name"), or rename or add them'
        + (f"; {settled}" if settled else "")
        + _prices_hint(missing, table.header)
    )


def _prices_hint(missing: Sequence[str], header: Sequence[str]) -> str:
    """Name what might help but must not be taken without being asked for."""
    hints = ""
    known = {squash(name): name for name in header}
    prices = ("price", "settle", "settlementprice", "settlement", "close", "last")
    price = next((known[n] for n in prices if n in known), None)
    if "bid" in missing and price is not None:
        hints += f"; if {price!r} is a mid price, mid={price} reads it as bid and ask both"
    traded = next((known[n] for n in ("lasttradedate", "lasttradetime", "lasttraded") if n in known), None)
    if "quote_date" in missing and traded is not None:
        hints += f"; {traded!r} is when each option last traded, not when it was quoted"
    return hints
