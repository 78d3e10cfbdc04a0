"""What is done with every piece of the paths, the threads it is worth, and the sums of the pieces added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aadlib.errors import BranchChanged, NotFinite
from aadlib.extend import n_threads
from greeks2.monte_carlo.kinks.kink import KinkSweep
from greeks2.monte_carlo.path_sums import RangeSums
from greeks2.monte_carlo.path_sweep import PathSweep
from greeks2.monte_carlo.run.batches import BatchMeans
from greeks2.monte_carlo.run.pieces import Piece
from greeks2.monte_carlo.run.progress import Progress

WORTH_THREADS = 6e7
"""Steps of arithmetic from which two threads are faster than one, about 10 ms of one: to begin threads costs .5 ms."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is done with every piece: a pure function of the piece, which can be pickled."""

    sweep: PathSweep | KinkSweep
    params: tuple[Any, ...]

    def __call__(self, piece: Piece) -> RangeSums:
        """Return the sums over the piece's paths, batch by batch."""
        noise = tuple([draw() for draw in piece.draws])
        first, last = piece.edges[0], piece.edges[-1]
        try:
            return self.sweep.sums_between(self.params, noise, [edge - first for edge in piece.edges])
        except (BranchChanged, NotFinite) as error:
            raise type(error)(f"in paths {first} to {last - 1} (lane 0 is path {first}): {error}") from None


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


def add_batches(
    swept: Iterable[tuple[Piece, RangeSums]], means: BatchMeans, report: Progress, n_paths: int
) -> None:
    """Add the pieces up to batches and these to the means, in order; report how far they are after every piece."""
    number, batches = -1, None
    for piece, sums in swept:
        if batches is None:
            batches = sums
        elif piece.batch == number:  # a part of the same batch: pieces of several hold whole ones
            batches += sums
        else:
            means.add(batches)
            batches = sums
        number = piece.batch
        report(piece.edges[-1], n_paths)
    if batches is not None:
        means.add(batches)
