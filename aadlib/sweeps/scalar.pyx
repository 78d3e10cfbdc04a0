"""Sweeps over one market state: liveness, dependence, values, adjoints.

Arguments shared by all: `op`, `left`, `right` describe the nodes; a node's slot is `first` plus its position, and
operands are slots. `activity` has bit 1 set where the derivative in the left operand is wanted, bit 2 for the right.
"""

import numpy as np

include "../generated/rules.pxi"


def mark_live(const int[::1] left, const int[::1] right, unsigned char[::1] live, Py_ssize_t first):
    """Extend `live` (one flag per slot, set for the roots) to everything the roots depend on."""
    cdef Py_ssize_t k
    cdef Py_ssize_t n = left.shape[0]
    with nogil:
        for k in range(n - 1, -1, -1):
            if live[first + k]:
                live[left[k]] = 1
                live[right[k]] = 1


def mark_dependent(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] passes,
    unsigned char[::1] marked,
    Py_ssize_t first,
):
    """Extend `marked` (one flag per slot) to the nodes that depend on a marked slot.

    `passes` says per node through which operands (bits 1 and 2) the mark is handed on.
    """
    cdef Py_ssize_t k
    cdef Py_ssize_t n = left.shape[0]
    with nogil:
        for k in range(n):
            marked[first + k] = (passes[k] & 1 and marked[left[k]]) or (passes[k] & 2 and marked[right[k]])


def value_sweep(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    double[::1] values,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Recompute the values of nodes begin..end-1 in order."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(begin, end):
            values[first + k] = rule_value(op[k], values[left[k]], values[right[k]])


def adjoint_sweep(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const double[::1] values,
    double[::1] adjoints,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Add the adjoints of nodes end-1..begin to those of their operands; `adjoints` holds the seeds."""
    cdef Py_ssize_t k
    cdef double w, dx, dy
    cdef int a, b
    cdef unsigned char wanted
    with nogil:
        for k in range(end - 1, begin - 1, -1):
            w = adjoints[first + k]
            wanted = activity[k]
            if w == 0.0 or wanted == 0:
                continue
            a = left[k]
            b = right[k]
            rule_first(op[k], values[a], values[b], values[first + k], &dx, &dy)
            if wanted & 1 and dx != 0.0:
                adjoints[a] += w * dx
            if wanted & 2 and dy != 0.0:
                adjoints[b] += w * dy


def first_changed_guard(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] outcome,
    const double[::1] values,
):
    """Return the position of the first guard that comes out otherwise than recorded, or -1."""
    cdef Py_ssize_t k
    cdef Py_ssize_t n = op.shape[0]
    with nogil:
        for k in range(n):
            if (rule_value(op[k], values[left[k]], values[right[k]]) != 0.0) != (outcome[k] != 0):
                break
        else:
            k = -1
    return k


def merge_repeated(
    const unsigned char[::1] op,
    int[::1] left,
    int[::1] right,
    const unsigned char[::1] is_input,
    const unsigned char[::1] commutes,
    int[::1] representative,
    Py_ssize_t first,
):
    """Find nodes that repeat an earlier one, and point operands to the first of each.

    `representative` (one per slot) enters as the identity; a repeated node gets the slot of the node it repeats.
    Values are unchanged to the last bit: the same operation on the same operands. `commutes` is per operation code.

    Notes
    -----
    Value numbering with an open-addressed table: one pass, about 20 ns a node.
    """
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t size = 16
    while size < 2 * n:
        size *= 2
    cdef int[::1] table = np.full(size, -1, dtype=np.int32)
    cdef unsigned long long mask = size - 1
    cdef unsigned long long place
    cdef Py_ssize_t k
    cdef int a, b, found
    with nogil:
        for k in range(n):
            if is_input[k]:
                continue
            a = representative[left[k]]
            b = representative[right[k]]
            if commutes[op[k]] and a > b:
                a, b = b, a
            left[k] = a
            right[k] = b
            place = <unsigned long long>a * 0x9E3779B97F4A7C15ULL + <unsigned long long>b * 0xC2B2AE3D27D4EB4FULL + op[k]
            place = (place ^ (place >> 29)) & mask
            found = table[place]
            while found >= 0 and not (op[found] == op[k] and left[found] == a and right[found] == b):
                place = (place + 1) & mask
                found = table[place]
            if found < 0:
                table[place] = <int>k
            else:
                representative[first + k] = <int>first + found
