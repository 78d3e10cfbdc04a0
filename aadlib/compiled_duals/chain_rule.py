"""The chain rule for a row of the table on packed duals, written straight to LLVM.

The row's value and partials are one small compiled function, the same for any number of partials; what carries them to
the components has no branches and costs numba next to nothing to compile.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from aadlib.compiled_duals.types import DualType
from aadlib.generated import rules_numba
from aadlib.rules.table import CONSTANTS, HELPERS, LIBRARY, Rule

JIT_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}}
"""Division by zero is an infinity or a NaN, as in every sweep, and no exception; multiply-adds may be fused."""

FUSED = ("contract",)

FUNCTIONS: dict[str, Any] = {
    **{name: getattr(rules_numba, f"m_{name}") for name in LIBRARY},
    **{name: getattr(rules_numba, name) for name in (*HELPERS, *CONSTANTS)},
}
"""What the texts of the table may name."""

PAIRS = (("x", "x"), ("x", "y"), ("y", "y"))
"""The operands that each second partial of a row is of."""


def compiled_text(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    """Return the function `operation` that a source defines."""
    scope = dict(names)
    exec(source, scope)
    function: Callable[..., Any] = scope["operation"]
    return function


@dataclass(frozen=True)
class RowOnDuals:
    """A row of the table with some of its operands duals, up to an order.

    Attributes
    ----------
    rule : Rule
    active : names among "x" and "y" of the operands that are duals
    order : 1 or 2
    """

    rule: Rule
    active: tuple[str, ...]
    order: int

    @property
    def first(self) -> dict[str, str]:
        """Texts of the first partials in the duals, those that vanish left out."""
        texts = zip(("x", "y"), self.rule.first, strict=False)
        return {name: text for name, text in texts if name in self.active and text != "0.0"}

    @property
    def second(self) -> dict[tuple[str, str], str]:
        """Texts of the second partials in the duals, those that vanish left out."""
        if self.order == 1:
            return {}
        texts = zip(PAIRS, self.rule.second, strict=False)
        return {pair: text for pair, text in texts if set(pair) <= set(self.active) and text != "0.0"}

    @property
    def varying(self) -> list[Any]:
        """Keys of the partials that are no constants, in the order in which `partials` returns them."""
        return [
            key for key, text in (*self.first.items(), *self.second.items()) if text not in ("1.0", "-1.0")
        ]

    @property
    def stays_finite(self) -> bool:
        """Whether the partials are finite wherever the operands are: sums and products only."""
        texts = (*self.rule.first, *self.rule.second)
        nodes = (node for text in texts for node in ast.walk(ast.parse(text, mode="eval")))
        return not any(isinstance(node, ast.Call | ast.Div) for node in nodes)


@functools.cache
def value_and_partials(row: RowOnDuals) -> Any:
    """Return the compiled function of the operands' values that gives (v, varying partials ...)."""
    texts: dict[Any, str] = {**row.first, **row.second}
    arguments = ", ".join(("x", "y")[: row.rule.arity])
    results = ", ".join(["v", *(texts[key] for key in row.varying)])
    source = f"def operation({arguments}):\n    v = {row.rule.value}\n    return ({results},)"
    return njit(**JIT_OPTIONS)(compiled_text(source, FUNCTIONS))


@functools.cache
def carried(row: RowOnDuals, dual: DualType) -> Any:
    """Return the compiled function of (operands ..., value and partials) that makes the resulting dual.

    With first partials f and second ones s: p_i = f_x x_i + f_y y_i, and
    h_ij = f_x x_ij + f_y y_ij + s_xx x_i x_j + s_yy y_i y_j + s_xy (x_i y_j + x_j y_i).
    """

    @intrinsic
    def carry(context: Any, operands: Any, numbers: Any) -> Any:
        """Make the dual that results."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            structs = {
                name: cgutils.create_struct_proxy(dual)(
                    context, builder, value=builder.extract_value(arguments[0], position)
                )
                for position, name in enumerate(("x", "y")[: row.rule.arity])
                if name in row.active
            }
            writer = _Writer(context, builder, row, arguments[1])
            made = cgutils.create_struct_proxy(dual)(context, builder)
            made.value = builder.extract_value(arguments[1], 0)
            for i in range(dual.n):
                setattr(made, f"p{i}", writer.first(structs, f"p{i}"))
                for j in range(i + 1 if dual.order == 2 else 0):
                    setattr(made, f"h{i}_{j}", writer.second(structs, i, j))
            return made._getvalue()

        return dual(operands, numbers), generate

    return carry


class _Writer:
    """Writes sums of products of a row's partials with the components of its operands."""

    def __init__(self, context: Any, builder: Any, row: RowOnDuals, numbers: Any) -> None:
        self.context, self.builder, self.row = context, builder, row
        self.guarded = not row.stays_finite
        self.zero = context.get_constant(types.float64, 0.0)
        self.factors = {
            key: builder.extract_value(numbers, 1 + position) for position, key in enumerate(row.varying)
        }

    def first(self, structs: dict[str, Any], component: str) -> Any:
        """Return the sum of first partials times one component of the operands."""
        terms = (
            self.times(name, text, getattr(structs[name], component)) for name, text in self.row.first.items()
        )
        return self.total(terms)

    def second(self, structs: dict[str, Any], i: int, j: int) -> Any:
        """Return one component of second order."""
        builder = self.builder
        terms = [self.first(structs, f"h{i}_{j}")] if self.row.first else []
        for (a, b), text in self.row.second.items():
            crossed = self.product(getattr(structs[a], f"p{i}"), getattr(structs[b], f"p{j}"))
            if a != b:
                other = self.product(getattr(structs[a], f"p{j}"), getattr(structs[b], f"p{i}"))
                crossed = builder.fadd(crossed, other, flags=FUSED)
            terms.append(self.times((a, b), text, crossed))
        return self.total(terms)

    def product(self, a: Any, b: Any) -> Any:
        """Return a product."""
        return self.builder.fmul(a, b, flags=FUSED)

    def times(self, key: Any, text: str, number: Any) -> Any:
        """Return a partial times a number; a zero ends a chain where the partial may be infinite."""
        builder = self.builder
        if text == "1.0":
            return number
        if text == "-1.0":
            return builder.fneg(number)
        factor = self.factors[key]
        if not self.guarded:
            return self.product(factor, number)
        alive = builder.and_(
            builder.fcmp_unordered("!=", factor, self.zero), builder.fcmp_unordered("!=", number, self.zero)
        )
        return builder.select(alive, self.product(factor, number), self.zero)

    def total(self, terms: Iterable[Any]) -> Any:
        """Return a sum, 0 where there is nothing to add."""
        result = None
        for term in terms:
            result = term if result is None else self.builder.fadd(result, term, flags=FUSED)
        return self.zero if result is None else result


@functools.cache
def chosen(dual: DualType) -> Any:
    """Return the compiled function of (condition, one number, another) that picks one, component by component.

    Selections and no branch: LLVM turns loops over them into SIMD.
    """

    @intrinsic
    def choose(context: Any, condition: Any, one: Any, other: Any) -> Any:
        """Pick the one where the condition holds."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            holds = context.cast(builder, arguments[0], condition, types.boolean)
            pair = [
                cgutils.create_struct_proxy(dual)(context, builder, value=value) for value in arguments[1:]
            ]
            made = cgutils.create_struct_proxy(dual)(context, builder)
            for name in dual.components:
                setattr(made, name, builder.select(holds, getattr(pair[0], name), getattr(pair[1], name)))
            return made._getvalue()

        return dual(condition, dual, dual), generate

    return choose
