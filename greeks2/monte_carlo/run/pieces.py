"""Pieces of the paths, each swept in one call: cut by their number, the noise's layout and the recording alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from aadlib.extend import Program
from greeks2.monte_carlo.noise.sources import Draw, LaneSource
from greeks2.monte_carlo.run.batches import (
    batch_edges,
    batches_per_piece,
    paths_per_card_piece,
    paths_per_piece,
)


@dataclass(frozen=True, eq=False)
class Piece:
    """Some consecutive paths, and what makes their noise.

    Attributes
    ----------
    batch : number of the batch that the first path belongs to
    edges : where the piece begins, where batches begin within it, and its end
    draws : one per lane argument
    """

    batch: int
    edges: tuple[int, ...]
    draws: tuple[Draw, ...]


def pieces_of(
    program: Program, sources: tuple[LaneSource, ...], batches: int, device: str, *, shared: bool = False
) -> Iterator[Piece]:
    """Yield the pieces of all paths in order: several small batches, or a part of a large one.

    Where they are `shared` by workers or threads there are more pieces of small batches, with the same sums.
    The replicates of Sobol points are batches, and each is drawn by itself.
    """
    n_paths = sources[0].n_paths
    block = max(source.block for source in sources)
    replicates = sources[0].replicates
    if replicates > 1:
        edges = [k * (n_paths // replicates) for k in range(replicates + 1)]
    else:
        together = max(source.together for source in sources)
        edges = batch_edges(n_paths, batches, together=together, block=block)
    shapes = [source.shape for source in sources]
    if device == "cuda":
        size = paths_per_card_piece(shapes, block)
    else:
        size = paths_per_piece(shapes, program.n_nodes, block)
    several = 1 if replicates > 1 else batches_per_piece(edges, size, shared=shared)
    for batch in range(0, len(edges) - 1, several):
        cuts = tuple(edges[batch : batch + several + 1])
        parts = [cuts] if several > 1 else pairwise([*range(cuts[0], cuts[1], size), cuts[1]])
        for part in parts:
            draws = tuple(source.cut(part[0], part[-1], stream) for stream, source in enumerate(sources))
            yield Piece(batch, part, draws)
