"""Fit a local-volatility surface to quotes: one forward march prices them all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aadlib.errors import AadTypeError, AadValueError
from aadlib.types import Floats
from pricers.calibration.frame import empty_surface, forward_curve, march_grid
from pricers.calibration.levenberg_marquardt import Iteration, gauss_newton
from pricers.calibration.problem import ON_BOUND, CalibrationProblem
from pricers.calibration.quality import fit_quality, fit_weights
from pricers.calibration.repricing import reprice
from pricers.calibration.result import CalibrationResult
from pricers.calibration.screen import screen_quotes
from pricers.calibration.settings import CalibrationSettings
from pricers.calibration.start import smart_start
from pricers.calibration.wings import bounded_above
from pricers.chain.quotes import Quotes
from pricers.surfaces.calibrated_volatility import CalibratedVolatility

Fit = tuple[Floats, tuple[Iteration, ...], bool]

OPTIMISERS = ("gauss_newton", "least_squares", "L-BFGS-B", "TNC", "SLSQP")
"""Those that take bounds and derivatives, so that none falls back to differences or ignores a bound."""


def calibrate(
    quotes: Quotes,
    *,
    weights: str | ArrayLike = "equal",
    n_strikes: int = 16,
    n_expiries: int = 12,
    optimiser: str = "gauss_newton",
    settings: CalibrationSettings | None = None,
    n_threads: int | None = None,
    callback: Callable[[Iteration], None] | None = None,
) -> CalibrationResult:
    """Fit a tensor B-spline local-volatility surface to the implied volatilities of quotes.

    Parameters
    ----------
    quotes : Quotes
        Out-of-the-money quotes with implied volatilities, of at least one expiry. Those with very wide spreads and
        those that the others contradict are left out, see `pricers.calibration.screen.screen_quotes`.
    weights : "equal", "inverse_spread" or (n_quotes,) array, > 0
        Of the squared volatility errors, see `pricers.calibration.quality.fit_weights`.
    n_strikes, n_expiries : int, >= 4
        Most spline weights along strike and along time; fewer where there are few quotes, see
        `pricers.calibration.frame.empty_surface`. A level per expiry comes on top.
    optimiser : str
        ``"gauss_newton"``; ``"least_squares"`` (scipy.optimize.least_squares, trust region reflective); or
        ``"L-BFGS-B"``, ``"TNC"``, ``"SLSQP"`` of scipy.optimize.minimize. All share one march, with its Jacobian
        or its adjoint gradient.
    settings : CalibrationSettings, optional
    n_threads : int, optional
        Threads that share the tangent lanes; the result does not depend on it.
    callback : callable, optional
        Called with every `Iteration` of the Gauss-Newton fit.

    Returns
    -------
    CalibrationResult
        A `Market` with the chain's spot, curves and the surface, ready for any engine; judged on a grid finer than the
        one it was fitted on.

    Raises
    ------
    AadTypeError
        If quotes is not a `Quotes`.
    AadValueError
        For unknown weights or an unknown optimiser, or a spline too small.

    Notes
    -----
    Typically 4 to 8 marches of a whole chain, each followed by one Jacobian; 2 to 5 more where
    `CalibrationSettings.highest_over_implied` binds. The fit is deterministic. Zero rates and
    dividends enter nowhere: the march is in forward moneyness, and the quotes carry their forwards.

    References
    ----------
    B. Dupire, Pricing with a smile, Risk 7 (1994), 18-20.
    """
    _require_known(quotes, optimiser)
    settings = settings or CalibrationSettings()
    fit_weights(quotes=quotes, weights=weights)  # refused before anything is compiled
    began = time.perf_counter()
    kept = quotes.select((screen := screen_quotes(quotes, **settings.limits)).kept)
    kept_weights = weights if isinstance(weights, str) else np.asarray(weights)[screen.kept]
    grid = march_grid(kept)
    surface = empty_surface(kept, n_strikes=n_strikes, n_expiries=n_expiries)
    start = smart_start(surface, kept)
    problem = CalibrationProblem(
        quotes=kept,
        quote_weights=fit_weights(quotes=kept, weights=kept_weights),
        surface=surface,
        grid=grid,
        start=start,
        settings=settings,
        n_threads=n_threads,
    )
    parameters, history, converged = _fit_below(problem, surface, start, optimiser, settings, callback)
    fitted, curve = time.perf_counter(), forward_curve(quotes)
    surface = replace(surface.with_parameters(parameters), forward_curve=curve)
    grid_volatility = reprice(surface=surface, quotes=quotes, grid=grid)
    model_volatility = reprice(surface=surface, quotes=quotes)
    checked, difference = time.perf_counter(), grid_volatility - model_volatility
    local_variance = problem.local_variance(parameters)
    return CalibrationResult(
        spot=curve.spot,
        rate=curve.rate,
        dividend_yield=curve.dividend_yield,
        surface=surface,
        weights=weights if isinstance(weights, str) else "custom",
        screen=screen,
        model_volatility=model_volatility,
        grid_volatility=grid_volatility,
        residuals=model_volatility - quotes.volatility,
        quality=fit_quality(
            quotes=kept, model_volatility=model_volatility[screen.kept], weights=kept_weights
        ),
        active_weights=int(surface.split(problem.active(parameters))[0].sum()),
        # Those on their own bound, not on what is left of it below the highest local volatility.
        active_levels=int((np.abs(surface.levels) >= settings.level_bound - ON_BOUND).sum()),
        grid_error=float(np.sqrt(np.mean(difference**2))),
        worst_grid_error=float(np.abs(difference).max()),
        min_local_variance=float(local_variance.min()),
        max_local_variance=float(local_variance.max()),
        optimiser=optimiser,
        converged=converged,
        history=history,
        objective=problem.objective(parameters),
        n_marches=problem.n_marches,
        n_jacobians=problem.n_jacobians,
        n_adjoints=problem.n_adjoints,
        seconds=fitted - began,
        check_seconds=checked - fitted,
        problem=problem,
    )


def _require_known(quotes: object, optimiser: str) -> None:
    if not isinstance(quotes, Quotes):
        raise AadTypeError(
            f"quotes is a {type(quotes).__name__}: pass the Quotes of pricers.chain.load_quotes"
        )
    if optimiser not in OPTIMISERS:
        raise AadValueError(f"optimiser = {optimiser!r}: must be one of {', '.join(OPTIMISERS)}")


def _fit(
    problem: CalibrationProblem,
    start: Floats,
    optimiser: str,
    settings: CalibrationSettings,
    callback: Callable[[Iteration], None] | None,
) -> Fit:
    if optimiser == "gauss_newton":
        fit = gauss_newton(
            problem,
            start,
            tolerance=settings.tolerance,
            max_evaluations=settings.max_marches,
            first_damping=settings.first_damping,
            callback=callback,
        )
        return fit.parameters, fit.iterations, fit.converged
    start = np.clip(start, problem.lower, problem.upper)
    if optimiser == "least_squares":
        return _least_squares(problem, start, settings)
    return _minimise(problem, start, optimiser)


def _fit_below(
    problem: CalibrationProblem,
    surface: CalibratedVolatility,
    start: Floats,
    optimiser: str,
    settings: CalibrationSettings,
    callback: Callable[[Iteration], None] | None,
) -> Fit:
    """Fit, and where a local volatility ends above the highest one lead the fit on from there below it."""
    parameters, history, converged = _fit(problem, start, optimiser, settings, callback)
    highest = settings.highest_over_implied * float(problem.quotes.volatility.max())
    if np.sqrt(problem.local_variance(parameters).max()) <= highest:
        return parameters, history, converged
    problem.upper = bounded_above(surface, parameters, problem.upper, highest)
    inside = np.clip(parameters, problem.lower, problem.upper)
    parameters, more, converged = _fit(problem, inside, optimiser, settings, callback)
    return parameters, (*history, *more), converged


def _least_squares(problem: CalibrationProblem, start: Floats, settings: CalibrationSettings) -> Fit:
    from scipy.optimize import least_squares

    def residuals(parameters: Floats) -> Floats:
        return np.concatenate(
            [problem.residuals(parameters), problem.penalty @ (parameters - problem.center)]
        )

    def jacobian(parameters: Floats) -> Floats:
        return np.concatenate([problem.jacobian(parameters), problem.penalty.toarray()])

    fit = least_squares(
        residuals,
        np.clip(start, problem.lower + 1e-9, problem.upper - 1e-9),  # it refuses a start on a bound
        jac=jacobian,
        bounds=(problem.lower, problem.upper),
        ftol=0.1 * settings.tolerance,
    )
    return fit.x, (), bool(fit.success)


def _minimise(problem: CalibrationProblem, start: Floats, method: str) -> Fit:
    from scipy import optimize

    minimize: Any = optimize.minimize  # scipy's stubs want the method as a literal
    fit = minimize(
        problem.objective,
        start,
        jac=problem.gradient,
        method=method,
        bounds=optimize.Bounds(problem.lower, problem.upper),
    )
    return fit.x, (), bool(fit.success)
