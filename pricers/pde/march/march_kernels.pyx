"""Python's face of the kernels of a march, `pricers/pde/march/kernels`: see there for the formulas.

Layouts: stencil (4, n) holds the differences to the node below and above, of diffusion and of drift; row (n_substeps,)
the row of the factors that a substep uses; last (n_results,) the substeps, increasing, after which node values are
results, the last one of all included. Lanes are the last axis; `lanes_together` of them are marched at once, and callers
give a multiple of that.
"""

import numpy as np

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t

from aadlib.errors import AadValueError
from aadlib.sweeps.simd cimport set_in_use

cdef extern from "pricers/pde/march/kernels/table.h" nogil:
    ctypedef struct march_history:
        ptrdiff_t n, n_rows, n_substeps, n_results
        const double* stencil
        const int64_t* row
        const unsigned char* damped
        const int64_t* last
        double* above
        double* inverse
        double* ratio
        double* doubled
        ptrdiff_t kept
        int64_t* exercised

    ctypedef struct march_basis:
        ptrdiff_t n_columns, n_weights, n_planes, width
        const int64_t* start
        const int64_t* weight
        const double* factor
        const int64_t* node_columns
        const double* in_node
        const int64_t* run_end
        const double* slope
        const double* variance

    ctypedef struct march_ends:
        double* lower
        double* upper
        double* initial
        double* floor
        ptrdiff_t n_floor

    ctypedef struct march_directions:
        ptrdiff_t n_lanes
        const int64_t* lane_of
        const int64_t* reached
        const double* weights
        const double* coefficients
        const double* lower
        const double* upper
        const double* initial
        const double* floor

    ctypedef struct march_kernels:
        ptrdiff_t lanes
        int (*diffusion)(
            int link, double scale, ptrdiff_t n_rows, ptrdiff_t n, const double* row_scale, const double* predictor,
            double* diffusion, double* variance, double* slope
        ) noexcept nogil
        void (*bands)(
            const march_history* h, const double* diffusion, const double* drift, const double* discount
        ) noexcept nogil
        int (*values)(const march_history* h, const march_ends* given, double* scratch, double* results) noexcept nogil
        void (*adjoint)(
            const march_history* h, const double* seeds, double* scratch, double* multipliers, double* diffusion_bar,
            double* coefficients_bar, const march_ends* bars
        ) noexcept nogil
        ptrdiff_t (*scratch)(ptrdiff_t n, ptrdiff_t n_columns) noexcept nogil
        void (*tangents)(
            const march_history* h, const march_basis* basis, const march_directions* d, ptrdiff_t begin,
            const double* multipliers, double* scratch, double* results, double* product, double* of_coefficients,
            double* history
        ) noexcept nogil
        void (*adjoint_lanes)(
            const march_history* h, const march_basis* basis, const march_directions* d, ptrdiff_t begin,
            const double* multipliers, const double* seeds, const double* history, double* scratch, double* weights_bar,
            double* coefficients_bar, const march_ends* bars
        ) noexcept nogil

    const march_kernels* const* march_kernels_tables

LINKS = ("volatility", "log_volatility", "variance")
"""What a predictor is of, in the order of the kernels' numbers for it."""


def lanes_together():
    """Return how many lanes the instruction set in use marches at once."""
    return march_kernels_tables[set_in_use].lanes


cdef class History:
    """One march for the kernels: its plan, the factors of its rows, its solutions and what they exercised.

    Parameters
    ----------
    stencil, row, damped, last : see above
    above, inverse, ratio : (n_rows, n) float, filled by a march
    doubled : (n_substeps, n + 2) float, receives every W with its ends, or (1, n + 2) the last one
    exercised : (n_substeps,) int, receives the number of leading unknowns held at the floor
    """

    cdef march_history c
    cdef object owners

    def __init__(
        self,
        const double[:, ::1] stencil not None,
        const int64_t[::1] row not None,
        damped,
        const int64_t[::1] last not None,
        double[:, ::1] above not None,
        double[:, ::1] inverse not None,
        double[:, ::1] ratio not None,
        double[:, ::1] doubled not None,
        int64_t[::1] exercised not None,
    ):
        cdef const unsigned char[::1] half = damped.view("u1")
        cdef ptrdiff_t n = stencil.shape[1], n_substeps = row.shape[0], n_rows = above.shape[0]
        if stencil.shape[0] != 4 or n < 1 or not (
            n == above.shape[1] == inverse.shape[1] == ratio.shape[1] == doubled.shape[1] - 2
        ):
            raise AadValueError(f"stencil, factors and solutions: need {n} nodes each, and two ends")
        if not n_rows == inverse.shape[0] == ratio.shape[0]:
            raise AadValueError(f"factors: need {n_rows} rows each")
        if n_substeps < 1 or last.shape[0] < 1 or not (n_substeps == half.shape[0] == exercised.shape[0]):
            raise AadValueError(f"row, damped and exercised: need {n_substeps} substeps each, at least one")
        if last[last.shape[0] - 1] != n_substeps - 1 or doubled.shape[0] not in (1, n_substeps):
            raise AadValueError("the last substep is a result, and every solution is kept or none")
        self.owners = (stencil, row, half, last, above, inverse, ratio, doubled, exercised)
        self.c = march_history(
            n, n_rows, n_substeps, last.shape[0], &stencil[0, 0], &row[0], &half[0], &last[0], &above[0, 0],
            &inverse[0, 0], &ratio[0, 0], &doubled[0, 0], n + 2 if doubled.shape[0] == n_substeps else 0, &exercised[0],
        )


