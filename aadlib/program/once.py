"""Facts about a program: each is found once, and stands in its cache from then on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

Key = ParamSpec("Key")
Fact = TypeVar("Fact")


def once_per_program(find: Callable[Concatenate[Any, Key], Fact]) -> Callable[Concatenate[Any, Key], Fact]:
    """Find a fact about a program at the first call; later calls read it from the program's cache.

    `program` has a dictionary `cache` that lives as long as it. Further arguments are hashable; every
    set of them has a fact of its own. Threads that ask at once may both find it: facts are the same whoever finds them.
    """

    @functools.wraps(find)
    def fact(program: Any, *key: Key.args, **named: Key.kwargs) -> Fact:
        entry = (find, *key, *named.items())
        try:
            known: Fact = program.cache[entry]
        except KeyError:
            known = program.cache[entry] = find(program, *key, **named)
        return known

    return cast(Callable[Concatenate[Any, Key], Fact], fact)
