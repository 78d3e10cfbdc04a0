"""Backward substitution of second-order series over a dense front, and series carried forward.

The front is the set of slots whose consumers are finished in part: a node enters with its last consumer and leaves when
it is substituted. Each has an address, recycled, and a row of coefficients over all addresses. The coefficient of the
product of two perturbations is what stands in either row, added up; that of a square is held at half.

Hubs (`greeks2.structure.hubs`) have a row below the front and are not on it: as the second factor of a product a hub's
own perturbation is that of the inputs it depends on, by its forward row.
"""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes
from aadlib.sweeps.watch cimport begin_watch, end_watch
from greeks2.structure.hub_rows cimport ForwardRows, Hubs

include "aadlib/generated/rules.pxi"

include "greeks2/structure/vector_loops.pxi"

cdef enum:
    TWICE = 4  # both operands are the same slot

cdef struct Front:
    double* rows                # (rows, size)
    Py_ssize_t size
    int n_inputs                # active inputs have the first addresses
    unsigned char* in_rows      # a row holds something
    unsigned char* in_columns   # other rows hold something there
    const int* addresses        # of every slot
    const int* input_addresses  # of the inputs that hubs depend on
    const ForwardRows* hubs
    const double* forward       # entries of the forward rows

cdef struct Operand:
    double partial         # of the node in it
    int row
    int n                  # addresses that stand for it in a product: its own, or those of the inputs it depends on
    const int* addresses
    const double* factors  # of each address
    bint is_hub


cdef inline void read_operand(Operand* operand, const Front* front, int slot, Py_ssize_t first_node) noexcept nogil:
    """Look up where an operand's row stands and what stands for it in a product."""
    cdef int end = front.hubs.end_row[slot]
    operand.row = front.addresses[slot]
    operand.is_hub = end >= 0 and slot >= first_node
    if operand.is_hub:
        operand.n = front.hubs.high[end] - front.hubs.low[end] + 1
        operand.addresses = front.input_addresses + front.hubs.low[end]
        operand.factors = front.forward + front.hubs.start[end]
    else:
        operand.n = 1
        operand.addresses = front.addresses + slot


cdef inline void add_product(Front* front, const Operand* one, const Operand* other, double amount) noexcept nogil:
    """Add to the coefficient of the product of two operands' perturbations, half of it for a square."""
    cdef int i
    cdef int row = one.row
    cdef double* to = front.rows + row * front.size
    front.in_rows[row] = 1
    if not other.is_hub:
        to[other.addresses[0]] += amount
        if other.row != row:
            front.in_columns[other.row] = 1
        return
    for i in range(other.n):
        if other.factors[i] != 0.0:
            to[other.addresses[i]] += amount * other.factors[i]
            if other.addresses[i] != row:
                front.in_columns[other.addresses[i]] = 1


cdef void add_row(Front* front, const Operand* to, const double* row) noexcept nogil:
    """Add a row over the front times an operand's partial to its row; a hub's row holds products with inputs alone."""
    cdef int g
    cdef Operand partner
    if to.partial == 0.0:
        return
    front.in_rows[to.row] = 1
    if not to.is_hub:
        add_scaled(front.rows + to.row * front.size, row, to.partial, front.size)
        return
    add_scaled(front.rows + to.row * front.size, row, to.partial, front.n_inputs)
    for g in range(front.n_inputs, <int>front.size):
        if row[g] != 0.0:
            partner.row = g
            add_product(front, &partner, to, to.partial * row[g])


cdef inline double take_row(Front* front, int f, double* row) noexcept nogil:
    """Move the coefficients of a slot into `row` and return that of its square; nothing of it is left on the front."""
    cdef Py_ssize_t size = front.size
    cdef double* own = front.rows + f * size
    cdef double* column = front.rows + f
    cdef double itself = 0.0
    cdef Py_ssize_t g
    for g in range(size):
        row[g] = own[g]
        own[g] = 0.0
    if f < size:
        itself = row[f]
        row[f] = 0.0
    if front.in_columns[f]:
        for g in range(size):
            if column[g * size] != 0.0:
                row[g] += column[g * size]
                column[g * size] = 0.0
                front.in_columns[g] = 1
    front.in_rows[f] = front.in_columns[f] = 0
    return itself


cdef inline void substitute(
    Front* front, const Operand* a, const Operand* b, const double* row, double itself
) noexcept nogil:
    """Put the linear part of a node's series in its place: in products with others (`row`) and in its square."""
    add_row(front, a, row)
    add_row(front, b, row)
    if itself == 0.0:
        return
    if a.partial != 0.0:
        add_product(front, a, a, a.partial * a.partial * itself)
    if a.partial != 0.0 and b.partial != 0.0:
        if a.is_hub:
            add_product(front, b, a, 2.0 * a.partial * b.partial * itself)
        else:
            add_product(front, a, b, 2.0 * a.partial * b.partial * itself)
    if b.partial != 0.0:
        add_product(front, b, b, b.partial * b.partial * itself)


