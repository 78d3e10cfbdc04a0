"""The numeric phase of edge pushing: replay a schedule of pushes over an arena of weights.

An arc from a slot to itself is kept at half its weight: then moving {i, j} to operand j needs no special case, and the
Hessian is what the arcs between inputs add up to, plus its transpose.
"""

import numpy as np

include "aadlib/generated/rules.pxi"

include "greeks2/methods/edge_pushing/arc_fields.pxi"
include "greeks2/methods/vector_loops.pxi"

cdef enum:
    SHORT = 12  # forward rows below this length are added without a call


cdef void spread_row(double* weights, double amount, const double* forward, int n) noexcept nogil:
    """Add a multiple of a forward row of n entries to the arcs with inputs that stand for one arc with a hub."""
    cdef int i
    if n < SHORT and isfinite(amount):
        for i in range(n):
            weights[i] += amount * forward[i]
    else:
        add_scaled(weights, forward, amount, n)


cdef inline void spread(double* weights, int to, double amount, const double* forward, int n) noexcept nogil:
    """Add to one arc, or where there is a forward row to those it stands for."""
    if forward == NULL:
        weights[to] += amount
    else:
        spread_row(weights + to, amount, forward, n)


cdef inline void spread_between(
    double* weights, int to, double amount, const double* forward_a, int n_a, const double* forward_b, int n_b
) noexcept nogil:
    """Add to an arc between two operands: where both are hubs the first one's forward row is spread."""
    if forward_a != NULL:
        spread(weights, to, amount, forward_a, n_a)
    else:
        spread(weights, to, amount, forward_b, n_b)


cdef void push_one(
    double* weights, double* row, Py_ssize_t n, const int* to, Py_ssize_t stride, double partial,
    const double* forward, int length
) noexcept nogil:
    """Move arcs to one operand, a hub where there is a forward row; `to` steps by `stride`."""
    cdef Py_ssize_t i
    cdef double w
    if forward == NULL and isfinite(partial):
        for i in range(n):
            weights[to[stride * i]] += partial * row[i]
    else:
        for i in range(n):
            w = row[i]
            if w != 0.0:
                spread(weights, to[stride * i], partial * w, forward, length)


cdef inline void push_row(
    double* weights, double* row, Py_ssize_t n, const int* to, bint both, double a, double b
) noexcept nogil:
    """Move n arcs of a row to ordinary operands and leave zeros behind."""
    cdef Py_ssize_t i
    cdef double w
    if both and a != 0.0 and b != 0.0 and isfinite(a) and isfinite(b):
        for i in range(n):
            w = row[i]
            row[i] = 0.0
            weights[to[2 * i]] += a * w
            weights[to[2 * i + 1]] += b * w
    elif not both and a != 0.0 and isfinite(a):
        for i in range(n):
            w = row[i]
            row[i] = 0.0
            weights[to[i]] += a * w
    else:
        push_row_to_hubs(weights, row, n, to, both, a, b, NULL, 0, NULL, 0)


cdef void push_row_to_hubs(
    double* weights, double* row, Py_ssize_t n, const int* to, bint both, double a, double b,
    const double* forward_a, int length_a, const double* forward_b, int length_b
) noexcept nogil:
    """The same where an operand may be a hub."""
    cdef Py_ssize_t i
    if a != 0.0:
        push_one(weights, row, n, to, 2 if both else 1, a, forward_a, length_a)
    if both and b != 0.0:
        push_one(weights, row, n, to + 1, 2, b, forward_b, length_b)
    for i in range(n):
        row[i] = 0.0


