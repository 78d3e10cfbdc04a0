"""A pass over the nodes of a program from the last to the first, without numbers: what is alive."""

import numpy as np

from aadlib.program.addresses cimport Addresses, give_back, take
from aadlib.program.nodes cimport Nodes, aad_nodes
from greeks2.structure.hub_rows cimport Hubs


def plan_front(Nodes nodes, const unsigned char[::1] input_active, const unsigned char[::1] reached, Hubs hubs):
    """Return the address of every slot's row (-1 where it has none), the front's size and the rows: see `front.Front`.

    Active inputs come first, hubs last.
    """
    cdef const aad_nodes* program = &nodes.c
    cdef const int* end_row = hubs.c.end_row
    cdef Py_ssize_t k, j
    cdef int slot, n_rows
    cdef Addresses addresses
    cdef int operands[2]
    address_array = np.full(nodes.n_slots, -1, dtype=np.int32)
    cdef int[::1] address = address_array
    cdef int[::1] free = np.empty(nodes.n_slots + 1, dtype=np.int32)
    addresses.of, addresses.free = &address[0], &free[0]
    addresses.n_free = addresses.n_shared = addresses.n_ends = 0
    with nogil:
        for k in range(input_active.shape[0]):
            if input_active[k]:
                take(&addresses, <int>k)
        for k in range(program.n_nodes - 1, -1, -1):
            slot = <int>(program.first_node + k)
            if not reached[slot] or program.activity[k] == 0:
                continue
            operands[0] = program.left[k] if program.activity[k] & 1 else -1
            operands[1] = program.right[k] if program.activity[k] & 2 else -1
            for j in range(2):
                if operands[j] >= 0 and end_row[operands[j]] < 0:
                    take(&addresses, operands[j])
            give_back(&addresses, slot)  # last: a node and its operands are on the front together
        n_rows = addresses.n_shared
        for k in range(program.first_node, nodes.n_slots):
            if end_row[k] >= 0:
                address[k] = n_rows
                n_rows += 1
    return address_array, addresses.n_shared, n_rows