cdef inline void create(
    Front* front, const Operand* a, const Operand* b, int wanted, bint left_is_later, double adjoint, double dxx,
    double dxy, double dyy
) noexcept nogil:
    """Put the products of a node's series in the place of the node: its second partials times its adjoint."""
    if wanted == 2:
        dxx = dyy
    elif wanted & TWICE:
        dxx += 2.0 * dxy + dyy
    if dxx != 0.0:
        add_product(front, a, a, 0.5 * adjoint * dxx)
    if wanted != 3:
        return
    if dxy != 0.0:
        # A hub in the other's row, and else in that of the later slot: the earlier one is used more often.
        if b.is_hub or not a.is_hub and left_is_later:
            add_product(front, a, b, adjoint * dxy)
        else:
            add_product(front, b, a, adjoint * dxy)
    if dyy != 0.0:
        add_product(front, b, b, 0.5 * adjoint * dyy)


cdef void sweep(
    Front* front, const aad_nodes* program, const double* values, const double* adjoints, double* row
) noexcept nogil:
    """Substitute every node's series into those of its operands, from the last node to the first."""
    cdef Py_ssize_t k, slot
    cdef int f, left, right, wanted
    cdef double adjoint, dx, dy, dxx, dxy, dyy, itself
    cdef bint filled
    cdef Operand a, b
    for k in range(program.n_nodes - 1, -1, -1):
        slot = program.first_node + k
        wanted = program.activity[k]
        f = front.addresses[slot]
        adjoint = adjoints[slot]
        filled = f >= 0 and (front.in_rows[f] or front.in_columns[f])
        if wanted == 0 or (adjoint == 0.0 and not filled):
            continue
        left, right = program.left[k], program.right[k]
        rule_first(program.op[k], values[left], values[right], values[slot], &dx, &dy)
        if wanted == 3 and left == right:
            wanted = 1 | TWICE
            dx += dy
        read_operand(&a, front, right if wanted == 2 else left, program.first_node)
        a.partial = dy if wanted == 2 else dx
        read_operand(&b, front, right, program.first_node)
        b.partial = dy if wanted == 3 else 0.0
        if filled:
            itself = take_row(front, f, row)
            substitute(front, &a, &b, row, itself)
        if adjoint != 0.0:
            rule_second(program.op[k], values[left], values[right], values[slot], &dxx, &dxy, &dyy)
            create(front, &a, &b, wanted, left > right, adjoint, dxx, dxy, dyy)


def substitute_backward(
    Nodes nodes,
    const double[::1] values,
    const double[::1] adjoints,
    const int[::1] addresses,
    Hubs hubs,
    const double[::1] forward,
    int n_inputs,
    double[:, ::1] front,
):
    """Substitute every node's series into those of its operands; `front` (rows, size) enters as zeros.

    Parameters
    ----------
    nodes, values, adjoints : the program and its sweeps
    addresses : of every slot on the front (see `greeks2.structure.front`)
    hubs, forward : Hubs, and the entries of their forward rows
    n_inputs : how many active inputs there are: they have the first addresses

    On return the leading block over the active inputs, plus its transpose, is the Hessian.
    """
    cdef double[::1] row = np.zeros(max(1, front.shape[1]))
    cdef unsigned char[::1] in_rows = np.zeros(max(1, front.shape[0]), dtype=np.uint8)
    cdef unsigned char[::1] in_columns = np.zeros(max(1, front.shape[0]), dtype=np.uint8)
    cdef const int[::1] input_addresses = np.asarray(addresses)[hubs.inputs]
    cdef Front sweeping
    if front.shape[0] == 0:
        return
    sweeping.rows, sweeping.size, sweeping.n_inputs = &front[0, 0], front.shape[1], n_inputs
    sweeping.in_rows, sweeping.in_columns = &in_rows[0], &in_columns[0]
    sweeping.addresses, sweeping.hubs = &addresses[0], &hubs.c
    sweeping.input_addresses = &input_addresses[0] if input_addresses.shape[0] else NULL
    sweeping.forward = &forward[0] if forward.shape[0] else NULL
    with nogil:
        begin_watch()
        sweep(&sweeping, &nodes.c, &values[0], &adjoints[0], &row[0])
        end_watch()


def carry_series(Nodes nodes, const double[::1] values, double[:, ::1] series):
    """Carry (v1, v2) forward; `series` (n_slots, 2) holds those of the inputs and zeros."""
    cdef const aad_nodes* program = &nodes.c
    cdef Py_ssize_t k, slot
    cdef int left, right
    cdef double dx, dy, dxx, dxy, dyy, x1, y1, v1, v2
    cdef unsigned char wanted
    with nogil:
        for k in range(program.n_nodes):
            wanted = program.activity[k]
            if wanted == 0:
                continue
            left, right, slot = program.left[k], program.right[k], program.first_node + k
            rule_first(program.op[k], values[left], values[right], values[slot], &dx, &dy)
            rule_second(program.op[k], values[left], values[right], values[slot], &dxx, &dxy, &dyy)
            x1 = series[left, 0] if wanted & 1 else 0.0
            y1 = series[right, 0] if wanted & 2 else 0.0
            v1 = v2 = 0.0
            if dx != 0.0 and wanted & 1:
                v1 += dx * x1
                v2 += dx * series[left, 1]
            if dy != 0.0 and wanted & 2:
                v1 += dy * y1
                v2 += dy * series[right, 1]
            if x1 != 0.0 and dxx != 0.0:
                v2 += dxx * x1 * x1
            if x1 != 0.0 and y1 != 0.0 and dxy != 0.0:
                v2 += 2.0 * dxy * x1 * y1
            if y1 != 0.0 and dyy != 0.0:
                v2 += dyy * y1 * y1
            series[slot, 0] = v1
            series[slot, 1] = v2
