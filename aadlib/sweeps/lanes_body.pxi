# Sweeps over blocks of LANES lanes, compiled once per instruction set.
#
# A slot holds LANES doubles side by side, so every inner loop has a fixed length and becomes SIMD. Two kinds:
# directions as lanes over one market state (`tangent_sweep`, `second_order_sweep`: values are scalars), and
# market states or paths as lanes (`evaluate_chunk`, `gradient_chunk`: values differ from lane to lane).

import numpy as np

from libc.string cimport memset

include "../generated/rules.pxi"
include "../generated/lane_rules.pxi"
include "aadlib/sweeps/scaled.pxi"


cdef void sweep_tangents(
    const unsigned char* op,
    const int* left,
    const int* right,
    const unsigned char* activity,
    const double* values,
    double* tangents,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
) noexcept nogil:
    cdef Py_ssize_t k, l
    cdef double dx, dy
    cdef double[LANES] total
    cdef unsigned char wanted
    cdef double* t
    cdef const double* ta
    cdef const double* tb
    for k in range(begin, end):
        wanted = activity[k]
        t = tangents + (first + k) * LANES
        if wanted == 0:
            for l in range(LANES):
                t[l] = 0.0
            continue
        ta = tangents + left[k] * LANES
        tb = tangents + right[k] * LANES
        rule_first(op[k], values[left[k]], values[right[k]], values[first + k], &dx, &dy)
        if wanted == 3 and dx != 0.0 and dy != 0.0 and finite(dx) and finite(dy):
            for l in range(LANES):
                total[l] = dx * ta[l] + dy * tb[l]
            for l in range(LANES):
                t[l] = total[l]
            continue
        for l in range(LANES):
            t[l] = 0.0
        if wanted & 1:
            add_scaled(t, dx, ta)
        if wanted & 2:
            add_scaled(t, dy, tb)


cdef void sweep_second_order(
    const unsigned char* op,
    const int* left,
    const int* right,
    const unsigned char* activity,
    const double* values,
    const double* adjoints,
    const double* tangents,
    double* adjoint_tangents,
    const int* places,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
) noexcept nogil:
    cdef Py_ssize_t k, l
    cdef double w, dx, dy, dxx, dxy, dyy
    cdef unsigned char wanted
    cdef bint moves
    cdef double[LANES] done
    cdef double* wd
    cdef double* da
    cdef double* db
    cdef const double* ta
    cdef const double* tb
    for k in range(end - 1, begin - 1, -1):
        wanted = activity[k]
        if wanted == 0 or places[first + k] < 0:
            continue
        w = adjoints[first + k]
        wd = adjoint_tangents + places[first + k] * LANES
        moves = False
        for l in range(LANES):
            moves |= wd[l] != 0.0
        if w == 0.0 and not moves:
            continue
        for l in range(LANES):  # the place is free from here on, and the next to take it expects zeros
            done[l] = wd[l]
        for l in range(LANES):
            wd[l] = 0.0
        rule_first(op[k], values[left[k]], values[right[k]], values[first + k], &dx, &dy)
        da = adjoint_tangents + places[left[k]] * LANES
        db = adjoint_tangents + places[right[k]] * LANES
        if moves:
            if wanted & 1:
                add_scaled(da, dx, done)
            if wanted & 2:
                add_scaled(db, dy, done)
        if w == 0.0:
            continue
        rule_second(op[k], values[left[k]], values[right[k]], values[first + k], &dxx, &dxy, &dyy)
        ta = tangents + left[k] * LANES
        tb = tangents + right[k] * LANES
        if wanted & 1 and dxx != 0.0:
            add_scaled(da, w * dxx, ta)
        if wanted & 2 and dyy != 0.0:
            add_scaled(db, w * dyy, tb)
        if wanted == 3 and dxy != 0.0:
            add_scaled(da, w * dxy, tb)
            add_scaled(db, w * dxy, ta)


