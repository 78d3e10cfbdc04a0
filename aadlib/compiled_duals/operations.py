"""What compiled code may do with a dual number: operators, comparisons, and the functions of math, NumPy and aadlib."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from aadlib.compiled_duals.chain_rule import (
    FUNCTIONS,
    JIT_OPTIONS,
    RowOnDuals,
    carried,
    chosen,
    compiled_text,
    value_and_partials,
)
from aadlib.compiled_duals.types import DualType, dual_in
from aadlib.rules.table import RULES, Rule
from aadlib.tape import functions, operations

OPERATORS: dict[str, tuple[Callable[..., Any], ...]] = {
    "add": (operator.add, operator.iadd), "subtract": (operator.sub, operator.isub),
    "multiply": (operator.mul, operator.imul), "divide": (operator.truediv, operator.itruediv),
    "power": (operator.pow, operator.ipow, math.pow), "negative": (operator.neg,), "absolute": (abs, math.fabs),
    "remainder": (operator.mod,), "floor_divide": (operator.floordiv,), "gammaln": (math.lgamma,),
    "arcsin": (math.asin,), "arccos": (math.acos,), "arctan": (math.atan,), "arctan2": (math.atan2,),
    "arcsinh": (math.asinh,), "arccosh": (math.acosh,), "arctanh": (math.atanh,),
}  # fmt: skip
"""Functions of Python that a row answers for under another name than its own."""

ROUNDED_TO_INTEGERS = (math.floor, math.ceil, math.trunc)
"""Functions that return integers: of a dual they are those of its value."""

COMPARISONS = {
    operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=", operator.eq: "==", operator.ne: "!=",
}  # fmt: skip


def targets(rule: Rule) -> list[Callable[..., Any]]:
    """Return the functions that a row answers for."""
    answered = list(OPERATORS.get(rule.name, ()))
    for module in (math, np, operations, functions):
        function = getattr(module, rule.name, None)
        if function is not None and function not in (*ROUNDED_TO_INTEGERS, *answered):
            answered.append(function)
    return answered


def _value(name: str, kind: Any) -> str:
    """Write the value of an operand; numba has no float() of a bool."""
    if isinstance(kind, DualType):
        return f"{name}.value"
    return f"(1.0 if {name} else 0.0)" if isinstance(kind, types.Boolean) else f"float({name})"


def answer_for(rule: Rule, target: Callable[..., Any]) -> None:
    """Let compiled code call `target` on duals, and on floats too where it is a function of aadlib."""
    of_aadlib = target in (getattr(operations, rule.name, None), getattr(functions, rule.name, None))

    operands = ("x", "y")[: rule.arity]
    names = ", ".join(f"{name}_of" for name in operands)

    def choose(*kinds: Any) -> Callable[..., Any] | None:
        dual = dual_in(*kinds)
        if dual is not None:
            active = tuple(n for n, kind in zip(operands, kinds, strict=True) if isinstance(kind, DualType))
            row = RowOnDuals(rule, active, dual.order)
            values = ", ".join(_value(f"{n}_of", kind) for n, kind in zip(operands, kinds, strict=True))
            source = f"def operation({names}):\n    return carry(({names},), partials({values}))"
            return compiled_text(source, {"carry": carried(row, dual), "partials": value_and_partials(row)})
        if of_aadlib and all(isinstance(kind, types.Float | types.Integer) for kind in kinds):
            values = "; ".join(f"{n} = float({n}_of)" for n in operands)
            return compiled_text(f"def operation({names}):\n    {values}\n    return {rule.value}", FUNCTIONS)
        return None

    def unary(x_of: Any) -> Any:
        return choose(x_of)

    def binary(x_of: Any, y_of: Any) -> Any:
        return choose(x_of, y_of)

    overload(target, strict=False, jit_options=JIT_OPTIONS)(unary if rule.arity == 1 else binary)


def compare_by(target: Callable[..., Any], symbol: str) -> None:
    """Let compiled code compare duals by their values."""

    def comparison(a: Any, b: Any) -> Any:
        if dual_in(a, b) is None:
            return None
        left = "a.value" if isinstance(a, DualType) else "a"
        right = "b.value" if isinstance(b, DualType) else "b"
        return compiled_text(f"def operation(a, b):\n    return {left} {symbol} {right}", {})

    overload(target, strict=False, jit_options=JIT_OPTIONS)(comparison)


def select_by(target: Callable[..., Any], symbol: str) -> None:
    """Let compiled code take the larger or the smaller of two numbers, the first where they are equal."""

    def selection(a: Any, b: Any) -> Any:
        dual = dual_in(a, b)
        if dual is None:
            return None
        left, right = (
            ("a.value" if isinstance(a, DualType) else "a"),
            ("b.value" if isinstance(b, DualType) else "b"),
        )
        source = f"def operation(a, b):\n    return choose({right} {symbol} {left}, b, a)"
        return compiled_text(source, {"choose": chosen(dual)})

    def selection_of_several(a: Any, b: Any, c: Any, *more: Any) -> Any:
        if dual_in(a, b, c, *more) is None:
            return None
        return lambda a, b, c, *more: target(target(a, b), c, *more)

    overload(target, strict=False, jit_options=JIT_OPTIONS)(selection)
    overload(target, strict=False, jit_options=JIT_OPTIONS)(selection_of_several)


def round_by(target: Callable[..., Any]) -> None:
    """Let compiled code round the value of a dual to an integer."""

    def rounded(x: Any) -> Any:
        return (lambda x: target(x.value)) if isinstance(x, DualType) else None

    overload(target, strict=False, jit_options=JIT_OPTIONS)(rounded)


def register() -> None:
    """Tell numba of every operation; once per process."""
    for rule in RULES:
        for target in targets(rule):
            answer_for(rule, target)
    for comparison, symbol in COMPARISONS.items():
        compare_by(comparison, symbol)
    for selection, symbol in ((max, ">"), (min, "<")):
        select_by(selection, symbol)
    for rounding in ROUNDED_TO_INTEGERS:
        round_by(rounding)

    @overload(operator.pos, strict=False, jit_options=JIT_OPTIONS)
    def positive(x: Any) -> Any:
        return (lambda x: x) if isinstance(x, DualType) else None

    @overload(operator.truth, strict=False, jit_options=JIT_OPTIONS)
    @overload(bool, strict=False, jit_options=JIT_OPTIONS)
    def truth(x: Any) -> Any:
        return (lambda x: x.value != 0.0) if isinstance(x, DualType) else None

    @overload(math.isnan, strict=False, jit_options=JIT_OPTIONS)
    @overload(np.isnan, strict=False, jit_options=JIT_OPTIONS)
    def is_nan(x: Any) -> Any:
        return (lambda x: x.value != x.value) if isinstance(x, DualType) else None


register()
