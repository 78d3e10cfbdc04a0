"""Which arcs the nodes of a program create, and where forward rows stand while somebody needs them."""

import numpy as np


def place_rows(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] curvature,
    unsigned char[::1] reached,
    Py_ssize_t first,
):
    """Find the created arcs and give places to the rows that meet them, in one pass from the last node to the first.

    Parameters
    ----------
    op, left, right, activity, first : the program
    curvature : per operation code, bits 1, 2, 4 where dxx, dxy, dyy do not vanish identically
    reached : (n_slots,) enters with a flag for every output, extended to all that an output's derivative reaches

    Returns
    -------
    created : (n_nodes,) bits 1, 2, 4 of the arcs every node creates in its active operands; a repeated operand has its
        own under bit 1
    places : (n_slots,) place of every row that is needed, -1 of one that is not
    n_arcs, n_ends, n_places : the earlier ends of arcs have the places below n_ends, to themselves; the others share

    Notes
    -----
    A row is needed from its node to its last use, so going backward its place is taken at the first use met and given
    back at the node. A slot that turns out to be an end moves to a place of its own.
    """
    cdef Py_ssize_t n = left.shape[0]
    cdef Py_ssize_t k
    cdef int a, b, slot, end
    cdef int n_arcs = 0
    cdef int n_ends = 0
    cdef int n_shared = 0
    cdef int n_free = 0
    cdef int node
    cdef unsigned char wanted, bits
    created_array = np.zeros(n, dtype=np.uint8)
    places_array = np.full(reached.shape[0], -1, dtype=np.int32)
    cdef unsigned char[::1] created = created_array
    cdef int[::1] places = places_array  # -2 - e for end e until the end
    cdef int[::1] free = np.empty(reached.shape[0] + 1, dtype=np.int32)
    with nogil:
        for k in range(n - 1, -1, -1):
            node = <int>(first + k)
            wanted = activity[k]
            if wanted == 0 or (not reached[node] and places[node] == -1):
                continue
            a = left[k]
            b = right[k]
            bits = 0
            if reached[node]:
                if wanted & 1:
                    reached[a] = 1
                if wanted & 2:
                    reached[b] = 1
                bits = curvature[op[k]] & (1 if wanted == 1 else 4 if wanted == 2 else 7)
                if bits and a == b:
                    bits = 1
                created[k] = bits
            if places[node] >= 0:  # free from here on: an operand may stand there
                free[n_free] = places[node]
                n_free += 1
            if bits == 0 and places[node] == -1:
                continue
            for end in range(3):
                if not bits & (1 << end):
                    continue
                n_arcs += 1
                slot = a if end == 0 else b if end == 2 else min(a, b)
                if places[slot] >= 0:
                    free[n_free] = places[slot]
                    n_free += 1
                if places[slot] >= -1:
                    places[slot] = -2 - n_ends
                    n_ends += 1
            if wanted & 1 and places[a] == -1:
                if n_free:
                    n_free -= 1
                    places[a] = free[n_free]
                else:
                    places[a] = n_shared
                    n_shared += 1
            if wanted & 2 and places[b] == -1:
                if n_free:
                    n_free -= 1
                    places[b] = free[n_free]
                else:
                    places[b] = n_shared
                    n_shared += 1
        for k in range(places.shape[0]):
            if places[k] < -1:
                places[k] = -2 - places[k]
            elif places[k] >= 0:
                places[k] += n_ends
    return created_array, places_array, n_arcs, n_ends, n_ends + n_shared
