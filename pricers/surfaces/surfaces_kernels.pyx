"""Python's face of the kernels of surfaces, `pricers/surfaces/kernels`.

Arguments start, weight, factor, node_columns, in_node, n_columns, run_end are
`pricers.surfaces.local_basis.LocalBasis.arrays`: the lines of all rows as a sparse matrix with n_columns lines a row,
node_columns and in_node with one plane for all rows or one for each, and for each node the first one after it that reads
other columns.
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
        const int64_t* run_end
        ptrdiff_t n_columns, n_planes, n_nodes, width, n_rows

    ctypedef struct surfaces_moved:
        surfaces_spline spline
        const double* nodes
        const double* home
        const double* inverse_scale
        const double* inverse_width
        const double* centres
        const double* lines
        double reach
        ptrdiff_t n_rows, n_nodes, n_centres, n_columns

    ctypedef struct surfaces_row:
        double* z
        double* coordinate
        double* offset
        double* inside
        double* of_surface
        double* pieces
        int64_t* interval
        const double* line
        double shift, located

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
        void (*runs)(const surfaces_basis* basis, int64_t* run_end) noexcept nogil
        int (*moved_variances)(const surfaces_moved* m, surfaces_row* row, double* result) noexcept nogil
        void (*moved_derivatives)(
            const surfaces_moved* m, surfaces_row* row, int64_t* columns, double* inside
        ) noexcept nogil
        void (*moved_curvature)(
            const surfaces_moved* m, const surfaces_basis* basis, surfaces_row* row, const double* factors,
            ptrdiff_t n_weights, double* band, double* result
        ) noexcept nogil

    const surfaces_kernels* const* surfaces_kernels_tables


cdef surfaces_basis basis_of(
    const int64_t[::1] start,
    const int64_t[::1] weight,
    const double[::1] factor,
    const int64_t[:, :, ::1] node_columns,
    const double[:, :, ::1] in_node,
    ptrdiff_t n_columns,
    const int64_t[:, ::1] run_end,
) except *:
    """Return a basis for C; the arrays must live as long as it is used."""
    cdef surfaces_basis basis = surfaces_basis(
        &start[0], NULL, NULL, &node_columns[0, 0, 0], &in_node[0, 0, 0], &run_end[0, 0], n_columns,
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
    start, weight, factor, node_columns, in_node, n_columns, run_end, const double[::1] weights not None,
    double[:, ::1] result not None,
):
    """Fill result (n_rows, n_nodes) with the basis times weights."""
    cdef surfaces_basis basis = basis_of(start, weight, factor, node_columns, in_node, n_columns, run_end)
    cdef double[::1] line = np.empty(n_columns)
    require_cells(&basis, result)
    with nogil:
        surfaces_kernels_tables[set_in_use].predict(&basis, &weights[0], &line[0], &result[0, 0])


def gather_kernel(
    start, weight, factor, node_columns, in_node, n_columns, run_end, const double[:, ::1] seeds not None,
    double[::1] result not None,
):
    """Add the transpose of `predictor_kernel` applied to seeds (n_rows, n_nodes) to result (n_weights,)."""
    cdef surfaces_basis basis = basis_of(start, weight, factor, node_columns, in_node, n_columns, run_end)
    cdef double[::1] line = np.empty(n_columns)
    require_cells(&basis, seeds)
    with nogil:
        surfaces_kernels_tables[set_in_use].gather(&basis, &seeds[0, 0], &line[0], &result[0])


def gram_kernel(
    start, weight, factor, node_columns, in_node, n_columns, run_end, ptrdiff_t reach,
    const double[:, ::1] factors not None, double[:, ::1] result not None,
):
    """Add half of basis' diag(factors) basis to result (n_weights, n_weights), its transpose being the other half.

    factors is (n_rows, n_nodes); `reach` columns lie between the first and the last of any node, both counted.
    """
    cdef surfaces_basis basis = basis_of(start, weight, factor, node_columns, in_node, n_columns, run_end)
    cdef double[:, ::1] band = np.empty((1 + 64, n_columns * reach))
    require_cells(&basis, factors)
    with nogil:
        surfaces_kernels_tables[set_in_use].gram(
            &basis, reach, &factors[0, 0], result.shape[0], &band[0, 0], &result[0, 0]
        )


def runs_kernel(
    start, weight, factor, node_columns, in_node, n_columns, int64_t[:, ::1] run_end not None,
):
    """Fill run_end (n_planes, n_nodes)."""
    cdef surfaces_basis basis = basis_of(start, weight, factor, node_columns, in_node, n_columns, run_end)
    if run_end.shape[0] != basis.n_planes or run_end.shape[1] != basis.n_nodes:
        raise AadValueError(f"run_end: need {(basis.n_planes, basis.n_nodes)}")
    with nogil:
        surfaces_kernels_tables[set_in_use].runs(&basis, &run_end[0, 0])


cdef class MovedSurface:
    """A surface on moved nodes for the kernels: see `pricers/surfaces/kernels/moved_variance.h`.

    Parameters
    ----------
    nodes : (n,) float, increasing
    home, inverse_scale, inverse_width : (n_rows,) float
    reach : float
    breakpoints, pieces : (n_pieces + 1,) and (n_pieces, width, n_powers) float, of the spline
    centres : (n_centres,) float, of the hats
    """

    cdef surfaces_moved c
    cdef object owners

    def __init__(
        self,
        const double[::1] nodes not None,
        const double[::1] home not None,
        double reach,
        const double[::1] inverse_scale not None,
        const double[::1] inverse_width not None,
        const double[::1] breakpoints not None,
        const double[:, :, ::1] pieces not None,
        const double[::1] centres not None,
    ):
        cdef ptrdiff_t width = pieces.shape[1]
        if width > 12 or not home.shape[0] == inverse_scale.shape[0] == inverse_width.shape[0]:
            raise AadValueError(f"a spline of degree {width - 1} on {home.shape[0]} rows: need at most 11, and all rows")
        self.owners = (nodes, home, inverse_scale, inverse_width, breakpoints, pieces, centres)
        self.c = surfaces_moved(
            surfaces_spline(&breakpoints[0], &pieces[0, 0, 0], pieces.shape[0], width, pieces.shape[2]), &nodes[0],
            &home[0], &inverse_scale[0], &inverse_width[0], NULL, NULL, reach, home.shape[0], nodes.shape[0],
            centres.shape[0], pieces.shape[0] + width + centres.shape[0],
        )
        if centres.shape[0]:
            self.c.centres = &centres[0]


cdef surfaces_row row_of(const surfaces_moved* m, double[::1] room, int64_t[::1] intervals) noexcept:
    """Return room for one row: room has (5 n_nodes + the numbers of all pieces,), intervals (n_nodes,)."""
    cdef ptrdiff_t n = m.n_nodes
    return surfaces_row(
        &room[0], &room[n], &room[2 * n], &room[3 * n], &room[4 * n], &room[5 * n], &intervals[0], NULL, 0.0, 0.0
    )


def moved_variance_kernel(
    MovedSurface surface not None, const double[:, ::1] lines not None, double[:, ::1] result not None
):
    """Fill variances (n_rows, n) from the lines of all rows (n_rows, n_columns).

    Return whether every volatility is above zero.
    """
    cdef surfaces_moved m = moved_of(surface, lines)
    cdef double[::1] room = np.empty(5 * m.n_nodes + m.spline.n_pieces * m.spline.n_powers)
    cdef int64_t[::1] intervals = np.empty(m.n_nodes, dtype=np.int64)
    cdef surfaces_row row = row_of(&m, room, intervals)
    cdef int positive
    if result.shape[0] != m.n_rows or result.shape[1] != m.n_nodes:
        raise AadValueError(f"result: need {(m.n_rows, m.n_nodes)}")
    with nogil:
        positive = surfaces_kernels_tables[set_in_use].moved_variances(&m, &row, &result[0, 0])
    return bool(positive)


def moved_derivatives_kernel(
    MovedSurface surface not None,
    const double[:, ::1] lines not None,
    int64_t[:, :, ::1] columns not None,
    double[:, :, ::1] inside not None,
):
    """Fill the derivatives of the variances in the lines, inside (n_rows, n, width) at columns."""
    cdef surfaces_moved m = moved_of(surface, lines)
    cdef double[::1] room = np.empty(5 * m.n_nodes + m.spline.n_pieces * m.spline.n_powers)
    cdef int64_t[::1] intervals = np.empty(m.n_nodes, dtype=np.int64)
    cdef surfaces_row row = row_of(&m, room, intervals)
    cdef ptrdiff_t width = m.spline.width + 1 + min(3, m.n_centres)
    if not (inside.shape[0] == columns.shape[0] == m.n_rows and inside.shape[1] == columns.shape[1] == m.n_nodes
            and inside.shape[2] == columns.shape[2] == width):
        raise AadValueError(f"inside and columns: need {(m.n_rows, m.n_nodes, width)}")
    with nogil:
        surfaces_kernels_tables[set_in_use].moved_derivatives(&m, &row, &columns[0, 0, 0], &inside[0, 0, 0])


def moved_curvature_kernel(
    MovedSurface surface not None,
    const double[:, ::1] lines not None,
    const int64_t[::1] start not None,
    const int64_t[::1] weight not None,
    const double[::1] factor not None,
    const double[:, ::1] factors not None,
    double[:, ::1] result not None,
):
    """Add half of the second derivatives of sum(factors * variances) to result (n_weights, n_weights).

    Its transpose is the other half. start, weight, factor are the lines as sparse combinations of the weights.
    """
    cdef surfaces_moved m = moved_of(surface, lines)
    cdef double[::1] room = np.empty(5 * m.n_nodes + m.spline.n_pieces * m.spline.n_powers)
    cdef int64_t[::1] intervals = np.empty(m.n_nodes, dtype=np.int64)
    cdef surfaces_row row = row_of(&m, room, intervals)
    cdef double[::1] band = np.empty(m.n_columns * m.n_columns)
    cdef surfaces_basis basis = surfaces_basis(
        &start[0], &weight[0], &factor[0], NULL, NULL, NULL, m.n_columns, 0, m.n_nodes, 0, m.n_rows
    )
    require_cells(&basis, factors)
    with nogil:
        surfaces_kernels_tables[set_in_use].moved_curvature(
            &m, &basis, &row, &factors[0, 0], result.shape[0], &band[0], &result[0, 0]
        )


cdef surfaces_moved moved_of(MovedSurface surface, const double[:, ::1] lines) except *:
    """Return a surface with the lines of its rows for C."""
    cdef surfaces_moved m = surface.c
    if lines.shape[0] != m.n_rows or lines.shape[1] != m.n_columns:
        raise AadValueError(f"lines: need {(m.n_rows, m.n_columns)}")
    m.lines = &lines[0, 0]
    return m


cdef void require_cells(const surfaces_basis* basis, const double[:, ::1] cells) except *:
    """Check that there is one number for each cell of a basis."""
    if cells.shape[0] != basis.n_rows or cells.shape[1] != basis.n_nodes:
        raise AadValueError(f"cells of shape {(cells.shape[0], cells.shape[1])}: need {(basis.n_rows, basis.n_nodes)}")
