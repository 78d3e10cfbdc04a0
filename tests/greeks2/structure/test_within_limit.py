"""Searches that are given up are not cached; what was found is, whatever the limit."""

from __future__ import annotations

import aadlib as ad
from aadlib.program.program import Program
from greeks2.structure.within_limit import once_within_limit


def test_only_what_was_found_is_cached() -> None:
    asked = []

    @once_within_limit
    def longer_than_five(program: Program, limit: int) -> list[int] | None:
        asked.append(limit)
        return [limit] if limit > 5 else None

    one, other = ad.record(lambda x: x**2, 1.0), ad.record(lambda x: x**3, 1.0)
    assert longer_than_five(one, 3) is None and longer_than_five(one, 4) is None
    first = longer_than_five(one, 7)
    assert first == [7] and longer_than_five(one, 3) is first and longer_than_five(one, 9) is first
    assert longer_than_five(other, 2) is None
    assert asked == [3, 4, 7, 2]
