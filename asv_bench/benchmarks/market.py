"""A calibrated market in every engine: Hessians of exotics, paths under the surface, a ladder of a book."""

from __future__ import annotations

import warnings

import numpy as np

import aadlib as ad
from apps.data.synthetic import synthetic_quotes
from greeks2 import Normals, expectation, hessian, ladder
from pricers import monte_carlo, pde
from pricers.calibration import calibrate
from pricers.surfaces import VolatilityHats

from .sizes import SMALLEST, median_seconds

N_PATHS = 1_000 if SMALLEST else 100_000
GRID = {"n_nodes": 61, "n_steps": 20} if SMALLEST else {"n_nodes": 401, "n_steps": 200}


class Exotics:
    """Barrier call and American put on the surface: price, and Hessian in spot and every weight."""

    params = ("barrier", "american")

    def setup(self, kind: str) -> None:
        """Make the price as a function of spot and weights."""
        warnings.simplefilter("ignore")
        market = calibrate(synthetic_quotes())
        terms = {"barrier": 1500.0, "is_call": True} if kind == "barrier" else {}
        self.price = getattr(pde, kind)(market, strike=1250.0, expiry=1.0, **terms, **GRID)
        self.point = self.price.parameters
        self.program = ad.record(self.price, self.point)

    def track_hessian_over_price(self, kind: str) -> float:
        """Return the cost of a Hessian in prices, each a call of the function."""
        price = median_seconds(lambda: self.price(self.point))
        return median_seconds(lambda: hessian(self.program, self.point)) / price

    def track_hessian_over_replay(self, kind: str) -> float:
        """Return the cost of a Hessian in replays of the recording."""
        price = median_seconds(lambda: self.program.value(self.point))
        return median_seconds(lambda: hessian(self.program, self.point)) / price


class Paths:
    """Paths of 50 steps under the surface, in spot and 30 vega buckets."""

    params = (1, 2)
    timeout = 300.0

    def setup(self, order: int) -> None:
        """Make the path, and write its code once."""
        hats = VolatilityHats([1 / 12, 0.25, 0.5, 1.0, 2.0], [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0])
        market = calibrate(synthetic_quotes()).bumped(hats)
        self.path = monte_carlo.Path(
            dynamics=market.dynamics(),
            payoff=monte_carlo.BasketOption(strike=1250.0),
            expiry=1.0,
            n_steps=5 if SMALLEST else 50,
            track_steps=True,
            differentiate=("spots", "weights"),
            smoothing="conditional_expectation",
        )
        self.time_expectation(order, n_paths=64)

    def time_expectation(self, order: int, n_paths: int = N_PATHS) -> None:
        """Time value, gradient and, for order 2, the Hessian with all standard errors."""
        normals = Normals(n_paths=n_paths, shape=self.path.noise_shape, seed=7)
        expectation(self.path, self.path.parameters, lanes=normals, order=order)


class Ladder:
    """A book of nine options at 41 spots with delta and gamma."""

    def setup(self) -> None:
        """Make the book."""
        market = calibrate(synthetic_quotes())
        strikes, expiries = (grid.ravel() for grid in np.meshgrid([1100.0, 1225.0, 1350.0], [0.25, 0.5, 1.0]))
        self.book = pde.vanillas(
            market, strikes=strikes, expiries=expiries, is_call=strikes > 1200.0, differentiate="spot"
        )
        self.points = market.spot * np.linspace(0.8, 1.2, 3 if SMALLEST else 41)
        self.time_ladder()

    def time_ladder(self) -> None:
        """Time one call, its recording included."""
        ladder(self.book, self.book.inputs, along="spot", points=self.points, weights=np.ones(9))
