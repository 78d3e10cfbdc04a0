"""Bachelier baskets with closed-form prices, as the authors of differential machine learning test with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]


@dataclass
class Basket:
    """A call on a basket of correlated normal assets with spot 1, strike 1.1 and basket volatility 20% for a year."""

    rng: np.random.Generator
    n_assets: int
    strike: float = 1.1
    volatility: float = 0.2

    def __post_init__(self) -> None:
        d = self.n_assets
        draws = self.rng.uniform(-1.0, 1.0, (2 * d, d))
        covariance = draws.T @ draws
        deviations = np.sqrt(np.diag(covariance))
        self.weights = self.rng.uniform(1.0, 10.0, d)
        self.weights /= self.weights.sum()
        vols = self.rng.uniform(5.0, 50.0, d)
        covariance *= np.outer(vols / deviations, vols / deviations)
        covariance *= self.volatility**2 / (self.weights @ covariance @ self.weights)
        self.factor = np.linalg.cholesky(covariance)

    def samples(self, n: int) -> tuple[Floats, Floats, Floats]:
        """Return states, half as wide again as after a year, payoffs of antithetic pairs, and their derivatives."""
        normals = self.rng.standard_normal((2, n, self.n_assets))
        x = 1.0 + 1.5 * normals[0] @ self.factor.T
        moves = normals[1] @ self.factor.T
        y, dydx = np.zeros(n), np.zeros_like(x)
        for end in (x + moves, x - moves):
            gain = end @ self.weights - self.strike
            y += 0.5 * np.maximum(gain, 0.0)
            dydx += 0.5 * np.where(gain > 0.0, 1.0, 0.0)[:, None] * self.weights
        return x, y, dydx

    def truth(self, n: int) -> tuple[Floats, Floats, Floats]:
        """Return uniform states around spot, closed-form prices and deltas."""
        half = 0.5 / (1.0 + 0.5 * np.sqrt((self.n_assets - 1) / 12.0))
        x = self.rng.uniform(1.0 - half, 1.0 + half, (n, self.n_assets))
        d = (x @ self.weights - self.strike) / self.volatility
        density = np.exp(-0.5 * d * d) / np.sqrt(2.0 * np.pi)
        return x, self.volatility * (d * ndtr(d) + density), ndtr(d)[:, None] * self.weights


def rmse(estimate: Floats, truth: Floats) -> float:
    """Return a hundred times the root mean square error."""
    return float(100.0 * np.sqrt(np.mean((estimate - truth) ** 2)))
