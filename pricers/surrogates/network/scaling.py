"""Normalisation of samples: every input and output has mean zero and variance one inside the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.surrogates.network.loss import Samples

Array = npt.NDArray[Any]


def _moments(name: str, numbers: Array) -> tuple[Floats, Floats]:
    """Return means and standard deviations of columns."""
    with np.errstate(all="ignore"):
        mean = numbers.mean(axis=0, dtype=np.float64)
        deviation = numbers.std(axis=0, dtype=np.float64, mean=mean[None])
    lost = np.flatnonzero(~(np.isfinite(deviation) & (deviation > 0.0)))
    if lost.size:
        raise AadValueError(
            f"{name}[:, {lost[0]}] has a standard deviation of {float(deviation[lost[0]])!r} in double precision: "
            "change its unit, so that it is neither huge nor tiny"
        )
    return mean, deviation


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
        """Return the scaling of samples x (n, d) and y (n, m).

        Raises
        ------
        AadValueError
            When numbers are so large or so small that their squares are not.
        """
        return cls(
            *_moments("x", x),
            *_moments("y", y),
            x.min(axis=0).astype(np.float64),
            x.max(axis=0).astype(np.float64),
        )

    def samples(self, x: Array, y: Array, dydx: Array | None, dtype: npt.DTypeLike) -> Samples:
        """Return the samples normalised, in the network's dtype."""
        slopes = self.x_deviation / self.y_deviation[:, None]
        with np.errstate(over="ignore"):
            samples = Samples(
                np.ascontiguousarray((x - self.x_mean) / self.x_deviation, dtype=dtype),
                np.ascontiguousarray((y - self.y_mean) / self.y_deviation, dtype=dtype),
                None if dydx is None else np.ascontiguousarray(dydx * slopes, dtype=dtype),
            )
            if samples.dydx is not None and not np.isfinite(np.vdot(samples.dydx, samples.dydx)):
                raise AadValueError(
                    f"dydx reaches {np.abs(np.asarray(dydx)).max():.3g}, far beyond what y moves by over x: it must be "
                    "the derivative of y in x"
                )
        return samples

    @property
    def tuple(self) -> tuple[Floats, ...]:
        """Means and deviations of inputs and outputs and the range, in this order."""
        return (self.x_mean, self.x_deviation, self.y_mean, self.y_deviation, self.lowest, self.highest)

    def widened(self, x: Array) -> Scaling:
        """Return the same normalisation with the range of more inputs (n, d)."""
        lowest, highest = np.minimum(self.lowest, x.min(axis=0)), np.maximum(self.highest, x.max(axis=0))
        return replace(self, lowest=lowest, highest=highest)
