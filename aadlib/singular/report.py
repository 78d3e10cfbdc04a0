"""What is said where a derivative is not determined, and what stands in its place: a warning, and NaN where asked."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from aadlib.errors import AadError, Line, SingularWarning, describe_line
from aadlib.rules.properties import RESULT
from aadlib.rules.table import RULES
from aadlib.types import Floats

OURS = ("aadlib", "greeks2", "pricers")
"""Packages whose frames a warning passes over."""

AGAIN = "trace again"
"""Where a program's cache has what records its function once more, with source lines."""

SHOWN = 5
"""Most operations that a warning names."""

_strict: ContextVar[bool] = ContextVar("strict", default=False)


@contextmanager
def strict(on: bool = True) -> Iterator[None]:
    """Give NaN for every derivative that is not determined, while the block runs.

    A derivative is not determined where an operation in use at the edge of its domain has an infinite partial that
    meets a zero: sqrt(x) * x at 0, say. Without this the zero ends the chain, and a `SingularWarning` says so; with it
    the entries concerned are NaN, in every verb and method, and the warning comes too. The branch of a `where` that was
    not taken is not in use, whatever it holds.

    Parameters
    ----------
    on : bool, False to leave an outer block's strictness

    Examples
    --------
    >>> import warnings, numpy as np, aadlib as ad
    >>> with ad.strict(), warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ad.SingularWarning)
    ...     ad.grad(lambda x: np.sqrt(x) * x)(0.0)
    nan
    """
    token = _strict.set(bool(on))
    try:
        yield
    finally:
        _strict.reset(token)


def is_strict(program: Any = None) -> bool:
    """Return whether NaN takes the place of what is not determined."""
    return _strict.get() or (program is not None and bool(program.strict))


def outside_level() -> int:
    """Return the stacklevel, for a warning issued by the caller, of the innermost frame outside our packages."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None:
        if str(frame.f_globals.get("__name__") or "").partition(".")[0] not in OURS:
            break
        level, frame = level + 1, frame.f_back
    return level


def warn_of_singular(
    program: Any, nodes: Sequence[int], values: Floats, arguments: Sequence[Any], *, lanes: str = ""
) -> None:
    """Issue one `SingularWarning` that names the operations in use at an edge, and their source lines.

    Parameters
    ----------
    nodes : of `program`, those whose partials are not finite
    values : (n_slots,) where they are
    arguments : where the program was replayed: the function is run there once more where lines were not traced
    lanes : " in 3 of 100 lanes", or nothing
    """
    lines = _lines_of(program, arguments)
    texts = [_described(program, node, values) for node in nodes[:SHOWN]]
    if lines is None:
        where = "; ".join(texts) + " (record with trace_lines=True for the source line)"
    else:
        places = (describe_line(lines[node]) for node in nodes[:SHOWN])
        where = "; ".join(f"{text} at {place}" for text, place in zip(texts, places, strict=True))
    more = f"; and {len(nodes) - SHOWN} more" if len(nodes) > SHOWN else ""
    many = len(nodes) > 1
    warnings.warn(
        f"a derivative is not determined{lanes}: zero times infinity. {len(nodes)} operation{'s' * many} in use at the "
        f"edge of {'their domains have' if many else 'its domain has'} a derivative that is not finite: {where}{more}. "
        "Where it meets a zero the zero was taken, which may be wrong; strict=True gives NaN there. Write the function "
        "so that the edge is not passed (norm(x)**2 as x @ x), take the other branch of a where, or move the point",
        SingularWarning,
        stacklevel=outside_level(),
    )


def _described(program: Any, node: int, values: Floats) -> str:
    if program.op[node] == RESULT:
        return "a composite operation"
    rule = RULES[program.op[node]]
    operands = [values[program.left[node]], values[program.right[node]]][: rule.arity]
    return f"{rule.name}({', '.join(f'{v:.6g}' for v in operands)})"


def _lines_of(program: Any, arguments: Sequence[Any]) -> Sequence[Any] | None:
    """Return the source line of every node: traced, or from one more run of the function where it is known."""
    if program.lines is not None:
        return program.lines
    trace_again = program.cache.get(AGAIN)
    if trace_again is None:
        return None
    given = arguments[: len(program.arguments)]
    try:
        traced = trace_again(given)
    except (AadError, ArithmeticError, ValueError, TypeError):
        return None  # a function of changing mind: the warning goes without lines
    same = np.array_equal(traced.op, program.op) and np.array_equal(traced.left, program.left)
    lines: Sequence[Any] | None = traced.lines if same else None
    return lines


def outside_line() -> Line:
    """Return the source line of the innermost frame outside our packages."""
    frame = sys._getframe(outside_level() - 1)
    return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


def called_from_outside() -> bool:
    """Return whether the caller's caller is not one of our packages."""
    return str(sys._getframe(2).f_globals.get("__name__") or "").partition(".")[0] not in OURS


def warn_undetermined(origin: str) -> None:
    """Issue the `SingularWarning` of a dual: zero met infinity at `origin`."""
    warnings.warn(
        f"a derivative is not determined: zero times infinity in {origin}, an operation at the edge of its domain. The "
        "zero was taken, which may be wrong; a strict block gives NaN",
        SingularWarning,
        stacklevel=outside_level(),
    )


def at_one_lane(again: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Record a function once more at arguments that have one lane, as the function itself takes them."""
    return again([np.asarray(given)[0] for given in arguments])
