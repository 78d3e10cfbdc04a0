"""Backward substitution of second-order series over a dense front, and series carried forward.

The front is the set of slots whose consumers are finished in part: a node enters with its last consumer and leaves when
it is substituted. Each has a place, recycled, and a row of coefficients over all places. The coefficient of the product
of two perturbations is what stands in either row, added up; that of a square is kept at half.
"""

import numpy as np

include "../aadlib/generated/rules.pxi"

include "vector_loops.pxi"


def plan_front(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] input_active,
    const unsigned char[::1] reached,
    Py_ssize_t first,
):
    """Return (places per slot, -1 where never on the front; size of the front). Active inputs come first."""
    cdef Py_ssize_t k, j
    cdef int slot
    cdef int size = 0
    cdef int n_free = 0
    places_array = np.full(reached.shape[0], -1, dtype=np.int32)
    free_array = np.empty(reached.shape[0] + 1, dtype=np.int32)
    cdef int[::1] places = places_array
    cdef int[::1] free_places = free_array
    cdef int operands[2]
    with nogil:
        for k in range(input_active.shape[0]):
            if input_active[k]:
                places[k] = size
                size += 1
        for k in range(left.shape[0] - 1, -1, -1):
            slot = <int>(first + k)
            if not reached[slot] or activity[k] == 0:
                continue
            operands[0] = left[k] if activity[k] & 1 else -1
            operands[1] = right[k] if activity[k] & 2 else -1
            for j in range(2):
                if operands[j] >= 0 and places[operands[j]] < 0:
                    if n_free:
                        n_free -= 1
                        places[operands[j]] = free_places[n_free]
                    else:
                        places[operands[j]] = size
                        size += 1
            # Last: a node and its operands are on the front together.
            if places[slot] >= 0:
                free_places[n_free] = places[slot]
                n_free += 1
    return places_array, size


def substitute_backward(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    const double[::1] adjoints,
    const int[::1] places,
    Py_ssize_t first,
    double[:, ::1] front,
):
    """Substitute every node's series into those of its operands; `front` (size, size) enters as zeros.

    On return the leading block over the active inputs, plus its transpose, is the Hessian.
    """
    cdef Py_ssize_t k, g
    cdef Py_ssize_t size = front.shape[0]
    cdef int a, b, f, p, q
    cdef double adjoint, dx, dy, dxx, dxy, dyy, itself
    cdef unsigned char wanted
    cdef bint found
    cdef double[::1] row_array = np.zeros(size)
    cdef unsigned char[::1] in_rows = np.zeros(size, dtype=np.uint8)     # a place's own row holds something
    cdef unsigned char[::1] in_columns = np.zeros(size, dtype=np.uint8)  # other rows hold something at that place
    cdef double* row = &row_array[0]
    with nogil:
        for k in range(op.shape[0] - 1, -1, -1):
            wanted = activity[k]
            f = places[first + k]
            adjoint = adjoints[first + k]
            if wanted == 0 or (adjoint == 0.0 and (f < 0 or not (in_rows[f] or in_columns[f]))):
                continue
            a = left[k]
            b = right[k]
            rule_first(op[k], values[a], values[b], values[first + k], &dx, &dy)
            p = places[a] if wanted & 1 else places[b]
            q = places[b]
            if wanted == 2:
                dx = dy
            elif wanted == 3 and a == b:
                dx += dy
            if wanted != 3 or a == b:
                dy = 0.0
            if f >= 0 and (in_rows[f] or in_columns[f]):
                itself = front[f, f]
                for g in range(size):
                    row[g] = front[f, g]
                    front[f, g] = 0.0
                row[f] = 0.0
                if in_columns[f]:
                    for g in range(size):
                        if front[g, f] != 0.0:
                            row[g] += front[g, f]
                            front[g, f] = 0.0
                            in_columns[g] = 1
                in_rows[f] = in_columns[f] = 0
                if dx != 0.0:
                    add_scaled(&front[p, 0], row, dx, size)
                    in_rows[p] = 1
                if dy != 0.0:
                    add_scaled(&front[q, 0], row, dy, size)
                    in_rows[q] = 1
                if itself != 0.0:
                    if dx != 0.0:
                        front[p, p] += dx * dx * itself
                    if dx != 0.0 and dy != 0.0:
                        front[p, q] += 2.0 * dx * dy * itself
                        in_columns[q] = 1
                    if dy != 0.0:
                        front[q, q] += dy * dy * itself
            if adjoint == 0.0:
                continue
            rule_second(op[k], values[a], values[b], values[first + k], &dxx, &dxy, &dyy)
            if wanted == 2:
                dxx = dyy
            elif wanted == 3 and a == b:
                dxx += 2.0 * dxy + dyy
            if dxx != 0.0:
                front[p, p] += 0.5 * adjoint * dxx
                in_rows[p] = 1
            if wanted == 3 and a != b:
                if dxy != 0.0:
                    # In the row of the later slot: the earlier one, a coefficient perhaps, is met more often.
                    if a > b:
                        front[p, q] += adjoint * dxy
                        in_columns[q] = 1
                    else:
                        front[q, p] += adjoint * dxy
                        in_columns[p] = 1
                    in_rows[p] = 1
                    in_rows[q] = 1
                if dyy != 0.0:
                    front[q, q] += 0.5 * adjoint * dyy
                    in_rows[q] = 1


def carry_series(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    double[:, ::1] series,
    Py_ssize_t first,
):
    """Carry (v1, v2) forward; `series` (n_slots, 2) holds those of the inputs and zeros."""
    cdef Py_ssize_t k
    cdef double dx, dy, dxx, dxy, dyy, x1, y1, v1, v2
    cdef unsigned char wanted
    with nogil:
        for k in range(op.shape[0]):
            wanted = activity[k]
            if wanted == 0:
                continue
            rule_first(op[k], values[left[k]], values[right[k]], values[first + k], &dx, &dy)
            rule_second(op[k], values[left[k]], values[right[k]], values[first + k], &dxx, &dxy, &dyy)
            x1 = series[left[k], 0] if wanted & 1 else 0.0
            y1 = series[right[k], 0] if wanted & 2 else 0.0
            v1 = v2 = 0.0
            if dx != 0.0 and wanted & 1:
                v1 += dx * x1
                v2 += dx * series[left[k], 1]
            if dy != 0.0 and wanted & 2:
                v1 += dy * y1
                v2 += dy * series[right[k], 1]
            if x1 != 0.0 and dxx != 0.0:
                v2 += dxx * x1 * x1
            if x1 != 0.0 and y1 != 0.0 and dxy != 0.0:
                v2 += 2.0 * dxy * x1 * y1
            if y1 != 0.0 and dyy != 0.0:
                v2 += dyy * y1 * y1
            series[first + k, 0] = v1
            series[first + k, 1] = v2
