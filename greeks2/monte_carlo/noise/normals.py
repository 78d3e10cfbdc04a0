"""Normal noise made on the fly: any block of paths from the seed and the block's number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import whole_number
from greeks2.monte_carlo.noise.sources import Draw
from greeks2.monte_carlo.run.batches import paths_within

BLOCK = 256
"""Paths that share a stream of random bits, unless their numbers are too many to be made at once."""


def noise_shape(given: Any) -> tuple[int, ...]:
    """Return the shape of one path's noise as a tuple; a whole number means one axis."""
    sizes = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    return tuple(whole_number(f"shape[{axis}]", size, 1) for axis, size in enumerate(sizes))


@dataclass(frozen=True, kw_only=True)
class Normals:
    """Independent standard normal numbers for every path, made when and where they are needed.

    Parameters
    ----------
    n_paths : int, even where paths are antithetic
    shape : shape of one path's numbers; () for a single one
    seed : int, 0 or more
    antithetic : bool
        Paths come in pairs, one with the other's numbers negated. A pair is one sample in the standard error.

    Raises
    ------
    AadValueError
        For n_paths below 1 or odd with `antithetic`, a negative seed, or a size in `shape` below 1.

    Notes
    -----
    Every block of paths has a stream of its own: Philox keyed by the seed, its counter set to the block's number. So
    any worker makes any block, and the first paths stay the same when `n_paths` grows.

    References
    ----------
    Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.

    Examples
    --------
    >>> from greeks2 import Normals
    >>> Normals(n_paths=4, shape=(2,), seed=7, antithetic=True).draw(0, 4).sum(axis=0)
    array([0., 0.])
    """

    n_paths: int
    shape: tuple[int, ...]
    seed: int
    antithetic: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_paths", whole_number("n_paths", self.n_paths, 1))
        object.__setattr__(self, "shape", noise_shape(self.shape))
        object.__setattr__(self, "seed", whole_number("seed", self.seed, 0))
        if self.antithetic and self.n_paths % 2:
            raise AadValueError(
                f"n_paths = {self.n_paths} is odd: antithetic paths come in pairs, take {self.n_paths + 1}"
            )

    @property
    def together(self) -> int:
        """Number of consecutive paths that are one sample."""
        return 2 if self.antithetic else 1

    @property
    def block(self) -> int:
        """Paths that share one stream: depends on `shape` only."""
        return min(BLOCK, paths_within(self.shape))

    @property
    def replicates(self) -> int:
        """Random paths need no randomisation."""
        return 1

    def cut(self, begin: int, end: int, stream: int) -> Draw:
        """Return what draws paths begin..end-1 as lane argument number `stream`."""
        return partial(self.draw, begin, end, stream=stream)

    def draw(self, begin: int, end: int, *, stream: int = 0) -> Floats:
        """Return the numbers of paths begin..end-1, (end - begin, *shape).

        Parameters
        ----------
        begin, end : range of paths
        stream : int, position of the lane argument: several sources with one seed are independent
        """
        block, step = self.block, self.together
        first = begin - begin % block
        made = np.empty((-(-(end - first) // step), *self.shape))
        bits = np.random.Philox(key=np.random.SeedSequence(self.seed).generate_state(2, np.uint64))
        generator, state = np.random.Generator(bits), bits.state
        for start in range(first, end, block):
            # Word 0 counts within the stream: 2**64 numbers before two streams could meet.
            state["state"]["counter"][:] = (0, 0, start // block, stream)
            bits.state = state
            generator.standard_normal(out=made[(start - first) // step : (start - first + block) // step])
        if self.antithetic:
            made = np.stack([made, -made], axis=1).reshape(-1, *self.shape)
        return made[begin - first : end - first]
