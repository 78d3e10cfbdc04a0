"""Operations on dual numbers, written from the rows of the table: the text of each for one type of dual."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from aadlib.generated import rules_numba
from aadlib.rules.table import CONSTANTS, HELPERS, LIBRARY, Rule

FUNCTIONS: dict[str, Any] = {
    **{name: getattr(rules_numba, f"m_{name}") for name in LIBRARY},
    **{name: getattr(rules_numba, name) for name in (*HELPERS, *CONSTANTS)},
}
"""What the texts of the table may name."""


def compiled_text(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """Return the function `operation` that a source defines."""
    scope = dict(names)
    exec(source, scope)
    function: Callable[..., Any] = scope["operation"]
    return function


def stays_finite(rule: Rule) -> bool:
    """Return whether the partials of a rule are finite wherever its operands are: sums and products only."""
    return not any(
        isinstance(node, ast.Call | ast.Div)
        for text in (*rule.first, *rule.second)
        for node in ast.walk(ast.parse(text, mode="eval"))
    )


def times(factor: str, number: str, *, guarded: bool) -> str:
    """Write a product in which a zero ends a chain where the factor may be infinite."""
    if factor in ("1.0", "-1.0"):
        return number if factor == "1.0" else f"-{number}"
    if not guarded:
        return f"{factor} * {number}"
    return f"zero_ends_chain({factor}, {number})"


def operation_source(rule: Rule, n: int, order: int, duals: tuple[bool, ...]) -> str:
    """Write a row for duals with n partials; `duals` says which operands are, the others are plain numbers.

    With first partials f and second ones s: p_i = f_x x_i + f_y y_i, and
    h_ij = f_x x_ij + f_y y_ij + s_xx x_i x_j + s_yy y_i y_j + s_xy (x_i y_j + x_j y_i).
    """
    operands = ("x", "y")[: rule.arity]
    active = [name for name, dual in zip(operands, duals, strict=True) if dual]
    guarded = not stays_finite(rule)
    lines = [f"def operation({', '.join(f'{name}_of' for name in operands)}):"]
    lines += [
        f"    {name} = {name}_of.value" if name in active else f"    {name} = float({name}_of)"
        for name in operands
    ]
    lines += [f"    v = {rule.value}"]
    first = {
        name: text
        for name, text in zip(operands, rule.first, strict=True)
        if name in active and text != "0.0"
    }
    pairs = (("x", "x"), ("x", "y"), ("y", "y"))
    second = {
        pair: text
        for pair, text in zip(pairs, rule.second, strict=False)
        if order == 2 and text != "0.0" and set(pair) <= set(active)
    }
    factors: dict[Any, str] = {}
    for key, text in (*first.items(), *second.items()):
        name = "f_" + "".join(key)
        if text not in ("1.0", "-1.0"):
            lines.append(f"    {name} = {text}")
        factors[key] = text if text in ("1.0", "-1.0") else name
    components = ["v"]
    for i in range(n):
        terms = [times(factors[name], f"{name}_of.p{i}", guarded=guarded) for name in first]
        components.append(" + ".join(terms) or "0.0")
    for i in range(n if order == 2 else 0):
        for j in range(i + 1):
            terms = [times(factors[name], f"{name}_of.h{i}_{j}", guarded=guarded) for name in first]
            for a, b in second:
                crossed = f"{a}_of.p{i} * {b}_of.p{j}"
                if a != b:
                    crossed = f"({crossed} + {a}_of.p{j} * {b}_of.p{i})"
                terms.append(times(factors[a, b], crossed, guarded=guarded))
            components.append(" + ".join(terms) or "0.0")
    return "\n".join([*lines, f"    return pack({', '.join(components)})"])


def selection_source(components: tuple[str, ...], duals: tuple[bool, bool], comparison: str) -> str:
    """Write the choice of one of two numbers by a comparison of their values, as `max` and `min` make it."""

    def component(name: str, position: int) -> str:
        operand = ("a", "b")[position]
        if duals[position]:
            return f"{operand}.{name}"
        return f"float({operand})" if name == "value" else "0.0"

    chosen = [f"({component(name, 1)} if other else {component(name, 0)})" for name in components]
    return (
        "def operation(a, b):\n"
        f"    other = {component('value', 1)} {comparison} {component('value', 0)}\n"
        f"    return pack({', '.join(chosen)})"
    )
