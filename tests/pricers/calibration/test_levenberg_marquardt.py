"""The bounded Levenberg-Marquardt against scipy and against closed forms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import optimize, sparse

from aadlib.errors import AadValueError
from pricers.calibration.levenberg_marquardt import Iteration, gauss_newton
from pricers.calibration.normal_system import normal_equations, solve_definite


class Rosenbrock:
    """The banana valley as least squares, in a box, without penalty; counts evaluations."""

    def __init__(self, lower: float, upper: float) -> None:
        self.lower, self.upper = np.full(2, lower), np.full(2, upper)
        self.penalty, self.center = sparse.csr_array((1, 2)), np.zeros(2)
        self.n_evaluations = 0

    def residuals(self, p: np.ndarray) -> np.ndarray:
        """Return the two residuals."""
        self.n_evaluations += 1
        return np.array([10.0 * (p[1] - p[0] ** 2), 1.0 - p[0]])

    def jacobian(self, p: np.ndarray) -> np.ndarray:
        """Return their derivatives."""
        return np.array([[-20.0 * p[0], 10.0], [-1.0, 0.0]])


class Linear:
    """A x = b in a box with a penalty: one bounded quadratic programme."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.matrix, self.right = rng.normal(size=(20, 6)), rng.normal(size=20) * 3.0
        self.lower, self.upper = np.full(6, -0.3), np.full(6, 0.4)
        self.penalty, self.center = sparse.csr_array(0.5 * np.eye(6)), np.full(6, 0.1)

    def residuals(self, p: np.ndarray) -> np.ndarray:
        """Return A p - b."""
        return self.matrix @ p - self.right

    def jacobian(self, p: np.ndarray) -> np.ndarray:
        """Return A."""
        return self.matrix


@pytest.mark.parametrize("upper", [0.7, 1.0, 3.0])
def test_equals_scipy_on_the_bounded_valley(upper: float) -> None:
    """The minimum is found inside the box and on its boundary."""
    problem = Rosenbrock(-2.0, upper)
    found = gauss_newton(
        problem, np.array([-1.2, 0.5]), tolerance=1e-14, max_evaluations=200, first_damping=1e-2
    )
    truth = optimize.least_squares(
        problem.residuals,
        [-1.2, 0.5],
        jac=problem.jacobian,
        bounds=(problem.lower, problem.upper + 1e-12),
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    )
    assert found.objective <= truth.cost + 1e-10
    assert np.abs(found.parameters - truth.x).max() < 1e-5
    assert (found.parameters <= problem.upper).all()


def test_bounded_linear_problem_is_solved_by_the_active_set(rng: np.random.Generator) -> None:
    """With a quadratic objective the optimality conditions hold at the end."""
    problem = Linear(rng)
    found = gauss_newton(problem, np.zeros(6), tolerance=1e-15, max_evaluations=60, first_damping=1e-8)
    gradient = problem.matrix.T @ problem.residuals(found.parameters) + 0.25 * (found.parameters - 0.1)
    free = (found.parameters > problem.lower + 1e-9) & (found.parameters < problem.upper - 1e-9)
    assert 0 < free.sum() < 6
    assert np.abs(gradient[free]).max() < 1e-5
    assert (gradient[found.parameters <= problem.lower + 1e-9] >= -1e-6).all()
    assert (gradient[found.parameters >= problem.upper - 1e-9] <= 1e-6).all()


def test_spends_no_more_than_allowed_and_reports_every_trial() -> None:
    """The start counts; refused steps are in the history and do not raise the objective."""
    problem = Rosenbrock(-2.0, 2.0)
    seen: list[Iteration] = []
    found = gauss_newton(
        problem,
        np.array([-1.9, 2.0]),
        tolerance=1e-14,
        max_evaluations=6,
        first_damping=1e-6,
        callback=seen.append,
    )
    assert problem.n_evaluations == 6 == len(found.iterations) + 1
    assert tuple(seen) == found.iterations and not found.converged
    assert found.objective == min(i.objective for i in found.iterations if i.accepted)


