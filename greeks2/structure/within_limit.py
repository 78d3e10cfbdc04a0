"""Facts that are worth finding only within a limit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from aadlib.extend import Program

Fact = TypeVar("Fact")


def once_within_limit(find: Callable[[Program, int], Fact | None]) -> Callable[[Program, int], Fact | None]:
    """Find a fact about a program within a limit, and cache it where it was found.

    `find` gives up, and returns None, as soon as the fact proves to be beyond the limit. That is not cached: another
    caller may have a wider one. What was found is the same whatever the limit, and is returned from then on.
    """

    @functools.wraps(find)
    def fact(program: Program, limit: int) -> Fact | None:
        known: Fact | None = program.cache.get(find)
        if known is None:
            known = find(program, limit)
            if known is not None:
                program.cache[find] = known
        return known

    return fact
