"""Call and put in one row with the same names on both sides of the strike: Cboe's quote tables, NSE's option chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pricers.chain.reading.names import SIDED
from pricers.chain.reading.recognise import Taken

DESCRIPTION = "call and put in one row, calls to the left of the strike and puts to its right"


def arrange(taken: Sequence[Taken]) -> list[Taken] | None:
    """Return the columns with their sides where bid and ask each stand once on either side of the strike."""
    strikes = [column.position for column in taken if column.field == "strike"]
    if len(strikes) != 1:
        return None
    for field in ("bid", "ask"):
        is_left = [c.position < strikes[0] for c in taken if c.field == field and not c.meaning.side]
        if sorted(is_left) != [False, True]:
            return None
    return [
        replace(c, meaning=replace(c.meaning, side="call" if c.position < strikes[0] else "put"))
        if c.field in SIDED and not c.meaning.side
        else c
        for c in taken
    ]
