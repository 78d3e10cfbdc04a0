"""Projected Levenberg-Marquardt: Gauss-Newton steps inside bounds, damped by their success."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from aadlib.types import Floats
from pricers.calibration.normal_system import normal_equations, solve_definite

MAX_ACTIVE_SET_ROUNDS = 8
TRUSTED_GAIN = 0.25
"""A small decrease means convergence only where the model promised about as little: this share of it was found."""
TRUSTED_DAMPING = 10.0
"""A small promise means convergence only where it is not the damping that makes it small."""


class LeastSquares(Protocol):
    """What the optimiser needs: see `pricers.calibration.problem.CalibrationProblem`."""

    lower: Floats
    upper: Floats
    penalty: sparse.csr_array
    center: Floats

    def residuals(self, parameters: Floats) -> Floats:
        """Return the residuals of the data."""

    def jacobian(self, parameters: Floats) -> Floats:
        """Return their derivatives."""


@dataclass(frozen=True)
class Iteration:
    """One trial step.

    Attributes
    ----------
    objective : float
        Half the penalised sum of squares at the trial point.
    predicted, actual : float
        Decrease promised by the quadratic model, and found.
    damping : float
    accepted : bool
    """

    objective: float
    predicted: float
    actual: float
    damping: float
    accepted: bool


@dataclass(frozen=True)
class GaussNewtonResult:
    """Where the iteration stopped, and how it came there."""

    parameters: Floats
    objective: float
    iterations: tuple[Iteration, ...]
    converged: bool


def gauss_newton(
    problem: LeastSquares,
    start: Floats,
    *,
    tolerance: float,
    max_evaluations: int,
    first_damping: float,
    callback: Callable[[Iteration], None] | None = None,
) -> GaussNewtonResult:
    """Minimise the penalised sum of squares of a problem inside its bounds.

    Parameters
    ----------
    problem : LeastSquares
    start : (n,) float
        Moved into the bounds.
    tolerance : float
        Stop when a relative decrease below this is promised by the quadratic model, or found where more was not
        promised. A step that is small because it is damped, or falls far short of its promise, is no convergence.
    max_evaluations : int
        Most evaluations of the residuals, the start included.
    first_damping : float
        Relative to the diagonal of the normal equations.
    callback : callable, optional
        Called with every trial step (for a progress bar).

    Notes
    -----
    Per accepted step: one evaluation, one Jacobian, one Cholesky factor per round of the active set. The damping
    follows Nielsen: it shrinks with the cube of the gain ratio and grows faster with each refusal in a row.

    References
    ----------
    H. B. Nielsen, Damping parameter in Marquardt's method, IMM-REP-1999-05, Technical University of Denmark.
    C. Kanzow, N. Yamashita, M. Fukushima, J. Comput. Appl. Math. 172 (2004), 375-397 (projection).
    """
    gram = (problem.penalty.T @ problem.penalty).toarray()
    parameters = np.clip(start, problem.lower, problem.upper)

    def objective(residuals: Floats, at: Floats) -> float:
        away = problem.penalty @ (at - problem.center)
        return 0.5 * float(residuals @ residuals + away @ away)

    residuals = problem.residuals(parameters)
    value = objective(residuals, parameters)
    damping, growth, converged = first_damping, 2.0, False
    iterations: list[Iteration] = []
    jacobian_is_fresh = False
    while len(iterations) + 1 < max_evaluations:
        if not jacobian_is_fresh:
            normal, gradient = normal_equations(problem.jacobian(parameters), residuals)
            normal += gram
            gradient += problem.penalty.T @ (problem.penalty @ (parameters - problem.center))
            jacobian_is_fresh = True
        step = _bounded_step(
            normal, gradient, damping, problem.lower - parameters, problem.upper - parameters
        )
        predicted = -float(gradient @ step + 0.5 * np.einsum("i,ij,j", step, normal, step))
        if predicted <= tolerance * value:
            converged = damping <= TRUSTED_DAMPING
            break
        trial = np.clip(parameters + step, problem.lower, problem.upper)
        trial_residuals = problem.residuals(trial)
        trial_value = objective(trial_residuals, trial)
        gain = (value - trial_value) / predicted
        accepted = bool(gain > 1e-3)
        iterations.append(Iteration(trial_value, predicted, value - trial_value, damping, accepted))
        if callback is not None:
            callback(iterations[-1])
        if accepted:
            converged = gain > TRUSTED_GAIN and value - trial_value <= tolerance * value
            parameters, residuals, value = trial, trial_residuals, trial_value
            if converged:
                break
            damping *= max(0.1, 1.0 - (2.0 * gain - 1.0) ** 3)
            growth, jacobian_is_fresh = 2.0, False
        else:
            damping *= growth
            growth *= 2.0
    return GaussNewtonResult(parameters, value, tuple(iterations), converged)


def _bounded_step(normal: Floats, gradient: Floats, damping: float, lower: Floats, upper: Floats) -> Floats:
    """Minimise the damped quadratic model inside lower <= step <= upper by rounds of an active set."""
    damped = normal.copy()
    damped[np.diag_indices_from(damped)] *= 1.0 + damping
    step = np.zeros_like(gradient)
    free = ~(((lower >= 0.0) & (gradient > 0.0)) | ((upper <= 0.0) & (gradient < 0.0)))
    for _ in range(MAX_ACTIVE_SET_ROUNDS):
        inside, held = np.flatnonzero(free), np.flatnonzero(~free)
        force = gradient[inside] + np.einsum("ij,j->i", damped[np.ix_(inside, held)], step[held])
        step[inside] = -solve_definite(damped[np.ix_(inside, inside)], force)
        outside = free & ((step < lower) | (step > upper))
        step = np.clip(step, lower, upper)
        if not outside.any():
            break
        free &= ~outside
    return step
