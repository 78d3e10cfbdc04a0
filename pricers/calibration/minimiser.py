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

    Raises
    ------
    AadValueError
        If Newton's steps do not end.
    """
    near = gauss_newton(problem, start, tolerance=1e-9, max_evaluations=MAX_STEPS, first_damping=1e-3)
    objective, parameters = ExactObjective(problem), near.parameters
    smallest = np.inf
    for _ in range(MAX_STEPS):
        at = objective.at(parameters)
        pushed_out = ((parameters <= problem.lower) & (at.gradient > 0.0)) | (
            (parameters >= problem.upper) & (at.gradient < 0.0)
        )
        inside = np.flatnonzero(~pushed_out)
        step = np.zeros_like(parameters)
        within = np.ix_(inside, inside)
        try:
            step[inside] = -solve_definite(at.hessian[within], at.gradient[inside])
        except AadValueError:  # not convex on the way
            step[inside] = -solve_definite(at.gauss_newton[within], at.gradient[inside])
        moved = np.clip(parameters + step, problem.lower, problem.upper)
        size = float(np.abs(moved - parameters).max())
        parameters = moved
        if size < STEP_FLOOR or (size >= 0.5 * smallest and size < 1e-9):  # round-off
            return Minimiser(parameters, ~pushed_out, objective.at(parameters), objective)
        smallest = min(size, smallest)
    raise AadValueError(
        f"Newton's steps of the calibration do not end, the last is {size:.1e}: raise the ridges of "
        "CalibrationSettings"
    )
