"""Float arrays that recorded numbers are written into: what NumPy makes for the function of a recording that needs it.

`np.zeros(n)` holds floats and `np.array([x, 1.0])` is an array of plain objects: neither can record, and a function
that writes into the one or calls `np.sqrt` of the other fails. It is then run once more, with the functions of
NumPy's namespace that make arrays returning `ADArray`s to it: to that function and what it calls, in its thread,
until it returns.
"""

from __future__ import annotations

import functools
import sys
import threading
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

LIBRARIES = ("aadlib", "greeks2", "pricers", "numpy", "scipy")
"""Packages whose own arrays stay what they are."""

SIGNS = (
    "cannot stand in a plain array", "no callable", "dtype('O')", "complex() of", "float() of an ADVar",
    "float() of a condition", "into a float array", "setting an array element", "object arrays",
)  # fmt: skip
"""What errors say that such an array causes."""

_lock = threading.Lock()
_users: set[int] = set()
"""Threads whose functions want such arrays."""

_originals: dict[str, Callable[..., Any]] = {}


def caused_by_float_array(error: BaseException) -> bool:
    """Say whether arrays that can hold recorded numbers may help."""
    return isinstance(error, (TypeError, ValueError)) and any(sign in str(error) for sign in SIGNS)


def _recording(original: Callable[..., Any], recorded: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def made(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() not in _users:
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
        caller = sys._getframe(1).f_globals.get("__name__") or ""
        if caller.partition(".")[0] in LIBRARIES or (args and result is args[0]):
            return result
        if type(result) is np.ndarray and result.dtype in (np.float64, np.complex128, np.object_):
            return recorded(result)
        return result

    return made


@contextmanager
def arrays_that_record(recorded: Callable[[Any], Any]) -> Iterator[None]:
    """Let NumPy's functions make arrays that `recorded` takes over, in this thread, until the block ends."""
    thread = threading.get_ident()
    with _lock:
        if not _users:
            _originals.update({name: getattr(np, name) for name in (*MAKERS, *OF_LISTS)})
            for name, original in _originals.items():
                setattr(np, name, _recording(original, recorded))
        _users.add(thread)
    try:
        yield
    finally:
        with _lock:
            _users.discard(thread)
            if not _users:
                for name, original in _originals.items():
                    setattr(np, name, original)
