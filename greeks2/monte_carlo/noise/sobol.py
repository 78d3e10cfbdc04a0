"""Scrambled Sobol points as normal noise: independent replicates, any block without the ones before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from math import prod

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import whole_number
from greeks2.monte_carlo.noise.bridge import bridge
from greeks2.monte_carlo.noise.normals import noise_shape
from greeks2.monte_carlo.noise.sources import Draw
from greeks2.monte_carlo.run.batches import paths_within

BITS = 30
MOST_DIMENSIONS = 21201
"""Dimensions that scipy has direction numbers for (Joe and Kuo 2008)."""

Words = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class _Net:
    """One scrambled Sobol sequence: its first block, and where the blocks at powers of two begin.

    In Gray-code order point i is the exclusive or of the shift and the direction numbers of the bits of i ^ (i >> 1),
    which is linear over exclusive or: block m is the first one changed by one word per dimension.
    """

    first: Words
    heads: Words

    def block(self, m: int) -> Words:
        """Return the points of block m, (block, d)."""
        bits = [k for k in range(len(self.heads)) if m >> k & 1]
        change = np.bitwise_xor.reduce(self.heads[bits] ^ self.first[0], axis=0) if bits else np.uint32(0)
        return self.first ^ change


@lru_cache(maxsize=32)
def _net(dimensions: int, n_points: int, block: int, seed: int, replicate: int) -> _Net:
    """Return a replicate of `n_points` points, both sizes powers of two, from scipy's engine."""
    from scipy.stats import qmc

    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(replicate,)))
    engine = qmc.Sobol(dimensions, scramble=True, bits=BITS, rng=generator)

    def words(n: int) -> Words:
        return (engine.random(n) * 2.0**BITS).astype(np.uint32)

    first = words(block)
    heads: list[Words] = []
    while engine.num_generated < n_points:
        engine.fast_forward(block * 2 ** len(heads) - engine.num_generated)
        heads.append(words(1)[0])
        engine.fast_forward(min(n_points, block * 2 ** len(heads)) - engine.num_generated)
    return _Net(first, np.array(heads, dtype=np.uint32).reshape(len(heads), dimensions))


@dataclass(frozen=True, kw_only=True)
class Sobol:
    """Standard normal numbers from scrambled Sobol points: fewer paths for the same error where payoffs are smooth.

    Parameters
    ----------
    n_paths : int, over all replicates; n_paths / replicates must be a power of two
    shape : shape of one path's numbers, at most 21,201 of them
    seed : int, 0 or more
    replicates : int, 2 or more
        Independent randomisations of the same points. The standard error comes from the spread between their means,
        so the `batches` of `expectation` are these.
    bridge : bool
        For shape (n_steps, n_assets), steps of equal length: the first and best points of the sequence decide where
        the paths end, the next ones their middle. What the path function gets are still independent normals, one per
        step and asset.

    Raises
    ------
    AadValueError
        For sizes that do not divide into powers of two, too many dimensions, a negative seed, or `bridge` with another
        shape.

    Notes
    -----
    Linear matrix scrambling and a digital shift (scipy.stats.qmc); a point is the middle of a cell of width 2**-30,
    through the inverse of the normal distribution.

    References
    ----------
    Joe and Kuo (2008), Constructing Sobol sequences with better two-dimensional projections.
    Matousek (1998), On the L2-discrepancy for anchored boxes.

    Examples
    --------
    >>> from greeks2 import Sobol
    >>> Sobol(n_paths=1024, shape=(50, 10), seed=7, replicates=16, bridge=True).draw(0, 64).shape
    (64, 50, 10)
    """

    n_paths: int
    shape: tuple[int, ...]
    seed: int
    replicates: int = 16
    bridge: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_paths", whole_number("n_paths", self.n_paths, 1))
        object.__setattr__(self, "shape", noise_shape(self.shape))
        object.__setattr__(self, "seed", whole_number("seed", self.seed, 0))
        object.__setattr__(self, "replicates", whole_number("replicates", self.replicates, 2))
        points, left = divmod(self.n_paths, self.replicates)
        if left or points & (points - 1) or not points:
            nearest = self.replicates << max(0, round(np.log2(max(1.0, self.n_paths / self.replicates))))
            raise AadValueError(
                f"n_paths = {self.n_paths} over replicates = {self.replicates}: every replicate needs a power of two "
                f"of Sobol points, take n_paths = {nearest}"
            )
        if points > 2**BITS:
            raise AadValueError(
                f"n_paths = {self.n_paths}: a replicate has at most 2**{BITS} points, take more replicates"
            )
        if prod(self.shape) > MOST_DIMENSIONS:
            raise AadValueError(
                f"shape = {self.shape} has {prod(self.shape)} numbers: Sobol points have at most {MOST_DIMENSIONS} "
                "dimensions, take Normals"
            )
        if self.bridge and len(self.shape) != 2:
            raise AadValueError(
                f"shape = {self.shape} with bridge=True: a Brownian bridge needs (n_steps, n_assets)"
            )

    @property
    def together(self) -> int:
        """Every point is a path; what is independent are the replicates."""
        return 1

    @property
    def block(self) -> int:
        """Points that are made together."""
        return min(self.n_paths // self.replicates, paths_within(self.shape))

    def cut(self, begin: int, end: int, stream: int) -> Draw:
        """Return what makes paths begin..end-1; `stream` is always 0, as a run has one Sobol sequence."""
        return partial(self.draw, begin, end)

    def draw(self, begin: int, end: int) -> Floats:
        """Return the numbers of paths begin..end-1, (end - begin, *shape)."""
        block, points = self.block, self.n_paths // self.replicates
        first = begin - begin % block
        rows = []
        for start in range(first, end, block):
            replicate, offset = divmod(start, points)
            net = _net(prod(self.shape), points, block, self.seed, replicate)
            rows.append(net.block(offset // block)[max(0, begin - start) : end - start])
        return self._normals(np.concatenate(rows))

    def _normals(self, words: Words) -> Floats:
        from scipy.special import ndtri

        normals: Floats = ndtri((words + 0.5) * 2.0**-BITS).reshape(-1, *self.shape)
        return bridge(normals) if self.bridge else normals