class Scalar:
    """One residual r(p) of one parameter in [0, 2000], with the slope that is claimed for it."""

    def __init__(self, residual: Callable[[float], float], slope: Callable[[float], float]) -> None:
        self.lower, self.upper = np.zeros(1), np.full(1, 2000.0)
        self.penalty, self.center = sparse.csr_array((1, 1)), np.zeros(1)
        self.residual, self.slope = residual, slope

    def residuals(self, p: np.ndarray) -> np.ndarray:
        """Return r."""
        return np.array([self.residual(p[0])])

    def jacobian(self, p: np.ndarray) -> np.ndarray:
        """Return what is claimed to be dr/dp."""
        return np.array([[self.slope(p[0])]])


def test_a_step_far_short_of_its_promise_is_no_convergence() -> None:
    """Steep for a twentieth, then nearly flat: the first step finds 3% of what it was promised, and there is more."""
    problem = Scalar(
        lambda p: 10.0 - 0.05 * np.tanh(20.0 * p) - 0.01 * p,
        lambda p: -(1.0 - np.tanh(20.0 * p) ** 2) - 0.01,
    )
    found = gauss_newton(problem, np.zeros(1), tolerance=0.1, max_evaluations=30, first_damping=1e-3)
    first = found.iterations[0]
    assert first.accepted and first.actual < 0.1 * 50.0 and first.actual < 0.05 * first.predicted
    assert found.converged and found.objective < 1e-2


def test_a_small_promise_of_a_large_damping_is_no_convergence() -> None:
    """With a slope of the wrong sign every step is refused, until damping alone leaves nothing to be promised."""
    problem = Scalar(lambda p: 1.0 + 0.01 * p, lambda p: -1.0)
    found = gauss_newton(problem, np.ones(1), tolerance=1e-2, max_evaluations=100, first_damping=1e-2)
    assert len(found.iterations) < 99 and not any(i.accepted for i in found.iterations)
    assert not found.converged


def test_start_outside_the_box_is_moved_in() -> None:
    """A start beyond a bound is clipped before the first evaluation."""
    found = gauss_newton(
        Rosenbrock(-1.0, 1.5), np.array([9.0, -9.0]), tolerance=1e-14, max_evaluations=100, first_damping=1e-2
    )
    assert np.abs(found.parameters - 1.0).max() < 1e-5


@pytest.mark.parametrize(("n_rows", "n_columns"), [(3, 5), (8, 4), (40, 11), (61, 30)])
def test_normal_equations_equal_numpy(n_rows: int, n_columns: int, rng: np.random.Generator) -> None:
    """Full blocks of rows, the rest, and columns of zeros."""
    jacobian, residuals = rng.normal(size=(n_rows, n_columns)), rng.normal(size=n_rows)
    jacobian[: n_rows // 2, n_columns // 2 :] = 0.0
    normal, gradient = normal_equations(jacobian, residuals)
    assert np.abs(normal - jacobian.T @ jacobian).max() < 1e-12
    assert np.abs(gradient - jacobian.T @ residuals).max() < 1e-12


def test_solution_equals_numpy_and_refuses_indefinite(rng: np.random.Generator) -> None:
    """Cholesky leaves its arguments alone and says so where there is no factor."""
    root = rng.normal(size=(12, 9))
    matrix, right = root.T @ root, rng.normal(size=9)
    kept = matrix.copy()
    assert np.abs(solve_definite(matrix, right) - np.linalg.solve(matrix, right)).max() < 1e-10
    assert np.array_equal(matrix, kept)
    with pytest.raises(AadValueError, match="not positive definite"):
        solve_definite(-matrix, right)
    with pytest.raises(AadValueError, match="shape"):
        solve_definite(matrix, right[:4])
