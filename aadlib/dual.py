"""Dual numbers: forward derivatives carried along with the value, several at once, nested for higher orders."""

from __future__ import annotations

import functools
import numbers
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.dual_parts import ABSENT, is_absent, product, seeded, shown, total
from aadlib.errors import AadTypeError
from aadlib.rules import at_numbers
from aadlib.rules.in_python import partials
from aadlib.rules.numpy_names import ALIASES
from aadlib.rules.table import CODES, RULES, Rule
from aadlib.singular.report import called_from_outside
from aadlib.tape.advar import ADVar, handle_function, handle_ufunc

OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "power": operator.pow, "negative": operator.neg, "greater": operator.gt, "greater_equal": operator.ge,
    "less": operator.lt, "less_equal": operator.le, "equal": operator.eq, "not_equal": operator.ne,
}  # fmt: skip
"""What NumPy's numbers ask of a dual beside them, by Python's own operators."""


def _operator(name: str, *, reflected: bool = False) -> Callable[[Any, Any], Any]:
    rule, ufunc = RULES[CODES[name]], getattr(np, name)

    def method(self: Dual, other: Any) -> Any:
        if isinstance(other, complex):
            return handle_ufunc(ufunc, "__call__", (other, self) if reflected else (self, other), {})
        if not isinstance(other, NUMBERS):
            return NotImplemented
        return Dual.chain_rule(rule, other, self) if reflected else Dual.chain_rule(rule, self, other)

    return method


def _comparison(compare: Callable[[float, float], bool]) -> Callable[[Any, object], bool]:
    def method(self: Dual, other: object) -> bool:
        if not isinstance(other, NUMBERS):
            return NotImplemented
        return compare(innermost(self), innermost(other))

    return method


def _is_number(x: Any) -> bool:
    return isinstance(x, NUMBERS)


def _constant(like: Any, number: float) -> Any:
    """Return a number nested as deep as `like`, that depends on nothing."""
    if not isinstance(like, Dual):
        return number
    return Dual.of_parts(_constant(like.inner, number), [ABSENT] * len(like.parts))


def _slopes(rule: Rule, inner: Sequence[float], v: float, outer: Sequence[Any]) -> list[float]:
    """Return first partials, ABSENT where the operation does not depend on that operand at all near this point."""
    code, x, y = CODES[rule.name], inner[0], inner[-1]
    fixed = [not is_dual_number(number) for number in outer]
    dead = at_numbers.dead(code, x, y, v, fixed[0], fixed[-1])
    slopes = zip(rule.first, at_numbers.first(code, x, y, v), strict=False)
    return [
        ABSENT if text == "0.0" or dead >> side & 1 else slope for side, (text, slope) in enumerate(slopes)
    ]


def is_dual_number(x: Any) -> bool:
    """Return whether a number depends on anything."""
    return isinstance(x, Dual) and not all(map(is_absent, x.parts))


