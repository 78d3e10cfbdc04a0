"""Arrays of recorded numbers, and what NumPy's functions do with them.

`ADArray` is an object array whose kinks (`maximum`, `abs`, `sign`, `clip`, `where`, comparisons) become recorded
operations instead of Python comparisons, so unmodified NumPy code replays without guards.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from aadlib.errors import AadTypeError
from aadlib.rules.derived import DERIVED
from aadlib.rules.in_python import compiled
from aadlib.rules.numpy_names import ALIASES, SCIPY_NAMES, plain_function
from aadlib.rules.table import RULES
from aadlib.tape import advar
from aadlib.tape.advar import ADVar, Condition, record_binary, record_unary
from aadlib.tape.advice import ADVICE
from aadlib.tape.reductions import IDENTITIES, LOGICAL, reduce

RECORDED = (ADVar, Condition)

PYTHON_NUMBERS = frozenset({float, int, bool})

NUMBERS = PYTHON_NUMBERS | {ADVar, Condition}
"""Types looked up where a check of every argument must not cost."""

MISREAD = (np.ma.MaskedArray, np.matrix)
"""Arrays whose own rules recorded numbers would not follow."""

Element = Callable[..., Any]


def is_recorded(x: Any) -> bool:
    """Say whether `x` is an `ADVar`, a `Condition` or an object array."""
    return isinstance(x, RECORDED) or (isinstance(x, np.ndarray) and x.dtype == object)


def values(x: Any) -> Any:
    """Strip to plain floats: the value of a number, a float array for an array."""
    if isinstance(x, RECORDED):
        return x.value
    if isinstance(x, np.ndarray) and x.dtype == object:
        return np.array([values(item) for item in x.ravel()], dtype=np.float64).reshape(x.shape)
    return x


def _unary_element(code: int, name: str) -> Element:
    def apply(x: Any) -> Any:
        if isinstance(x, ADVar):
            return record_unary(code, x)
        if isinstance(x, Condition):
            return record_unary(code, x + 0.0)
        if hasattr(x, "partials"):
            return x.chain_rule(RULES[code], x)
        return plain_function(name)(float(x))

    return apply


def _binary_element(code: int, name: str) -> Element:
    def apply(x: Any, y: Any) -> Any:
        if isinstance(x, RECORDED) or isinstance(y, RECORDED):
            return record_binary(code, x, y)
        for number in (x, y):
            if hasattr(number, "partials"):
                return number.chain_rule(RULES[code], x, y)
        return plain_function(name)(x, y)

    return apply


ELEMENTS: dict[str, Element] = {
    rule.name: (_unary_element if rule.arity == 1 else _binary_element)(code, rule.name)
    for code, rule in enumerate(RULES)
}
"""One function of numbers per operation."""

OPERATORS: dict[str, Element] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y if _carried(x, y) else np.float64(x) / np.float64(y),
    "true_divide": lambda x, y: x / y if _carried(x, y) else np.float64(x) / np.float64(y),
    "power": lambda x, y: x**y if _carried(x, y) else np.power(np.float64(x), np.float64(y)),
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: x != y,
    "logical_and": lambda x, y: _condition(x) & _condition(y),
    "logical_or": lambda x, y: _condition(x) | _condition(y),
    "logical_xor": lambda x, y: _condition(x) ^ _condition(y),
    "bitwise_xor": lambda x, y: _condition(x) ^ _condition(y),
    "logical_not": lambda x: _opposite(_condition(x)),
    "invert": lambda x: _opposite(_condition(x)),
    "square": lambda x: x**2,
    "conjugate": lambda x: x,
    "fmax": lambda x, y: np.where(x != x, y, np.where(y != y, x, ELEMENTS["maximum"](x, y))),
    "fmin": lambda x, y: np.where(x != x, y, np.where(y != y, x, ELEMENTS["minimum"](x, y))),
    "radians": lambda x: x * (np.pi / 180.0),
    "deg2rad": lambda x: x * (np.pi / 180.0),
    "degrees": lambda x: x * (180.0 / np.pi),
    "rad2deg": lambda x: x * (180.0 / np.pi),
    "mod": lambda x, y: ELEMENTS["remainder"](x, y),
    "float_power": lambda x, y: x**y,
    "isnan": lambda x: x != x,
    "isfinite": lambda x: x - x == 0.0,
    "isinf": lambda x: ELEMENTS["absolute"](x) == np.inf,
    "signbit": lambda x: ELEMENTS["copysign"](1.0, x) < 0.0,
    "heaviside": lambda x, y: np.where(x == 0.0, y, (x > 0.0) * 1.0),
}


def _carried(*numbers: Any) -> bool:
    """Say whether a derivative is carried along; what is left are floats, which follow NumPy and raise nothing."""
    return any(isinstance(x, RECORDED) or hasattr(x, "partials") for x in numbers)


def _condition(x: Any) -> Any:
    """Return `x` as a truth value that combines without being decided."""
    return x if isinstance(x, (Condition, bool, np.bool_)) else x != 0.0


def _opposite(condition: Any) -> Any:
    """Return the opposite of a condition or of a plain truth value, whose `~` is a number."""
    return ~condition if isinstance(condition, Condition) else not condition


def _element(name: str) -> Element | None:
    name = ALIASES.get(name, name)
    return OPERATORS.get(name) or ELEMENTS.get(name) or (_formula(DERIVED[name]) if name in DERIVED else None)


def _formula(text: str) -> Element:
    function = compiled(text)
    return (lambda x, y: function(x, y)) if re.search(r"\by\b", text) else (lambda x: function(x))


@functools.cache
def _vectorized(name: str) -> np.ufunc | None:
    element = _element(name)
    if element is None:
        return None
    n_arguments = element.__code__.co_argcount
    return np.frompyfunc(element, n_arguments, 1)


FLOATS = (np.dtype(np.float64), np.dtype(object))
"""What `dtype=` may say of recorded numbers: they are floats."""

PRODUCTS = ("matmul", "vecdot", "matvec", "vecmat")
"""Ufuncs over axes; they are sums of products."""

TRUTHS = {
    *LOGICAL,
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "equal",
    "not_equal",
    "isnan",
    "isfinite",
    "isinf",
}
"""Ufuncs that make truth values."""

NATIVE = {"add", "subtract", "multiply", "negative", "positive"}
"""Ufuncs whose own object loops do the right thing, without a Python call per element."""


def _is_mask(x: Any) -> bool:
    """Say whether an array is one of truth values, by its first entry."""
    if isinstance(x, np.ndarray) and x.dtype == object and x.ndim:
        return x.size > 0 and isinstance(x.flat[0], Condition)
    return isinstance(x, np.ndarray) and x.dtype == bool


def _plain(x: Any) -> Any:
    """Return an `ADArray` as a plain object array, everything else as it is."""
    if isinstance(x, ADArray):
        return x.view(np.ndarray)
    if type(x) in PYTHON_NUMBERS:
        return x
    if isinstance(x, RECORDED) or hasattr(x, "partials"):
        box = np.empty((), dtype=object)
        box[()] = x
        return box
    if isinstance(x, MISREAD):
        return _plain_of_subclass(x)
    if getattr(x, "dtype", None) == np.longdouble:  # its items would stay what they are and ask NumPy again
        return np.asarray(x, dtype=np.float64)
    return x


def _plain_of_subclass(x: Any) -> Any:
    """Return a masked array that masks nothing as it is; refuse what would be computed by other rules than NumPy's."""
    if isinstance(x, np.ma.MaskedArray) and not np.ma.is_masked(x):
        return x.data
    raise AadTypeError(
        f"a {type(x).__name__} cannot be combined with recorded numbers: use a plain array, of masked entries the "
        "others only (`x[~mask]`) or zeros in their place (`.filled(0.0)`)"
    )


