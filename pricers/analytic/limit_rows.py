"""Rows of a market: the regular ones, those at a limit of the formula, and those without a value.

A closed form divides by sigma sqrt(T); where that is zero, or spot or strike is, the limit stands in for the formula,
row by row, so that one expired option refuses no table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.validation import require_choice, require_finite, require_non_negative, values_of
from pricers.types import Bools

OnError = Literal["raise", "nan"]

REGULAR, AT_LIMIT, WITHOUT_VALUE = 0, 1, 2


def rows_without_value(on_error: OnError, *, non_negative: dict[str, Any], finite: dict[str, Any]) -> Bools:
    """Return which rows hold a number outside its domain; with on_error="raise" such a row raises instead."""
    require_choice("on_error", on_error, ("raise", "nan"))
    if on_error == "raise":
        for name, number in non_negative.items():
            require_non_negative(name, number)
        for name, number in finite.items():
            require_finite(name, number)
        return np.zeros((), dtype=bool)
    bad = np.zeros((), dtype=bool)
    for number in non_negative.values():
        bad = bad | ~(values_of(number) >= 0.0)
    for number in (*non_negative.values(), *finite.values()):
        bad = bad | ~np.isfinite(values_of(number))
    return bad


def kinds_of_rows(without_value: Bools, *vanishing: Any) -> npt.NDArray[np.int8]:
    """Return REGULAR, AT_LIMIT (where one of `vanishing` is zero) or WITHOUT_VALUE for each row."""
    at_limit = np.zeros((), dtype=bool)
    for number in vanishing:
        at_limit = at_limit | (values_of(number) == 0.0)
    return np.where(without_value, WITHOUT_VALUE, np.where(at_limit, AT_LIMIT, REGULAR)).astype(np.int8)


def by_kind(
    kinds: npt.NDArray[np.int8],
    formulas: tuple[Callable[..., Any], Callable[..., Any]],
    arguments: tuple[Any, ...],
) -> Any:
    """Return formulas[0](*arguments) in regular rows, formulas[1] in those at a limit, NaN in the others.

    Each formula is called once, with the rows that are its own.
    """
    arguments = tuple(as_array(x) for x in arguments)
    shape = common_shape(kinds, *arguments)
    if not kinds.any():
        return formulas[0](*arguments)
    if shape == ():
        return np.nan if kinds == WITHOUT_VALUE else formulas[int(kinds)](*arguments)
    kinds = np.broadcast_to(kinds, shape).ravel()
    columns = [np.broadcast_to(np.asarray(x), shape).ravel() for x in arguments]
    numbers = any(column.dtype == object for column in columns)
    result = np.full(kinds.size, np.nan, dtype=object if numbers else np.float64)
    for kind, formula in enumerate(formulas):
        rows = np.flatnonzero(kinds == kind)
        if rows.size:
            own = [column[rows] for column in columns]
            result[rows] = formula(*(ad.array(x) if x.dtype == object else x for x in own))
    return (ad.array(result) if numbers else result).reshape(shape)


def fields_by_kind(
    kinds: npt.NDArray[np.int8],
    formulas: tuple[Callable[..., dict[str, Any]], Callable[..., dict[str, Any]]],
    arguments: Sequence[Any],
) -> dict[str, Any]:
    """Return what `by_kind` would, field by field, of formulas of floats that return several fields by name.

    Each field has the shape that the arguments broadcast to; both formulas return the same names.
    """
    shape = common_shape(*arguments)
    if not kinds.any():
        values = formulas[0](*arguments)
        return {name: np.broadcast_to(value, shape)[()] for name, value in values.items()}
    kinds = np.broadcast_to(kinds, shape).ravel()
    columns = [np.broadcast_to(x, shape).ravel() for x in arguments]
    table: dict[str, Any] = {}
    for kind, formula in enumerate(formulas):
        rows = np.flatnonzero(kinds == kind)
        for name, value in formula(*(column[rows] for column in columns)).items():
            table.setdefault(name, np.full(kinds.size, np.nan))[rows] = value
    return {name: column.reshape(shape)[()] for name, column in table.items()}


def as_array(numbers: Any) -> Any:
    """Return a list as an array; anything else as it is."""
    if not isinstance(numbers, list | tuple):
        return numbers
    array = np.asarray(numbers)
    return ad.array(array) if array.dtype == object else array


def common_shape(*arguments: Any) -> tuple[int, ...]:
    """Return the shape that arguments broadcast to, or raise `AadValueError` where they do not fit."""
    shapes = [np.shape(x) for x in arguments]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise AadValueError(
            f"shapes {', '.join(map(str, dict.fromkeys(s for s in shapes if s)))} do not broadcast against each other"
        ) from None


def limit_of_payoff(payoff: Any, still: Any) -> Any:
    """Return max(payoff, 0), recorded as the side it is on; a tie is the kink that `maximum` reports.

    `still` is zero in value where the limit holds; in a recording that stays as a guard, and so does the side.
    """
    if np.asarray(payoff).dtype != object:
        return np.maximum(payoff, 0.0)
    if np.ndim(payoff):
        pairs = zip(payoff.tolist(), np.broadcast_to(np.asarray(still), payoff.shape).tolist(), strict=True)
        return ad.array([limit_of_payoff(*pair) for pair in pairs])
    if still > 0.0:
        raise AadValueError("a limit was asked for away from it: record at these inputs")
    if payoff > 0.0:
        return payoff
    return ad.maximum(payoff, 0.0) if payoff == 0.0 else 0.0 * payoff
