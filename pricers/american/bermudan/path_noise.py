"""Normals of independent batches of paths: pseudo-random, or Sobol points scrambled anew for every batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from aadlib.validation import require_choice, whole_number

NOISES = ("pseudo", "sobol")
LEAST_BATCH = 128
"""Paths a batch needs at least, antithetic ones counted."""
LARGEST_DIMENSION = 21201
"""Dimensions the Sobol points have directions for."""


@dataclass(frozen=True, kw_only=True)
class PathNoise:
    """How many paths are drawn, in how many independent batches, and from what.

    Parameters
    ----------
    n_paths : int
        Rounded up so that all batches are equal, and with Sobol points a power of two.
    n_batches : int, >= 2
        Independent repetitions, whose scatter gives the standard errors.
    antithetic : bool
        Whether every path comes with its mirror image.
    noise : "pseudo" or "sobol"
    seed : int, >= 0

    Raises
    ------
    AadValueError
        For an unknown noise, a count out of range, or batches of less than 128 paths.
    """

    n_paths: int
    n_batches: int
    antithetic: bool
    noise: str
    seed: int

    def __post_init__(self) -> None:
        whole_number("n_batches", self.n_batches, 2)
        whole_number("n_paths", self.n_paths, 1)
        whole_number("seed", self.seed, 0)
        if not isinstance(self.antithetic, bool | np.bool_):
            raise AadTypeError(f"antithetic = {self.antithetic!r}: must be True or False")
        require_choice("noise", self.noise, NOISES)
        if self.n_paths < LEAST_BATCH * self.n_batches:
            raise AadValueError(
                f"n_paths = {self.n_paths!r}: must be at least {LEAST_BATCH} for each of the {self.n_batches} batches"
            )

    @property
    def n_drawn(self) -> int:
        """Paths drawn in a batch, mirror images not counted."""
        drawn = -(-self.n_paths // (self.n_batches * (2 if self.antithetic else 1)))
        return 2 ** math.ceil(math.log2(drawn)) if self.noise == "sobol" else drawn

    @property
    def n_used(self) -> int:
        """Paths in all batches together, mirror images counted."""
        return self.n_drawn * self.n_batches * (2 if self.antithetic else 1)

    def normals(self, *, batch: int, part: int, n_columns: int) -> Floats:
        """Return (n_drawn, n_columns) independent standard normals; each `part` of a batch has a stream of its own.

        Columns are in the order of time after the first, which is whatever a path needs besides its increments.
        """
        stream = np.random.SeedSequence(self.seed, spawn_key=(batch, part))
        generator = np.random.Generator(np.random.Philox(stream))
        if self.noise == "pseudo":
            return generator.standard_normal((self.n_drawn, n_columns))
        if n_columns > LARGEST_DIMENSION:
            raise AadValueError(
                f"{n_columns} numbers a path: Sobol points have at most {LARGEST_DIMENSION}; use noise='pseudo'"
            )
        # scipy.stats takes long to import: only here, where it is used.
        from scipy.special import ndtri
        from scipy.stats import qmc

        points = qmc.Sobol(n_columns, rng=generator).random_base2(int(math.log2(self.n_drawn)))
        normals = ndtri(np.clip(points, 2.0**-40, 1.0 - 2.0**-40))
        normals[:, 1:] = bridged(normals[:, 1:])
        return np.ascontiguousarray(normals)


def bridged(normals: Floats) -> Floats:
    """Return standard normal increments of a Brownian motion on equal steps, its end drawn by the first column.

    The second column draws the middle given the end, and so on in halves: the best Sobol columns draw what matters
    most.
    """
    n = normals.shape[1]
    path = np.zeros((n + 1, len(normals)))
    if n == 0:
        return normals
    path[n] = math.sqrt(n) * normals[:, 0]
    column = 1
    gaps = [(0, n)]
    while gaps:
        later = []
        for left, right in gaps:
            middle = (left + right) // 2
            if middle == left:
                continue
            share = (middle - left) / (right - left)
            spread = math.sqrt((middle - left) * (right - middle) / (right - left))
            path[middle] = (1.0 - share) * path[left] + share * path[right] + spread * normals[:, column]
            column += 1
            later += [(left, middle), (middle, right)]
        gaps = later
    return np.diff(path, axis=0).T
