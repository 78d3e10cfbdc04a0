"""Verbs that record the function again where a replay would take another branch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from aadlib.errors import BranchChanged

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def retraced(
    verb: Callable[Concatenate[Any, Arguments], Result],
) -> Callable[Concatenate[Any, Arguments], Result]:
    """Let a verb record the function again where a replay would take another branch and the program may do so."""

    @functools.wraps(verb)
    def replayed(self: Any, /, *arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        if self.retrace is None:
            return verb(self, *arguments, **options)
        try:
            return verb(self._latest(), *arguments, **options)
        except BranchChanged:
            return verb(self._record_again(arguments), *arguments, **options)

    return replayed
