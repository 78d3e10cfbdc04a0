"""The rule table evaluated in Python: for the readable twins of the sweeps, for duals, and for tests."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from aadlib.rules import special
from aadlib.rules.numpy_names import plain_function
from aadlib.rules.table import CODES, RULES, Rule

LIBRARY_TO_NUMPY = {
    "pow": "power", "fabs": "absolute", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
    "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "tgamma": "gamma", "lgamma": "gammaln",
    "cube_root": "cbrt", "round_half_even": "rint", "normal_quantile": "norm_ppf",
    "inverse_erf": "erfinv", "log_normal_cdf": "log_norm_cdf",
}  # fmt: skip


PARTIALS = ("trigamma", "tetragamma", "normal_hazard", "log_cdf_curvature")
"""Special functions that are partials of a row and no row themselves."""


class _Namespace(dict[str, Any]):
    """The names a rule text may use, resolved to functions that take numbers of any kind."""

    def __missing__(self, name: str) -> Any:
        if name in PARTIALS:
            function: Any = lambda x: np.float64(getattr(special, name)(float(x)))  # noqa: E731 - bound once by name
        else:
            function = _on_any_number(LIBRARY_TO_NUMPY.get(name, name))
        self[name] = function
        return function


def _on_any_number(name: str) -> Callable[..., Any]:
    """Return operation `name` for numbers of any kind; recorded ones and duals bring their `chain_rule`."""
    rule = RULES[CODES[name]]

    def function(*arguments: Any) -> Any:
        for x in arguments:
            if hasattr(x, "chain_rule"):
                return x.chain_rule(rule, *arguments)
        return plain_function(name)(*arguments)

    return function


_NAMESPACE = _Namespace({name: value for name, value in vars(special).items() if isinstance(value, float)})


@functools.cache
def compiled(text: str) -> Callable[..., Any]:
    """Return a rule text as a Python function of x, y and v."""
    code = compile(text, f"<rule {text}>", "eval")

    def function(x: Any, y: Any = 0.0, v: Any = 0.0) -> Any:
        return eval(code, {"__builtins__": {}}, _Scope(x, y, v))

    return function


class _Scope(dict[str, Any]):
    def __init__(self, x: Any, y: Any, v: Any) -> None:
        super().__init__(x=x, y=y, v=v)

    def __missing__(self, name: str) -> Any:
        return _NAMESPACE[name]


def is_zero(x: Any) -> bool:
    """Say whether a number is zero, with all the partials that a dual carries."""
    return is_zero(x.value) and all(map(is_zero, x.partials)) if hasattr(x, "partials") else bool(x == 0.0)


def add_product(total: Any, factor: Any, number: Any) -> Any:
    """Return total + factor * number, where a zero ends the chain: 0 times infinity is 0."""
    return total if is_zero(factor) or is_zero(number) else total + factor * number


def value(code: int, x: float, y: float = 0.0) -> float:
    """Return the value of operation `code` with the conventions of C: NaN and infinity, no exception."""
    with np.errstate(all="ignore"):
        return float(compiled(RULES[code].value)(np.float64(x), np.float64(y)))


def partials(rule: Rule, x: Any, y: Any, v: Any, order: int) -> tuple[Any, ...]:
    """Return the first (order 1) or second (order 2) partials of a rule."""
    texts = rule.first if order == 1 else rule.second
    return tuple(compiled(text)(x, y, v) for text in texts)


def first(code: int, x: float, y: float, v: float) -> tuple[float, float]:
    """Return (dx, dy) of operation `code`; dy is 0 for a unary one."""
    with np.errstate(all="ignore"):
        given = [float(p) for p in partials(RULES[code], np.float64(x), np.float64(y), np.float64(v), 1)]
    return (given[0], given[1]) if len(given) == 2 else (given[0], 0.0)


def second(code: int, x: float, y: float, v: float) -> tuple[float, float, float]:
    """Return (dxx, dxy, dyy) of operation `code`; the last two are 0 for a unary one."""
    with np.errstate(all="ignore"):
        given = [float(p) for p in partials(RULES[code], np.float64(x), np.float64(y), np.float64(v), 2)]
    return (given[0], given[1], given[2]) if len(given) == 3 else (given[0], 0.0, 0.0)
