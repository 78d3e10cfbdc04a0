"""Checks of arguments that raise the project's errors.

They look at values only, so they accept floats, arrays, `ADVar`s and `Dual`s alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadTypeError, AadValueError


def values_of(x: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the plain float64 values behind numbers of any kind, as an array."""
    try:
        array = np.asarray(x)
    except ValueError:
        raise AadTypeError(
            f"expected numbers, got {x!r}: a list is ragged; pass an array of floats"
        ) from None
    if array.dtype != object:
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            raise AadTypeError(f"expected numbers, got {x!r}: pass floats or an array of floats") from None
    flat = np.empty(array.size, dtype=np.float64)
    for position, item in enumerate(array.ravel()):
        while hasattr(item, "value"):
            item = item.value
        try:
            flat[position] = item
        except (TypeError, ValueError):
            raise AadTypeError(
                f"expected numbers, found {item!r}: pass floats or an array of floats"
            ) from None
    return flat.reshape(array.shape)


def as_floats(name: str, given: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return real numbers as a float64 array; refuse text, None, complex numbers, masked arrays and ragged lists."""
    if isinstance(given, np.ma.MaskedArray):
        raise AadTypeError(f"{name} is a masked array: every entry is needed, give a plain array")
    try:
        array = np.asarray(given)
        if array.dtype.kind == "O":
            array = np.array([float(item) for item in array.ravel()]).reshape(array.shape)
    except (TypeError, ValueError) as error:
        raise AadTypeError(f"{name} = {given!r} is not a float or an array of floats: {error}") from None
    if array.dtype.kind not in "biuf":
        raise AadTypeError(f"{name} = {given!r} is not a float or an array of floats")
    return array.astype(np.float64)


def one_float(name: str, given: Any) -> float:
    """Return one real number as a float; refuse arrays, text, None, bools and what is being differentiated."""
    if hasattr(given, "value") and not isinstance(given, np.ndarray | np.generic):
        raise AadTypeError(f"{name} = {given!r} is being differentiated: give a float here")
    number = (
        None if given is None or isinstance(given, bool | np.bool_ | str | bytes) else as_floats(name, given)
    )
    if number is None or number.ndim:
        raise AadTypeError(f"{name} = {given!r}: must be one number")
    return float(number)


def one_number(name: str, given: Any) -> None:
    """Raise `AadTypeError` unless something is one number of any kind: no array, text, None or other object."""
    if isinstance(given, float | int | np.number) or (
        hasattr(given, "value") and not isinstance(given, np.ndarray)
    ):
        return
    if (
        given is None
        or isinstance(given, str | bytes)
        or np.ndim(given)
        or np.asarray(given).dtype.kind not in "fiu"
    ):
        raise AadTypeError(f"{name} = {given!r}: must be one number")


def require_numbers(name: str, given: Any) -> None:
    """Raise `AadTypeError` unless something is a number of any kind, or an array or list of numbers."""
    if isinstance(given, float | int) or hasattr(given, "value"):
        return
    if given is None or isinstance(given, str | bytes) or np.asarray(given).dtype.kind not in "Ofiub":
        raise AadTypeError(f"{name} = {given!r}: must be a number or an array of numbers")
    values_of(given)


def require_instance(name: str, given: Any, kind: type | tuple[type, ...], what: str) -> None:
    """Raise `AadTypeError` unless something is of a kind; `what` says what it must be."""
    if not isinstance(given, kind):
        raise AadTypeError(f"{name} is {_shown(given)}: must be {what}")


def require_choice(name: str, given: Any, choices: Sequence[str]) -> None:
    """Raise `AadValueError` unless something is one of some names."""
    if not isinstance(given, str) or given not in choices:
        raise AadValueError(f"{name} = {_shown(given)}: choose one of {', '.join(choices)}")


def require_flag(name: str, given: Any) -> None:
    """Raise `AadTypeError` unless something is True or False."""
    if not isinstance(given, bool | np.bool_):
        raise AadTypeError(f"{name} = {_shown(given)}: must be True or False")


def names_of(name: str, given: Any) -> tuple[str, ...]:
    """Return one name or several as a tuple; raise `AadTypeError` for anything else."""
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Sequence) or not all(isinstance(item, str) for item in given):
        raise AadTypeError(f"{name} = {_shown(given)}: must be a name or a sequence of names")
    return tuple(given)


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"a {type(given).__name__}"


def whole_number(name: str, given: Any, least: int) -> int:
    """Return a whole number not below `least`; raise `AadValueError` for anything else, bools included."""
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, (int, np.integer)) or given < least:
        raise AadValueError(f"{name} = {_shown(given)}: must be a whole number, {least} or more")
    return int(given)


def _first_bad(name: str, values: np.ndarray[Any, Any], bad: np.ndarray[Any, Any]) -> str:
    if values.ndim == 0:
        return f"{name} = {values.item()!r}"
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    where = index[0] if len(index) == 1 else index
    return f"{name}[{where}] = {values[index].item()!r}"


def _require(name: str, x: Any, holds: Any, wanted: str) -> None:
    values = values_of(x)
    good = np.isfinite(values) & holds(values)
    if not good.all():
        raise AadValueError(f"{_first_bad(name, values, ~good)}: {wanted}")


def require_finite(name: str, x: Any) -> None:
    """Raise `AadValueError` unless every value of `x` is finite."""
    _require(
        name, x, lambda v: np.ones(v.shape, dtype=bool), "must be finite; remove NaN and infinite entries"
    )


def require_positive(name: str, x: Any) -> None:
    """Raise `AadValueError` unless every value of `x` is finite and above zero."""
    _require(name, x, lambda v: v > 0.0, "must be finite and above zero")


def require_non_negative(name: str, x: Any) -> None:
    """Raise `AadValueError` unless every value of `x` is finite and not below zero."""
    _require(name, x, lambda v: v >= 0.0, "must be finite and not negative")


def require_increasing(name: str, x: Any) -> None:
    """Raise `AadValueError` unless the one-dimensional `x` is finite and strictly increasing."""
    values = values_of(x)
    require_finite(name, values)
    if values.ndim != 1:
        raise AadValueError(f"{name} has shape {values.shape}: must be one-dimensional")
    drops = np.flatnonzero(np.diff(values) <= 0.0)
    if drops.size:
        k = int(drops[0])
        raise AadValueError(
            f"{name}[{k}] = {values[k].item()!r} is followed by {values[k + 1].item()!r}: must be strictly increasing; "
            "sort it"
        )


def require_shape(name: str, x: Any, shape: tuple[int, ...]) -> None:
    """Raise `AadValueError` unless `x` has exactly `shape`."""
    if np.shape(x) != shape:
        raise AadValueError(f"{name} has shape {np.shape(x)}: must have shape {shape}")


class Named(Protocol):
    """A composite operation, as far as messages need it."""

    @property
    def name(self) -> str:
        """What it is called."""


def require_rule_shape(
    operation: Named, rule: str, returned: npt.ArrayLike, shape: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """Return what a rule returned as an array, or raise `AadValueError` that names the rule and both shapes."""
    result = np.asarray(returned, dtype=np.float64)
    if result.shape != shape:
        raise AadValueError(f"{operation.name}.{rule} returned shape {result.shape}: must return {shape}")
    return result


def require_one_length(lengths: Sequence[int]) -> int:
    """Return the number of lanes that all lane arguments have; raise `AadValueError` where they differ or have none."""
    if len(set(lengths)) != 1:
        raise AadValueError(
            f"lane arguments differ in length: {list(lengths)}; give them all the same number of lanes"
        )
    if lengths[0] == 0:
        raise AadValueError("lane arguments are empty: give at least one lane")
    return lengths[0]
