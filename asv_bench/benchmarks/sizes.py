"""How large the benchmarks are: all sizes, or the smallest one where AADLIB_BENCH_SMALLEST is set."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

SMALLEST = os.environ.get("AADLIB_BENCH_SMALLEST", "0") not in ("", "0")


def sizes(*ascending: int) -> list[int]:
    """Return all sizes, or the first."""
    return list(ascending[:1] if SMALLEST else ascending)


def median_seconds(function: Callable[[], object], rounds: int = 9) -> float:
    """Return the median time of one call, after one call that is not counted."""
    function()
    rounds = 3 if SMALLEST else rounds
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[rounds // 2]
