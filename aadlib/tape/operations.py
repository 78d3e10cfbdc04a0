"""Every operation of the table that has a meaning for pricers, as a function of its name.

One name for floats, float arrays, `ADVar`s, `ADArray`s and `Dual`s: floats and float arrays go to NumPy and SciPy,
recorded numbers to the tape, duals to their rules. A type checker reads operations.pyi, which setup.py generates from
the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.rules.numpy_names import plain_function
from aadlib.rules.table import CODES, RULES, Rule
from aadlib.tape.advar import ADVar, Condition, record_binary, record_unary
from aadlib.tape.arrays import ADArray, _result, _vectorized, is_recorded

_RECORDED = (ADVar, Condition)


def apply(name: str, *arguments: Any) -> Any:
    """Apply operation `name` of the rule table to numbers of any kind."""
    for x in arguments:
        if isinstance(x, _RECORDED):
            if any(isinstance(other, np.ndarray) for other in arguments):
                break
            if len(arguments) == 2:
                return record_binary(CODES[name], *arguments)
            return record_unary(CODES[name], x if isinstance(x, ADVar) else x + 0.0)
        if hasattr(x, "partials"):
            return x.chain_rule(RULES[CODES[name]], *arguments)
    if any(is_recorded(x) for x in arguments):
        vectorized = _vectorized(name)
        assert vectorized is not None
        plain = (x.view(np.ndarray) if isinstance(x, ADArray) else x for x in arguments)
        return _result(vectorized(*plain))
    return plain_function(name)(*arguments)


def _function(rule: Rule) -> Callable[..., Any]:
    """Return the function of a row."""
    name, code = rule.name, CODES[rule.name]

    def unary(x: Any) -> Any:
        if type(x) is ADVar:
            return record_unary(code, x)
        return apply(name, x)

    def binary(x: Any, y: Any) -> Any:
        return apply(name, x, y)

    function: Callable[..., Any] = unary if rule.arity == 1 else binary
    function.__name__ = function.__qualname__ = name
    domain = f" Finite where {rule.domain}." if rule.domain else ""
    function.__doc__ = f"Return {rule.meaning}, elementwise.{domain}"
    return function


__all__ = []
for _rule in RULES:
    if _rule.meaning:
        for _name in (_rule.name, *_rule.also):
            globals()[_name] = globals().get(_rule.name) or _function(_rule)
            __all__ += [_name]
