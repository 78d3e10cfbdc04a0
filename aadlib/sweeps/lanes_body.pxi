# Sweeps over blocks of lanes, compiled once per instruction set.
#
# A slot holds a block of doubles side by side, so every inner loop has a fixed length and becomes SIMD. Two kinds:
# LANES directions over one market state (here: values are scalars), and BLOCK market states or paths (state_lanes.pxi
# and curved_lanes.pxi: values differ from lane to lane).

import numpy as np

from libc.string cimport memset

include "aadlib/generated/rules.pxi"

cdef enum:
    WIDTH = BLOCK

include "aadlib/generated/lane_rules.pxi"
include "aadlib/sweeps/scaled.pxi"
include "aadlib/sweeps/state_lanes.pxi"
include "aadlib/sweeps/curved_lanes.pxi"

states_per_block = BLOCK  # for Python
directions_per_block = LANES


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

    def __init__(self, program, addresses, n_addresses):
        self.value_code = program.nodes.value_code
        self.adjoint_code = program.nodes.adjoint_code
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
        self.places = addresses
        self.n_places = n_addresses
        self.adjoint_tangents = np.zeros(n_addresses * LANES)

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
