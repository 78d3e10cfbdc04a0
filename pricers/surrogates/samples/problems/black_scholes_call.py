"""A Black-Scholes call at a horizon, given the spot there: the smallest problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aadlib.types import Floats
from aadlib.validation import one_float, require_finite, require_positive
from pricers.analytic import black_scholes
from pricers.surrogates.samples.problem import SPREAD, Problem, Truth


@dataclass(frozen=True, kw_only=True)
class BlackScholesCall(Problem):
    """A call at a horizon, of which the spot there is the state.

    Parameters
    ----------
    spot, strike : float, currency, > 0
    volatility : float, per square root of a year, > 0
    rate : float, per year, continuously compounded
    horizon : float, years, > 0, until the state
    expiry : float, years, > 0, from the state to the payoff
    widening : float, > 0
        The volatility until the horizon is this many times larger: states spread wider than the market would.

    Notes
    -----
    States are lognormal, ln x = ln spot + (rate - v^2 / 2) horizon + v sqrt(horizon) N with v = widening * volatility.
    The defaults are those of the authors' notebook.

    References
    ----------
    B. Huge and A. Savine (2020), Differential machine learning, arXiv:2005.02347.
    """

    spot: float = 1.0
    strike: float = 1.1
    volatility: float = 0.2
    rate: float = 0.0
    horizon: float = 1.0
    expiry: float = 1.0
    widening: float = 1.5

    def __post_init__(self) -> None:
        for name in ("spot", "strike", "volatility", "horizon", "expiry", "widening"):
            require_positive(name, one_float(name, getattr(self, name)))
        require_finite("rate", one_float("rate", self.rate))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The spot at the horizon."""
        return ("spot",)

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """One normal."""
        return (1,)

    @property
    def ranges(self) -> Floats:
        """Spots that 1e-4 of the states lie below and above, (1, 2)."""
        return self._spots(np.array([[-SPREAD, SPREAD]]))

    def states(self, generator: np.random.Generator, n: int) -> Floats:
        """Draw n spots at the horizon, (n, 1)."""
        return self._spots(generator.standard_normal((n, 1)))

    def _spots(self, normals: Floats) -> Floats:
        wide = self.widening * self.volatility
        drift = (self.rate - 0.5 * wide**2) * self.horizon
        spots: Floats = self.spot * np.exp(drift + wide * np.sqrt(self.horizon) * normals)
        return spots

    def payoff(self, x: Any, z: Any) -> Any:
        """Return the discounted payoff of one path."""
        deviation = self.volatility * np.sqrt(self.expiry)
        drift = (self.rate - 0.5 * self.volatility**2) * self.expiry
        end = x[0] * np.exp(drift + deviation * z[0])
        return np.exp(-self.rate * self.expiry) * np.maximum(end - self.strike, 0.0)

    def truth(self, x: Any) -> Truth:
        """Return price and delta by the Black-Scholes formula."""
        spots = self.checked_states(x)[:, 0]
        greeks = black_scholes.greeks(
            spot=spots, strike=self.strike, expiry=self.expiry, rate=self.rate, volatility=self.volatility
        )
        return Truth.exact(np.asarray(greeks.price), np.asarray(greeks.delta)[:, None])
