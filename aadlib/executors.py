"""Hand pieces of work to any executor; the results come back in the pieces' order, whatever the executor does."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aadlib.threads import n_threads

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Piece = TypeVar("Piece")
Result = TypeVar("Result")

WINDOW = 128
"""Pieces handed to an executor whose results are not yet taken: bounds the memory of long runs."""


class ExecutorWarning(RuntimeWarning):
    """An executor failed and its pieces were swept again in the caller: the result is right, the time was longer."""


@dataclass(frozen=True, eq=False)
class _PathFailed:
    """An error of the path itself, brought back as a result: what a future raises is then always its executor's."""

    error: Exception


def _attempt(task: Callable[[Piece], Result], piece: Piece) -> Result | _PathFailed:
    try:
        return task(piece)
    except (MemoryError, OSError):  # the machine's, not the path's
        raise
    except Exception as error:
        return _PathFailed(error)


class _Handing(Generic[Piece, Result]):
    """Hands pieces to an executor, or to threads of this process once the executor has failed to take one."""

    def __init__(self, task: Callable[[Piece], Result], executor: Any, stack: ExitStack) -> None:
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
                from concurrent.futures import ThreadPoolExecutor

                self.failure = self.failure or error
                self._own = self._stack.enter_context(ThreadPoolExecutor(n_threads()))
        self.redone += 1
        return self._own.submit(_attempt, self._task, piece)

    def result(self, piece: Piece, future: Any) -> Result:
        """Return the piece's result, swept again here where its worker was lost; raise an error of the path itself."""
        try:
            result: Result | _PathFailed = future.result()
        except Exception as error:
            self.failure = self.failure or error
        else:
            if isinstance(result, _PathFailed):
                raise result.error
            return result
        self.redone += 1
        return self._task(piece)


def results_in_order(
    task: Callable[[Piece], Result], pieces: Iterable[Piece], executor: Any
) -> Generator[tuple[Piece, Result], None, None]:
    """Yield every piece with its result, in order, whatever runs where.

    Parameters
    ----------
    task : function of a piece, which can be pickled where the executor has other processes
    pieces : iterable
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
