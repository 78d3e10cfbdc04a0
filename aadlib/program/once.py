"""Facts about a program that are found once and kept with it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

Key = ParamSpec("Key")
Fact = TypeVar("Fact")


def once_per_program(find: Callable[Concatenate[Any, Key], Fact]) -> Callable[Concatenate[Any, Key], Fact]:
    """Find a fact about a program at the first call and keep it with the program.

    `program` has a dictionary `cache` that lives as long as it. Further arguments are positional and hashable; every
    set of them has a fact of its own. Threads that ask at once may both find it: facts are the same whoever finds them.
    """

    @functools.wraps(find)
    def fact(program: Any, *key: Key.args, **none: Key.kwargs) -> Fact:
        place = (find, *key)
        try:
            known: Fact = program.cache[place]
        except KeyError:
            known = program.cache[place] = find(program, *key, **none)
        return known

    return cast(Callable[Concatenate[Any, Key], Fact], fact)
