"""Call and put in one row, told apart by the columns' names: cBidPx and pBidPx, [C_BID] and [P_BID], CE and PE."""

from __future__ import annotations

from collections.abc import Sequence

from pricers.chain.reading.recognise import Taken

DESCRIPTION = "call and put in one row, told apart by the names of the columns"


def arrange(taken: Sequence[Taken]) -> list[Taken] | None:
    """Return the columns where both sides have a bid and an ask (or a mid), None otherwise."""
    sides = {side: {c.field for c in taken if c.meaning.side == side} for side in ("", "call", "put")}
    if {"bid", "ask"} <= sides[""]:
        return None
    has_prices = [{"bid", "ask"} <= sides[side] or "mid" in sides[side] for side in ("call", "put")]
    return list(taken) if all(has_prices) else None
