"""What carries out NumPy's functions that are no ufuncs, where an argument is recorded."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from aadlib.errors import AadTypeError

FUNCTIONS: dict[Any, Callable[..., Any]] = {}


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register an implementation of NumPy functions for recorded numbers; none of them writes into `out`."""
    name = functions[0].__name__

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        known = inspect.signature(implementation).parameters
        takes_all = any(one.kind is one.VAR_KEYWORD for one in known.values())

        @functools.wraps(implementation)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if kwargs.get("out") is not None:
                raise AadTypeError(f"np.{name}(..., out=) cannot be recorded: use the result")
            if not takes_all and (unknown := kwargs.keys() - known.keys()):
                raise AadTypeError(
                    f"np.{name}(..., {min(unknown)}=) cannot be recorded: write it with sums and products"
                )
            return implementation(*args, **kwargs)

        for function in functions:
            FUNCTIONS[function] = checked
        return implementation

    return register
