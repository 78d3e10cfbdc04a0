"""Normalisation of samples: every input and output has mean zero and variance one inside the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.types import Floats
from pricers.surrogates.network.loss import Samples

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Scaling:
    """Means and standard deviations of inputs (d,) and outputs (m,), and the range of the inputs trained on."""

    x_mean: Floats
    x_deviation: Floats
    y_mean: Floats
    y_deviation: Floats
    lowest: Floats
    highest: Floats

    @classmethod
    def of(cls, x: Array, y: Array) -> Scaling:
        """Return the scaling of samples x (n, d) and y (n, m)."""
        x_mean, y_mean = x.mean(axis=0, dtype=np.float64), y.mean(axis=0, dtype=np.float64)
        return cls(
            x_mean,
            x.std(axis=0, dtype=np.float64, mean=x_mean[None]),
            y_mean,
            y.std(axis=0, dtype=np.float64, mean=y_mean[None]),
            x.min(axis=0).astype(np.float64),
            x.max(axis=0).astype(np.float64),
        )

    def samples(self, x: Array, y: Array, dydx: Array | None, dtype: npt.DTypeLike) -> Samples:
        """Return the samples normalised, in the network's dtype."""
        slopes = self.x_deviation / self.y_deviation[:, None]
        return Samples(
            np.ascontiguousarray((x - self.x_mean) / self.x_deviation, dtype=dtype),
            np.ascontiguousarray((y - self.y_mean) / self.y_deviation, dtype=dtype),
            None if dydx is None else np.ascontiguousarray(dydx * slopes, dtype=dtype),
        )

    @property
    def tuple(self) -> tuple[Floats, ...]:
        """Means and deviations of inputs and outputs and the range, in this order."""
        return (self.x_mean, self.x_deviation, self.y_mean, self.y_deviation, self.lowest, self.highest)

    def widened(self, x: Array) -> Scaling:
        """Return the same normalisation with the range of more inputs (n, d)."""
        lowest, highest = np.minimum(self.lowest, x.min(axis=0)), np.maximum(self.highest, x.max(axis=0))
        return replace(self, lowest=lowest, highest=highest)
