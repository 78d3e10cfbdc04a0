"""One option in a row."""

from __future__ import annotations

from collections.abc import Sequence

from pricers.chain.reading.recognise import Taken

DESCRIPTION = "one option in a row"


def arrange(taken: Sequence[Taken]) -> list[Taken] | None:
    """Return the columns that belong to no side; every table fits."""
    return [column for column in taken if not column.meaning.side]
