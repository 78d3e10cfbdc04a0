"""Hessians of the recorded B-spline PDE by every method, in time, in prices, in bumping and in rounding."""

from __future__ import annotations

from functools import partial

import numpy as np

import aadlib as ad
from greeks2 import METHODS, hessian
from pricers import black_scholes

from .bspline_pde import price, weights
from .planner import Shape, numeric_phase, shapes
from .sizes import SMALLEST, median_seconds, sizes

function = partial(price, n_spots=41, n_steps=5) if SMALLEST else price


def recorded(n_weights: int) -> Shape:
    """Return the PDE in so many weights, every operation on the tape."""
    x = weights(n_weights)
    return Shape("PDE", ad.record(function, x), x)


class Hessian:
    """Replays of one recording."""

    params = (sizes(9, 14, 19), METHODS)
    param_names = ("n_weights", "method")
    timeout = 300

    def setup(self, n_weights: int, method: str) -> None:
        """Record once."""
        one = recorded(n_weights)
        self.program, self.x = one.program, one.point

    def time_hessian(self, n_weights: int, method: str) -> None:
        """Replay the whole matrix."""
        hessian(self.program, self.x, method=method)

    def track_hessian_over_price(self, n_weights: int, method: str) -> float:
        """Return the cost of a Hessian in prices."""
        matrix = median_seconds(lambda: hessian(self.program, self.x, method=method), rounds=3)
        return matrix / median_seconds(lambda: self.program.value(self.x))

    def track_bumping_over_hessian(self, n_weights: int, method: str) -> float:
        """Return how many times the method's time bumping takes."""
        matrix = median_seconds(lambda: hessian(self.program, self.x, method=method), rounds=3)
        return median_seconds(lambda: hessian(self.program, self.x, method="bumping2"), rounds=3) / matrix

    def track_difference(self, n_weights: int, method: str) -> float:
        """Return the largest difference from forward over reverse, relative to the largest entry."""
        exact = hessian(self.program, self.x, method="forward_over_reverse")
        found = hessian(self.program, self.x, method=method)
        return float(np.abs(found - exact).max() / np.abs(exact).max())


class FirstCall:
    """From nothing: record, plan, Hessian."""

    params = sizes(9, 19)
    param_names = ("n_weights",)
    timeout = 300

    def time_record_plan_hessian(self, n_weights: int) -> None:
        """Differentiate a function that was never recorded."""
        hessian(function, weights(n_weights))


class Cap:
    """Edge pushing with at most so many arcs alive, on the PDE in 19 weights; 0 stands for no cap."""

    params = sizes(200, 2000, 0)
    param_names = ("cap_active",)
    timeout = 300

    def setup(self, cap_active: int) -> None:
        """Record once."""
        self.cap = cap_active or None
        self.shape = recorded(19)

    def time_hessian(self, cap_active: int) -> None:
        """Replay the whole matrix."""
        hessian(self.shape.program, self.shape.point, method="edge_pushing", cap_active=self.cap)

    def track_live_arcs(self, cap_active: int) -> int:
        """Return the most arcs alive at once."""
        return numeric_phase(self.shape, 1, self.cap).live_arcs

    def track_megabytes(self, cap_active: int) -> float:
        """Return what schedule, arcs and forward rows take."""
        return 1e-6 * numeric_phase(self.shape, 1, self.cap).nbytes

    def track_difference(self, cap_active: int) -> float:
        """Return the largest difference from forward over reverse, relative to the largest entry."""
        program, x = self.shape.program, self.shape.point
        exact = hessian(program, x, method="forward_over_reverse")
        found = hessian(program, x, method="edge_pushing", cap_active=self.cap)
        return float(np.abs(found - exact).max() / np.abs(exact).max())


class Colors:
    """A sparse Hessian by one direction a colour, beside all directions and beside edge pushing."""

    def setup(self) -> None:
        """Record a chain of inputs, and find its colours."""
        (self.shape,) = shapes(
            ["chained Rosenbrock, 50 inputs" if SMALLEST else "chained Rosenbrock, 2000 inputs"]
        )
        self.time_colored()

    def time_colored(self) -> None:
        """Replay one direction a colour."""
        hessian(self.shape.program, self.shape.point, method="forward_over_reverse", sparse=True)

    def time_all_directions(self) -> None:
        """Replay one direction an input."""
        hessian(self.shape.program, self.shape.point, method="forward_over_reverse")

    def time_edge_pushing(self) -> None:
        """Replay the arcs."""
        hessian(self.shape.program, self.shape.point, method="edge_pushing", sparse=True)


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
