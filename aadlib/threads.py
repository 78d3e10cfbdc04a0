"""Spread independent pieces of a sweep over threads; the sweeps release the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from aadlib.errors import AadValueError

Piece = TypeVar("Piece")
Result = TypeVar("Result")

SPREAD = 2e6
"""Operations from which pieces are worth a thread of their own."""


def n_threads() -> int:
    """Return the number of threads a large sweep uses: `AADLIB_NUM_THREADS`, or every core this process may use."""
    wanted = os.environ.get("AADLIB_NUM_THREADS")
    if wanted is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not wanted.isdecimal() or int(wanted) == 0:
        raise AadValueError(f"AADLIB_NUM_THREADS = {wanted!r}: must be a whole number above zero")
    return int(wanted)


def map_pieces(function: Callable[[Piece], Result], pieces: Sequence[Piece], *, work: float) -> list[Result]:
    """Return `[function(p) for p in pieces]`, in that order, on threads when `work` (operations) is worth them."""
    workers = min(n_threads(), len(pieces))
    if workers < 2 or work < SPREAD:
        return [function(piece) for piece in pieces]
    with ThreadPoolExecutor(workers) as pool:
        results: list[Any] = list(pool.map(function, pieces))
    return results
