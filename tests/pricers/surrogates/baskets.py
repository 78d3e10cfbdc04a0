"""Samples and closed-form prices of Bachelier baskets, drawn from the tests' own generator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pricers.surrogates import BachelierBasket, simulate

Floats = npt.NDArray[np.float64]


class Basket:
    """A call on a basket of assets with spot 1, strike 1.1 and basket volatility 20% for a year."""

    def __init__(self, rng: np.random.Generator, n_assets: int) -> None:
        self.rng = rng
        self.problem = BachelierBasket(n_assets=n_assets, market_seed=self._seed())
        self.weights = self.problem.weights

    def _seed(self) -> int:
        return int(self.rng.integers(1 << 31))

    def samples(self, n: int) -> tuple[Floats, Floats, Floats]:
        """Return states, payoffs of antithetic pairs, and their derivatives."""
        samples = simulate(self.problem, n, seed=self._seed(), antithetic=True)
        return samples.x, samples.y, samples.dydx

    def truth(self, n: int) -> tuple[Floats, Floats, Floats]:
        """Return states nearer to 1 than in the training, closed-form prices and deltas."""
        states = 1.0 + 0.6 * (self.problem.states(self.rng, n) - 1.0)
        truth = self.problem.truth(states)
        return states, truth.value, truth.gradient


def rmse(estimate: Floats, truth: Floats) -> float:
    """Return a hundred times the root mean square error."""
    return float(100.0 * np.sqrt(np.mean((estimate - truth) ** 2)))
