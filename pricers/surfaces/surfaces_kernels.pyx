"""Python's face of the kernels of surfaces, `pricers/surfaces/kernels`.

Arguments start, weight, factor, node_columns, in_node, n_columns are `pricers.surfaces.local_basis.LocalBasis.arrays`:
the lines of all rows as a sparse matrix with n_columns lines a row, and node_columns and in_node with one plane for all
rows or one for each.
"""

import numpy as np

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t

from aadlib.errors import AadValueError
from aadlib.sweeps.simd cimport set_in_use

cdef extern from "pricers/surfaces/kernels/table.h" nogil:
    ctypedef struct surfaces_spline:
        const double* breakpoints
        const double* pieces
        ptrdiff_t n_pieces, width, n_powers

    ctypedef struct surfaces_basis:
        const int64_t* start
        const int64_t* weight
        const double* factor
        const int64_t* node_columns
        const double* in_node
        ptrdiff_t n_columns, n_planes, n_nodes, width, n_rows

    ctypedef struct surfaces_kernels:
        void (*tabulate)(
            const surfaces_spline* spline, const double* coordinate, ptrdiff_t n_rows, ptrdiff_t n, int64_t* first,
            double* values
        ) noexcept nogil
        void (*predict)(
            const surfaces_basis* basis, const double* weights, double* line, double* result
        ) noexcept nogil
        void (*gather)(const surfaces_basis* basis, const double* seeds, double* line, double* result) noexcept nogil
        void (*gram)(
            const surfaces_basis* basis, ptrdiff_t reach, const double* factors, ptrdiff_t n_weights, double* band,
            double* result
        ) noexcept nogil

    const surfaces_kernels* const* surfaces_kernels_tables


cdef surfaces_basis basis_of(
    const int64_t[::1] start,
    const int64_t[::1] weight,
    const double[::1] factor,
    const int64_t[:, :, ::1] node_columns,
    const double[:, :, ::1] in_node,
    ptrdiff_t n_columns,
) except *:
    """Return a basis for C; the arrays must live as long as it is used."""
    cdef surfaces_basis basis = surfaces_basis(
        &start[0], NULL, NULL, &node_columns[0, 0, 0], &in_node[0, 0, 0], n_columns,
        in_node.shape[0], in_node.shape[1], in_node.shape[2], (start.shape[0] - 1) // n_columns,
    )
    if factor.shape[0]:
        basis.weight, basis.factor = &weight[0], &factor[0]
    return basis


def basis_table_kernel(
    const double[:, ::1] coordinate not None,
    const double[::1] breakpoints not None,
    const double[:, :, ::1] pieces not None,
    int64_t[:, ::1] first not None,
    double[:, :, ::1] values not None,
):
    """Tabulate a spline basis at coordinates that increase along each row: interval and values."""
    cdef ptrdiff_t n_rows = coordinate.shape[0], n = coordinate.shape[1]
    cdef surfaces_spline spline = surfaces_spline(
        &breakpoints[0], &pieces[0, 0, 0], pieces.shape[0], pieces.shape[1], pieces.shape[2]
    )
    if not (n_rows == first.shape[0] == values.shape[0] and n == first.shape[1] == values.shape[1]
            and values.shape[2] == spline.width and breakpoints.shape[0] == spline.n_pieces + 1):
        raise AadValueError(f"first and values: need {n_rows} by {n}, and {spline.width} values each")
    if n_rows and n:
        with nogil:
            surfaces_kernels_tables[set_in_use].tabulate(
                &spline, &coordinate[0, 0], n_rows, n, &first[0, 0], &values[0, 0, 0]
            )


def predictor_kernel(
    start, weight, factor, node_columns, in_node, n_columns, const double[::1] weights not None,
    double[:, ::1] result not None,
):
    """Fill result (n_rows, n_nodes) with the basis times weights."""
    cdef surfaces_basis basis = basis_of(start, weight, factor, node_columns, in_node, n_columns)
    cdef double[::1] line = np.empty(n_columns)
    require_cells(&basis, result)
    with nogil:
        surfaces_kernels_tables[set_in_use].predict(&basis, &weights[0], &line[0], &result[0, 0])


def gather_kernel(
    start, weight, factor, node_columns, in_node, n_columns, const double[:, ::1] seeds not None,
    double[::1] result not None,
):
    """Add the transpose of `predictor_kernel` applied to seeds (n_rows, n_nodes) to result (n_weights,)."""
    cdef surfaces_basis basis = basis_of(start, weight, factor, node_columns, in_node, n_columns)
    cdef double[::1] line = np.empty(n_columns)
    require_cells(&basis, seeds)
    with nogil:
        surfaces_kernels_tables[set_in_use].gather(&basis, &seeds[0, 0], &line[0], &result[0])


def gram_kernel(
    start, weight, factor, node_columns, in_node, n_columns, ptrdiff_t reach,
    const double[:, ::1] factors not None, double[:, ::1] result not None,
):
    """Add basis' diag(factors) basis to result (n_weights, n_weights); factors (n_rows, n_nodes).

    `reach` columns lie between the first and the last of any node, both counted.
    """
    cdef surfaces_basis basis = basis_of(start, weight, factor, node_columns, in_node, n_columns)
    cdef double[:, ::1] band = np.empty((n_columns, reach))
    require_cells(&basis, factors)
    with nogil:
        surfaces_kernels_tables[set_in_use].gram(
            &basis, reach, &factors[0, 0], result.shape[0], &band[0, 0], &result[0, 0]
        )


cdef void require_cells(const surfaces_basis* basis, const double[:, ::1] cells) except *:
    """Check that there is one number for each cell of a basis."""
    if cells.shape[0] != basis.n_rows or cells.shape[1] != basis.n_nodes:
        raise AadValueError(f"cells of shape {(cells.shape[0], cells.shape[1])}: need {(basis.n_rows, basis.n_nodes)}")