def require_float_dtype(name: str, dtype: Any) -> None:
    """Raise `AadTypeError` where a function is asked to compute in anything but floats."""
    if dtype is not None and np.dtype(dtype) not in FLOATS:
        raise AadTypeError(
            f"{name}(..., dtype={dtype!r}) cannot be recorded: recorded numbers are floats; leave it out"
        )


def _result(x: Any) -> Any:
    """Return object arrays as `ADArray`, their single elements as numbers."""
    if isinstance(x, np.ndarray) and x.dtype == object:
        return x[()] if x.ndim == 0 else x.view(ADArray)
    return x


def is_complex(x: Any) -> bool:
    """Say whether something is a complex number or an array of them, recorded or not."""
    kind = type(x)
    if kind is ADArray or kind in NUMBERS:
        return False
    return getattr(getattr(x, "dtype", None), "kind", None) == "c" or isinstance(x, complex)


def set_complex_handlers(
    on_ufunc: Callable[..., Any], on_function: Callable[..., Any], make: Callable[..., Any]
) -> None:
    """Say what NumPy's functions do with complex numbers beside recorded ones, and how to make them of parts."""
    COMPLEX.update(ufunc=on_ufunc, function=on_function, make=make)


COMPLEX: dict[str, Callable[..., Any]] = {}


