"""The numeric phase of edge pushing: replay a schedule of pushes over an arena of weights.

An arc from a slot to itself is held at half its weight: then moving {i, j} to operand j needs no special case, and the
Hessian is what the arcs between inputs add up to, plus its transpose.
"""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes
from aadlib.sweeps.watch cimport begin_watch, end_watch
from greeks2.methods.edge_pushing.arc_schedule cimport (
    AA, AB, BB, COUNT, CREATES, FIELDS, FLUSHES, NODE, RIGHT, ROW, RUN, RUN_A, RUN_B, RUN_LENGTH, SECOND, SELF, SHAPE,
    TWICE, Streams
)
from greeks2.structure.hub_rows cimport ForwardRows, Hubs

include "aadlib/generated/rules.pxi"

include "greeks2/structure/vector_loops.pxi"

cdef enum:
    SHORT = 12  # forward rows below this length are added without a call

cdef struct Operand:
    double partial         # of the node in it
    const double* forward  # forward row of a hub, NULL of an ordinary slot
    int length             # of that row


cdef inline void spread_row(double* weights, double amount, const double* forward, int n) noexcept nogil:
    """Add a multiple of a forward row of n entries to the arcs with inputs that stand for one arc with a hub."""
    cdef int i
    if n < SHORT and isfinite(amount):
        for i in range(n):
            weights[i] += amount * forward[i]
    else:
        add_scaled(weights, forward, amount, n)


cdef inline void spread(double* weights, int to, double amount, Operand operand) noexcept nogil:
    """Add to one arc, or where the operand is a hub to those it stands for."""
    if operand.forward == NULL:
        weights[to] += amount
    else:
        spread_row(weights + to, amount, operand.forward, operand.length)


cdef void push_one(
    double* weights, double* row, Py_ssize_t n, const int* to, Py_ssize_t stride, Operand operand
) noexcept nogil:
    """Move arcs to one operand, which may be a hub; `to` steps by `stride`."""
    cdef Py_ssize_t i
    cdef double w
    if operand.forward == NULL and isfinite(operand.partial):
        for i in range(n):
            weights[to[stride * i]] += operand.partial * row[i]
    else:
        for i in range(n):
            w = row[i]
            if w != 0.0:
                spread(weights, to[stride * i], operand.partial * w, operand)


cdef void push_each(
    double* weights, double* row, Py_ssize_t n, const int* to, bint both, Operand a, Operand b
) noexcept nogil:
    """Move n arcs of a row to operands that may be hubs, or whose partials may be infinite or zero."""
    cdef Py_ssize_t i
    if a.partial != 0.0:
        push_one(weights, row, n, to, 2 if both else 1, a)
    if both and b.partial != 0.0:
        push_one(weights, row, n, to + 1, 2, b)
    for i in range(n):
        row[i] = 0.0


cdef inline void push_row(
    double* weights, double* row, Py_ssize_t n, const int* to, bint both, Operand a, Operand b
) noexcept nogil:
    """Move n arcs of a row to the operands and leave zeros behind."""
    cdef Py_ssize_t i
    cdef double w
    cdef double dx = a.partial
    cdef double dy = b.partial
    if a.forward != NULL or b.forward != NULL:
        push_each(weights, row, n, to, both, a, b)
    elif both and dx != 0.0 and dy != 0.0 and isfinite(dx) and isfinite(dy):
        for i in range(n):
            w = row[i]
            row[i] = 0.0
            weights[to[2 * i]] += dx * w
            weights[to[2 * i + 1]] += dy * w
    elif not both and dx != 0.0 and isfinite(dx):
        for i in range(n):
            w = row[i]
            row[i] = 0.0
            weights[to[i]] += dx * w
    else:
        push_each(weights, row, n, to, both, a, b)


cdef void push_stretch(
    double* weights, Py_ssize_t row, Py_ssize_t n, Py_ssize_t to_a, Py_ssize_t to_b, bint both, double a, double b
) noexcept nogil:
    """Move a stretch of arcs with inputs to the operands and leave zeros behind."""
    cdef Py_ssize_t i
    cdef bint zero_ends_chain = not (isfinite(a) and isfinite(b))
    if both and a != 0.0 and b != 0.0 and not zero_ends_chain:
        greeks2_move_scaled_to_both(weights + to_a, weights + to_b, weights + row, a, b, n)
    elif not zero_ends_chain and (a == 0.0) != (not both or b == 0.0):
        greeks2_move_scaled(weights + (to_a if a != 0.0 else to_b), weights + row, a if a != 0.0 else b, n)
    else:
        for i in range(n):
            if weights[row + i] != 0.0:
                if a != 0.0:
                    weights[to_a + i] += a * weights[row + i]
                if both and b != 0.0:
                    weights[to_b + i] += b * weights[row + i]
                weights[row + i] = 0.0


