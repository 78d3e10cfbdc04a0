"""Random numbers of any block of samples from the seed and the block's number alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from aadlib.types import Floats

BLOCK = 1024
"""Samples that share a stream of random bits; always drawn together, whichever of them are wanted."""

STATES, PATHS = 0, 1
"""Numbers of the streams that states and paths are drawn from."""

MOST_PRODUCTS = 2**18
"""Products of a matrix product that BLAS keeps on one thread: its last bits then do not depend on the threads."""


def generators(seed: int, stream: int, begin: int, end: int) -> Iterator[tuple[int, np.random.Generator]]:
    """Yield every block that overlaps samples begin..end-1: its first sample, and a generator at its start.

    References
    ----------
    Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
    """
    bits = np.random.Philox(key=np.random.SeedSequence(seed).generate_state(2, np.uint64))
    generator = np.random.Generator(bits)
    state: Any = bits.state
    for start in range(begin - begin % BLOCK, end, BLOCK):
        # Word 0 counts within the stream: 2**64 numbers before two streams could meet.
        state["state"]["counter"][:] = (0, 0, start // BLOCK, stream)
        bits.state = state
        yield start, generator


def drawn(
    seed: int, stream: int, begin: int, end: int, draw: Callable[[np.random.Generator, int], Floats]
) -> Floats:
    """Return rows begin..end-1 of what `draw(generator, n)` makes block by block."""
    blocks = []
    for start, generator in generators(seed, stream, begin, end):
        rows = draw(generator, BLOCK)
        blocks.append(rows[max(0, begin - start) : end - start])
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def multiplied(rows: Floats, matrix: Floats) -> Floats:
    """Return rows @ matrix, few rows at a time."""
    step = 1 << max(0, (MOST_PRODUCTS // matrix.size).bit_length() - 1)
    return np.concatenate([rows[k : k + step] @ matrix for k in range(0, len(rows), step)])
