"""Batches of paths: where they are cut, and the standard errors that their means give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

import numpy as np

from aadlib.extend import Undetermined
from aadlib.types import Floats
from greeks2.monte_carlo.path_sums import PathSums, RangeSums
from greeks2.monte_carlo.run.moments import add_to_moments

PIECE_BYTES = 2**20
"""Noise of the paths that are swept at once: small enough for a second-level cache."""

PIECE_PATHS = 2**14
"""Most paths swept at once, so that progress is seen and Ctrl-C heard."""

PIECE_NODES = 2**23
"""Most nodes times paths swept at once, for the same reason."""

CARD_BYTES, CARD_PATHS = 2**26, 2**20
"""Noise sent to a card at once, at most: many paths for each of its threads, little of the host's memory."""

FEWEST_PIECES = 8
"""Small batches are swept several in a call, but there are calls enough for the threads to share."""

GRAIN = 64
"""Batches begin at multiples of this many paths where there are enough of them: whole blocks of the sweep's lanes."""


def _power_of_two_below(limit: float) -> int:
    return 1 << max(0, int(limit).bit_length() - 1)


def paths_within(shape: tuple[int, ...]) -> int:
    """Return the largest power of two of paths whose noise fits `PIECE_BYTES`, at least 2 (an antithetic pair)."""
    return max(2, _power_of_two_below(PIECE_BYTES / (8 * prod(shape))))


def paths_per_piece(shapes: Sequence[tuple[int, ...]], n_nodes: int, block: int) -> int:
    """Return how many paths are swept at once, a power of two.

    Parameters
    ----------
    shapes : of one path's noise, one per lane argument
    n_nodes : int, nodes of the program
    block : int, paths that are cheap to make together: the piece is not smaller
    """
    fitting = paths_within((sum(prod(shape) for shape in shapes),))
    return max(block, min(PIECE_PATHS, fitting, _power_of_two_below(PIECE_NODES / max(1, n_nodes))))


def paths_per_card_piece(shapes: Sequence[tuple[int, ...]], block: int) -> int:
    """Return how many paths are sent to a card at once, a power of two; arguments as for `paths_per_piece`."""
    fitting = _power_of_two_below(CARD_BYTES / (8 * sum(prod(shape) for shape in shapes)))
    return max(block, min(CARD_PATHS, fitting))


def batches_per_piece(edges: Sequence[int], size: int, *, shared: bool) -> int:
    """Return how many small batches are swept in one call, of at most `size` paths.

    There are at least `FEWEST_PIECES` calls where workers or threads share them.
    """
    longest = max([end - begin for begin, end in pairwise(edges)])
    return max(1, min((len(edges) - 1) // (FEWEST_PIECES if shared else 1), size // longest))


def batch_edges(n_paths: int, batches: int, *, together: int = 1, block: int = 1) -> list[int]:
    """Return where the batches begin, and the end: fixed by the numbers of paths and batches and the noise's layout.

    Sizes differ by a grain of paths, at most a quarter of a batch. The grain is a power of two, a whole block of the
    noise where batches are long enough. There are fewer batches than asked for where there are fewer samples.

    Parameters
    ----------
    n_paths : int
    batches : int, the number wanted
    together : int, consecutive paths that are one sample and stay in one batch
    block : int, paths whose noise is made together, a power of two
    """
    grain = max(GRAIN, block)
    while grain > together and n_paths < 4 * batches * grain:
        grain //= 2
    grains = -(-n_paths // grain)
    count = min(batches, grains)
    return [*[k * grains // count * grain for k in range(count)], n_paths]


@dataclass(frozen=True, eq=False)
class Estimate:
    """Means over all paths and their standard errors; these are nan where a single batch tells nothing of them.

    Attributes
    ----------
    mean, stderr : PathSums of one path: value, gradient and Hessian where there are any
    n_paths, n_batches : int
    """

    mean: PathSums
    stderr: PathSums
    n_paths: int
    n_batches: int


class BatchMeans:
    """Means and standard errors from batches that come one after the other; nothing of a batch is stored.

    With batches of n_b paths and means m_b, and the mean m over all n paths, the variance of one path is estimated
    without bias by s^2 = sum_b n_b (m_b - m)^2 / (B - 1), whatever the sizes, and the standard error of m is
    s / sqrt(n). The sum grows as batches come (West 1979): sum += n_b (m_b - m_before) (m_b - m_after).

    References
    ----------
    West (1979), Updating mean and variance estimates: an improved method. Communications of the ACM 22 (9).
    """

    def __init__(self) -> None:
        self.n_batches = self.n_empty = 0
        self.n_paths = 0
        self.undetermined: Undetermined | None = None
        self._shape = 0, 0  # order, and number of the inputs
        self._moments = np.zeros((3, 0))

    def add(self, batches: RangeSums) -> None:
        """Add some batches: always in the batches' order, so that every bit of the result is the same."""
        values, gradients, hessians = batches.values, batches.gradients, batches.hessians
        n, m = values.size, 0 if gradients is None else gradients.shape[1]
        if not self.n_batches:
            self._shape = (gradients is not None) + (hessians is not None), m
            self._moments = np.zeros((3, 1 + m + (m * m if hessians is not None else 0)))
        if batches.undetermined is not None:
            self.undetermined = batches.undetermined + self.undetermined
        add_to_moments(
            values,
            np.empty((n, 0)) if gradients is None else gradients,
            np.empty((n, 0, 0)) if hessians is None else hessians,
            batches.sizes,
            self.n_paths,
            self._moments,
        )
        self.n_batches += n
        self.n_empty += n - int(np.count_nonzero(values))
        self.n_paths += int(batches.sizes.sum())

    def estimate(self) -> Estimate:
        """Return the means and standard errors over the batches so far."""
        total, _, squares = self._moments
        mean = total / self.n_paths
        if self.n_batches > 1:
            stderr = np.sqrt(squares / ((self.n_batches - 1) * self.n_paths))
        else:
            stderr = np.full(mean.size, np.nan)
        return Estimate(self._shaped(mean), self._shaped(stderr), self.n_paths, self.n_batches)

    def _shaped(self, flat: Floats) -> PathSums:
        order, m = self._shape
        gradient = flat[1 : 1 + m] if order else None
        return PathSums(1, float(flat[0]), gradient, flat[1 + m :].reshape(m, m) if order == 2 else None)
