"""Which arcs the nodes of a program create, and where forward rows stand while somebody needs them."""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes


def find_created_arcs(Nodes nodes not None, const unsigned char[::1] curves, unsigned char[::1] reached):
    """Find the created arcs and give addresses to the rows at their ends, in one pass from the last node to the first.

    Parameters
    ----------
    curves : per operation code, bits 1, 2, 4 where dxx, dxy, dyy do not vanish identically
    reached : (n_slots,) enters with a flag for every output, extended to all that an output's derivative reaches

    Returns
    -------
    created : (n_nodes,) bits 1, 2, 4 of the arcs every node creates in its active operands; a repeated operand has its
        own under bit 1
    addresses : (n_slots,) address of every row that is needed, -1 of one that is not
    n_arcs, n_ends, n_addresses : the earlier ends of arcs have the addresses below n_ends, to themselves; the others
        share

    Notes
    -----
    A row is needed from its node to its last use, so going backward its address is taken at the first use and given
    back at the node. A slot that turns out to be an end moves to an address of its own.
    """
    cdef aad_nodes c = nodes.c
    cdef Py_ssize_t n = c.n_nodes
    cdef Py_ssize_t first = c.first_node
    cdef Py_ssize_t k
    cdef int a, b, slot, end
    cdef int n_arcs = 0
    cdef int n_ends = 0
    cdef int n_shared = 0
    cdef int n_free = 0
    cdef int node
    cdef unsigned char wanted, bits
    created_array = np.zeros(n, dtype=np.uint8)
    addresses_array = np.full(reached.shape[0], -1, dtype=np.int32)
    cdef unsigned char[::1] created = created_array
    cdef int[::1] addresses = addresses_array  # -2 - e for end e until the end
    cdef int[::1] free = np.empty(reached.shape[0] + 1, dtype=np.int32)
    with nogil:
        for k in range(n - 1, -1, -1):
            node = <int>(first + k)
            wanted = c.activity[k]
            if wanted == 0 or (not reached[node] and addresses[node] == -1):
                continue
            a = c.left[k]
            b = c.right[k]
            bits = 0
            if reached[node]:
                if wanted & 1:
                    reached[a] = 1
                if wanted & 2:
                    reached[b] = 1
                bits = curves[c.op[k]] & (1 if wanted == 1 else 4 if wanted == 2 else 7)
                if bits and a == b:
                    bits = 1
                created[k] = bits
            if addresses[node] >= 0:  # free from here on: an operand may stand there
                free[n_free] = addresses[node]
                n_free += 1
            if bits == 0 and addresses[node] == -1:
                continue
            for end in range(3):
                if not bits & (1 << end):
                    continue
                n_arcs += 1
                slot = a if end == 0 else b if end == 2 else min(a, b)
                if addresses[slot] >= 0:
                    free[n_free] = addresses[slot]
                    n_free += 1
                if addresses[slot] >= -1:
                    addresses[slot] = -2 - n_ends
                    n_ends += 1
            if wanted & 1 and addresses[a] == -1:
                if n_free:
                    n_free -= 1
                    addresses[a] = free[n_free]
                else:
                    addresses[a] = n_shared
                    n_shared += 1
            if wanted & 2 and addresses[b] == -1:
                if n_free:
                    n_free -= 1
                    addresses[b] = free[n_free]
                else:
                    addresses[b] = n_shared
                    n_shared += 1
        for k in range(addresses.shape[0]):
            if addresses[k] < -1:
                addresses[k] = -2 - addresses[k]
            elif addresses[k] >= 0:
                addresses[k] += n_ends
    return created_array, addresses_array, n_arcs, n_ends, n_ends + n_shared
