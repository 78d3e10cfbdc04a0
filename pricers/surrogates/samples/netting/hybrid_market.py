"""A Gaussian short rate and lognormal assets that grow at it, all correlated: exact over steps of any length.

    dr = a (theta - r) dt + sigma_r dW_0,   dS_i / S_i = (r - q_i) dt + sigma_i dW_i

Rates, their integral and log prices are affine in today's and Gaussian, so that a path is a state moved by noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

import aadlib as ad
from aadlib.errors import AadValueError
from aadlib.types import Floats, frozen
from aadlib.validation import (
    as_floats,
    require_finite,
    require_non_negative,
    require_positive,
    require_shape,
    values_of,
)
from pricers.analytic import black_scholes
from pricers.monte_carlo.correlation import cholesky_factor, require_correlation
from pricers.surrogates.samples.noise import multiplied


@dataclass(frozen=True, kw_only=True, eq=False)
class HybridMarket:
    """Vasicek's short rate and lognormal assets.

    Parameters
    ----------
    rate, mean_rate : float, per year, of the short rate: today's, and theta
    mean_reversion : float, per year, a > 0
    rate_volatility : float, per year and square root of a year, sigma_r > 0
    spots : (n_assets,) floats, currency, > 0
    volatilities : (n_assets,) floats, per square root of a year, > 0
    dividend_yields : (n_assets,) floats or one for all, per year
    correlation : (n_assets + 1, n_assets + 1), optional
        Of the noises, the short rate's first; independent without it.

    Raises
    ------
    AadValueError
        For numbers that are no market, or an unusable correlation matrix.

    References
    ----------
    O. Vasicek (1977), "An equilibrium characterization of the term structure", J. Financial Economics 5; D. Brigo and
    F. Mercurio (2006), Interest Rate Models, section 3.2.1 and appendix B.
    """

    rate: float = 0.03
    mean_rate: float = 0.035
    mean_reversion: float = 0.1
    rate_volatility: float = 0.01
    spots: Any = (100.0,)
    volatilities: Any = (0.2,)
    dividend_yields: Any = 0.0
    correlation: Any = None
    _factors: dict[float, Floats] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        require_finite("rate", self.rate)
        require_finite("mean_rate", self.mean_rate)
        require_positive("mean_reversion", self.mean_reversion)
        require_positive("rate_volatility", self.rate_volatility)
        spots = np.atleast_1d(as_floats("spots", self.spots))
        n = spots.size
        require_shape("spots", spots, (n,))
        require_positive("spots", spots)
        arrays = {"spots": spots}
        for name in ("volatilities", "dividend_yields"):
            given = as_floats(name, getattr(self, name))
            if given.shape not in ((), (n,)):
                raise AadValueError(f"{name} has shape {given.shape}: there are {n} spots, give one for each")
            arrays[name] = np.broadcast_to(given, (n,))
        require_positive("volatilities", arrays["volatilities"])
        require_finite("dividend_yields", arrays["dividend_yields"])
        correlation = (
            np.eye(n + 1) if self.correlation is None else as_floats("correlation", self.correlation)
        )
        require_correlation("correlation", correlation, n + 1)
        arrays["correlation"] = correlation
        for name, array in arrays.items():
            object.__setattr__(self, name, frozen(array))

    @property
    def n_assets(self) -> int:
        """Number of assets."""
        return len(self.spots)

    @property
    def state(self) -> Floats:
        """Today's short rate and spots, (1 + n_assets,)."""
        return np.array([self.rate, *self.spots])

    # ---- closed forms ----------------------------------------------------------------------------------------------

    def loading(self, years: Any) -> Any:
        """Return B = (1 - exp(-a t)) / a: minus the derivative of a bond's logarithm in the short rate."""
        return -np.expm1(-self.mean_reversion * years) / self.mean_reversion

    def bond(self, rate: Any, years: float) -> Any:
        """Return the price of one unit of currency in some years, given the short rate."""
        a, loading = self.mean_reversion, float(self.loading(years))
        variance = self.rate_volatility**2
        level = (self.mean_rate - 0.5 * variance / a**2) * (
            loading - years
        ) - 0.25 * variance * loading**2 / a
        return ad.exp(level - loading * rate)

    def forward_variance(self, asset: int, years: float) -> float:
        """Return the variance of ln of the asset's forward price until its maturity, in some years."""
        a, loading = self.mean_reversion, float(self.loading(years))
        square = float(-np.expm1(-2.0 * a * years) / (2.0 * a))
        volatility, rate_volatility = float(self.volatilities[asset]), self.rate_volatility
        cross = volatility * rate_volatility * float(self.correlation[0, asset + 1]) * (years - loading) / a
        bonds = rate_volatility**2 * (years - 2.0 * loading + square) / a**2
        return volatility**2 * years + 2.0 * cross + bonds

    def option(self, state: Any, *, asset: int, strike: float, years: float, is_call: bool) -> Any:
        """Price a European option at a state, (1 + n_assets,) numbers of any kind (Merton 1973)."""
        bond = self.bond(state[0], years)
        forward = state[1 + asset] * float(np.exp(-self.dividend_yields[asset] * years)) / bond
        deviation = float(np.sqrt(self.forward_variance(asset, years)))
        return bond * black_scholes.price(
            spot=forward, strike=strike, expiry=1.0, rate=0.0, volatility=deviation, is_call=is_call
        )

    # ---- simulation ------------------------------------------------------------------------------------------------

    def step_covariance(self, years: float) -> Floats:
        """Return the covariance over a step of the short rate, its integral and the assets' noise, (n + 2, n + 2)."""
        a, sigma = self.mean_reversion, self.rate_volatility
        loading, square = float(self.loading(years)), float(-np.expm1(-2.0 * a * years) / (2.0 * a))
        n = self.n_assets
        covariance = np.empty((n + 2, n + 2))
        covariance[0, 0] = sigma**2 * square
        covariance[0, 1] = covariance[1, 0] = sigma**2 * (loading - square) / a
        covariance[1, 1] = sigma**2 * (years - 2.0 * loading + square) / a**2
        exposures = sigma * self.volatilities * self.correlation[0, 1:]
        covariance[0, 2:] = covariance[2:, 0] = exposures * loading
        covariance[1, 2:] = covariance[2:, 1] = exposures * (years - loading) / a
        covariance[2:, 2:] = np.outer(self.volatilities, self.volatilities) * self.correlation[1:, 1:] * years
        return covariance

    def noise_along(self, normals: Floats, steps: Floats) -> Floats:
        """Return the Gaussian parts of short rate, its integral and log prices after every step: a linear map.

        Parameters
        ----------
        normals : (n_paths, n_steps, n_assets + 2), independent
        steps : (n_steps,) lengths, years

        Returns
        -------
        (n_paths, n_steps, n_assets + 2); the log prices' parts are without the integral of the rate
        """
        after = np.empty_like(normals)
        rate = np.zeros(len(normals))
        integral = np.zeros(len(normals))
        assets = np.zeros((len(normals), self.n_assets))
        for k, years in enumerate(steps.tolist()):
            moves = multiplied(np.ascontiguousarray(normals[:, k]), self._step_factor(years).T)
            integral = integral + float(self.loading(years)) * rate + moves[:, 1]
            rate = np.exp(-self.mean_reversion * years) * rate + moves[:, 0]
            assets = assets + moves[:, 2:]
            after[:, k, 0], after[:, k, 1], after[:, k, 2:] = rate, integral, assets
        return after

    def _step_factor(self, years: float) -> Floats:
        if years in self._factors:
            return self._factors[years]
        covariance = self.step_covariance(years)
        scale = np.sqrt(np.diag(covariance))
        factor = cholesky_factor(covariance / np.outer(scale, scale))
        assert factor is not None  # the correlations were checked
        self._factors[years] = frozen(factor * scale[:, None])
        return self._factors[years]

    def integral(self, rate: Any, noise: Any, years: Any) -> Any:
        """Return the integral of the short rate over some years, given it today and the integral's noise."""
        loading = self.loading(years)
        return rate * loading + (self.mean_rate * (years - loading) + noise)

    def later(self, state: Floats, noise: Floats, years: float) -> tuple[Floats, Floats]:
        """Return states some years later, (..., 1 + n_assets), and discount factors until then, (...,).

        Parameters
        ----------
        state : (1 + n_assets,) floats
        noise : (..., n_assets + 2) as `noise_along` returns it
        """
        decay = float(np.exp(-self.mean_reversion * years))
        rates = state[0] * decay + self.mean_rate * (1.0 - decay) + noise[..., 0]
        integrals = self.integral(state[0], noise[..., 1], years)
        drift = -(self.dividend_yields + 0.5 * self.volatilities**2) * years
        spots = state[1:] * np.exp(integrals[..., None] + drift + noise[..., 2:])
        return np.concatenate([rates[..., None], spots], axis=-1), np.exp(-integrals)


def require_years(name: str, given: Any) -> Floats:
    """Return increasing times above zero as an array."""
    years = np.atleast_1d(values_of(given))
    require_non_negative(name, years)
    if years.ndim != 1 or not years.size or years[0] <= 0.0 or (np.diff(years) <= 0.0).any():
        raise AadValueError(f"{name} = {given!r}: must be increasing years above zero")
    return years
