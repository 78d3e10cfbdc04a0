"""Sweep pieces of the paths on threads or on any executor; the results come back in the pieces' order."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from aadlib.errors import BranchChanged, NotFinite
from aadlib.extend import n_threads
from greeks2.monte_carlo.kinks.kink import KinkSweep
from greeks2.monte_carlo.path_sums import PathSums
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.monte_carlo.run.batches import BatchMeans
from greeks2.monte_carlo.run.pieces import Piece
from greeks2.monte_carlo.run.progress import Progress

WINDOW = 128
"""Pieces handed to an executor and not yet added up: bounds the memory of long runs."""

WORTH_THREADS = 5e6
"""Steps of arithmetic from which two threads are faster than one: about 3 ms."""


class ExecutorWarning(RuntimeWarning):
    """An executor failed and its pieces were swept again in the caller: the result is right, the time was longer."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is done with every piece: a pure function of the piece, which can be pickled."""

    sweep: PathSweep | KinkSweep
    params: tuple[Any, ...]

    def __call__(self, piece: Piece) -> list[PathSums]:
        """Return the sums over the piece's paths, batch by batch."""
        noise = tuple([draw() for draw in piece.draws])
        first, last = piece.edges[0], piece.edges[-1]
        try:
            return self.sweep.sums_between(self.params, noise, [edge - first for edge in piece.edges])
        except (BranchChanged, NotFinite) as error:
            raise type(error)(f"in paths {first} to {last - 1} (lane 0 is path {first}): {error}") from None


@dataclass(frozen=True, eq=False)
class _PathFailed:
    """An error of the path itself, brought back as a result: what a future raises is then always its executor's."""

    error: Exception


def _attempt(task: Task, piece: Piece) -> list[PathSums] | _PathFailed:
    try:
        return task(piece)
    except (MemoryError, OSError):  # the machine's, not the path's
        raise
    except Exception as error:
        return _PathFailed(error)


class _Handing:
    """Hands pieces to an executor, or to threads of this process once the executor has failed to take one."""

    def __init__(self, task: Task, executor: Any, stack: ExitStack) -> None:
        self._task, self._stack = task, stack
        self._executor = executor
        self._own: ThreadPoolExecutor | None = None
        self.failure: Exception | None = None
        self.redone = 0

    def submit(self, piece: Piece) -> Any:
        """Return a future of the piece's result."""
        if self._own is None:
            try:
                return self._executor.submit(_attempt, self._task, piece)
            except Exception as error:  # whatever kind of failure is the executor's own
                self.failure = self.failure or error
                self._own = self._stack.enter_context(ThreadPoolExecutor(n_threads()))
        self.redone += 1
        return self._own.submit(_attempt, self._task, piece)

    def result(self, piece: Piece, future: Any) -> list[PathSums]:
        """Return the piece's sums, swept again here where its worker was lost; raise an error of the path itself."""
        try:
            sums = future.result()
        except Exception as error:
            self.failure = self.failure or error
        else:
            if isinstance(sums, _PathFailed):
                raise sums.error
            return sums
        self.redone += 1
        return self._task(piece)


@contextmanager
def own_threads(executor: Any, *, work: float) -> Iterator[Any]:
    """Hand out the executor, where there is none threads of this process, or None where the work is not worth them.

    `work` counts steps of arithmetic.
    """
    if executor is not None or work < WORTH_THREADS or n_threads() == 1:
        yield executor
        return
    with ThreadPoolExecutor(n_threads()) as threads:
        yield threads


def sums_in_order(
    task: Task, pieces: Iterable[Piece], executor: Any
) -> Generator[tuple[Piece, list[PathSums]], None, None]:
    """Yield every piece with its sums batch by batch, in order, whatever runs where.

    Parameters
    ----------
    task : Task
    pieces : iterable of Piece
    executor : object with `submit(function, *arguments)` that returns futures (`result()`, `cancel()`), or None: the
        pieces are swept in this thread

    Raises
    ------
    Exception
        Of the path itself, in the first piece that has one. Pieces still waiting are cancelled then, as they are by
        Ctrl-C.

    Warns
    -----
    ExecutorWarning
        Once, at the end, when the executor failed.
    """
    if executor is None:
        for piece in pieces:
            yield piece, task(piece)
        return
    waiting: deque[tuple[Piece, Any]] = deque()
    with ExitStack() as stack:
        handing = _Handing(task, executor, stack)
        try:
            for piece in pieces:
                waiting.append((piece, handing.submit(piece)))
                if len(waiting) == WINDOW:
                    yield waiting[0][0], handing.result(*waiting.popleft())
            while waiting:
                yield waiting[0][0], handing.result(*waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()
    if handing.failure is not None:
        warnings.warn(
            f"{handing.redone} pieces of the paths were swept in this process, as the executor failed with "
            f"{type(handing.failure).__name__}: {handing.failure}. The result is the same to the last bit",
            ExecutorWarning,
            stacklevel=4,
        )


def add_batches(
    swept: Iterable[tuple[Piece, list[PathSums]]], means: BatchMeans, report: Progress, n_paths: int
) -> None:
    """Add the pieces up to batches and these to the means, in order; report how far they are after every piece."""
    number, batch = 0, None
    for piece, parts in swept:
        whole = []
        for position, sums in enumerate(parts, piece.batch):
            if batch is not None and position != number:
                whole.append(batch)
                batch = None
            number, batch = position, sums if batch is None else batch + sums
        means.add(*whole)
        report(piece.edges[-1], n_paths)
    if batch is not None:
        means.add(batch)
