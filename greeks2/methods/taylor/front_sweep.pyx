"""Backward substitution of second-order series over a dense front, and series carried forward.

The front is the set of slots whose consumers are finished in part: a node enters with its last consumer and leaves when
it is substituted. Each has a place, recycled, and a row of coefficients over all places. The coefficient of the product
of two perturbations is what stands in either row, added up; that of a square is kept at half.

Hubs (`greeks2.structure.hubs`) have a row below the front and no place on it: as the second factor of a product a hub's own
perturbation is that of the inputs it depends on, by its forward row.
"""

import numpy as np

include "aadlib/generated/rules.pxi"

include "greeks2/methods/vector_loops.pxi"

cdef enum:
    TWICE = 4  # both operands are the same slot


def plan_front(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] input_active,
    const unsigned char[::1] reached,
    const int[::1] end_row,
    Py_ssize_t first,
):
    """Return (row per slot, -1 where it has none; size of the front; rows). Active inputs come first, hubs last.

    `end_row` is -1 for slots that are no hubs.
    """
    cdef Py_ssize_t k, j
    cdef int slot
    cdef int size = 0
    cdef int n_free = 0
    cdef int n_rows
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
                if operands[j] >= 0 and places[operands[j]] < 0 and end_row[operands[j]] < 0:
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
        n_rows = size
        for k in range(first, end_row.shape[0]):
            if end_row[k] >= 0:
                places[k] = n_rows
                n_rows += 1
    return places_array, size, n_rows


cdef struct Operand:
    int row
    int n                  # places that stand for it in a product: its own, or those of the inputs it depends on
    const int* places
    const double* factors  # of each place
    bint is_hub


cdef inline void add_product(
    double* front, Py_ssize_t size, Operand* one, Operand* other, double amount, unsigned char* in_rows,
    unsigned char* in_columns
) noexcept nogil:
    """Add to the coefficient of the product of two operands' perturbations, half of it for a square."""
    cdef int i
    cdef int row = one.row
    cdef double* to = front + row * size
    in_rows[row] = 1
    if not other.is_hub:
        to[other.places[0]] += amount
        if other.row != row:
            in_columns[other.row] = 1
        return
    for i in range(other.n):
        if other.factors[i] != 0.0:
            to[other.places[i]] += amount * other.factors[i]
            if other.places[i] != row:
                in_columns[other.places[i]] = 1


cdef void add_row(
    double* front, Py_ssize_t size, int n_inputs, Operand* to, const double* row, double factor,
    unsigned char* in_rows, unsigned char* in_columns
) noexcept nogil:
    """Add a multiple of a row over the front to the row of an operand; a hub's row holds products with inputs alone."""
    cdef int g
    cdef Operand met
    in_rows[to.row] = 1
    if not to.is_hub:
        add_scaled(front + to.row * size, row, factor, size)
        return
    add_scaled(front + to.row * size, row, factor, n_inputs)
    for g in range(n_inputs, size):
        if row[g] != 0.0:
            met.row = g
            add_product(front, size, &met, to, factor * row[g], in_rows, in_columns)