cdef class Rows:
    """A local basis on the rows of a march, and what its predictor does to u.

    Parameters
    ----------
    start, weight, factor, node_columns, in_node, n_columns, run_end : `pricers.surfaces.local_basis.LocalBasis.arrays`
    n_weights : int
    slope, variance : (n_rows, n) float, derivatives of u in the predictor and in the scale
    """

    cdef march_basis c
    cdef object owners

    def __init__(
        self,
        const int64_t[::1] start not None,
        const int64_t[::1] weight not None,
        const double[::1] factor not None,
        const int64_t[:, :, ::1] node_columns not None,
        const double[:, :, ::1] in_node not None,
        ptrdiff_t n_columns,
        const int64_t[:, ::1] run_end not None,
        ptrdiff_t n_weights,
        const double[:, ::1] slope not None,
        const double[:, ::1] variance not None,
    ):
        self.owners = (start, weight, factor, node_columns, in_node, run_end, slope, variance)
        self.c = march_basis(
            n_columns, n_weights, in_node.shape[0], in_node.shape[2], &start[0], NULL, NULL, &node_columns[0, 0, 0],
            &in_node[0, 0, 0], &run_end[0, 0], &slope[0, 0], &variance[0, 0],
        )
        if factor.shape[0]:
            self.c.weight, self.c.factor = &weight[0], &factor[0]


cdef march_ends ends_of(
    const march_history* h, double[::1] lower, double[::1] upper, double[::1] initial, double[::1] floor
) except *:
    """Return boundary, initial and exercise values for C; the arrays must live as long as they are used."""
    if not (lower.shape[0] == upper.shape[0] == h.n_substeps and initial.shape[0] == h.n + 2):
        raise AadValueError(f"ends and initial values: need {h.n_substeps} and {h.n + 2}")
    if floor.shape[0] not in (0, h.n + 2):
        raise AadValueError(f"floor of {floor.shape[0]}: need {h.n + 2}, or none")
    cdef march_ends ends = march_ends(&lower[0], &upper[0], &initial[0], NULL, floor.shape[0])
    if floor.shape[0]:
        ends.floor = &floor[0]
    return ends


cdef double* first_of(const double[:, ::1] array) noexcept:
    """Return where an array begins, or NULL for None."""
    return NULL if array is None else <double*>&array[0, 0]


cdef double* first_of_solutions(const double[:, :, ::1] array) noexcept:
    """Return where an array begins, or NULL for None."""
    return NULL if array is None else <double*>&array[0, 0, 0]


def diffusion_kernel(
    link,
    double scale,
    const double[::1] row_scale not None,
    const double[:, ::1] predictor not None,
    double[:, ::1] diffusion not None,
    double[:, ::1] variance not None,
    double[:, ::1] slope not None,
):
    """Fill u, u per unit of scale, and the derivative of u in the predictor, all (n_rows, n).

    Return whether every predictor is finite and, unless it is a logarithm, not negative.
    """
    cdef int number = LINKS.index(link), wrong
    with nogil:
        wrong = march_kernels_tables[set_in_use].diffusion(
            number, scale, predictor.shape[0], predictor.shape[1], &row_scale[0], &predictor[0, 0], &diffusion[0, 0],
            &variance[0, 0], &slope[0, 0],
        )
    return not wrong


