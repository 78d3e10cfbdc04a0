"""Pictures drawn in a second process while this one goes on calculating."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Any, NamedTuple


class Picture(NamedTuple):
    """A picture, or several, that is wanted: a function of a module and what it takes, both of which can be pickled.

    The function returns SVG, or SVGs by label.
    """

    make: Callable[..., Any]
    arguments: tuple[Any, ...]


class Drawing:
    """A process that draws pictures by name; loading the plotting library is its first task."""

    def __init__(self) -> None:
        # A fresh interpreter, not a copy of this one: threads of BLAS and of our own do not survive a copy.
        self._process = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare)
        self._drawn: dict[str, Future[Any]] = {}

    def __enter__(self) -> Drawing:
        self._process.submit(_load)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.shutdown(wait=True, cancel_futures=True)

    def draw(self, wanted: Mapping[str, Picture]) -> None:
        """Begin to draw pictures."""
        for name, picture in wanted.items():
            self._drawn[name] = self._process.submit(picture.make, *picture.arguments)

    def pictures(self) -> dict[str, Any]:
        """Return all pictures by name, once they are drawn."""
        return {name: drawn.result() for name, drawn in self._drawn.items()}


def draw_here(wanted: Mapping[str, Picture]) -> dict[str, Any]:
    """Return pictures by name, drawn in this process."""
    return {name: picture.make(*picture.arguments) for name, picture in wanted.items()}


def _prepare() -> None:
    """Leave Ctrl-C to the parent, end with it, and leave the memory of figures, full of cycles, to that end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _load() -> None:
    """Import what every picture needs."""
    from matplotlib.projections import get_projection_class

    for name in ("agg", "svg"):
        import_module(f"matplotlib.backends.backend_{name}")

    get_projection_class("3d")