cdef void push_stretch(
    double* weights, Py_ssize_t row, Py_ssize_t n, Py_ssize_t to_a, Py_ssize_t to_b, bint both, double a, double b
) noexcept nogil:
    """Move a stretch of arcs with inputs to the operands and leave zeros behind."""
    cdef Py_ssize_t i
    cdef bint careful = not (isfinite(a) and isfinite(b))
    if both and a != 0.0 and b != 0.0 and not careful:
        greeks2_move_scaled_to_both(weights + to_a, weights + to_b, weights + row, a, b, n)
    elif not careful and (a == 0.0) != (not both or b == 0.0):
        greeks2_move_scaled(weights + (to_a if a != 0.0 else to_b), weights + row, a if a != 0.0 else b, n)
    else:
        for i in range(n):
            if weights[row + i] != 0.0:
                if a != 0.0:
                    weights[to_a + i] += a * weights[row + i]
                if both and b != 0.0:
                    weights[to_b + i] += b * weights[row + i]
                weights[row + i] = 0.0


cdef void flush(
    double* weights, const int* flushed, Py_ssize_t count, const double[:, ::1] rows, double[::1] along, double[:, ::1] half
) noexcept nogil:
    """Add arcs (i, j, address) to half the Hessian: t_i times the sum of w t_j over the arcs of the same i."""
    cdef Py_ssize_t e, p
    cdef Py_ssize_t n = half.shape[0]
    cdef int i
    cdef double w
    e = 0
    while e < count:
        i = flushed[3 * e]
        for p in range(n):
            along[p] = 0.0
        while e < count and flushed[3 * e] == i:
            w = weights[flushed[3 * e + 2]]
            weights[flushed[3 * e + 2]] = 0.0
            if w != 0.0:
                add_scaled(&along[0], &rows[flushed[3 * e + 1], 0], w, n)
            e += 1
        for p in range(n):
            add_scaled(&half[p, 0], &along[0], rows[i, p], n)


