"""The put of the report's American section, as we state it, and its frozen function cut into mini-batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from aadlib.types import Floats
from greeks2 import hessian
from pricers.american.bermudan import FrozenTimes, frozen_times

CONTRACT: dict[str, Any] = {
    "spot": 100.0, "strike": 100.0, "expiry": 1.0, "volatility": 0.2, "rate": 0.03, "n_dates": 50,
}  # fmt: skip
TEXT = "S = K = 100, one year, r = 3%, sigma = 20%, 50 exercise dates"
N_PATHS = 40_000
SEED = 7
MARKET = np.array([CONTRACT[name] for name in ("spot", "rate", "volatility")])
"""What the report differentiates in."""


def frozen(n_paths: int, seed: int) -> FrozenTimes:
    """Run the exercise pass."""
    return frozen_times(**CONTRACT, n_paths=n_paths, seed=seed)


def cut(stops: FrozenTimes, n_batches: int) -> list[FrozenTimes]:
    """Cut the paths into equal mini-batches."""
    return stops.batches(-(-stops.times.size // n_batches))


def batched_hessian(batches: list[FrozenTimes], **options: Any) -> Floats:
    """Return the Hessian of the mean over all paths from those of the mini-batches, by any method of `greeks2`."""
    total, n_paths = np.zeros((3, 3)), 0
    for batch in batches:

        def mean(x: Any, batch: FrozenTimes = batch) -> Any:
            return batch([x[0], x[1], 0.0, x[2]])

        total += batch.times.size * np.asarray(hessian(mean, MARKET, **options))
        n_paths += batch.times.size
    return total / n_paths