def tangent_sweep(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    double[::1] tangents,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Carry LANES directions forward over nodes begin..end-1; `tangents` (n_slots * LANES) holds seeds and zeros."""
    if end > begin:
        with nogil:
            sweep_tangents(&op[0], &left[0], &right[0], &activity[0], &values[0], &tangents[0], first, begin, end)


def second_order_sweep(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    const double[::1] adjoints,
    const double[::1] tangents,
    double[::1] adjoint_tangents,
    const int[::1] places,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Carry the tangents of the adjoints backward over nodes end-1..begin in LANES directions: forward over reverse.

    `adjoints` is the result of the adjoint sweep, `adjoint_tangents` (n_places * LANES) enters as zeros; a slot's
    block stands at its place, see `recycle_adjoints`.
    """
    if end > begin:
        with nogil:
            sweep_second_order(
                &op[0], &left[0], &right[0], &activity[0], &values[0], &adjoints[0], &tangents[0],
                &adjoint_tangents[0], &places[0], first, begin, end,
            )


def curvature_sweep(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    const double[::1] adjoints,
    const double[:, :, ::1] tangents,
    double[:, :, ::1] matrix,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Add to `matrix` the curvature of nodes begin..end-1: adjoint times second partials times tangent rows.

    `tangents` is (n_blocks, n_slots, LANES), `matrix` (n_blocks * LANES, n_blocks, LANES).
    """
    cdef Py_ssize_t k, i, block, l, a, b
    cdef Py_ssize_t n_blocks = tangents.shape[0]
    cdef double w, dxx, dxy, dyy, along_x, along_y, ti, si
    cdef unsigned char wanted
    with nogil:
        for k in range(begin, end):
            wanted = activity[k]
            w = adjoints[first + k]
            if wanted == 0 or w == 0.0:
                continue
            a = left[k]
            b = right[k]
            rule_second(op[k], values[a], values[b], values[first + k], &dxx, &dxy, &dyy)
            dxx = w * dxx if wanted & 1 and dxx != 0.0 else 0.0
            dyy = w * dyy if wanted & 2 and dyy != 0.0 else 0.0
            dxy = w * dxy if wanted == 3 and dxy != 0.0 else 0.0
            if dxx == 0.0 and dyy == 0.0 and dxy == 0.0:
                continue
            for i in range(n_blocks * LANES):
                ti = tangents[i // LANES, a, i % LANES]
                si = tangents[i // LANES, b, i % LANES]
                along_x = (dxx * ti if ti != 0.0 else 0.0) + (dxy * si if si != 0.0 else 0.0)
                along_y = (dxy * ti if ti != 0.0 else 0.0) + (dyy * si if si != 0.0 else 0.0)
                if along_x == 0.0 and along_y == 0.0:
                    continue
                for block in range(n_blocks):
                    add_scaled(&matrix[i, block, 0], along_x, &tangents[block, a, 0])
                    add_scaled(&matrix[i, block, 0], along_y, &tangents[block, b, 0])


cdef void load_lanes(
    const int[::1] slots, const double[:, ::1] inputs, Py_ssize_t lane, Py_ssize_t n_valid, double* values
) noexcept nogil:
    """Copy one block of lane inputs into their slots; lanes past the end repeat the last one."""
    cdef Py_ssize_t j, l
    for j in range(slots.shape[0]):
        for l in range(LANES):
            values[slots[j] * LANES + l] = inputs[j, lane + (l if l < n_valid else n_valid - 1)]


cdef void block_values(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    double* values,
    Py_ssize_t first,
    Py_ssize_t begin,
) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(begin, op.shape[0]):
        lane_value(op[k], values + left[k] * LANES, values + right[k] * LANES, values + (first + k) * LANES)


cdef Py_ssize_t block_guards(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] outcome,
    const double* values,
    Py_ssize_t n_valid,
) noexcept nogil:
    cdef Py_ssize_t k, l
    cdef double[LANES] found
    for k in range(op.shape[0]):
        lane_value(op[k], values + left[k] * LANES, values + right[k] * LANES, found)
        for l in range(n_valid):
            if (found[l] != 0.0) != (outcome[k] != 0):
                return k
    return -1


def evaluate_chunk(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    double[::1] values,
    Py_ssize_t first,
    Py_ssize_t begin_node,
    const int[::1] lane_slots,
    const double[:, ::1] lane_inputs,
    Py_ssize_t begin,
    Py_ssize_t end,
    guards,
    const int[::1] output_slots,
    double[:, ::1] outputs,
):
    """Evaluate lanes begin..end-1 block by block; return (guard, lane) of the first changed guard, or (-1, -1).

    `values` (n_slots * LANES) holds constants, shared inputs and the nodes before `begin_node` in every lane.
    """
    cdef const unsigned char[::1] guard_op = guards[0]
    cdef const int[::1] guard_left = guards[1]
    cdef const int[::1] guard_right = guards[2]
    cdef const unsigned char[::1] guard_outcome = guards[3]
    cdef Py_ssize_t lane, j, l, n_valid
    cdef Py_ssize_t changed = -1
    cdef Py_ssize_t changed_lane = -1
    cdef double* v = &values[0]
    with nogil:
        lane = begin
        while lane < end:
            n_valid = min(<Py_ssize_t>LANES, end - lane)
            load_lanes(lane_slots, lane_inputs, lane, n_valid, v)
            block_values(op, left, right, v, first, begin_node)
            changed = block_guards(guard_op, guard_left, guard_right, guard_outcome, v, n_valid)
            if changed >= 0:
                changed_lane = lane
                break
            for j in range(output_slots.shape[0]):
                for l in range(n_valid):
                    outputs[j, lane + l] = v[output_slots[j] * LANES + l]
            lane += LANES
    return changed, changed_lane


def gradient_chunk(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    double[::1] values,
    double[::1] adjoints,
    Py_ssize_t first,
    Py_ssize_t begin_node,
    const int[::1] lane_slots,
    const double[:, ::1] lane_inputs,
    Py_ssize_t begin,
    Py_ssize_t end,
    guards,
    const int[::1] output_slots,
    double[:, ::1] outputs,
    const double[::1] output_seeds,
    double[:, ::1] lane_adjoints,
):
    """Values as `evaluate_chunk`, and adjoints: per lane for lane inputs, added up in `adjoints` for shared slots.

    Adjoints of slots that no lane changes pile up over the blocks, lane by lane, so the caller adds LANES numbers
    per chunk and the result does not depend on how chunks were spread over threads.
    """
    cdef const unsigned char[::1] guard_op = guards[0]
    cdef const int[::1] guard_left = guards[1]
    cdef const int[::1] guard_right = guards[2]
    cdef const unsigned char[::1] guard_outcome = guards[3]
    cdef Py_ssize_t lane, j, l, n_valid, k, a, b
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t changed = -1
    cdef Py_ssize_t changed_lane = -1
    cdef double[LANES] dx
    cdef double[LANES] dy
    cdef double* v = &values[0]
    cdef double* bar = &adjoints[0]
    cdef double* w
    cdef bint needed
    with nogil:
        lane = begin
        while lane < end:
            n_valid = min(<Py_ssize_t>LANES, end - lane)
            load_lanes(lane_slots, lane_inputs, lane, n_valid, v)
            block_values(op, left, right, v, first, begin_node)
            changed = block_guards(guard_op, guard_left, guard_right, guard_outcome, v, n_valid)
            if changed >= 0:
                changed_lane = lane
                break
            memset(bar + (first + begin_node) * LANES, 0, (n - begin_node) * LANES * sizeof(double))
            for j in range(lane_slots.shape[0]):
                memset(bar + lane_slots[j] * LANES, 0, LANES * sizeof(double))
            for j in range(output_slots.shape[0]):
                for l in range(n_valid):
                    outputs[j, lane + l] = v[output_slots[j] * LANES + l]
                    bar[output_slots[j] * LANES + l] += output_seeds[j]
            for k in range(n - 1, begin_node - 1, -1):
                if activity[k] == 0:
                    continue
                w = bar + (first + k) * LANES
                needed = False
                for l in range(LANES):
                    needed |= w[l] != 0.0
                if not needed:
                    continue
                a = left[k] * LANES
                b = right[k] * LANES
                lane_first(op[k], v + a, v + b, v + (first + k) * LANES, dx, dy)
                if activity[k] & 1:
                    for l in range(LANES):
                        bar[a + l] += w[l] * dx[l] if (w[l] != 0.0) & (dx[l] != 0.0) else 0.0
                if activity[k] & 2:
                    for l in range(LANES):
                        bar[b + l] += w[l] * dy[l] if (w[l] != 0.0) & (dy[l] != 0.0) else 0.0
            for j in range(lane_slots.shape[0]):
                for l in range(n_valid):
                    lane_adjoints[j, lane + l] = bar[lane_slots[j] * LANES + l]
            lane += LANES
    return changed, changed_lane


cdef inline double ended(double factor, double number) noexcept nogil:
    """Return factor * number, where a zero of either ends the chain whatever the other one is."""
    return factor * number if (factor != 0.0) & (number != 0.0) else 0.0


cdef inline bint all_finite(const double* x) noexcept nogil:
    cdef Py_ssize_t l
    cdef long long bad = 0
    for l in range(LANES):
        bad |= x[l] - x[l] != 0.0
    return bad == 0


cdef void block_partials(
    int op,
    unsigned char wanted,
    const double* x,
    const double* y,
    const double* v,
    const double* w,
    bint curved,
    double* partials,
    double* bar_x,
    double* bar_y,
) noexcept nogil:
    """Compute a node's partials, dx, dy, dxx, dxy, dyy blocks side by side, the second ones times the adjoint `w`.

    Adds to the operands' adjoints. What is not wanted becomes zero; second partials only where the node is `curved`.
    """
    cdef double* dx = partials
    cdef double* dy = partials + LANES
    cdef double* dxx = partials + 2 * LANES
    cdef double* dxy = partials + 3 * LANES
    cdef double* dyy = partials + 4 * LANES
    lane_first(op, x, y, v, dx, dy)
    if curved:
        lane_second(op, x, y, v, dxx, dxy, dyy)
        scale(wanted & 1, w, dxx)
        scale(wanted & 2, w, dyy)
        scale(wanted == 3, w, dxy)
    add_adjoint(wanted & 1, w, dx, bar_x)
    add_adjoint(wanted & 2, w, dy, bar_y)


cdef inline void scale(bint wanted, const double* w, double* partial) noexcept nogil:
    """Multiply a block of partials by the adjoint; what is not wanted becomes zero."""
    cdef Py_ssize_t l
    if not wanted:
        memset(partial, 0, LANES * sizeof(double))
    elif all_finite(partial):
        for l in range(LANES):
            partial[l] = w[l] * partial[l]
    else:
        for l in range(LANES):
            partial[l] = ended(w[l], partial[l])


cdef inline void add_adjoint(bint wanted, const double* w, double* partial, double* bar) noexcept nogil:
    """Add adjoint times partial to an operand's adjoint; what is not wanted becomes zero."""
    cdef Py_ssize_t l
    cdef double[LANES] total
    if not wanted:
        memset(partial, 0, LANES * sizeof(double))
        return
    if all_finite(partial):
        for l in range(LANES):
            total[l] = bar[l] + w[l] * partial[l]
    else:
        for l in range(LANES):
            total[l] = bar[l] + ended(w[l], partial[l])
    for l in range(LANES):
        bar[l] = total[l]


cdef inline void product(bint plain, const double* p, const double* x, double* result) noexcept nogil:
    """Write p x into `result`; unless `plain`, a zero ends a chain."""
    cdef Py_ssize_t l
    if plain:
        for l in range(LANES):
            result[l] = p[l] * x[l]
    else:
        for l in range(LANES):
            result[l] = ended(p[l], x[l])


cdef inline void combine(
    bint plain, const double* p, const double* x, const double* q, const double* y, double* result
) noexcept nogil:
    """Write p x + q y into `result`; unless `plain`, a zero ends a chain."""
    cdef Py_ssize_t l
    if plain:
        for l in range(LANES):
            result[l] = p[l] * x[l] + q[l] * y[l]
    else:
        for l in range(LANES):
            result[l] = ended(p[l], x[l]) + ended(q[l], y[l])


def second_order_chunk(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[:, ::1] depends,
    const unsigned char[::1] linear,
    double[::1] values,
    Py_ssize_t first,
    Py_ssize_t begin_node,
    const int[::1] lane_slots,
    const double[:, ::1] lane_inputs,
    Py_ssize_t begin,
    Py_ssize_t end,
    guards,
    const int[::1] active_slots,
    int output_slot,
    double[::1] outputs,
    double[:, ::1] gradients,
    double[:, :, ::1] hessians,
    double[::1] scratch,
):
    """Value, gradient and Hessian in each of lanes begin..end-1; return (guard, lane) as `evaluate_chunk`.

    `values` (n_slots * LANES) holds constants, shared inputs and the nodes before `begin_node`; `depends` (n_slots, n_active) says which
    slots move with which input, `linear` which nodes have no curvature. `scratch` holds
    n_slots (1 + n_active) + 5 n_nodes + n_active^2 blocks. Partials are computed once per block; the Hessian is the sum
    of the nodes' curvatures, met by the tangents of both inputs. `gradients` is (n_lanes, n_active), `hessians`
    (n_lanes, n_active, n_active).
    """
    cdef const unsigned char[::1] guard_op = guards[0]
    cdef const int[::1] guard_left = guards[1]
    cdef const int[::1] guard_right = guards[2]
    cdef const unsigned char[::1] guard_outcome = guards[3]
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t n_slots = first + n
    cdef Py_ssize_t m = active_slots.shape[0]
    cdef Py_ssize_t lane, i, j, k, l, n_valid, a, b
    cdef Py_ssize_t changed = -1
    cdef Py_ssize_t changed_lane = -1
    cdef double* v = &values[0]
    cdef double* bar = &scratch[0]
    cdef double* dot = bar + n_slots * LANES
    cdef double* partials = dot + n_slots * m * LANES
    cdef double* matrix = partials + 5 * n * LANES
    cdef double* p
    cdef double* h
    cdef const double* ta
    cdef const double* tb
    cdef double[LANES] along_x
    cdef double[LANES] along_y
    cdef double[LANES] total
    cdef double[LANES] bad
    cdef bint plain, careful
    memset(dot, 0, n_slots * m * LANES * sizeof(double))
    for i in range(m):
        for l in range(LANES):
            dot[(active_slots[i] * m + i) * LANES + l] = 1.0
    with nogil:
        lane = begin
        while lane < end:
            n_valid = min(<Py_ssize_t>LANES, end - lane)
            load_lanes(lane_slots, lane_inputs, lane, n_valid, v)
            block_values(op, left, right, v, first, begin_node)
            changed = block_guards(guard_op, guard_left, guard_right, guard_outcome, v, n_valid)
            if changed >= 0:
                changed_lane = lane
                break
            memset(bar, 0, n_slots * LANES * sizeof(double))
            for l in range(LANES):
                bar[output_slot * LANES + l] = 1.0
            for k in range(n - 1, -1, -1):
                if activity[k]:
                    a = left[k] * LANES
                    b = right[k] * LANES
                    block_partials(
                        op[k], activity[k], v + a, v + b, v + (first + k) * LANES, bar + (first + k) * LANES,
                        not linear[k], partials + 5 * k * LANES, bar + a, bar + b,
                    )
            careful = False
            while True:
                memset(matrix, 0, m * m * LANES * sizeof(double))
                for l in range(LANES):
                    bad[l] = 0.0
                for k in range(n):
                    if activity[k] == 0:
                        continue
                    p = partials + 5 * k * LANES
                    plain = not careful and all_finite(p) and all_finite(p + LANES)
                    a = left[k] * m
                    b = right[k] * m
                    for i in range(m):
                        if depends[first + k, i]:
                            h = dot + ((first + k) * m + i) * LANES
                            if activity[k] == 3:
                                combine(plain, p, dot + (a + i) * LANES, p + LANES, dot + (b + i) * LANES, h)
                            elif activity[k] == 1:
                                product(plain, p, dot + (a + i) * LANES, h)
                            else:
                                product(plain, p + LANES, dot + (b + i) * LANES, h)
                            for l in range(LANES):
                                bad[l] += h[l] - h[l]
                    if linear[k]:
                        continue
                    plain = not careful and all_finite(p + 2 * LANES) and all_finite(p + 4 * LANES)
                    if activity[k] != 3:  # one operand moves: an outer product of its tangents alone
                        p += (2 if activity[k] == 1 else 4) * LANES
                        ta = dot + (a if activity[k] == 1 else b) * LANES
                        for i in range(m):
                            if not depends[left[k] if activity[k] == 1 else right[k], i]:
                                continue
                            product(plain, p, ta + i * LANES, along_x)
                            for j in range(i + 1):
                                h = matrix + (i * m + j) * LANES
                                product(plain, along_x, ta + j * LANES, total)
                                for l in range(LANES):
                                    total[l] += h[l]
                                for l in range(LANES):
                                    h[l] = total[l]
                        continue
                    plain = plain and all_finite(p + 3 * LANES)
                    for i in range(m):
                        if not (depends[left[k], i] or depends[right[k], i]):
                            continue
                        ta = dot + (a + i) * LANES
                        tb = dot + (b + i) * LANES
                        combine(plain, p + 2 * LANES, ta, p + 3 * LANES, tb, along_x)
                        combine(plain, p + 3 * LANES, ta, p + 4 * LANES, tb, along_y)
                        for j in range(i + 1):
                            if not (depends[left[k], j] or depends[right[k], j]):
                                continue
                            h = matrix + (i * m + j) * LANES
                            combine(plain, along_x, dot + (a + j) * LANES, along_y, dot + (b + j) * LANES, total)
                            for l in range(LANES):
                                total[l] += h[l]
                            for l in range(LANES):
                                h[l] = total[l]
                # A tangent that is not finite, as in a branch that `where` did not take, must meet no zero unseen.
                if careful or all_finite(bad):
                    break
                careful = True
            for l in range(n_valid):
                outputs[lane + l] = v[output_slot * LANES + l]
                for i in range(m):
                    gradients[lane + l, i] = bar[active_slots[i] * LANES + l]
                    for j in range(i + 1):
                        hessians[lane + l, i, j] = matrix[(i * m + j) * LANES + l]
                        hessians[lane + l, j, i] = matrix[(i * m + j) * LANES + l]
            lane += LANES
    return changed, changed_lane


cdef class PointReplay:
    """Replays of a small program of plain nodes at one market state, in one call from Python.

    Every method takes the inputs as a float array (n_inputs,) and returns None where the checked path has something to
    say about them: a wrong length, a number that is not finite, a guard that changed. Not for two threads at once.
    """

    cdef const unsigned short[::1] value_code
    cdef const unsigned short[::1] adjoint_code
    cdef const unsigned char[::1] op
    cdef const int[::1] left
    cdef const int[::1] right
    cdef const unsigned char[::1] activity
    cdef const unsigned char[::1] guard_op
    cdef const int[::1] guard_left
    cdef const int[::1] guard_right
    cdef const unsigned char[::1] guard_outcome
    cdef const int[::1] active
    cdef double[::1] values
    cdef double[::1] adjoints
    cdef double[::1] tangents
    cdef double[::1] adjoint_tangents
    cdef const int[::1] places
    cdef Py_ssize_t n_places
    cdef Py_ssize_t n_inputs
    cdef Py_ssize_t first
    cdef Py_ssize_t n_slots
    cdef int output

    def __init__(self, program):
        self.value_code = program.value_code
        self.adjoint_code = program.adjoint_code
        self.op = program.op
        self.left = program.left
        self.right = program.right
        self.activity = program.activity
        self.guard_op, self.guard_left, self.guard_right, self.guard_outcome = program.guard_arrays
        self.active = np.flatnonzero(program.input_active).astype(np.int32)
        self.n_inputs = program.n_inputs
        self.first = program.first_node
        self.n_slots = program.n_slots
        self.output = program.outputs[0]
        values = np.zeros(program.n_slots)
        values[program.n_inputs : program.first_node] = program.constants
        self.values = values
        self.adjoints = np.zeros(program.n_slots)
        self.tangents = np.zeros(program.n_slots * LANES)
        self.places = program.adjoint_places
        self.n_places = program.n_adjoint_places
        self.adjoint_tangents = np.zeros(program.n_adjoint_places * LANES)

    cdef bint evaluate(self, const double[::1] inputs) noexcept nogil:
        cdef Py_ssize_t k
        cdef Py_ssize_t n = self.op.shape[0]
        if inputs.shape[0] != self.n_inputs:
            return False
        for k in range(self.n_inputs):
            if not finite(inputs[k]):
                return False
            self.values[k] = inputs[k]
        k = 0
        while k < n:
            k += step_value(
                self.value_code[k], &self.values[0], &self.values[self.first], &self.left[0], &self.right[0], k
            )
        for k in range(self.guard_op.shape[0]):
            if (
                rule_value(self.guard_op[k], self.values[self.guard_left[k]], self.values[self.guard_right[k]]) != 0.0
            ) != (self.guard_outcome[k] != 0):
                return False
        return True

    cdef void pull_back(self) noexcept nogil:
        cdef Py_ssize_t k = self.op.shape[0] - 1
        memset(&self.adjoints[0], 0, self.n_slots * sizeof(double))
        self.adjoints[self.output] = 1.0
        while k >= 0:
            k -= step_adjoint(
                self.adjoint_code[k], &self.values[0], &self.values[self.first], &self.adjoints[0],
                &self.adjoints[self.first], &self.left[0], &self.right[0], k,
            )

    def value(self, const double[::1] inputs):
        """Return the value, or None."""
        return self.values[self.output] if self.evaluate(inputs) else None

    def value_and_gradient(self, const double[::1] inputs):
        """Return the value and the gradient over the active inputs (n_active,), or None."""
        cdef Py_ssize_t k
        if not self.evaluate(inputs):
            return None
        self.pull_back()
        gradient = np.empty(self.active.shape[0])
        cdef double[::1] g = gradient
        for k in range(self.active.shape[0]):
            g[k] = self.adjoints[self.active[k]]
        return self.values[self.output], gradient

    def derivatives(self, const double[::1] inputs):
        """Return value, gradient (n_active,) and Hessian (n_active, n_active), or None."""
        cdef Py_ssize_t n = self.op.shape[0]
        cdef Py_ssize_t m = self.active.shape[0]
        cdef Py_ssize_t begin, i, j
        found = self.value_and_gradient(inputs)
        if found is None:
            return None
        hessian = np.empty((m, m))
        cdef double[:, ::1] h = hessian
        with nogil:
            begin = 0
            while begin < m:
                memset(&self.tangents[0], 0, self.first * LANES * sizeof(double))
                memset(&self.adjoint_tangents[0], 0, self.n_places * LANES * sizeof(double))
                for i in range(begin, min(begin + LANES, m)):
                    self.tangents[self.active[i] * LANES + i - begin] = 1.0
                sweep_tangents(
                    &self.op[0], &self.left[0], &self.right[0], &self.activity[0], &self.values[0], &self.tangents[0],
                    self.first, 0, n,
                )
                sweep_second_order(
                    &self.op[0], &self.left[0], &self.right[0], &self.activity[0], &self.values[0], &self.adjoints[0],
                    &self.tangents[0], &self.adjoint_tangents[0], &self.places[0], self.first, 0, n,
                )
                for i in range(begin, min(begin + LANES, m)):
                    for j in range(m):
                        h[i, j] = self.adjoint_tangents[self.places[self.active[j]] * LANES + i - begin]
                begin += LANES
            for i in range(m):
                for j in range(i):
                    h[i, j] = 0.5 * (h[i, j] + h[j, i])
                    h[j, i] = h[i, j]
        return found[0], found[1], hessian
