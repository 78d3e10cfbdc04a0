"""Dual numbers: forward derivatives carried along with the value, several at once, nested for higher orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.rules.in_python import add_product, compiled, partials
from aadlib.rules.table import CODES, RULES, Rule
from aadlib.tape.advar import ADVar


def _operator(name: str, *, reflected: bool = False) -> Callable[[Any, Any], Any]:
    rule = RULES[CODES[name]]

    def method(self: Dual, other: Any) -> Any:
        if not isinstance(other, (Dual, int, float, np.floating, np.integer)):
            return NotImplemented
        return Dual.chain_rule(rule, other, self) if reflected else Dual.chain_rule(rule, self, other)

    return method


def _constant(like: Any, number: float) -> Any:
    """Return a number nested as deep as `like`, with zero partials."""
    if not isinstance(like, Dual):
        return number
    return Dual(_constant(like.value, number), [_constant(like.value, 0.0)] * len(like.partials))


def _value_and_slopes(rule: Rule, inner: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Return a rule's value and first partials at numbers that may be duals themselves.

    One level of duals takes their partials from the table's second partials; deeper levels go through the texts.
    """
    nested = [x for x in inner if isinstance(x, Dual)]
    if not nested:
        x, y = (np.float64(v) for v in (*inner, 0.0)[:2])
        v = compiled(rule.value)(x, y)
        return v, [float(p) for p in partials(rule, x, y, v, 1)]
    value = Dual.chain_rule(rule, *inner)
    if any(isinstance(x.value, Dual) for x in nested):
        left, right = (*inner, 0.0)[:2]
        slopes = partials(rule, left, right, value, 1)
        return value, [s if isinstance(s, Dual) else _constant(value, float(s)) for s in slopes]
    x, y = (np.float64(innermost(v)) for v in (*inner, 0.0)[:2])
    v = np.float64(value.value)
    first = partials(rule, x, y, v, 1)
    second = partials(rule, x, y, v, 2)
    rows = [[second[0]]] if rule.arity == 1 else [[second[0], second[1]], [second[1], second[2]]]
    built = []
    for slope, row in zip(first, rows, strict=True):
        carried = [0.0] * len(value.partials)
        for number, curvature in zip(inner, row, strict=True):
            if isinstance(number, Dual):
                carried = [
                    add_product(c, curvature, p) for c, p in zip(carried, number.partials, strict=True)
                ]
        built.append(Dual(float(slope), carried))
    return value, built


class Dual:
    """A value and its partial derivatives in a few directions.

    Parameters
    ----------
    value : float or Dual
    partials : sequence of floats or Duals, one per direction

    Notes
    -----
    Nest duals for second derivatives: `Dual(Dual(x, [1.0]), [Dual(1.0, [0.0])])` carries x'' in
    `result.partials[0].partials[0]`. Comparisons look at the value.

    Examples
    --------
    >>> import aadlib as ad
    >>> x = ad.Dual(3.0, [1.0])
    >>> (x * x + 1.0).partials
    (6.0,)
    """

    __slots__ = ("partials", "value")
    __array_ufunc__ = None

    def __init__(self, value: Any, partials: Sequence[Any]) -> None:
        self.value = value if isinstance(value, Dual) else float(value)
        self.partials = tuple(p if isinstance(p, Dual) else float(p) for p in partials)

    __add__ = _operator("add")
    __radd__ = _operator("add", reflected=True)
    __sub__ = _operator("subtract")
    __rsub__ = _operator("subtract", reflected=True)
    __mul__ = _operator("multiply")
    __rmul__ = _operator("multiply", reflected=True)
    __truediv__ = _operator("divide")
    __rtruediv__ = _operator("divide", reflected=True)
    __pow__ = _operator("power")
    __rpow__ = _operator("power", reflected=True)
    __mod__ = _operator("remainder")

    @staticmethod
    def chain_rule(rule: Rule, *arguments: Any) -> Dual:
        """Apply an operation to numbers, at least one of them a `Dual`, by the chain rule."""
        inner = [x.value if isinstance(x, Dual) else x for x in arguments]
        n = next(len(x.partials) for x in arguments if isinstance(x, Dual))
        if any(isinstance(x, Dual) and len(x.partials) != n for x in arguments):
            raise AadTypeError(f"{rule.name}: the duals carry different numbers of partials")
        if any(isinstance(x, ADVar) for x in inner):
            raise AadTypeError(f"{rule.name}: a Dual and an ADVar cannot be mixed")
        with np.errstate(all="ignore"):
            value, slopes = _value_and_slopes(rule, inner)
        total: list[Any] = [_constant(value, 0.0)] * n
        for argument, slope in zip(arguments, slopes, strict=True):
            if isinstance(argument, Dual):
                total = [add_product(t, slope, p) for t, p in zip(total, argument.partials, strict=True)]
        return Dual(value, total)

    def __neg__(self) -> Dual:
        return Dual.chain_rule(RULES[CODES["negative"]], self)

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        return Dual.chain_rule(RULES[CODES["absolute"]], self)

    def _compared(self, other: Any) -> tuple[float, float]:
        return innermost(self), innermost(other)

    def __lt__(self, other: Any) -> bool:
        a, b = self._compared(other)
        return a < b

    def __le__(self, other: Any) -> bool:
        a, b = self._compared(other)
        return a <= b

    def __gt__(self, other: Any) -> bool:
        a, b = self._compared(other)
        return a > b

    def __ge__(self, other: Any) -> bool:
        a, b = self._compared(other)
        return a >= b

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Dual, int, float, np.floating, np.integer)):
            return NotImplemented
        a, b = self._compared(other)
        return a == b

    def __hash__(self) -> int:
        return hash(innermost(self))

    def __bool__(self) -> bool:
        return innermost(self) != 0.0

    def __float__(self) -> float:
        raise AadTypeError("float() of a Dual would drop its partials: use .value to leave them")

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {list(self.partials)!r})"


def innermost(x: Any) -> float:
    """Return the plain value inside nested duals."""
    while isinstance(x, Dual):
        x = x.value
    return float(x)