def composite_march_kernel(
    History history not None,
    const double[:, ::1] diffusion not None,
    const double[::1] drift not None,
    const double[::1] discount not None,
    double[::1] lower not None,
    double[::1] upper not None,
    double[::1] initial not None,
    double[::1] floor not None,
    double[:, ::1] results not None,
):
    """March from `initial`, filling the history and results (n_results, n + 2).

    diffusion is (n_rows, n), drift and discount (n_rows,). An empty `floor` means a European option. Returns False where
    the floor binds beyond a leading set.
    """
    cdef march_history* h = &history.c
    cdef march_ends given = ends_of(h, lower, upper, initial, floor)
    cdef double[::1] scratch = np.empty(h.n + 2)
    cdef int one_sided
    if not h.n_rows == diffusion.shape[0] == drift.shape[0] == discount.shape[0] or diffusion.shape[1] != h.n:
        raise AadValueError(f"diffusion, drift and discount: need {h.n_rows} rows each")
    with nogil:
        march_kernels_tables[set_in_use].bands(h, &diffusion[0, 0], &drift[0], &discount[0])
        one_sided = march_kernels_tables[set_in_use].values(h, &given, &scratch[0], &results[0, 0])
    return bool(one_sided)


def backward_march_kernel(
    double[::1] values not None,
    const double[:, ::1] below not None,
    const double[:, ::1] diagonal not None,
    const double[:, ::1] above not None,
    const int64_t[::1] row not None,
    damped,
    double[::1] lower not None,
    double[::1] upper not None,
    double[::1] exercise not None,
):
    """Overwrite `values` (n_nodes,) with the node values after all substeps.

    Bands are (n_rows, n_nodes - 2), substeps (n_substeps,); an empty `exercise` means a European option, else it binds
    at the low end (the caller reverses the problem of a call).
    """
    cdef ptrdiff_t n = values.shape[0] - 2, n_substeps = row.shape[0]
    cdef History history = History(
        np.empty((4, n)), row, damped, np.array([n_substeps - 1]), np.array(above), np.array(diagonal), np.array(below),
        np.empty((1, n + 2)), np.empty(n_substeps, dtype=np.int64),
    )
    cdef march_ends given = ends_of(&history.c, lower, upper, values, exercise)
    cdef double[::1] scratch = np.empty(n + 2)
    with nogil:
        march_kernels_tables[set_in_use].values(&history.c, &given, &scratch[0], &values[0])


def composite_adjoint_kernel(
    History history not None,
    const double[:, ::1] seeds not None,
    bint with_coefficients,
    double[:, ::1] multipliers not None,
    double[:, ::1] diffusion_bar not None,
    double[::1] coefficients_bar not None,
    double[::1] lower_bar not None,
    double[::1] upper_bar not None,
    double[::1] initial_bar not None,
    double[::1] floor_bar not None,
):
    """March backward from seeds (n_results, n + 2), store mu (n_substeps, n) and add to the adjoints of every operand.

    coefficients_bar is (2 n_rows,): drifts, discounts; it is left alone unless `with_coefficients`.
    """
    cdef march_history* h = &history.c
    cdef march_ends bars = ends_of(h, lower_bar, upper_bar, initial_bar, floor_bar)
    cdef double[::1] scratch = np.empty(3 * (h.n + 16))
    cdef double* of_coefficients = NULL
    if not (seeds.shape[0] == h.n_results and multipliers.shape[0] == h.n_substeps
            and diffusion_bar.shape[0] == h.n_rows and coefficients_bar.shape[0] == 2 * h.n_rows):
        raise AadValueError("seeds, multipliers and adjoints: of another march")
    if with_coefficients:
        of_coefficients = &coefficients_bar[0]
    with nogil:
        march_kernels_tables[set_in_use].adjoint(
            h, &seeds[0, 0], &scratch[0], &multipliers[0, 0], &diffusion_bar[0, 0], of_coefficients, &bars
        )


cdef class Directions:
    """Directions of a march for the kernels, lanes last and a multiple of `lanes_together` of them.

    Either weights moved alone, or anything.

    Parameters
    ----------
    n_lanes : int
    lane_of : (n_weights,) int or None
        Weight w is moved alone, by one, in lane lane_of[w]: lanes are in the order in which the march uses their
        weights.
    reached : (n_rows,) int or None, how many lanes move up to each row
    parts : list of float arrays or None
        Of weights (n_weights, n_lanes), scale, drifts and discounts (1 + 2 n_rows, n_lanes), ends (n_substeps, n_lanes)
        twice, initial and exercise values (n + 2, n_lanes); the first two None where they move in no lane.
    """

    cdef march_directions c
    cdef object owners

    def __init__(self, ptrdiff_t n_lanes, lane_of, reached, parts):
        cdef const int64_t[::1] lanes, reach
        cdef const double[:, ::1] part
        cdef const double* at[6]
        cdef int k
        if n_lanes % lanes_together():
            raise AadValueError(f"{n_lanes} lanes: need a multiple of {lanes_together()}")
        self.c.n_lanes = n_lanes
        self.owners = []
        if parts is None:
            lanes, reach = lane_of, reached
            self.c.lane_of, self.c.reached = &lanes[0], &reach[0]
            self.owners = [lanes, reach]
            return
        for k in range(6):
            at[k] = NULL
            if parts[k] is not None and parts[k].shape[0]:
                part = parts[k]
                if part.shape[1] != n_lanes:
                    raise AadValueError(f"directions of {part.shape[1]} lanes: need {n_lanes}")
                at[k] = &part[0, 0]
                self.owners.append(part)
        self.c.weights, self.c.coefficients, self.c.lower, self.c.upper, self.c.initial, self.c.floor = (
            at[0], at[1], at[2], at[3], at[4], at[5]
        )


