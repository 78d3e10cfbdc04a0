"""Spread independent pieces of a sweep over threads; the sweeps release the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from aadlib.errors import AadValueError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

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


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    """Return the threads that stand ready beside the calling one: starting them costs more than a small sweep."""
    from concurrent.futures import ThreadPoolExecutor  # not for whoever only imports

    return ThreadPoolExecutor(workers, thread_name_prefix="aadlib")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


def map_pieces(
    function: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    *,
    work: float,
    threads: int | None = None,
) -> list[Result]:
    """Return `[function(p) for p in pieces]`, in that order, on threads when `work` (operations) is worth them.

    The calling thread takes its share, so a piece may itself spread work: nobody waits for a thread that has not begun.
    """
    most = threads or n_threads()
    workers = min(most, len(pieces))
    if workers < 2 or work < SPREAD:
        return [function(piece) for piece in pieces]
    results: list[Any] = [None] * len(pieces)
    errors: dict[int, BaseException] = {}
    numbers = count()

    def take() -> None:
        while not errors and (number := next(numbers)) < len(pieces):
            try:
                results[number] = function(pieces[number])
            except BaseException as error:  # an interrupt too: no thread begins another piece
                errors[number] = error

    from concurrent.futures import wait

    others = [_pool(most - 1).submit(take) for _ in range(workers - 1)]
    take()
    wait([other for other in others if not other.cancel()])
    if errors:
        # Every piece before a failed one was begun too, so which error is raised does not depend on the threads.
        raise errors[min(errors)]
    return results
