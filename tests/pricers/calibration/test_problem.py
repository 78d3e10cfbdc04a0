"""Residuals, Jacobian and gradient of the calibration problem; the start; the implied deviations."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from pricers.analytic import implied_volatility
from pricers.analytic.analytic_kernels import implied_deviation_kernel
from pricers.calibration.frame import atm_total_variance, distinct_expiries, empty_surface, march_grid
from pricers.calibration.penalty import second_differences
from pricers.calibration.problem import POINT, CalibrationProblem
from pricers.calibration.quality import fit_weights
from pricers.calibration.settings import CalibrationSettings
from pricers.calibration.start import smart_start
from pricers.chain.quotes import Quotes


def problem_on(quotes: Quotes, weights: str = "equal") -> tuple[CalibrationProblem, np.ndarray]:
    """Return the problem of a small spline and its start."""
    surface = empty_surface(quotes, n_strikes=6, n_expiries=5)
    start = smart_start(surface, quotes)
    problem = CalibrationProblem(
        quotes=quotes,
        quote_weights=fit_weights(quotes=quotes, weights=weights),
        surface=surface,
        grid=march_grid(quotes),
        start=start,
        settings=CalibrationSettings(),
    )
    return problem, start


@pytest.mark.parametrize("weights", ["equal", "inverse_spread"])
def test_gradient_jacobian_and_bumps_agree(quotes: Quotes, weights: str) -> None:
    """The adjoint gradient is J'r plus the penalty's, and both are the derivative of the objective."""
    problem, start = problem_on(quotes, weights)
    residuals = problem.residuals(start)
    jacobian = problem.jacobian(start).copy()
    gradient = problem.gradient(start)
    pulled = problem.penalty.T @ (problem.penalty @ (start - problem.center))
    assert np.abs(gradient - jacobian.T @ residuals - pulled).max() < 1e-10 * np.abs(gradient).max()
    for j in (3, 14, 29, 30, 35):
        step = np.zeros_like(start)
        step[j] = 1e-5
        bump = (problem.objective(start + step) - problem.objective(start - step)) / 2e-5
        assert gradient[j] == pytest.approx(bump, rel=1e-5, abs=1e-5)
        column = (problem.residuals(start + step) - problem.residuals(start - step)) / 2e-5
        assert np.abs(jacobian[:, j] - column).max() < 1e-6 * max(1.0, np.abs(column).max())


def test_one_march_serves_residuals_jacobian_and_gradient(quotes: Quotes) -> None:
    """The counters show what was spent."""
    problem, start = problem_on(quotes)
    problem.residuals(start)
    problem.jacobian(start)
    problem.gradient(start)
    problem.objective(start)
    assert (problem.n_marches, problem.n_jacobians, problem.n_adjoints) == (1, 1, 1)


def test_smart_start_is_close(quotes: Quotes) -> None:
    """Without a march the start prices the quotes to about one volatility point."""
    problem, start = problem_on(quotes)
    residuals = problem.residuals(start)
    flat = np.concatenate([np.full(30, np.log(0.2)), np.zeros(8)])
    assert np.sqrt(np.mean(residuals**2)) < 1.5
    assert np.sqrt(np.mean(residuals**2)) < 0.3 * np.sqrt(np.mean(problem.residuals(flat) ** 2))


def test_residuals_are_in_volatility_points(quotes: Quotes) -> None:
    """A residual is the volatility error times 100 for equal weights."""
    problem, start = problem_on(quotes)
    error = problem.model_volatility(start) - quotes.volatility
    assert np.abs(problem.residuals(start) - error / POINT).max() < 1e-12


def test_penalty_vanishes_on_planes(rng: np.random.Generator) -> None:
    """Second differences see neither a constant nor a slope, and have the stated number of rows."""
    rows, columns = np.mgrid[0:5, 0:7]
    matrix = second_differences((5, 7), 2.0, 3.0)
    assert matrix.shape == (3 * 7 + 5 * 5, 35)
    assert np.abs(matrix @ (1.5 + 0.3 * rows - 0.2 * columns).ravel()).max() < 1e-12
    assert np.abs(matrix @ (rows**2.0).ravel())[:21] == pytest.approx(4.0)


def test_implied_deviations_equal_the_public_ones(quotes: Quotes) -> None:
    """The kernel inverts normalised prices, gives the slope, and stays finite where a price is nothing."""
    price = quotes.mid / (quotes.discount * quotes.forward)
    deviation, slope = np.empty((2, len(quotes)))
    implied_deviation_kernel(price, quotes.log_moneyness, deviation, slope)
    assert np.abs(deviation / np.sqrt(quotes.expiry) - quotes.volatility).max() < 1e-10
    up, down = np.empty((2, len(quotes))), np.empty((2, len(quotes)))
    implied_deviation_kernel(price * (1 + 1e-6), quotes.log_moneyness, *up)
    implied_deviation_kernel(price * (1 - 1e-6), quotes.log_moneyness, *down)
    assert np.abs((up[0] - down[0]) / (2e-6 * price) / slope - 1.0).max() < 1e-6
    again = implied_volatility(
        price=price,
        forward=1.0,
        strike=np.exp(quotes.log_moneyness),
        expiry=quotes.expiry,
        is_call=quotes.is_call,
    )
    assert np.abs(again - deviation / np.sqrt(quotes.expiry)).max() < 1e-12
    implied_deviation_kernel(np.zeros_like(price), quotes.log_moneyness, deviation, slope)
    assert np.isfinite(deviation).all() and np.isfinite(slope).all() and (deviation > 0.0).all()


def test_frame_reads_expiries_and_money_off_the_quotes(quotes: Quotes) -> None:
    """Expiries a quarter of a day apart stay two; slices without quotes drop out."""
    expiries, position = distinct_expiries(quotes)
    assert expiries.tolist() == [s.expiry for s in quotes.slices] and position.max() == 7
    some = quotes.select(quotes.slice_index != 2)
    expiries, position = distinct_expiries(some)
    assert expiries.size == 7 and 0.1 not in expiries.tolist() and set(position) == set(range(7))
    assert (np.diff(atm_total_variance(some)) >= 0.0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strike_smoothness": -1.0}, "strike_smoothness"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"lowest_volatility": 3.0}, "lowest_volatility"),
    ],
)
def test_bad_settings_are_named(change: dict[str, float], message: str) -> None:
    """Settings check themselves."""
    with pytest.raises(AadValueError, match=message):
        CalibrationSettings(**change)
