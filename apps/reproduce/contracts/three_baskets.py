"""Three calls on baskets of different assets: what depends on three combinations of many spots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.types import Floats
from pricers.surrogates import BachelierBasket, Truth
from pricers.surrogates.samples.monte_carlo_truth import monte_carlo_truth

N_BASKETS = 3


@dataclass(frozen=True, kw_only=True)
class ThreeBaskets(BachelierBasket):
    """Calls on three baskets of a third of the assets each, of the same normal market; spots are the state."""

    @property
    def basket_weights(self) -> Floats:
        """Weights of every basket, (3, n_assets), each adding up to one."""
        which = np.arange(self.n_assets) % N_BASKETS
        rows = np.where(which == np.arange(N_BASKETS)[:, None], self.weights, 0.0)
        weights: Floats = rows / rows.sum(axis=1, keepdims=True)
        return weights

    def payoff(self, x: Any, z: Any) -> Any:
        """Return the three payoffs of one path, z being the spots' moves."""
        return np.maximum(self.basket_weights @ (x + z) - self.strike, 0.0)

    def truth(self, x: Any) -> Truth:
        """Return prices and deltas by fresh simulation."""
        return monte_carlo_truth(self, x)
