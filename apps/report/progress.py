"""Stages of a long job: a progress bar on a terminal, silence in a pipe, timings for both."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TextIO

from apps.report.tables import Column, Table, table


class Stages:
    """The stages of a job in their order, each with the seconds it took, and the moments that it passed.

    `show` gets the name of a stage and the number of those before it, with its own share; inside `hidden`, other things
    may be printed.
    """

    def __init__(
        self,
        show: Callable[[str, float], None],
        hidden: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self.passed: dict[str, float] = {}
        self.hidden = hidden
        self._name = ""
        self._show = show
        self._start = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run the block as the stage `name` and keep its wall time."""
        self._name = name
        self._show(name, len(self.seconds))
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def mark(self, name: str) -> None:
        """Keep the wall time since the beginning as the moment `name`."""
        self.passed[name] = time.perf_counter() - self._start

    def within(self, share: float) -> None:
        """Show that a share, from 0 to 1, of the stage that runs is done."""
        self._show(self._name, len(self.seconds) + share)

    def timings(self) -> Table:
        """Return the stages and their wall times, the total, and the moments since the beginning."""
        rows = [*self.seconds.items(), ("total", sum(self.seconds.values())), *self.passed.items()]
        return table("Wall time", [Column("stage"), Column("time", "s", ".3f")], rows)


@contextmanager
def stages(total: int, stream: TextIO | None = None) -> Iterator[Stages]:
    """Yield `Stages`, shown as one bar of `total` steps where `stream` (stderr) is a terminal."""
    stream = sys.stderr if stream is None else stream
    if stream is None or not stream.isatty():
        yield Stages(lambda name, done: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("starting", total=total)

        @contextmanager
        def hidden() -> Iterator[None]:
            bar.stop()
            yield
            bar.start()

        yield Stages(lambda name, done: bar.update(task, description=name, completed=done), hidden)
