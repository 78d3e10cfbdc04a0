"""The exact minimiser of a calibration: where its sensitivities to the quotes are defined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from pricers.calibration.exact_objective import ExactObjective, ObjectiveAt
from pricers.calibration.levenberg_marquardt import gauss_newton
from pricers.calibration.normal_system import solve_definite
from pricers.calibration.problem import CalibrationProblem
from pricers.types import Bools

MAX_STEPS = 40
ROUND_OFF = 1e-7
"""Below this, steps that no longer shrink are round-off."""
MAX_CHORDS = 12
"""Most steps with one matrix."""
STEP_FLOOR = 1e-13
"""Newton steps end below this, in log volatility."""


@dataclass(frozen=True, eq=False)
class Minimiser:
    """Where the gradient vanishes in every parameter that is not held by its bound.

    Attributes
    ----------
    parameters : (n_parameters,) float
    free : (n_parameters,) bool
        Not on a bound.
    at : ObjectiveAt
        Derivatives of the objective there.
    objective : ExactObjective
    """

    parameters: Floats
    free: Bools
    at: ObjectiveAt
    objective: ExactObjective

    def solve(self, right: Floats) -> Floats:
        """Solve hessian @ solution = right over the free parameters; zero in the others. Shape of right."""
        inside = np.flatnonzero(self.free)
        solution = np.zeros_like(right)
        solution[inside] = np.linalg.solve(self.at.hessian[np.ix_(inside, inside)], right[inside])
        return solution


def minimise(problem: CalibrationProblem, start: Floats) -> Minimiser:
    """Return the minimiser near a start: Gauss-Newton steps while they gain, then Newton's to round-off.

    Newton's matrix is exact, and kept for steps of the gradient alone as long as each is a third of the one before.

    Raises
    ------
    AadValueError
        If Newton's steps do not end.
    """
    near = gauss_newton(problem, start, tolerance=1e-6, max_evaluations=12, first_damping=1e-3)
    objective, parameters = ExactObjective(problem), near.parameters
    last = np.inf
    for _ in range(MAX_STEPS):
        at = objective.at(parameters)
        gradient = at.gradient
        for _ in range(MAX_CHORDS):
            step, free = _step(at, gradient, parameters, problem)
            moved = np.clip(parameters + step, problem.lower, problem.upper)
            size = float(np.abs(moved - parameters).max())
            parameters = moved
            if size < STEP_FLOOR or (size < ROUND_OFF and size >= 0.5 * last):
                return Minimiser(parameters, free, objective.at(parameters), objective)
            slow, last = size > last / 3.0, size
            if slow:
                break
            gradient = problem.gradient(parameters)
    raise AadValueError(
        f"Newton's steps of the calibration do not end, the last is {last:.1e}: raise the ridges of "
        "CalibrationSettings"
    )


def _step(
    at: ObjectiveAt, gradient: Floats, parameters: Floats, problem: CalibrationProblem
) -> tuple[Floats, Bools]:
    """Return the step over the parameters that no bound holds back, and which these are."""
    free = ~(
        ((parameters <= problem.lower) & (gradient > 0.0))
        | ((parameters >= problem.upper) & (gradient < 0.0))
    )
    inside = np.flatnonzero(free)
    step, within = np.zeros_like(parameters), np.ix_(inside, inside)
    try:
        step[inside] = -solve_definite(at.hessian[within], gradient[inside])
    except AadValueError:  # not convex on the way
        step[inside] = -solve_definite(at.gauss_newton[within], gradient[inside])
    return step, free
