"""Kinds of numbers: plain floats, recorded ones and duals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from aadlib import ADVar


def is_plain(x: Any) -> bool:
    """Return whether `x` holds floats only, nothing being differentiated."""
    if isinstance(x, list | tuple):
        return all(is_plain(item) for item in x)
    if isinstance(x, np.ndarray):
        return bool(x.dtype != object)
    return isinstance(x, int | float | np.number)


def holds_recorded(numbers: Iterable[Any]) -> bool:
    """Return whether some of the numbers are being recorded and none is a dual."""
    recorded = False
    for item in numbers:
        for number in (
            item.ravel().tolist() if isinstance(item, np.ndarray) and item.dtype == object else [item]
        ):
            if hasattr(number, "partials"):
                return False
            recorded = recorded or isinstance(number, ADVar)
    return recorded