def substitute_backward(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    const double[::1] adjoints,
    const int[::1] places,
    const int[::1] end_row,
    const int[::1] low,
    const int[::1] high,
    const int[::1] start,
    const int[::1] input_places,
    const double[::1] forward,
    Py_ssize_t first,
    int n_inputs,
    double[:, ::1] front,
):
    """Substitute every node's series into those of its operands; `front` (rows, size) enters as zeros.

    end_row, low, high, start, forward : the forward rows of hubs (see hubs.py)
    input_places : places of the inputs that these rows count
    n_inputs : how many active inputs there are: the first places

    On return the leading block over the active inputs, plus its transpose, is the Hessian.
    """
    cdef Py_ssize_t k, g
    cdef Py_ssize_t size = front.shape[1]
    cdef int f, end, which, slot
    cdef double adjoint, dx, dy, dxx, dxy, dyy, itself
    cdef double one = 1.0
    cdef unsigned char wanted
    cdef Operand[2] operands
    cdef Operand* a
    cdef Operand* b
    cdef double[::1] row_array = np.zeros(size)
    cdef unsigned char[::1] in_rows = np.zeros(front.shape[0], dtype=np.uint8)  # a row holds something
    cdef unsigned char[::1] in_columns = np.zeros(front.shape[0], dtype=np.uint8)  # other rows hold something there
    cdef double* row = &row_array[0]
    cdef double* whole = &front[0, 0]
    with nogil:
        for k in range(op.shape[0] - 1, -1, -1):
            wanted = activity[k]
            f = places[first + k]
            adjoint = adjoints[first + k]
            if wanted == 0 or (adjoint == 0.0 and (f < 0 or not (in_rows[f] or in_columns[f]))):
                continue
            rule_first(op[k], values[left[k]], values[right[k]], values[first + k], &dx, &dy)
            for which in range(2):
                slot = right[k] if which else left[k]
                end = end_row[slot]
                operands[which].row = places[slot]
                operands[which].is_hub = end >= 0 and slot >= first
                if operands[which].is_hub:
                    operands[which].n = high[end] - low[end] + 1
                    operands[which].places = &input_places[low[end]]
                    operands[which].factors = &forward[start[end]]
                else:
                    operands[which].n = 1
                    operands[which].places = &places[slot]
                    operands[which].factors = &one
            a = &operands[1] if wanted == 2 else &operands[0]
            b = &operands[1]
            if wanted == 2:
                dx = dy
            elif wanted == 3 and left[k] == right[k]:
                dx += dy
                wanted = 1 | TWICE
            if wanted != 3:
                dy = 0.0
            if f >= 0 and (in_rows[f] or in_columns[f]):
                itself = 0.0
                for g in range(size):
                    row[g] = front[f, g]
                    front[f, g] = 0.0
                if f < size:
                    itself = row[f]
                    row[f] = 0.0
                if in_columns[f]:
                    for g in range(size):
                        if front[g, f] != 0.0:
                            row[g] += front[g, f]
                            front[g, f] = 0.0
                            in_columns[g] = 1
                in_rows[f] = in_columns[f] = 0
                if dx != 0.0:
                    add_row(whole, size, n_inputs, a, row, dx, &in_rows[0], &in_columns[0])
                if dy != 0.0:
                    add_row(whole, size, n_inputs, b, row, dy, &in_rows[0], &in_columns[0])
                if itself != 0.0:
                    if dx != 0.0:
                        add_product(whole, size, a, a, dx * dx * itself, &in_rows[0], &in_columns[0])
                    if dx != 0.0 and dy != 0.0:
                        if a.is_hub:
                            add_product(whole, size, b, a, 2.0 * dx * dy * itself, &in_rows[0], &in_columns[0])
                        else:
                            add_product(whole, size, a, b, 2.0 * dx * dy * itself, &in_rows[0], &in_columns[0])
                    if dy != 0.0:
                        add_product(whole, size, b, b, dy * dy * itself, &in_rows[0], &in_columns[0])
            if adjoint == 0.0:
                continue
            rule_second(op[k], values[left[k]], values[right[k]], values[first + k], &dxx, &dxy, &dyy)
            if wanted == 2:
                dxx = dyy
            elif wanted & TWICE:
                dxx += 2.0 * dxy + dyy
            if dxx != 0.0:
                add_product(whole, size, a, a, 0.5 * adjoint * dxx, &in_rows[0], &in_columns[0])
            if wanted == 3:
                if dxy != 0.0:
                    # A hub in the other's row, and else in that of the later slot: the earlier one is met more often.
                    if b.is_hub or not a.is_hub and left[k] > right[k]:
                        add_product(whole, size, a, b, adjoint * dxy, &in_rows[0], &in_columns[0])
                    else:
                        add_product(whole, size, b, a, adjoint * dxy, &in_rows[0], &in_columns[0])
                if dyy != 0.0:
                    add_product(whole, size, b, b, 0.5 * adjoint * dyy, &in_rows[0], &in_columns[0])


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