cdef void add_exactly(double* sums, double* lost, const double* x, double factor, Py_ssize_t n) noexcept nogil:
    """Add a multiple of x to sums, and what round-off takes from them to `lost`: flushed arcs cancel."""
    cdef Py_ssize_t k
    cdef double term, total, taken
    for k in range(n):
        term = factor * x[k] if x[k] != 0.0 and factor != 0.0 else 0.0
        total = sums[k] + term
        taken = total - sums[k]
        lost[k] += (sums[k] - (total - taken)) + (term - taken)
        sums[k] = total


cdef void flush(
    double* weights, const int* flushed, Py_ssize_t count, const double[:, ::1] rows, double[::1] along,
    double[:, ::1] half, double[:, ::1] lost
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
            add_exactly(&half[p, 0], &lost[p, 0], &along[0], rows[i, p], n)


cdef Py_ssize_t flush_sparse(
    double* weights, const int* flushed, Py_ssize_t count, const long long[::1] starts, const double[::1] entries,
    const int[::1] targets, double[::1] sums, Py_ssize_t at
) noexcept nogil:
    """Add arcs (i, j, address) to half the entries {p, q} of the Hessian, inputs p of i and for each the inputs q of j.

    Return how far `targets` were read, which number these entries in turn.
    """
    cdef Py_ssize_t e, p, q
    cdef double w
    for e in range(count):
        w = weights[flushed[3 * e + 2]]
        weights[flushed[3 * e + 2]] = 0.0
        for p in range(starts[flushed[3 * e]], starts[flushed[3 * e] + 1]):
            for q in range(starts[flushed[3 * e + 1]], starts[flushed[3 * e + 1] + 1]):
                if w != 0.0 and entries[p] != 0.0 and entries[q] != 0.0:
                    sums[targets[at]] += w * entries[p] * entries[q]
                at += 1
    return at


cdef inline void push_itself(double* weights, const int* record, double w, Operand a, Operand b) noexcept nogil:
    """Move half the weight of an arc from a node to itself to the arcs between its operands."""
    cdef bint both = (record[SHAPE] & RIGHT) != 0
    if w == 0.0:
        return
    if a.partial != 0.0:
        spread(weights, record[AA], a.partial * a.partial * w, a)
    if both and a.partial != 0.0 and b.partial != 0.0:
        spread(weights, record[AB], 2.0 * a.partial * b.partial * w, a if a.forward != NULL else b)
    if both and b.partial != 0.0:
        spread(weights, record[BB], b.partial * b.partial * w, b)


cdef inline Py_ssize_t push_arcs_of(
    double* weights, const int* record, const int* to, Operand a, Operand b
) noexcept nogil:
    """Move the arcs of a node's row to its operands; return how many targets that took."""
    cdef bint both = (record[SHAPE] & RIGHT) != 0
    cdef int step = 2 if both else 1
    cdef int itself = record[SELF]
    cdef int count = record[COUNT]
    cdef int before = count if itself < 0 else itself
    cdef double* row = weights + record[ROW]
    cdef double w
    push_row(weights, row, before, to, both, a, b)
    if itself < 0:
        return step * before
    push_row(weights, row + itself + 1, count - itself - 1, to + step * before, both, a, b)
    w = row[itself]
    row[itself] = 0.0
    push_itself(weights, record, w, a, b)
    return step * (count - 1)


cdef inline void create(
    double* weights, const int* record, double adjoint, double dxx, double dxy, double dyy, Operand a,
    Operand b
) noexcept nogil:
    """Add a node's second partials times its adjoint to the arcs between its operands."""
    cdef int shape = record[SHAPE]
    if shape & TWICE:
        dxx += 2.0 * dxy + dyy
    elif shape & SECOND:
        dxx = dyy
    if dxx != 0.0:
        spread(weights, record[AA], 0.5 * adjoint * dxx, a)
    if shape & RIGHT and dxy != 0.0:
        spread(weights, record[AB], adjoint * dxy, a if a.forward != NULL else b)
    if shape & RIGHT and dyy != 0.0:
        spread(weights, record[BB], 0.5 * adjoint * dyy, b)


cdef inline void look_up(Operand* operand, int slot, const ForwardRows* hubs, const double* forward) noexcept nogil:
    """Find the forward row of a slot, where there is one."""
    cdef int end = hubs.end_row[slot]
    operand.forward = forward + hubs.start[end] if end >= 0 else NULL
    operand.length = hubs.high[end] - hubs.low[end] + 1 if end >= 0 else 0


def replay_pushes(
    Streams streams,
    Hubs hubs,
    const double[::1] forward,
    Nodes nodes,
    const double[::1] values,
    const double[::1] adjoints,
    double[::1] weights,
    const double[:, ::1] rows,
    double[:, ::1] half,
    const long long[::1] starts,
    const double[::1] row_entries,
    const int[::1] flush_targets,
    double[::1] sums,
):
    """Replay a schedule: create, push, and flush where it says so.

    Parameters
    ----------
    streams, hubs : the schedule
    forward : entries of the hubs' forward rows (see `greeks2.structure.hubs`)
    nodes, values, adjoints : the program and its sweeps
    weights : (arena,) zeros on entry; the arcs between inputs on return, everything else zero again
    rows : (n_ends, n) derivatives in the inputs of the slots that flushed arcs join
    half : (n, n), receives what flushed arcs add to one half of the Hessian (add the transpose)
    starts, row_entries, flush_targets, sums : in their place where rows are sparse: see `FlushedRows`
    """
    cdef const aad_nodes* program = &nodes.c
    cdef const int[:, ::1] records = streams.record_view
    cdef const int* record
    cdef const int* to = &streams.target_view[0] if streams.target_view.shape[0] else NULL
    cdef const int* flushed = &streams.flush_view[0, 0] if streams.flush_view.shape[0] else NULL
    cdef const double* entries = &forward[0] if forward.shape[0] else NULL
    cdef double* arena = &weights[0]
    cdef double[::1] along = np.zeros(half.shape[0])
    cdef Py_ssize_t n_dense = half.shape[0] if streams.flush_view.shape[0] and not flush_targets.shape[0] else 0
    cdef double[:, ::1] lost = np.zeros((n_dense, n_dense))
    cdef Operand a, b
    cdef Py_ssize_t r, k, at = 0
    cdef int left, right, slot
    cdef double adjoint, dx, dy, dxx, dxy, dyy
    a.forward = b.forward = NULL
    a.length = b.length = 0
    with nogil:
        begin_watch()
        for r in range(records.shape[0]):
            record = &records[r, 0]
            k = record[NODE]
            left, right, slot = program.left[k], program.right[k], <int>(program.first_node + k)
            adjoint = adjoints[slot]
            if record[FLUSHES]:
                if flush_targets.shape[0]:
                    at = flush_sparse(
                        arena, flushed, record[FLUSHES], starts, row_entries, flush_targets, sums, at
                    )
                else:
                    flush(arena, flushed, record[FLUSHES], rows, along, half, lost)
                flushed += 3 * record[FLUSHES]
            rule_first(program.op[k], values[left], values[right], values[slot], &dx, &dy)
            a.partial = dx + dy if record[SHAPE] & TWICE else dy if record[SHAPE] & SECOND else dx
            b.partial = dy
            if entries != NULL:
                look_up(&a, right if record[SHAPE] & SECOND else left, &hubs.c, entries)
                look_up(&b, right, &hubs.c, entries)
            if record[COUNT]:
                to += push_arcs_of(arena, record, to, a, b)
            if record[RUN_LENGTH]:
                push_stretch(
                    arena, record[RUN], record[RUN_LENGTH], record[RUN_A], record[RUN_B],
                    (record[SHAPE] & RIGHT) != 0, a.partial, b.partial,
                )
            if record[SHAPE] & CREATES and adjoint != 0.0:
                rule_second(program.op[k], values[left], values[right], values[slot], &dxx, &dxy, &dyy)
                create(arena, record, adjoint, dxx, dxy, dyy, a, b)
        for r in range(n_dense):
            for k in range(n_dense):
                if isfinite(lost[r, k]):
                    half[r, k] += lost[r, k]
        end_watch()


def take_out(double[::1] weights, const int[::1] addresses, double[::1] entries):
    """Move the arcs between inputs out of the arena, and leave zeros there; `entries` may be longer."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(addresses.shape[0]):
            entries[k] = weights[addresses[k]]
            weights[addresses[k]] = 0.0


def collect(const double[::1] entries, const int[::1] rows, const int[::1] columns, double[:, ::1] half):
    """Add entries to one half of the Hessian."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(entries.shape[0]):
            half[rows[k], columns[k]] += entries[k]
