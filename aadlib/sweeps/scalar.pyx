"""Sweeps over one market state: values, adjoints, guards.

Arguments shared by all: `op`, `left`, `right` describe the nodes; a node's slot is `first` plus its position, and
operands are slots. `activity` has bit 1 set where the derivative in the left operand is wanted, bit 2 for the right.
"""

import numpy as np

include "../generated/rules.pxi"


def schedule(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned short[::1] paired,
    Py_ssize_t first,
    Py_ssize_t split,
):
    """Return the codes of the value and of the adjoint sweep's steps.

    Two arithmetic nodes in a row, the second using the first, become one step: the value sweep finds its code at the
    first node, the adjoint sweep at the second. `paired` maps an operation to its number among those that pair;
    no pair spans node `split`, where sweeps may begin or end.
    """
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t k
    cdef int one, two, side, number
    forward = np.empty(n, dtype=np.uint16)
    backward = np.empty(n, dtype=np.uint16)
    cdef unsigned short[::1] value_code = forward
    cdef unsigned short[::1] adjoint_code = backward
    cdef bint follows = False
    with nogil:
        for k in range(n):
            value_code[k] = op[k]
            adjoint_code[k] = 4 * op[k] + activity[k]
            if k == 0 or k == split or follows:
                follows = False
                continue
            one = paired[op[k - 1]]
            two = paired[op[k]]
            if one == N_PAIRED or two == N_PAIRED:
                continue
            if left[k] == first + k - 1 and right[k] != first + k - 1:
                side = 0
            elif right[k] == first + k - 1 and left[k] != first + k - 1:
                side = 1
            else:
                continue
            number = 2 * (one * N_PAIRED + two) + side
            value_code[k - 1] = N_RULES + number
            if activity[k - 1] == 3 and activity[k] == 3:
                adjoint_code[k] = 4 * N_RULES + number
            follows = True
    return forward, backward


def value_sweep(
    const unsigned short[::1] code,
    const int[::1] left,
    const int[::1] right,
    double[::1] values,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Recompute the values of nodes begin..end-1 in order; `code` comes from `schedule`."""
    cdef Py_ssize_t k = begin
    if end <= begin:
        return
    with nogil:
        while k < end:
            k += step_value(code[k], &values[0], &values[first], &left[0], &right[0], k)


def adjoint_sweep(
    const unsigned short[::1] code,
    const int[::1] left,
    const int[::1] right,
    const double[::1] values,
    double[::1] adjoints,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Add the adjoints of nodes end-1..begin to those of their operands; `adjoints` holds the seeds."""
    cdef Py_ssize_t k = end - 1
    if end <= begin:
        return
    with nogil:
        while k >= begin:
            k -= step_adjoint(
                code[k], &values[0], &values[first], &adjoints[0], &adjoints[first], &left[0], &right[0], k
            )


def recycle_adjoints(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const int[::1] kept,
    int[::1] places,
):
    """Give every slot a place for its adjoint so that places are used again once their node is done.

    A place is taken when the backward sweep first touches a slot and given back when it has passed the slot's node, so
    their number follows the live front and not the tape. Slots in `kept` (inputs, outputs, what composites touch) keep
    one place each. `places` (n_slots) is filled in; slots never touched get -1. Returns the number of places.
    """
    cdef Py_ssize_t n = left.shape[0]
    cdef Py_ssize_t first = places.shape[0] - n
    cdef Py_ssize_t k
    cdef int slot, side
    cdef int n_places = 0
    cdef int n_free = 0
    cdef int[::1] free = np.empty(places.shape[0], dtype=np.int32)
    cdef unsigned char[::1] pinned = np.zeros(places.shape[0], dtype=np.uint8)
    with nogil:
        for k in range(places.shape[0]):
            places[k] = -1
        for k in range(kept.shape[0]):
            if places[kept[k]] < 0:
                places[kept[k]] = n_places
                pinned[kept[k]] = 1
                n_places += 1
        for k in range(n - 1, -1, -1):
            if activity[k] == 0 or places[first + k] < 0:
                continue
            for side in range(2):
                if not activity[k] & (1 << side):
                    continue
                slot = left[k] if side == 0 else right[k]
                if places[slot] < 0:
                    if n_free > 0:
                        n_free -= 1
                        places[slot] = free[n_free]
                    else:
                        places[slot] = n_places
                        n_places += 1
            if not pinned[first + k]:
                free[n_free] = places[first + k]
                n_free += 1
    return n_places


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
