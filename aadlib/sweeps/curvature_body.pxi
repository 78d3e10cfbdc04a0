# The curvature of every node met by forward rows, in one sweep over blocks of LANES lanes: compiled once per instruction set.

include "aadlib/generated/rules.pxi"
include "aadlib/sweeps/scaled.pxi"


cdef inline void add_row(double* target, double factor, const double* source, Py_ssize_t blocks) noexcept nogil:
    """Add factor * source over some blocks of lanes."""
    cdef Py_ssize_t block
    for block in range(blocks):
        add_scaled(target + block * LANES, factor, source + block * LANES)


cdef void sweep_met(
    const unsigned char* op,
    const int* left,
    const int* right,
    const unsigned char* activity,
    const unsigned char* created,
    const double* values,
    const double* adjoints,
    const int* places,
    double* rows,
    double* met,
    Py_ssize_t blocks,
    Py_ssize_t first,
    Py_ssize_t n_nodes,
) noexcept nogil:
    cdef Py_ssize_t k, l, block
    cdef Py_ssize_t width = blocks * LANES
    cdef int a, b
    cdef double dx, dy, dxx, dxy, dyy, w
    cdef unsigned char wanted, bits
    cdef double[LANES] total
    cdef double* t
    cdef const double* ta
    cdef const double* tb
    for k in range(n_nodes):
        bits = created[k]
        if bits == 0 and places[first + k] < 0:
            continue
        wanted = activity[k]
        a = left[k]
        b = right[k]
        ta = rows + places[a] * width if wanted & 1 else NULL
        tb = rows + places[b] * width if wanted & 2 else NULL
        w = adjoints[first + k]
        if bits and w != 0.0:
            rule_second(op[k], values[a], values[b], values[first + k], &dxx, &dxy, &dyy)
            if wanted == 3 and a == b:
                dxx += 2.0 * dxy + dyy
            if bits & 1 and dxx != 0.0:
                add_row(met + places[a] * width, 0.5 * w * dxx, ta, blocks)
            if bits & 2 and dxy != 0.0:
                if a < b:
                    add_row(met + places[a] * width, w * dxy, tb, blocks)
                else:
                    add_row(met + places[b] * width, w * dxy, ta, blocks)
            if bits & 4 and dyy != 0.0:
                add_row(met + places[b] * width, 0.5 * w * dyy, tb, blocks)
        if places[first + k] < 0:
            continue
        rule_first(op[k], values[a], values[b], values[first + k], &dx, &dy)
        t = rows + places[first + k] * width
        if wanted == 3 and dx != 0.0 and dy != 0.0 and finite(dx) and finite(dy):
            for block in range(blocks):
                for l in range(LANES):  # the node may stand where an operand stood
                    total[l] = dx * ta[block * LANES + l] + dy * tb[block * LANES + l]
                for l in range(LANES):
                    t[block * LANES + l] = total[l]
            continue
        for block in range(blocks):
            for l in range(LANES):
                total[l] = 0.0
            if wanted & 1:
                add_scaled(total, dx, ta + block * LANES)
            if wanted & 2:
                add_scaled(total, dy, tb + block * LANES)
            for l in range(LANES):
                t[block * LANES + l] = total[l]


def meet_curvature(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] created,
    const double[::1] values,
    const double[::1] adjoints,
    const int[::1] places,
    double[:, ::1] rows,
    double[:, ::1] met,
    Py_ssize_t first,
):
    """Carry directions forward, and let every arc that a node creates meet the row of its later end.

    Parameters
    ----------
    op, left, right, activity, values, adjoints, first : the program and its sweeps
    created : (n_nodes,) bits 1, 2, 4 where a node creates an arc under dxx, dxy, dyy in its active operands
    places : (n_slots,) where the row of a slot stands, used again once nobody needs it; -1 where nobody does. Earlier
        ends of arcs have places of their own, below `len(met)`
    rows : (n_places, blocks * LANES) enters with the directions in the inputs' places
    met : (n_ends, blocks * LANES), receives the sum over arcs of weight times row of the later end; an arc from a slot
        to itself has half its weight
    """
    cdef Py_ssize_t width = rows.shape[1]
    if width % LANES or met.shape[1] != width:
        raise ValueError(f"rows of {rows.shape[1]} and {met.shape[1]} numbers: need the same whole blocks of lanes")
    if op.shape[0] and rows.shape[0] and met.shape[0]:
        with nogil:
            sweep_met(
                &op[0], &left[0], &right[0], &activity[0], &created[0], &values[0], &adjoints[0], &places[0],
                &rows[0, 0], &met[0, 0], width // LANES, first, op.shape[0],
            )
