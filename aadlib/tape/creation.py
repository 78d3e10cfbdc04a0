"""Float arrays that recorded numbers are written into: what NumPy makes for the function of a recording that needs it.

`np.zeros(n)` holds floats and `np.array([x, 1.0])` is an array of plain objects: neither can record, and a function
that writes into the one or calls `np.sqrt` of the other fails. It is then run once more, while modules that are no
installed library see another `np` (and other `zeros`, `array`, ... where they imported these) that makes `ADArray`s in
this thread. NumPy itself is left alone: compiled code makes its arrays by the names of the `numpy` module.
"""

from __future__ import annotations

import functools
import sys
import sysconfig
import threading
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

MAKERS = (
    "array", "asarray", "asanyarray", "zeros", "ones", "empty", "full", "eye", "identity", "zeros_like", "ones_like",
    "empty_like", "full_like", "linspace",
)  # fmt: skip
"""Functions that make arrays, by their names in NumPy's namespace."""

OF_LISTS = ("sum", "mean", "prod", "cumsum", "real", "imag", "trapezoid", "max", "min", "dot")
"""Functions that make an array of a list themselves."""

SIGNS = (
    "cannot stand in a plain array", "no callable", "dtype('O')", "complex() of", "float() of an ADVar",
    "float() of a condition", "into a float array", "setting an array element", "object arrays",
)  # fmt: skip
"""What errors say that such an array causes."""

LIBRARIES = ("aadlib", "greeks2", "pricers", "numpy", "scipy")
"""Packages whose arrays stay what they are, wherever they are installed."""

INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
"""Where libraries lie."""

_lock = threading.Lock()
_users: Counter[int] = Counter()
"""How many functions of each thread want such arrays, one inside the other."""

_replaced: list[tuple[dict[str, Any], dict[str, Any]]] = []
"""Namespaces that see another NumPy for now, and what their names were."""


def caused_by_float_array(error: BaseException) -> bool:
    """Say whether arrays that can hold recorded numbers may help."""
    return isinstance(error, (TypeError, ValueError)) and any(sign in str(error) for sign in SIGNS)


def _recording(original: Callable[..., Any], recorded: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def made(*args: Any, **kwargs: Any) -> Any:
        if not _users[threading.get_ident()]:
            return original(*args, **kwargs)
        if original.__name__ in OF_LISTS:
            return original(
                *(recorded(x) if isinstance(x, list) else x for x in args[:1]), *args[1:], **kwargs
            )
        try:
            result = original(*args, **kwargs)
        except (TypeError, ValueError):
            if original.__name__ not in ("array", "asarray", "asanyarray") or not args:
                raise
            return recorded(args[0])
        if type(result) is np.ndarray and result.dtype in (np.float64, np.complex128, np.object_):
            return result if args and result is args[0] else recorded(result)
        return result

    return made


class _OtherNumpy(types.ModuleType):
    """NumPy's namespace with some functions exchanged."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def _namespaces(function: Any) -> Iterator[dict[str, Any]]:
    """Yield the global names that a function and the modules of its user see."""
    while not hasattr(function, "__globals__"):
        inner = (
            getattr(function, "func", None) or getattr(function, "__func__", None) or type(function).__call__
        )
        if not isinstance(inner, types.FunctionType | types.MethodType | functools.partial):
            break
        function = inner
    yield getattr(function, "__globals__", {})
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if (
            file.endswith(".py")
            and name.partition(".")[0] not in LIBRARIES
            and not file.startswith(INSTALLED)
        ):
            yield vars(module)


def _replace(function: Any, recorded: Callable[[Any], Any]) -> None:
    originals = {getattr(np, name): name for name in (*MAKERS, *OF_LISTS)}
    others = {name: _recording(original, recorded) for original, name in originals.items()}
    other_numpy = _OtherNumpy("numpy")
    vars(other_numpy).update(others)
    for namespace in _namespaces(function):
        changed: dict[str, Any] = {}
        for name, value in list(namespace.items()):
            if value is np:
                changed[name], namespace[name] = value, other_numpy
            elif isinstance(value, types.FunctionType | types.BuiltinFunctionType) and value in originals:
                changed[name], namespace[name] = value, others[originals[value]]
        if changed:
            _replaced.append((namespace, changed))


@contextmanager
def arrays_that_record(function: Any, recorded: Callable[[Any], Any]) -> Iterator[None]:
    """Let NumPy make arrays that `recorded` takes over for a function, in this thread, until the block ends."""
    thread = threading.get_ident()
    with _lock:
        _replace(function, recorded)
        _users[thread] += 1
    try:
        yield
    finally:
        with _lock:
            _users[thread] -= 1
            if not _users.total():
                _users.clear()
                for namespace, changed in reversed(_replaced):
                    namespace.update(changed)
                _replaced.clear()
