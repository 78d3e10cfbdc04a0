"""Elementary functions over lanes: nanoseconds a lane, their ratio to NumPy's, and Black-Scholes over scenarios."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

import aadlib as ad

from .sizes import median_seconds, sizes

N_LANES = sizes(1_000, 100_000)
PEERS: dict[str, Any] = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "erf": special.erf, "erfc": special.erfc, "norm_cdf": special.ndtr,
    "sigmoid": special.expit, "sqrt": np.sqrt,
}  # fmt: skip
REPEATS = 8


class LaneFunctions:
    """A sum of one function at eight points, over many lanes."""

    params = (list(PEERS), N_LANES)
    param_names = ("function", "n_lanes")
    timeout = 300

    def setup(self, function: str, n_lanes: int) -> None:
        """Record one lane."""
        apply = getattr(ad, function)
        self.points = np.random.default_rng(20240229).uniform(0.1, 3.0, n_lanes)

        def chain(x: Any) -> Any:
            total = 0.0
            for k in range(REPEATS):
                total = total + apply(x + 0.01 * k)
            return total

        self.program = ad.record(chain, self.points, lanes=(0,))

    def track_nanoseconds_a_lane(self, function: str, n_lanes: int) -> float:
        """Return the time of one function and two additions in one lane."""
        return 1e9 * median_seconds(lambda: self.program.value(self.points)) / (n_lanes * REPEATS)

    def track_gradient_nanoseconds_a_lane(self, function: str, n_lanes: int) -> float:
        """Return the time of one function and its derivative in one lane."""
        return (
            1e9 * median_seconds(lambda: self.program.value_and_gradient(self.points)) / (n_lanes * REPEATS)
        )

    def track_ratio_to_numpy(self, function: str, n_lanes: int) -> float:
        """Return our time over that of the same sum in NumPy."""
        peer = PEERS[function]

        def plain() -> Any:
            return sum(peer(self.points + 0.01 * k) for k in range(REPEATS))

        return median_seconds(lambda: self.program.value(self.points)) / median_seconds(plain)
