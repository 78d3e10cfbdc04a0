"""Where the tangents of a Hessian over lanes stand: found once, used for every block of lanes."""

import numpy as np


def plan_tangents(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] curves,
    const unsigned char[::1] units,
    const int[::1] active_slots,
    Py_ssize_t first,
):
    """Return (starts, entries, n_blocks) for `second_order_chunk`.

    Node k has entries starts[k] to starts[k + 1] - 1, one for each input it moves with: (input, kind, result, left,
    right). The last three are places of blocks: of the node's tangent along the input, and of its operands' tangents,
    -1 where an operand does not move. `kind` says how the result comes about: bits 1 and 2 for the first partial times
    the left or the right tangent, 0 where it is a block that exists already: the partial itself, as the operand is the
    input, or the operand's tangent, as the partial is one (`units`).

    Place 0 is a block of ones, 1 + 5 k to 5 + 5 k hold the partials of node k, and after the tangents come two blocks
    for products. A tangent's place is used again after the last node that needs it.
    """
    cdef Py_ssize_t n = left.shape[0]
    cdef Py_ssize_t m = active_slots.shape[0]
    cdef Py_ssize_t n_slots = first + n
    cdef Py_ssize_t fixed = 1 + 5 * n
    cdef Py_ssize_t k, i, a, b, c, slot
    cdef Py_ssize_t n_entries = 0
    cdef int side, kind, place, along_left, along_right
    cdef int n_places = 0
    cdef int n_free = 0
    places_of = np.full((n_slots, m), -1, dtype=np.int32)
    cdef int[:, ::1] places = places_of
    cdef int[::1] last_use = np.full(n_slots, -1, dtype=np.int32)
    starts_of = np.zeros(n + 1, dtype=np.int32)
    cdef int[::1] starts = starts_of
    for i in range(m):
        places[active_slots[i], i] = 0
    with nogil:
        for k in range(n):
            for side in range(2):
                if activity[k] & (1 << side):
                    slot = left[k] if side == 0 else right[k]
                    last_use[slot] = <int>k
                    for i in range(m):
                        if places[slot, i] >= 0:
                            places[first + k, i] = 0
            for i in range(m):
                n_entries += places[first + k, i] >= 0
            starts[k + 1] = <int>n_entries
    entries_of = np.empty((n_entries, 5), dtype=np.int32)
    cdef int[:, ::1] entries = entries_of
    cdef int[::1] users = np.zeros(n_entries + 1, dtype=np.int32)  # slots that share a tangent's place
    cdef int[::1] free = np.zeros(n_entries + 1, dtype=np.int32)
    with nogil:
        n_entries = 0
        for k in range(n):
            a = left[k]
            b = right[k]
            c = first + k
            for i in range(m):
                if places[c, i] < 0:
                    continue
                along_left = places[a, i] if activity[k] & 1 else -1
                along_right = places[b, i] if activity[k] & 2 else -1
                kind = (along_left >= 0) + 2 * (along_right >= 0)
                if kind < 3 and units[k] & kind:
                    place = along_left if kind == 1 else along_right
                    kind = 0
                elif kind < 3 and (along_left if kind == 1 else along_right) == 0:
                    place = <int>(5 * k + kind)
                    kind = 0
                elif n_free > 0:
                    n_free -= 1
                    place = free[n_free]
                else:
                    place = <int>fixed + n_places
                    n_places += 1
                if place >= fixed:
                    users[place - fixed] += 1
                places[c, i] = place
                entries[n_entries, 0] = <int>i
                entries[n_entries, 1] = kind
                entries[n_entries, 2] = place
                entries[n_entries, 3] = along_left
                entries[n_entries, 4] = along_right
                n_entries += 1
            for side in range(2):
                slot = a if side == 0 else b
                if not activity[k] & (1 << side) or last_use[slot] != k:
                    continue
                last_use[slot] = -1
                for i in range(m):
                    place = places[slot, i]
                    if place >= fixed:
                        users[place - fixed] -= 1
                        if users[place - fixed] == 0:
                            free[n_free] = place
                            n_free += 1
    return starts_of, entries_of, fixed + n_places + 2
