"""The combined loss of values and Greeks, over normalised samples."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Samples:
    """Normalised samples: x (n, d), y (n, m) and dydx (n, m, d) or None, contiguous, of one dtype."""

    x: Array
    y: Array
    dydx: Array | None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Array) -> Samples:
        """Return some of the rows."""
        return Samples(self.x[rows], self.y[rows], None if self.dydx is None else self.dydx[rows])


@dataclass(frozen=True)
class Loss:
    """Weights of squared residuals, averaged over samples: of a value, and of each Greek (m, d)."""

    value_weight: float
    slope_weights: Array


LEAST_SLOPE = 0.03
"""Greeks below this share of the largest are weighted as if they had it: the least of them must not lead."""

NO_SLOPE = 1e-6
"""Greeks below this share of the largest are zero but for round-off: without a scale of their own they take its."""


def combined_loss(samples: Samples, differential_weight: float) -> Loss:
    """Return the weights of the combined loss; a constant network has a loss of one.

    The share of the values is 1 / (1 + lambda d) and that of the Greeks lambda d / (1 + lambda d), where each Greek is
    divided by its root mean square (Huge and Savine 2020, Colab notebook).
    """
    m, d = samples.y.shape[1], samples.x.shape[1]
    if samples.dydx is None or differential_weight == 0.0:
        return Loss(1.0 / m, np.zeros((m, d), dtype=samples.x.dtype))
    share = 1.0 / (1.0 + differential_weight * d)
    squares = np.mean(np.square(samples.dydx, dtype=np.float64), axis=0)
    largest = squares.max(axis=1, keepdims=True)
    if not largest.all():
        warnings.warn(
            f"dydx of outputs {np.flatnonzero(largest == 0.0).tolist()} is zero in every sample, though y is not: "
            "pathwise derivatives miss the jumps of a payoff; take likelihood-ratio or smoothed labels",
            stacklevel=4,
        )
    largest = np.where(largest == 0.0, 1.0, largest)
    squares = np.where(
        squares < NO_SLOPE**2 * largest, largest, np.maximum(squares, LEAST_SLOPE**2 * largest)
    )
    weights = (1.0 - share) / (m * d) / squares
    return Loss(share / m, np.ascontiguousarray(weights, dtype=samples.x.dtype))
