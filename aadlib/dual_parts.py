"""The parts of duals: products and sums that know a zero that is there from one that is not, and what is undetermined.

A part is a float or, one level deeper, a dual. ABSENT is the derivative in something that a number does not depend on;
a zero that is not ABSENT happens to be one, and meets infinity as `aadlib.singular.careful` says.
"""

from __future__ import annotations

import math
from typing import Any

from aadlib.errors import describe_line
from aadlib.rules.table import Rule
from aadlib.singular.report import is_strict, outside_line, warn_undetermined


class _Absent(float):
    """A derivative that is zero because nothing leads there."""


class Unknown(float):
    """A derivative that is not determined: what a zero that ends the chain makes of it, and where that was."""

    __slots__ = ("origin",)
    origin: str


ABSENT = _Absent(0.0)


def unknown(number: float, origin: str) -> Unknown:
    """Return a number that is not determined."""
    made = Unknown(number)
    made.origin = origin
    return made


def is_dual(x: Any) -> bool:
    """Return whether a part is a dual itself."""
    return hasattr(x, "parts")


def is_absent(x: Any) -> bool:
    """Return whether a part is no derivative at all, with everything inside."""
    return is_absent(x.inner) and all(map(is_absent, x.parts)) if is_dual(x) else type(x) is _Absent


def seeded(x: Any) -> Any:
    """Return a part that somebody gave: a zero is the derivative in what the number does not depend on."""
    if is_dual(x):
        return x
    number = float(x)
    return ABSENT if number == 0.0 else number


def product(a: Any, b: Any, rule: Rule) -> Any:
    """Return the product of two parts."""
    if is_absent(a) or is_absent(b):
        return ABSENT
    if is_dual(a) or is_dual(b):
        make = type(a if is_dual(a) else b).of_parts
        if not is_dual(b):
            return make(product(a.inner, b, rule), [product(p, b, rule) for p in a.parts])
        if not is_dual(a):
            return make(product(a, b.inner, rule), [product(a, p, rule) for p in b.parts])
        return make(
            product(a.inner, b.inner, rule),
            [
                total(product(p, b.inner, rule), product(a.inner, q, rule), rule)
                for p, q in zip(a.parts, b.parts, strict=True)
            ],
        )
    if (a == 0.0 and not math.isfinite(b)) or (b == 0.0 and not math.isfinite(a)):
        return unknown(0.0, _origin(a, b, rule))
    number = float(a) * float(b)
    return unknown(number, _origin(a, b, rule)) if Unknown in (type(a), type(b)) else number


def total(a: Any, b: Any, rule: Rule) -> Any:
    """Return the sum of two parts."""
    if is_absent(a):
        return b
    if is_absent(b):
        return a
    if is_dual(a) or is_dual(b):
        make = type(a if is_dual(a) else b).of_parts
        if not is_dual(b):
            return make(total(a.inner, b, rule), a.parts)
        if not is_dual(a):
            return make(total(a, b.inner, rule), b.parts)
        parts = [total(p, q, rule) for p, q in zip(a.parts, b.parts, strict=True)]
        return make(total(a.inner, b.inner, rule), parts)
    if math.isinf(a) and math.isinf(b) and a != b:
        return unknown(0.0, _origin(a, b, rule))
    number = float(a) + float(b)
    return unknown(number, _origin(a, b, rule)) if Unknown in (type(a), type(b)) else number


def _origin(a: Any, b: Any, rule: Rule) -> str:
    for one in (a, b):
        if type(one) is Unknown:
            return one.origin
    return f"{rule.name} at {describe_line(outside_line())}"


def shown(x: Any) -> Any:
    """Return a part as a plain number; say so where it is not determined."""
    if is_dual(x):
        return x
    if type(x) is Unknown:
        warn_undetermined(x.origin)
        return math.nan if is_strict() else float(x)
    return float(x)
