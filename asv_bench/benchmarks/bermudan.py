"""A Bermudan put by simulation: price, price with all Greeks to second order, and errors against the quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np

import aadlib as ad
from pricers.american.bermudan import (
    FrozenTimes,
    american_greeks,
    frozen_times,
    least_squares_price,
    quadrature_greeks,
)
from pricers.american.bermudan.frozen_times import discounted_payoff

from .sizes import SMALLEST, median_seconds

PUT: dict[str, Any] = {
    "spot": 100.0, "strike": 100.0, "expiry": 1.0, "volatility": 0.2, "rate": 0.03, "n_dates": 50,
}  # fmt: skip
N_PATHS = 4096 if SMALLEST else 40_000
MARKET = np.array([PUT["spot"], PUT["rate"], PUT["volatility"]])
STEPS = np.array([0.5, 0.001, 0.002])


def frozen_program(stops: FrozenTimes) -> Any:
    """Record one path with its exercise time frozen, in spot, rate and volatility."""
    return ad.record(
        lambda x, stop: discounted_payoff([x[0], x[1], 0.0, x[2]], stop[0], stop[1], (0.0, 0.0), stops),
        MARKET, np.ones((1, 2)), lanes=(1,), passive=(1,),
    )  # fmt: skip


def bumped_hessian(stops: FrozenTimes) -> np.ndarray:
    """Return the same Hessian by 19 vectorised NumPy prices."""

    def price(x: np.ndarray) -> float:
        return float(stops([x[0], x[1], 0.0, x[2]]))

    middle, moves = price(MARKET), np.diag(STEPS)
    hessian = np.empty((3, 3))
    for i in range(3):
        hessian[i, i] = (price(MARKET + moves[i]) - 2.0 * middle + price(MARKET - moves[i])) / STEPS[i] ** 2
        for j in range(i):
            corners = sum(
                a * b * price(MARKET + a * moves[i] + b * moves[j]) for a in (-1, 1) for b in (-1, 1)
            )
            hessian[i, j] = hessian[j, i] = corners / (4.0 * STEPS[i] * STEPS[j])
    return hessian


class Bermudan:
    """50 dates, 40,000 paths in each of the two passes."""

    def setup(self) -> None:
        """Compile, and run the exercise pass of the frozen function."""
        self.greeks()
        self.price()
        self.stops = frozen_times(**PUT, n_paths=N_PATHS)
        self.program = frozen_program(self.stops)
        self.lanes = np.stack([self.stops.times, self.stops.brownian], axis=1)
        self.frozen_hessian()

    def greeks(self) -> Any:
        """Return price, gradient and Hessian."""
        return american_greeks(**PUT, n_paths=N_PATHS)

    def price(self) -> Any:
        """Return the price without its upper bound."""
        return least_squares_price(**PUT, n_paths=N_PATHS, n_upper_paths=0)

    def frozen_hessian(self) -> Any:
        """Return value, gradient and Hessian in three inputs after the exercise pass."""
        return self.program.derivatives(MARKET, self.lanes)

    def time_greeks(self) -> None:
        """Both passes, with standard errors."""
        self.greeks()

    def time_price(self) -> None:
        """Both passes, no derivatives."""
        self.price()

    def time_frozen_hessian(self) -> None:
        """Bar: 30 ms."""
        self.frozen_hessian()

    def track_frozen_hessian_over_bumping(self) -> float:
        """Return our time over that of 19 NumPy prices; bar: 1."""
        return median_seconds(self.frozen_hessian) / median_seconds(lambda: bumped_hessian(self.stops))

    def track_error_of_gamma(self) -> float:
        """Return the error of gamma relative to the truth."""
        return abs(self.greeks().gamma / quadrature_greeks(**PUT).gamma - 1.0)
