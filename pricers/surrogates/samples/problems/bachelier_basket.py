"""A call on a basket of correlated Bachelier assets, in any dimension."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats, frozen
from aadlib.validation import one_float, require_positive, whole_number
from pricers.analytic import bachelier
from pricers.surrogates.samples.noise import multiplied
from pricers.surrogates.samples.problem import SPREAD, Problem, Truth


def random_correlation(generator: np.random.Generator, n: int) -> Floats:
    """Return the correlations of 2 n rows of n uniform numbers between -1 and 1."""
    rows = generator.uniform(-1.0, 1.0, (2 * n, n))
    covariance = rows.T @ rows
    deviations = np.sqrt(np.diag(covariance))
    correlation: Floats = covariance / np.outer(deviations, deviations)
    return correlation


@dataclass(frozen=True, kw_only=True)
class BachelierBasket(Problem):
    """A call on a basket of normal assets at a horizon, of which their spots there are the state.

    dS = diag(volatilities) dW, with a random correlation matrix, random volatilities and random positive weights that
    add up to 1, scaled so that the basket's volatility is `basket_volatility`.

    Parameters
    ----------
    n_assets : int, >= 1
    strike : float, currency; every asset starts at 1
    basket_volatility : float, currency per square root of a year, > 0
    horizon : float, years, > 0, until the state
    expiry : float, years, > 0, from the state to the payoff
    widening : float, > 0
        Volatilities until the horizon are this many times larger.
    market_seed : int, >= 0, of the weights, volatilities and correlations

    Attributes
    ----------
    weights, volatilities : (n_assets,)
    correlation, factor : (n_assets, n_assets); factor factor' is the covariance of one year

    Notes
    -----
    Weights are uniform on [1, 10] and volatilities on [5, 50] before they are scaled, as in the authors' notebook.

    References
    ----------
    B. Huge and A. Savine (2020), Differential machine learning, arXiv:2005.02347, and its notebooks.
    """

    n_assets: int
    strike: float = 1.1
    basket_volatility: float = 0.2
    horizon: float = 1.0
    expiry: float = 1.0
    widening: float = 1.5
    market_seed: int = 0
    weights: Floats = field(init=False, repr=False, compare=False)
    volatilities: Floats = field(init=False, repr=False, compare=False)
    correlation: Floats = field(init=False, repr=False, compare=False)
    factor: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        n = whole_number("n_assets", self.n_assets, 1)
        for name in ("strike", "basket_volatility", "horizon", "expiry", "widening"):
            require_positive(name, one_float(name, getattr(self, name)))
        generator = np.random.default_rng(whole_number("market_seed", self.market_seed, 0))
        correlation = random_correlation(generator, n)
        weights = generator.uniform(1.0, 10.0, n)
        weights /= weights.sum()
        volatilities = generator.uniform(5.0, 50.0, n)
        exposures = weights * volatilities
        volatilities *= self.basket_volatility / np.sqrt(exposures @ correlation @ exposures)
        factor = np.linalg.cholesky(correlation) * volatilities[:, None]
        made = {
            "weights": weights,
            "volatilities": volatilities,
            "correlation": correlation,
            "factor": factor,
        }
        for name, array in made.items():
            object.__setattr__(self, name, frozen(array))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The spots at the horizon."""
        return tuple(f"spot[{i}]" for i in range(self.n_assets))

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """One normal per asset."""
        return (self.n_assets,)

    @property
    def ranges(self) -> Floats:
        """Spots that 1e-4 of the states lie below and above, (n_assets, 2)."""
        room = SPREAD * self.widening * np.sqrt(self.horizon) * self.volatilities
        return np.stack([1.0 - room, 1.0 + room], axis=1)

    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw n vectors of spots at the horizon, (n, n_assets)."""
        normals = generator.standard_normal((n, self.n_assets))
        return 1.0 + self.widening * np.sqrt(self.horizon) * multiplied(normals, self.factor.T)

    def test_states(self, n: int, *, seed: int, low: float = 0.5, high: float = 1.5) -> Floats:
        """Return the authors' test states, (n, n_assets): uniform in a box around 1 that grows with the dimension.

        Every spot is uniform between 1 - (1 - low) k and 1 + (high - 1) k, with
        k = 1 + sqrt((n_assets - 1) (high - low) / 12) / 2, so that baskets reach about from low to high. Errors that
        the authors state are those over such a set.

        Parameters
        ----------
        n : int, >= 1
        seed : int, >= 0
        low, high : float, currency, below and above 1
        """
        count = whole_number("n", n, 1)
        generator = np.random.default_rng(whole_number("seed", seed, 0))
        if not low < 1.0 < high < np.inf:
            raise AadValueError(
                f"low = {low!r}, high = {high!r}: must lie below and above 1, where assets start"
            )
        grown = 1.0 + 0.5 * np.sqrt((self.n_assets - 1) * (high - low) / 12.0)
        return generator.uniform(
            1.0 - (1.0 - low) * grown, 1.0 + (high - 1.0) * grown, (count, self.n_assets)
        )

    def shocks(self, normals: Floats) -> Floats:
        """Return correlated moves of the spots from the horizon to the expiry."""
        return np.sqrt(self.expiry) * multiplied(normals, self.factor.T)

    def payoff(self, x: Any, z: Any) -> Any:
        """Return the payoff of one path, z being the spots' moves."""
        return np.maximum(self.weights @ (x + z) - self.strike, 0.0)

    def truth(self, x: Any) -> Truth:
        """Return price and deltas by Bachelier's formula for the basket."""
        baskets = self.checked_states(x) @ self.weights
        greeks = bachelier.greeks(
            forward=baskets, strike=self.strike, expiry=self.expiry, volatility=self.basket_volatility
        )
        return Truth.exact(np.asarray(greeks.price), np.asarray(greeks.delta)[:, None] * self.weights)
