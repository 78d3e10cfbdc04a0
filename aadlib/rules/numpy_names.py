"""What NumPy and SciPy offer for each operation on floats and float arrays, as the rows of the table say."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.rules.table import CODES, RULES

SCIPY = "scipy.special."

SCIPY_NAMES = {rule.plain.removeprefix(SCIPY): rule.name for rule in RULES if rule.plain.startswith(SCIPY)}
"""Rows by the names of the ufuncs of scipy.special that compute them."""

ALIASES = {other: rule.name for rule in RULES for other in rule.also}
"""Rows by their further names."""


@functools.cache
def plain_function(name: str) -> Callable[..., Any]:
    """Return what operation `name` does with floats and float arrays; whole numbers become floats first."""
    rule = RULES[CODES[name]]
    function: Callable[..., Any]
    if rule.plain.startswith(SCIPY):
        function = getattr(importlib.import_module("scipy.special"), rule.plain.removeprefix(SCIPY))
    elif rule.plain:
        function = eval(f"lambda {'x' if rule.arity == 1 else 'x, y'}: {rule.plain}", {"np": np})
    elif not hasattr(np, name):
        raise LookupError(f"rule {name!r} has no function in NumPy: say in its row what computes it plainly")
    else:
        function = getattr(np, name)

    def of_floats(*arguments: Any) -> Any:
        return function(*map(as_float, arguments))

    return of_floats


def as_float(x: Any) -> Any:
    """Return whole numbers and truth values, alone or in arrays and lists, as floats; anything else as it is."""
    if isinstance(x, int):
        return float(x)
    if isinstance(x, (list, tuple)):
        x = np.array(x)
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biu":
        return x.astype(np.float64)
    return x
