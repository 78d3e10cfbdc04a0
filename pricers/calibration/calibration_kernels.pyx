"""Python's face of the kernels of calibration, `pricers/calibration/kernels`: normal equations and their solution."""

from libc.stddef cimport ptrdiff_t

from aadlib.errors import AadValueError
from aadlib.sweeps.simd cimport set_in_use

cdef extern from "pricers/calibration/kernels/table.h" nogil:
    ctypedef struct calibration_kernels:
        void (*normal_equations)(
            const double* jacobian, const double* residuals, ptrdiff_t n_rows, ptrdiff_t n_columns, double* normal,
            double* gradient
        ) noexcept nogil
        int (*cholesky_solve)(double* matrix, double* right, ptrdiff_t n) noexcept nogil

    const calibration_kernels* const* calibration_kernels_tables


def normal_kernel(
    const double[:, ::1] jacobian not None,
    const double[::1] residuals not None,
    double[:, ::1] normal not None,
    double[::1] gradient not None,
):
    """Add J'J to `normal` (both triangles) and J'r to `gradient`; columns that are zero in a block are skipped."""
    cdef ptrdiff_t n_rows = jacobian.shape[0], n = jacobian.shape[1]
    if residuals.shape[0] != n_rows or not n == normal.shape[0] == normal.shape[1] == gradient.shape[0]:
        raise AadValueError(f"a Jacobian ({n_rows}, {n}) needs {n_rows} residuals and room for {n} by {n} and {n}")
    if n_rows and n:
        with nogil:
            calibration_kernels_tables[set_in_use].normal_equations(
                &jacobian[0, 0], &residuals[0], n_rows, n, &normal[0, 0], &gradient[0]
            )


def cholesky_solve_kernel(double[:, ::1] matrix not None, double[::1] right not None):
    """Overwrite `right` with the solution for a positive definite matrix, whose upper triangle is overwritten.

    Returns False, with both spoilt, where the matrix is not positive definite.
    """
    cdef ptrdiff_t n = right.shape[0]
    cdef int is_definite = 1
    if not n == matrix.shape[0] == matrix.shape[1]:
        raise AadValueError(f"matrix: need {n} by {n}")
    if n:
        with nogil:
            is_definite = calibration_kernels_tables[set_in_use].cholesky_solve(&matrix[0, 0], &right[0], n)
    return is_definite != 0