def composite_tangents_kernel(
    History history not None,
    Rows basis not None,
    Directions directions not None,
    ptrdiff_t begin,
    const double[:, ::1] multipliers or None,
    double[:, ::1] results not None,
    double[:, ::1] product or None,
    double[:, ::1] of_coefficients or None,
    double[:, :, ::1] solutions or None,
):
    """March the tangents of the lanes from `begin` on and write their columns.

    results is (n_results * (n + 2), n_lanes). With multipliers the sums of mu' A_w W_k are added to product
    (n_weights, n_lanes), those of scale, drifts and discounts to of_coefficients (1 + 2 n_rows, n_lanes) unless that is
    None. solutions (n_substeps, n + 2, lanes_together) receives every W_k unless it is None.
    """
    cdef march_history* h = &history.c
    cdef double[::1] scratch = np.empty(march_kernels_tables[set_in_use].scratch(h.n, basis.c.n_columns))
    if begin < 0 or begin >= directions.c.n_lanes or begin % march_kernels_tables[set_in_use].lanes:
        raise AadValueError(f"begin = {begin}: need the first of a block of lanes")
    if results.shape[0] != h.n_results * (h.n + 2) or results.shape[1] != directions.c.n_lanes:
        raise AadValueError(f"results: need ({h.n_results * (h.n + 2)}, {directions.c.n_lanes})")
    cdef const double* mu = first_of(multipliers)
    cdef double* of_weights = first_of(product)
    cdef double* of_others = first_of(of_coefficients)
    cdef double* kept = first_of_solutions(solutions)
    with nogil:
        march_kernels_tables[set_in_use].tangents(
            h, &basis.c, &directions.c, begin, mu, &scratch[0], &results[0, 0], of_weights, of_others, kept,
        )


def composite_adjoint_lanes_kernel(
    History history not None,
    Rows basis not None,
    Directions directions not None,
    ptrdiff_t begin,
    const double[:, ::1] multipliers or None,
    const double[:, ::1] seeds or None,
    const double[:, :, ::1] solutions or None,
    double[:, ::1] weights_bar not None,
    double[:, ::1] coefficients_bar not None,
    double[:, ::1] lower_bar not None,
    double[:, ::1] upper_bar not None,
    double[:, ::1] initial_bar not None,
    double[:, ::1] floor_bar not None,
):
    """March the adjoint back in the lanes from `begin` on and add to their columns of the adjoints of all operands.

    With solutions W_k of these lanes it is the derivative of the adjoint along the directions that is marched
    (multipliers are then those of the adjoint), else the adjoint of seeds (n_results * (n + 2), n_lanes).
    """
    cdef march_history* h = &history.c
    cdef double[::1] scratch = np.empty(march_kernels_tables[set_in_use].scratch(h.n, basis.c.n_columns))
    cdef march_ends bars = march_ends(
        &lower_bar[0, 0], &upper_bar[0, 0], &initial_bar[0, 0], NULL, floor_bar.shape[0]
    )
    cdef const double* mu = first_of(multipliers)
    cdef const double* seeded = first_of(seeds)
    cdef const double* kept = first_of_solutions(solutions)
    if floor_bar.shape[0]:
        bars.floor = &floor_bar[0, 0]
    if begin < 0 or begin >= directions.c.n_lanes or begin % march_kernels_tables[set_in_use].lanes:
        raise AadValueError(f"begin = {begin}: need the first of a block of lanes")
    with nogil:
        march_kernels_tables[set_in_use].adjoint_lanes(
            h, &basis.c, &directions.c, begin, mu, seeded, kept, &scratch[0], &weights_bar[0, 0], &coefficients_bar[0, 0], &bars,
        )
