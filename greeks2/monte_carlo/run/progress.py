"""How far a long run is: a bar on a terminal, silence in a pipe, or a function of the caller's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from aadlib.errors import AadTypeError

Progress = Callable[[int, int], None]
"""Called with the number of paths done and the number of all paths."""

WIDTH = 30
SECONDS = 0.1
"""Time between two drawings of the bar."""


@contextmanager
def reporting(progress: bool | Progress, stream: TextIO | None = None) -> Iterator[Progress]:
    """Hand out what to call after every piece of the paths.

    That is `progress` itself, a bar where `stream` (stderr) is a terminal, or nothing. Raises `AadTypeError` where
    `progress` is neither a bool nor callable.
    """
    if callable(progress):
        yield progress
        return
    if not isinstance(progress, bool):
        raise AadTypeError(f"progress = {progress!r}: give True, False or a function of (done, total)")
    stream = sys.stderr if stream is None else stream
    if not progress or not stream.isatty():
        yield lambda done, total: None
        return
    start = time.monotonic()
    drawn = start - SECONDS

    def draw(done: int, total: int) -> None:
        nonlocal drawn
        now = time.monotonic()
        if now - drawn < SECONDS:
            return
        drawn = now
        full = WIDTH * done // total
        left = (now - start) * (total - done) / done
        stream.write(
            f"\r\x1b[K{done / total:4.0%} [{'#' * full}{'.' * (WIDTH - full)}] {done:,} of {total:,} paths, "
            f"{left:.0f} s left"
        )
        stream.flush()

    try:
        yield draw
    finally:  # the line is taken away after an error and after Ctrl-C too
        stream.write("\r\x1b[K")
        stream.flush()