def handle_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out `ufunc.method(*inputs)` where an input is recorded."""
    if any(map(is_complex, inputs)):
        return COMPLEX["ufunc"](ufunc, method, inputs, kwargs)
    out = kwargs.pop("out", None)
    kwargs.pop("casting", None)
    kwargs.pop("order", None)
    kwargs.pop("subok", None)
    name = ufunc.__name__
    dtype = kwargs.pop("dtype", None)
    if name not in TRUTHS or dtype is None or np.dtype(dtype) != bool:
        require_float_dtype(f"np.{name}", dtype)
    arguments = [_plain(x) for x in inputs]
    # As on the tape, a pole or an overflow is a value and not a warning: it may lie in a branch nobody takes.
    with np.errstate(all="ignore"):
        result = _call_ufunc(ufunc, name, method, arguments, kwargs)
    if out is not None:
        target = out[0]
        if target.dtype != object:
            raise AadTypeError(
                "recorded numbers cannot be written into a float array: make it with dtype=object or aadlib.zeros"
            )
        target.view(np.ndarray)[...] = result
        return target
    return _result(result)


def _call_ufunc(ufunc: np.ufunc, name: str, method: str, arguments: list[Any], kwargs: dict[str, Any]) -> Any:
    if getattr(np, name, None) is not ufunc and name not in PRODUCTS:
        if any("O" in types for types in ufunc.types):
            return getattr(ufunc, method)(*arguments, **kwargs)  # made by np.frompyfunc or np.vectorize
        name = SCIPY_NAMES.get(name, name)
        if _element(name) is None:
            raise AadTypeError(f"the ufunc {name!r} cannot be recorded: {ADVICE['special']}")
    if name in PRODUCTS:
        return getattr(ufunc, method)(*(_as_object(a) for a in arguments), **kwargs)
    added_masks = name == "add" and method == "__call__" and all(map(_is_mask, arguments))
    name = "logical_or" if added_masks else name  # as NumPy adds truth values
    inner = ufunc if name in NATIVE else _vectorized(name)
    if inner is None:
        raise AadTypeError(f"np.{name} cannot be recorded: write it with the functions of aadlib")
    if method == "__call__":
        if kwargs.pop("where", True) is not True:
            raise AadTypeError(f"np.{name}(..., where=) cannot be recorded: use np.where on the result")
        return inner(*arguments, **kwargs)
    if method == "at":
        if not (isinstance(arguments[0], np.ndarray) and arguments[0].dtype == object):
            raise AadTypeError(
                f"np.{name}.at cannot write recorded numbers into a float array: make it with aadlib.zeros"
            )
        return inner.at(*arguments, **kwargs)
    if method not in ("reduce", "accumulate", "outer", "reduceat"):
        raise AadTypeError(f"np.{name}.{method} cannot be recorded: use a loop or slicing")
    if method == "reduce" and (mask := kwargs.pop("where", True)) is not True:
        if name not in IDENTITIES:
            raise AadTypeError(f"np.{name}.reduce(..., where=) cannot be recorded: use np.where first")
        arguments[0] = _plain(np.where(mask, arguments[0].view(ADArray), IDENTITIES[name]))
    if name in LOGICAL and method != "outer":
        arguments[0] = np.frompyfunc(_condition, 1, 1)(arguments[0])
    if method == "reduce" and inner is not ufunc:
        return reduce(name, inner, *arguments, **kwargs)
    return getattr(inner, method)(*arguments, **kwargs)


def _as_object(x: Any) -> Any:
    return np.asarray(x, dtype=object)


class ADArray(np.ndarray):
    """An object array of recorded numbers: behaves like a float array wherever that makes sense."""

    __array_priority__ = 100.0

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return handle_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(  # type: ignore[override]
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        return advar.handle_function(function, args, kwargs)

    @property  # type: ignore[misc]
    def real(self) -> Any:
        """The array itself."""
        return self

    @property  # type: ignore[misc]
    def imag(self) -> Any:
        """Zeros."""
        return np.zeros(self.shape)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key if type(key) is int else _decided(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_decided(key), value)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the array itself for float dtypes: recorded numbers stay recorded."""
        if np.dtype(dtype) in FLOATS:
            return self.copy()
        if np.dtype(dtype).kind == "c":
            return COMPLEX["make"](self)
        if all(isinstance(item, Condition) for item in self.flat):
            return self * 1.0  # a mask as numbers: recorded steps
        raise AadTypeError(
            f"recorded numbers cannot become {np.dtype(dtype)}: use aadlib.value_of to leave the tape"
        )

    @property
    def ctypes(self) -> Any:
        """Refuse: what lies in memory are no floats."""
        raise AadTypeError(
            "recorded numbers have no memory that C code could read or write: use aadlib.value_of"
        )

    def dot(self, other: Any) -> Any:  # type: ignore[override]
        """Return the dot product."""
        return np.dot(self, other)

    def clip(self, min: Any = None, max: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the values limited to [min, max], recorded as kinks."""
        return np.clip(self, min, max)

    def mean(self, axis: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the arithmetic mean."""
        return np.mean(self, axis, **kwargs)

    def std(self, axis: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the standard deviation."""
        return np.std(self, axis, **kwargs)

    def var(self, axis: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Return the variance."""
        return np.var(self, axis, **kwargs)


def _decided(key: Any) -> Any:
    """Turn conditions in an index into booleans, which makes guards of them."""
    if isinstance(key, tuple):
        return tuple(_decided(part) for part in key)
    if isinstance(key, np.ndarray) and key.dtype == object:
        return np.array([bool(item) for item in key.ravel()], dtype=bool).reshape(key.shape)
    if isinstance(key, Condition):
        return bool(key)
    return key


def array(x: Any) -> Any:
    """Return numbers, recorded ones among them, as an array that NumPy functions record on.

    Examples
    --------
    >>> import aadlib as ad
    >>> ad.grad(lambda x: ad.array([x[0] * x[1], 2.0]).sum())([3.0, 4.0])
    array([4., 3.])
    """
    if isinstance(x, list) and x and NUMBERS.issuperset(map(type, x)):
        return np.fromiter(x, dtype=object, count=len(x)).view(ADArray)  # NumPy would ask each what it is
    if holds_complex(x):
        return COMPLEX["make"](x)
    return _result(np.array(_plain(x), dtype=object))


def holds_complex(x: Any) -> bool:
    """Say whether something is complex, or a list or an array with a complex number in it."""
    if isinstance(x, (list, tuple)):
        return not NUMBERS.issuperset(map(type, x)) and any(map(holds_complex, x))
    if isinstance(x, np.ndarray) and x.dtype == object and x.ndim:
        return not NUMBERS.issuperset(map(type, x.flat)) and any(map(is_complex, x.flat))
    return is_complex(x)


def zeros(shape: Any) -> ADArray:
    """Return an array of float zeros into which recorded numbers can be written."""
    return np.full(shape, 0.0, dtype=object).view(ADArray)
