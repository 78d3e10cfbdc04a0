"""Sweeps over one market state: liveness, dependence, values, adjoints.

Arguments shared by all: `op`, `left`, `right` describe the nodes; a node's slot is `first` plus its position, and
operands are slots. `activity` has bit 1 set where the derivative in the left operand is wanted, bit 2 for the right.
"""

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
