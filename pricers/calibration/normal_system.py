"""Normal equations of a least-squares step, formed and solved by the compiled single-thread kernels."""

from __future__ import annotations

import numpy as np

from aadlib.errors import AadValueError
from aadlib.types import Floats
from aadlib.validation import require_shape
from pricers.calibration.calibration_kernels import cholesky_solve_kernel, normal_kernel


def normal_equations(jacobian: Floats, residuals: Floats) -> tuple[Floats, Floats]:
    """Return J'J, (n_parameters, n_parameters), and J'r, (n_parameters,)."""
    n_rows, n_columns = jacobian.shape
    require_shape("residuals", residuals, (n_rows,))
    normal, gradient = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
    normal_kernel(np.ascontiguousarray(jacobian), np.ascontiguousarray(residuals), normal, gradient)
    return normal, gradient


def solve_definite(matrix: Floats, right: Floats) -> Floats:
    """Solve a symmetric positive definite system.

    Raises
    ------
    AadValueError
        If the matrix is not positive definite.
    """
    factor, solution = np.array(matrix, dtype=np.float64, order="C"), np.array(right, dtype=np.float64)
    require_shape("matrix", factor, (solution.size, solution.size))
    if not cholesky_solve_kernel(factor, solution):
        raise AadValueError(
            "matrix is not positive definite: raise the ridge or the damping, or look for NaN quotes"
        )
    return solution
