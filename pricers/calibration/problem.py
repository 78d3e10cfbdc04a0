"""The least-squares problem of a calibration: residuals, Jacobian and gradient that every optimiser shares."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from aadlib.types import Floats
from pricers.analytic.analytic_kernels import implied_deviation_kernel
from pricers.calibration.frame import distinct_expiries
from pricers.calibration.penalty import second_differences
from pricers.calibration.settings import CalibrationSettings
from pricers.calibration.wings import WING_SLOPE, outward_distance, wing_differences
from pricers.chain.quotes import Quotes
from pricers.pde.forward.compiled import CompiledForwardMarch
from pricers.pde.grids.moneyness_grid import ForwardGrid
from pricers.surfaces.calibrated_volatility import CalibratedVolatility
from pricers.types import Bools

ON_BOUND = 1e-6
"""Distance within which a parameter is on its bound; scipy's optimisers stop short of theirs."""
POINT = 0.01
"""One volatility point: the unit of the residuals."""
COUNTERS = ("n_marches", "n_jacobians", "n_adjoints")


class CalibrationProblem:
    """Minimise |residuals(p)|^2 + |penalty (p - center)|^2 over lower <= p <= upper.

    residuals[q] = sqrt(weight[q]) (model - market implied volatility) in volatility points.

    Parameters
    ----------
    quotes : Quotes
    quote_weights : (n_quotes,) float
        Of the squared errors, mean one.
    surface : CalibratedVolatility
        Frame of the parameters.
    grid : ForwardGrid
    start : (n_parameters,) float
        The ridge pulls the spline weights to the mean of these, rising in the wings, and the levels to zero.
    settings : CalibrationSettings
    n_threads : int, optional

    Notes
    -----
    The methods remember the last march, so asking for residuals, Jacobian and gradient at one point costs one.
    `n_marches`, `n_jacobians` and `n_adjoints` count what was spent.
    """

    def __init__(
        self,
        *,
        quotes: Quotes,
        quote_weights: Floats,
        surface: CalibratedVolatility,
        grid: ForwardGrid,
        start: Floats,
        settings: CalibrationSettings,
        n_threads: int | None = None,
    ) -> None:
        self._given: dict[str, Any] = {
            "quote_weights": quote_weights,
            "surface": surface,
            "grid": grid,
            "start": start,
            "settings": settings,
            "n_threads": n_threads,
        }
        expiries, position = distinct_expiries(quotes)
        self._march = CompiledForwardMarch(
            surface=surface,
            grid=grid,
            log_moneyness=quotes.log_moneyness,
            expiry_index=position,
            is_call=quotes.is_call,
            n_threads=n_threads,
        )
        self.quotes, self.surface, self.grid, self.position = quotes, surface, grid, position
        self.root_expiry = np.sqrt(expiries)[position]
        self._root_weight = np.sqrt(quote_weights) / POINT
        self.penalty, self.center = _penalty(surface, quotes, start, settings)
        n_weights = surface.weights.size
        bound = np.full(surface.n_parameters, settings.level_bound)
        self.lower, self.upper = -bound, bound.copy()
        self.lower[:n_weights] = math.log(settings.lowest_volatility)
        self.upper[:n_weights] = math.log(settings.highest_volatility)
        self.n_marches = self.n_jacobians = self.n_adjoints = 0
        self._at = np.full(surface.n_parameters, np.nan)
        self._slope = np.zeros(len(quotes))
        self._volatility = np.zeros(len(quotes))

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: what it was made of, and no march."""
        held = {name: getattr(self, name) for name in ("penalty", "center", "lower", "upper", *COUNTERS)}
        return {"given": {**self._given, "quotes": self.quotes}, "held": held}

    def __setstate__(self, state: dict[str, Any]) -> None:
        CalibrationProblem.__init__(self, **state["given"])
        vars(self).update(state["held"])

    def moved(self, *, volatility: Any = 0.0, log_moneyness: Any = 0.0) -> CalibrationProblem:
        """Return the problem with something added to quotes, in the same frame with the same penalty.

        Parameters
        ----------
        volatility, log_moneyness : float or (n_quotes,) float
        """
        places = self.quotes.log_moneyness + log_moneyness
        quotes = replace(
            self.quotes,
            volatility=self.quotes.volatility + volatility,
            log_moneyness=places,
            is_call=places >= 0.0,  # implied volatilities are those of out-of-the-money options
        )
        other = CalibrationProblem(quotes=quotes, **self._given)
        other.penalty, other.center = self.penalty, self.center
        other.lower, other.upper = self.lower, self.upper
        return other

    def model_volatility(self, parameters: Floats) -> Floats:
        """Return the implied volatilities of the model at every quote, (n_quotes,)."""
        if not np.array_equal(parameters, self._at):
            price = self._march.march(parameters)
            implied_deviation_kernel(price, self.quotes.log_moneyness, self._volatility, self._slope)
            self._volatility /= self.root_expiry
            self._at = np.array(parameters)
            self.n_marches += 1
        return self._volatility.copy()

    def residuals(self, parameters: Floats) -> Floats:
        """Return the weighted volatility errors in points, (n_quotes,)."""
        return self._root_weight * (self.model_volatility(parameters) - self.quotes.volatility)

    def jacobian(self, parameters: Floats) -> Floats:
        """Return the derivatives of the residuals by tangent lanes, (n_quotes, n_parameters); reused storage."""
        self.residuals(parameters)
        self.n_jacobians += 1
        return self._march.jacobian(self._root_weight * self._slope / self.root_expiry)

    @property
    def squared_weights(self) -> Floats:
        """What a squared volatility error counts in twice the objective, (n_quotes,)."""
        return self._root_weight**2

    def volatility_jacobian(self, parameters: Floats) -> Floats:
        """Return the derivatives of the model's implied volatilities, (n_quotes, n_parameters)."""
        return self.jacobian(parameters) / self._root_weight[:, None]

    def price_slope(self, parameters: Floats) -> Floats:
        """Return the derivatives of implied volatilities in prices over forwards, (n_quotes,)."""
        self.residuals(parameters)
        return self._slope / self.root_expiry

    def grid_seeds(self, seeds: Floats) -> Floats:
        """Return what each expiry's nodes of the march count in a sum of quotes' prices, (n_expiries * n_nodes,)."""
        return self._march.grid_seeds(seeds)

    def objective(self, parameters: Floats) -> float:
        """Return half the penalised sum of squares."""
        away = self.penalty @ (parameters - self.center)
        residuals = self.residuals(parameters)
        return 0.5 * float(residuals @ residuals + away @ away)

    def gradient(self, parameters: Floats) -> Floats:
        """Return the gradient of `objective` by one adjoint sweep, (n_parameters,)."""
        seed = self.residuals(parameters) * self._root_weight * self._slope / self.root_expiry
        self.n_adjoints += 1
        pulled = self.penalty.T @ (self.penalty @ (parameters - self.center))
        return self._march.gradient(seed) + pulled

    def active(self, parameters: Floats) -> Bools:
        """Return which parameters are on one of their bounds, (n_parameters,)."""
        return np.asarray((parameters <= self.lower + ON_BOUND) | (parameters >= self.upper - ON_BOUND))

    def local_variance(self, parameters: Floats) -> Floats:
        """Return the local variance at every step and node of the grid."""
        return self._march.variance(parameters)


def _penalty(
    surface: CalibratedVolatility, quotes: Quotes, start: Floats, settings: CalibrationSettings
) -> tuple[sparse.csr_array, Floats]:
    """Return the penalty matrix and its centre: the mean start volatility, rising beyond the quotes, and no levels."""
    n_weights, n_levels = surface.weights.size, surface.levels.size
    differences = second_differences(
        surface.weights.shape, settings.time_smoothness, settings.strike_smoothness
    )
    ridge = settings.weight_ridge * sparse.eye_array(n_weights)
    of_levels = settings.level_ridge * sparse.eye_array(n_levels)
    distance = outward_distance(surface, quotes)
    wings = settings.wing_smoothness * wing_differences(surface.strike_basis, distance)
    matrix = sparse.block_diag([sparse.vstack([differences, wings, ridge]), of_levels])
    center = np.zeros(n_weights + n_levels)
    center[:n_weights] = start[:n_weights].mean() + WING_SLOPE * distance.ravel()
    return sparse.csr_array(matrix), center
