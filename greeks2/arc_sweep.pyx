"""The numeric phase of edge pushing: replay a schedule of pushes over an arena of weights.

An arc from a slot to itself is kept at half its weight: then moving {i, j} to operand j needs no special case, and the
Hessian is what the arcs between inputs add up to, plus its transpose.
"""

import numpy as np

include "../aadlib/generated/rules.pxi"

include "arc_fields.pxi"
include "vector_loops.pxi"


cdef void push_one(
    double* weights, double* row, Py_ssize_t n, const int* to, Py_ssize_t stride, double partial, bint careful
) noexcept nogil:
    """Move arcs to one operand; `to` steps by `stride`."""
    cdef Py_ssize_t i
    cdef double w
    if not careful:
        for i in range(n):
            weights[to[stride * i]] += partial * row[i]
    else:
        for i in range(n):
            w = row[i]
            if w != 0.0:
                weights[to[stride * i]] += partial * w


cdef inline void push_row(
    double* weights, double* row, Py_ssize_t n, const int* to, bint both, double a, double b
) noexcept nogil:
    """Move n arcs of a row to the operands and leave zeros behind."""
    cdef Py_ssize_t i
    cdef double w
    if not both:
        if a != 0.0:
            push_one(weights, row, n, to, 1, a, not isfinite(a))
        for i in range(n):
            row[i] = 0.0
    elif a != 0.0 and b != 0.0 and isfinite(a) and isfinite(b):
        for i in range(n):
            w = row[i]
            row[i] = 0.0
            weights[to[2 * i]] += a * w
            weights[to[2 * i + 1]] += b * w
    else:
        if a != 0.0:
            push_one(weights, row, n, to, 2, a, not isfinite(a))
        if b != 0.0:
            push_one(weights, row, n, to + 1, 2, b, not isfinite(b))
        for i in range(n):
            row[i] = 0.0


cdef void push_stretch(
    double* weights, Py_ssize_t row, Py_ssize_t n, Py_ssize_t to_a, Py_ssize_t to_b, bint both, double a, double b
) noexcept nogil:
    """Move a stretch of arcs with hubs to the operands and leave zeros behind."""
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
    const int[:, ::1] moves,
    const int[:, ::1] flushes,
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
    records, targets, moves, flushes : the schedule (see arc_schedule.pyx)
    op, left, right, values, adjoints, first : the program and its sweeps
    weights : (arena,) zeros on entry; the arcs between inputs on return, everything else zero again
    rows : (n_ends, n) derivatives in the inputs of the slots that flushed arcs join
    half : (n, n), receives what flushed arcs add to one half of the Hessian (add the transpose)
    """
    cdef Py_ssize_t r, k, e, t, m, f, count, itself
    cdef int shape, a, b
    cdef bint both
    cdef double adjoint, dx, dy, dxx, dxy, dyy, w
    cdef double* arena = &weights[0] if weights.shape[0] else NULL
    cdef double* row
    cdef const int* to = &targets[0] if targets.shape[0] else NULL
    t = m = f = 0
    cdef double[::1] along = np.zeros(half.shape[0])
    with nogil:
        for r in range(records.shape[0]):
            k = records[r, NODE]
            shape = records[r, SHAPE]
            both = (shape & RIGHT) != 0
            a = left[k]
            b = right[k]
            adjoint = adjoints[first + k]
            for e in range(records[r, MOVES]):
                arena[moves[m, 1]] += arena[moves[m, 0]]
                arena[moves[m, 0]] = 0.0
                m += 1
            if records[r, FLUSHES]:
                flush(arena, &flushes[f, 0], records[r, FLUSHES], rows, along, half)
                f += records[r, FLUSHES]
            rule_first(op[k], values[a], values[b], values[first + k], &dx, &dy)
            if shape & TWICE:
                dx += dy
            elif shape & SECOND:
                dx = dy
            count = records[r, COUNT]
            itself = records[r, SELF]
            if count:
                row = arena + records[r, ROW]
                if itself < 0:
                    push_row(arena, row, count, to + t, both, dx, dy)
                    t += 2 * count if both else count
                else:
                    push_row(arena, row, itself, to + t, both, dx, dy)
                    t += 2 * itself if both else itself
                    count -= itself + 1
                    push_row(arena, row + itself + 1, count, to + t, both, dx, dy)
                    t += 2 * count if both else count
                    w = row[itself]
                    row[itself] = 0.0
                    if w != 0.0:
                        if dx != 0.0:
                            arena[records[r, AA]] += dx * dx * w
                        if both and dx != 0.0 and dy != 0.0:
                            arena[records[r, AB]] += 2.0 * dx * dy * w
                        if both and dy != 0.0:
                            arena[records[r, BB]] += dy * dy * w
            if records[r, RUN_LENGTH]:
                push_stretch(
                    arena, records[r, RUN], records[r, RUN_LENGTH], records[r, RUN_A], records[r, RUN_B], both, dx, dy
                )
            if shape & CREATES and adjoint != 0.0:
                rule_second(op[k], values[a], values[b], values[first + k], &dxx, &dxy, &dyy)
                if shape & TWICE:
                    dxx += 2.0 * dxy + dyy
                elif shape & SECOND:
                    dxx = dyy
                if dxx != 0.0:
                    arena[records[r, AA]] += 0.5 * adjoint * dxx
                if both and dxy != 0.0:
                    arena[records[r, AB]] += adjoint * dxy
                if both and dyy != 0.0:
                    arena[records[r, BB]] += 0.5 * adjoint * dyy


def collect(
    double[::1] weights, const int[::1] rows, const int[::1] columns, const int[::1] places, double[:, ::1] half
):
    """Add the arcs between inputs to one half of the Hessian, and leave zeros in the arena."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(places.shape[0]):
            half[rows[k], columns[k]] += weights[places[k]]
            weights[places[k]] = 0.0
