"""What each way of differentiating a corner costs and how noisy its gamma is: a call and a digital on a basket."""

from __future__ import annotations

import numpy as np

from greeks2 import expectation
from pricers import monte_carlo

from .sizes import sizes

N_PATHS = 10_000
PAYOFFS = {"call": monte_carlo.BasketOption, "digital": monte_carlo.DigitalOption}


class Smoothings:
    """10,000 paths of 5 to 20 correlated assets, value, gradient and Hessian in spots and volatilities."""

    params = ([name for name in monte_carlo.SMOOTHINGS if name != "none"], list(PAYOFFS), sizes(5, 10, 20))
    param_names = ("smoothing", "payoff", "n_assets")

    def setup(self, smoothing: str, payoff: str, n_assets: int) -> None:
        """Draw correlated normals and sweep once, so that the recording is made."""
        correlation = 0.5 * np.ones((n_assets, n_assets)) + 0.5 * np.eye(n_assets)
        market = monte_carlo.GeometricBrownianMotion(
            spots=np.linspace(90.0, 110.0, n_assets),
            volatilities=np.linspace(0.15, 0.35, n_assets),
            rate=0.03,
            correlation=correlation,
        )
        self.path = monte_carlo.Path(
            dynamics=market,
            payoff=PAYOFFS[payoff](strike=100.0, weights=np.full(n_assets, 1.0 / n_assets)),
            expiry=1.0,
            smoothing=smoothing,
            correlated_normals=True,
        )
        independent = np.random.default_rng(7).standard_normal((N_PATHS, n_assets))
        self.normals = monte_carlo.apply_correlation(normals=independent, correlation=correlation)
        self.time_greeks(smoothing, payoff, n_assets)

    def time_greeks(self, smoothing: str, payoff: str, n_assets: int) -> None:
        """Value, gradient, Hessian and standard errors, the recording included."""
        self.found = expectation(self.path, self.path.parameters, lanes=self.normals)

    def track_relative_stderr_of_gamma(self, smoothing: str, payoff: str, n_assets: int) -> float:
        """Return the standard error of the first asset's gamma over its size by conditional expectation."""
        reference = monte_carlo.Path(
            dynamics=self.path.dynamics,
            payoff=self.path.payoff,
            expiry=1.0,
            smoothing="conditional_expectation",
            correlated_normals=True,
        )
        exact = expectation(reference, reference.parameters, lanes=self.normals).hessian[0, 0]
        return float(self.found.hessian_stderr[0, 0] / abs(exact))
