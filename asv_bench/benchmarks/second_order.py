"""Hessians of the recorded B-spline PDE by every method, in time and in prices, and the error of a gamma."""

from __future__ import annotations

from functools import partial

import numpy as np

import aadlib as ad
from greeks2 import hessian
from pricers import black_scholes

from .bspline_pde import price, weights
from .sizes import SMALLEST, median_seconds, sizes

METHODS = ("edge_pushing", "taylor", "forward_over_reverse", "bumping2")


class Hessian:
    """Replays of one recording, 201 spots."""

    params = (sizes(9, 14, 19), METHODS)
    param_names = ("n_weights", "method")
    timeout = 300
    n_steps = 5 if SMALLEST else 100

    def setup(self, n_weights: int, method: str) -> None:
        """Record once."""
        self.x = weights(n_weights)
        self.program = ad.record(partial(price, n_steps=self.n_steps), self.x)

    def time_hessian(self, n_weights: int, method: str) -> None:
        """Replay the whole matrix."""
        hessian(self.program, self.x, method=method)

    def track_hessian_over_price(self, n_weights: int, method: str) -> float:
        """Return the cost of a Hessian in prices."""
        matrix = median_seconds(lambda: hessian(self.program, self.x, method=method), rounds=3)
        return matrix / median_seconds(lambda: self.program.value(self.x))


class Gamma:
    """Second derivatives of the closed-form price against the closed-form Greek."""

    params = METHODS
    param_names = ("method",)

    def track_error_of_gamma(self, method: str) -> float:
        """Return the relative error of gamma, 5% out of the money."""
        market = {"strike": 105.0, "expiry": 1.0, "rate": 0.05, "volatility": 0.2}

        def call(x: np.ndarray) -> object:
            return black_scholes.price(spot=x[0], **market)

        exact = black_scholes.greeks(spot=100.0, **market).gamma
        return abs(hessian(call, np.array([100.0]), method=method)[0, 0] / exact - 1.0)
