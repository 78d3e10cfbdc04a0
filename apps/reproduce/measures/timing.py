"""Wall times as medians, for the tables that compare methods."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

Result = TypeVar("Result")

MOST_RUNS = 200


def median_seconds(
    call: Callable[[], object], *, budget: float = 0.4, least: int = 3, warm: bool = True
) -> float:
    """Return the median wall time of a call.

    Parameters
    ----------
    call : without arguments
    budget : float, seconds after which no further run starts
    least : int, runs that are made however long they take
    warm : bool
        Whether a first run that is not timed comes before.
    """
    if warm:
        call()
    times: list[float] = []
    while len(times) < least or (sum(times) < budget and len(times) < MOST_RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times)


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    """Return the result of one run, and its wall time."""
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start
