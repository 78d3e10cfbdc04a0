"""The start of a calibration: implied volatilities smoothed by the same spline, then turned local."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from aadlib.types import Floats
from pricers.calibration.frame import distinct_expiries
from pricers.calibration.normal_system import solve_definite
from pricers.calibration.penalty import second_differences
from pricers.chain.quotes import Quotes
from pricers.surfaces.calibrated_volatility import CalibratedVolatility

IMPLIED_SMOOTHNESS = 1.0
LOCAL_SMOOTHNESS = 0.03
TIME_STEP = 0.02
"""Step in ln t of the central difference of the total variance."""
RATE_RANGE = (0.2, 3.0)
"""Range allowed for d ln w / d ln t: a noisy or stale slice must not start the fit at a negative variance."""
SLOPE_RANGE = (0.05, 20.0)
"""Range allowed for the squared denominator."""


def smart_start(surface: CalibratedVolatility, quotes: Quotes) -> Floats:
    """Return start parameters from the quotes' implied volatilities, without a march.

    A spline is fitted to ln sigma_imp in the surface's own coordinates, and its total variance w(x, t) gives

        sigma_loc^2 = dw/dt / (1 - x w_x / (2 w))^2,

    Dupire's formula without the terms that vanish at short expiry; at fixed time it is 1/sigma_loc =
    d(x / sigma_imp)/dx. The level of the first interval then matches the first expiry at the money.

    Returns
    -------
    (n_parameters,) ndarray

    References
    ----------
    H. Berestycki, J. Busca, I. Florent, Quantitative Finance 2 (2002), 61-69.
    """
    implied = _fit_implied(surface, quotes)
    strikes, log_times = surface.strike_basis.breakpoints, surface.time_basis.breakpoints
    u = np.linspace(strikes[0], strikes[-1], 60)
    times = np.exp(np.linspace(log_times[0], log_times[-1], 30))
    scale = surface.scale(times)[:, None]
    x, bump = np.sinh(u) * scale, 0.05 * np.cosh(u) * scale

    def total_variance(x: Floats, t: Floats) -> Floats:
        in_u = surface.strike_basis.matrix((np.arcsinh(x / surface.scale(t)[:, None])).ravel())
        rows = surface.time_basis.matrix(surface.time_coordinate(t)) @ implied
        spline = np.einsum("tki,ti->tk", in_u.reshape(*x.shape, -1), rows)
        return np.asarray(np.exp(2.0 * spline) * t[:, None])

    w = total_variance(x, times)
    later, earlier = (
        total_variance(x, times * np.exp(TIME_STEP)),
        total_variance(x, times * np.exp(-TIME_STEP)),
    )
    rate = np.clip((later - earlier) / (2.0 * TIME_STEP * w), *RATE_RANGE)
    slope = (total_variance(x + bump, times) - total_variance(x - bump, times)) / (2.0 * bump)
    denominator = np.clip((1.0 - 0.5 * x * slope / w) ** 2, *SLOPE_RANGE)
    log_local = 0.5 * np.log(np.clip(w / times[:, None] * rate / denominator, 0.03**2, 2.5**2))

    on_mesh = np.broadcast_arrays(np.log(times)[:, None], u)
    design = tensor_design(surface, *(array.ravel() for array in on_mesh))
    weights = _penalised(design, log_local.ravel(), surface.weights.shape, LOCAL_SMOOTHNESS)
    levels = np.zeros(surface.levels.size)
    at_the_money = surface.strike_basis.evaluate(weights[0], 0.0)
    levels[0] = np.log(surface.atm_variance[0] / surface.expiries[0]) - 2.0 * at_the_money
    return np.concatenate([weights.ravel(), levels])


def _fit_implied(surface: CalibratedVolatility, quotes: Quotes) -> Floats:
    expiries, position = distinct_expiries(quotes)
    u = np.arcsinh(quotes.log_moneyness / surface.scale(expiries)[position])
    log_time, values = np.log(expiries)[position], np.log(quotes.volatility)
    if expiries.size == 1:  # nothing is known of time: the one smile holds from the first knot on
        u, values = np.tile(u, 2), np.tile(values, 2)
        log_time = np.concatenate([np.full(log_time.size, surface.time_basis.breakpoints[0]), log_time])
    design = tensor_design(surface, log_time, u)
    return _penalised(design, values, surface.weights.shape, IMPLIED_SMOOTHNESS)


def tensor_design(surface: CalibratedVolatility, log_times: Floats, u: Floats) -> sparse.csr_array:
    """Return the sparse matrix that takes flat spline weights to values at points, (n_points, n_weights)."""
    first_t, in_t = surface.time_basis.tabulate(log_times)
    first_u, in_u = surface.strike_basis.tabulate(u)
    rows_of_weights = first_t[:, None] + np.arange(in_t.shape[1])
    columns_of_weights = first_u[:, None] + np.arange(in_u.shape[1])
    columns = rows_of_weights[:, :, None] * surface.strike_basis.size + columns_of_weights[:, None, :]
    values = in_t[:, :, None] * in_u[:, None, :]
    rows = np.broadcast_to(np.arange(u.size)[:, None, None], values.shape)
    entries = values.ravel(), (rows.ravel(), columns.ravel())
    return sparse.csr_array(entries, shape=(u.size, surface.weights.size))


def _penalised(design: sparse.csr_array, values: Floats, shape: tuple[int, int], smoothness: float) -> Floats:
    differences = smoothness * second_differences(shape)
    normal = (design.T @ design + differences.T @ differences).toarray()
    # A hair of ridge towards the mean: the penalty alone leaves planes free where there are no quotes.
    normal[np.diag_indices_from(normal)] += 1e-8
    mean = values.mean()
    return np.asarray(mean + solve_definite(normal, design.T @ (values - mean)).reshape(shape))