def push_arcs(
    const int[:, ::1] records,
    const int[::1] targets,
    const int[:, ::1] flushes,
    const int[::1] end_row,
    const int[::1] low,
    const int[::1] high,
    const int[::1] start,
    const double[::1] forward,
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const double[::1] values,
    const double[::1] adjoints,
    Py_ssize_t first,
    double[::1] weights,
    const double[:, ::1] rows,
    double[:, ::1] half,
):
    """Replay a schedule: create, push, and flush where it says so.

    Parameters
    ----------
    records, targets, flushes : the schedule (see arc_schedule.pyx)
    end_row, low, high, start, forward : the forward rows of hubs (see hubs.py)
    op, left, right, values, adjoints, first : the program and its sweeps
    weights : (arena,) zeros on entry; the arcs between inputs on return, everything else zero again
    rows : (n_ends, n) derivatives in the inputs of the slots that flushed arcs join
    half : (n, n), receives what flushed arcs add to one half of the Hessian (add the transpose)
    """
    cdef Py_ssize_t r, k, t, f, count, before, itself
    cdef int shape, a, b, end, step
    cdef int length_a = 0
    cdef int length_b = 0
    cdef bint hubs = forward.shape[0] > 0
    cdef bint both
    cdef double adjoint, dx, dy, dxx, dxy, dyy, w
    cdef double* arena = &weights[0] if weights.shape[0] else NULL
    cdef double* row
    cdef const int* to = &targets[0] if targets.shape[0] else NULL
    cdef const double* entries = &forward[0] if forward.shape[0] else NULL
    cdef const double* forward_a = NULL
    cdef const double* forward_b = NULL
    t = f = 0
    cdef double[::1] along = np.zeros(half.shape[0])
    with nogil:
        for r in range(records.shape[0]):
            k = records[r, NODE]
            shape = records[r, SHAPE]
            both = (shape & RIGHT) != 0
            a = left[k]
            b = right[k]
            adjoint = adjoints[first + k]
            if records[r, FLUSHES]:
                flush(arena, &flushes[f, 0], records[r, FLUSHES], rows, along, half)
                f += records[r, FLUSHES]
            rule_first(op[k], values[a], values[b], values[first + k], &dx, &dy)
            if shape & TWICE:
                dx += dy
            elif shape & SECOND:
                dx = dy
                a = b
            if hubs:
                end = end_row[a]
                forward_a = entries + start[end] if end >= 0 else NULL
                length_a = high[end] - low[end] + 1 if end >= 0 else 0
                end = end_row[b]
                forward_b = entries + start[end] if end >= 0 else NULL
                length_b = high[end] - low[end] + 1 if end >= 0 else 0
            count = records[r, COUNT]
            itself = records[r, SELF]
            if count:
                row = arena + records[r, ROW]
                before = count if itself < 0 else itself
                step = 2 if both else 1
                if forward_a == NULL and forward_b == NULL:
                    push_row(arena, row, before, to + t, both, dx, dy)
                else:
                    push_row_to_hubs(
                        arena, row, before, to + t, both, dx, dy, forward_a, length_a, forward_b, length_b
                    )
                t += step * before
                if itself >= 0:
                    count -= itself + 1
                    if forward_a == NULL and forward_b == NULL:
                        push_row(arena, row + itself + 1, count, to + t, both, dx, dy)
                    else:
                        push_row_to_hubs(
                            arena, row + itself + 1, count, to + t, both, dx, dy,
                            forward_a, length_a, forward_b, length_b,
                        )
                    t += step * count
                    w = row[itself]
                    row[itself] = 0.0
                    if w != 0.0:
                        if dx != 0.0:
                            spread(arena, records[r, AA], dx * dx * w, forward_a, length_a)
                        if both and dx != 0.0 and dy != 0.0:
                            spread_between(
                                arena, records[r, AB], 2.0 * dx * dy * w, forward_a, length_a, forward_b, length_b
                            )
                        if both and dy != 0.0:
                            spread(arena, records[r, BB], dy * dy * w, forward_b, length_b)
            if records[r, RUN_LENGTH]:
                push_stretch(
                    arena, records[r, RUN], records[r, RUN_LENGTH], records[r, RUN_A], records[r, RUN_B], both, dx, dy
                )
            if shape & CREATES and adjoint != 0.0:
                rule_second(op[k], values[left[k]], values[b], values[first + k], &dxx, &dxy, &dyy)
                if shape & TWICE:
                    dxx += 2.0 * dxy + dyy
                elif shape & SECOND:
                    dxx = dyy
                if dxx != 0.0:
                    spread(arena, records[r, AA], 0.5 * adjoint * dxx, forward_a, length_a)
                if both and dxy != 0.0:
                    spread_between(arena, records[r, AB], adjoint * dxy, forward_a, length_a, forward_b, length_b)
                if both and dyy != 0.0:
                    spread(arena, records[r, BB], 0.5 * adjoint * dyy, forward_b, length_b)


def forward_rows(
    const int[::1] nodes,
    const int[::1] row_of,
    const int[::1] low,
    const int[::1] high,
    const int[::1] start,
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    Py_ssize_t first,
    double[::1] entries,
):
    """Carry derivatives in the inputs forward to some nodes, which ascend; `entries` holds those of inputs, and zeros."""
    cdef Py_ssize_t e
    cdef int k, row, other
    cdef double dx, dy
    with nogil:
        for e in range(nodes.shape[0]):
            k = nodes[e]
            row = row_of[first + k]
            rule_first(op[k], values[left[k]], values[right[k]], values[first + k], &dx, &dy)
            if activity[k] & 1:
                other = row_of[left[k]]
                add_scaled(
                    &entries[start[row] + low[other] - low[row]], &entries[start[other]], dx, high[other] - low[other] + 1
                )
            if activity[k] & 2:
                other = row_of[right[k]]
                add_scaled(
                    &entries[start[row] + low[other] - low[row]], &entries[start[other]], dy, high[other] - low[other] + 1
                )


def collect(
    double[::1] weights, const int[::1] rows, const int[::1] columns, const int[::1] places, double[:, ::1] half
):
    """Add the arcs between inputs to one half of the Hessian, and leave zeros in the arena."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(places.shape[0]):
            half[rows[k], columns[k]] += weights[places[k]]
            weights[places[k]] = 0.0