def _value_and_slopes(rule: Rule, inner: Sequence[Any], outer: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Return a rule's value and first partials at numbers that may be duals themselves.

    One level of duals takes their partials from the table's second partials; deeper levels go through the texts.
    `outer` are the numbers whose values `inner` are.
    """
    code = CODES[rule.name]
    nested = [x for x in inner if isinstance(x, Dual)]
    if not nested:
        v = at_numbers.value(code, inner[0], inner[-1])
        return v, list(_slopes(rule, inner, v, outer))
    value = Dual.chain_rule(rule, *inner)
    if any(isinstance(x.inner, Dual) for x in nested):
        left, right = (*inner, 0.0)[:2]
        deep = partials(rule, left, right, value, 1)
        return value, [s if isinstance(s, Dual) else _constant(value, float(s)) for s in deep]
    plain = [innermost(v) for v in inner]
    x, y = plain[0], plain[-1]
    v = float(value.inner)
    second = at_numbers.second(code, x, y, v)
    rows = [[0]] if rule.arity == 1 else [[0, 1], [1, 2]]
    built = []
    for slope, row in zip(_slopes(rule, plain, v, outer), rows, strict=True):
        carried: list[Any] = [ABSENT] * len(value.parts)
        for number, k in zip(inner, row, strict=True):
            if isinstance(number, Dual) and rule.second[k] != "0.0":
                carried = [
                    total(c, product(second[k], p, rule), rule)
                    for c, p in zip(carried, number.parts, strict=True)
                ]
        built.append(Dual.of_parts(slope, carried))
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
    `result.partials[0].partials[0]`. Comparisons look at the value. An array
    of duals is `aadlib.array([...])`: NumPy's functions go through it.

    Examples
    --------
    >>> import aadlib as ad
    >>> x = ad.Dual(3.0, [1.0])
    >>> (x * x + 1.0).partials
    (6.0,)
    """

    __slots__ = ("inner", "parts")

    def __init__(self, value: Any, partials: Sequence[Any]) -> None:
        self.inner = value if isinstance(value, Dual) else float(value)
        self.parts = tuple(map(seeded, partials))

    @classmethod
    def of_parts(cls, inner: Any, parts: Sequence[Any]) -> Dual:
        """Return a dual of parts as they are: see `aadlib.dual_parts`."""
        made = cls.__new__(cls)
        made.inner, made.parts = inner, tuple(parts)
        return made

    @property
    def value(self) -> Any:
        """The value: a float, or a dual."""
        return shown(self.inner) if called_from_outside() else self.inner

    @property
    def partials(self) -> tuple[Any, ...]:
        """The partial derivatives, floats or duals."""
        return tuple(map(shown, self.parts)) if called_from_outside() else self.parts

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
    __floordiv__ = _operator("floor_divide")
    __rfloordiv__ = _operator("floor_divide", reflected=True)
    __mod__ = _operator("remainder")
    __rmod__ = _operator("remainder", reflected=True)

    @staticmethod
    def chain_rule(rule: Rule, *arguments: Any) -> Dual:
        """Apply an operation to numbers, at least one of them a `Dual`, by the chain rule."""
        inner = [x.inner if isinstance(x, Dual) else x for x in arguments]
        n = next(len(x.parts) for x in arguments if isinstance(x, Dual))
        if any(isinstance(x, Dual) and len(x.parts) != n for x in arguments):
            raise AadTypeError(f"{rule.name}: the duals carry different numbers of partials")
        if any(isinstance(x, ADVar) for x in inner):
            raise AadTypeError(f"{rule.name}: a Dual and an ADVar cannot be mixed")
        with np.errstate(all="ignore"):
            value, slopes = _value_and_slopes(rule, inner, arguments)
        sums: list[Any] = [ABSENT] * n
        for argument, slope in zip(arguments, slopes, strict=True):
            if isinstance(argument, Dual):
                sums = [
                    total(t, product(slope, p, rule), rule) for t, p in zip(sums, argument.parts, strict=True)
                ]
        like = _constant(value, 0.0) if isinstance(value, Dual) else ABSENT
        return Dual.of_parts(value, [like if is_absent(t) else t for t in sums])

    def __neg__(self) -> Dual:
        return Dual.chain_rule(RULES[CODES["negative"]], self)

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        return Dual.chain_rule(RULES[CODES["absolute"]], self)

    def __divmod__(self, other: Any) -> Any:
        quotient = self // other if isinstance(other, NUMBERS) else NotImplemented
        return quotient if quotient is NotImplemented else (quotient, self % other)

    def __rdivmod__(self, other: Any) -> Any:
        quotient = other // self if isinstance(other, NUMBERS) else NotImplemented
        return quotient if quotient is NotImplemented else (quotient, other % self)

    def __floor__(self) -> Dual:
        return Dual.chain_rule(RULES[CODES["floor"]], self)

    def __ceil__(self) -> Dual:
        return Dual.chain_rule(RULES[CODES["ceil"]], self)

    def __trunc__(self) -> Dual:
        return Dual.chain_rule(RULES[CODES["trunc"]], self)

    def __round__(self, digits: int | None = None) -> Any:
        if digits is None:
            return Dual.chain_rule(RULES[CODES["rint"]], self)
        scale = 10.0**digits
        return round(self * scale) / scale

    __lt__ = _comparison(operator.lt)
    __le__ = _comparison(operator.le)
    __gt__ = _comparison(operator.gt)
    __ge__ = _comparison(operator.ge)
    __eq__ = _comparison(operator.eq)
    __ne__ = _comparison(operator.ne)

    def __hash__(self) -> int:
        return hash(innermost(self))

    def __bool__(self) -> bool:
        return innermost(self) != 0.0

    def __float__(self) -> float:
        raise AadTypeError("float() of a Dual would drop its partials: use .value to leave them")

    # what NumPy asks of the entries of a plain object array, as of any real number
    shape, ndim, size, imag = (), 0, 1, 0.0

    @property
    def real(self) -> Dual:
        """The number itself."""
        return self

    def conjugate(self) -> Dual:
        """Return the number itself, which is real."""
        return self

    def item(self) -> Dual:
        """Return the number itself, as a NumPy scalar does."""
        return self

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return an operation of the table as a method: NumPy calls these for plain object arrays."""
        code = CODES.get(ALIASES.get(name, name))
        if code is None:
            raise AttributeError(f"'Dual' object has no attribute {name!r}")
        return functools.partial(Dual.chain_rule, RULES[code], self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        operation = OPERATORS.get(ufunc.__name__)
        if operation is not None and method == "__call__" and not kwargs and all(map(_is_number, inputs)):
            return operation(*(x if isinstance(x, Dual) else float(x) for x in inputs))
        return handle_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return handle_function(function, args, kwargs)

    def __repr__(self) -> str:
        return f"Dual({self.inner!r}, {list(self.parts)!r})"


NUMBERS = (Dual, numbers.Real, np.bool_)
"""What a dual combines with."""


def innermost(x: Any) -> float:
    """Return the plain value inside nested duals."""
    while isinstance(x, Dual):
        x = x.inner
    return float(x)
