"""Passes over the nodes of a program from the last to the first, without numbers: what is reached, created, alive."""

import numpy as np

from aadlib.program.addresses cimport Addresses, give_back, take
from aadlib.program.nodes cimport Nodes, aad_nodes


def mark_reached(Nodes nodes, unsigned char[::1] reached):
    """Extend `reached` (one flag per slot, set for the outputs) along active operands."""
    cdef const aad_nodes* program = &nodes.c
    cdef Py_ssize_t k
    with nogil:
        for k in range(program.n_nodes - 1, -1, -1):
            if reached[program.first_node + k]:
                if program.activity[k] & 1:
                    reached[program.left[k]] = 1
                if program.activity[k] & 2:
                    reached[program.right[k]] = 1


cdef inline void make_end(Addresses* addresses, int slot) noexcept nogil:
    """Give the end of an arc an address of its own."""
    give_back(addresses, slot)
    if addresses.of[slot] >= -1:
        addresses.of[slot] = -2 - addresses.n_ends
        addresses.n_ends += 1


cdef inline int created_by(const aad_nodes* program, Py_ssize_t k, const unsigned char* curvature) noexcept nogil:
    """Return bits 1, 2, 4 of the arcs a node creates in its active operands; a repeated one has its own under bit 1."""
    cdef unsigned char wanted = program.activity[k]
    cdef int bits = curvature[program.op[k]] & (1 if wanted == 1 else 4 if wanted == 2 else 7)
    return 1 if bits and program.left[k] == program.right[k] else bits


def find_created_arcs(Nodes nodes, const unsigned char[::1] curvature, const unsigned char[::1] reached):
    """Find the created arcs and give addresses to the forward rows of their ends, in one pass.

    Parameters
    ----------
    curvature : per operation code, bits 1, 2, 4 where dxx, dxy, dyy do not vanish identically
    reached : (n_slots,) whether an output's derivative reaches a slot

    Returns
    -------
    created : (n_nodes,) bits 1, 2, 4 of the arcs every node creates in its active operands; a repeated operand has its
        own under bit 1
    addresses : (n_slots,) address of every row that is needed, -1 of one that is not
    n_arcs, n_ends, n_addresses : the earlier ends of arcs have the addresses below n_ends, to themselves; others share

    Notes
    -----
    A row is needed from its node to its last use, so going backward its address is taken at the first use seen and
    given back at the node. A slot that turns out to be an end moves to an address of its own.
    """
    cdef const aad_nodes* program = &nodes.c
    cdef Py_ssize_t k
    cdef int a, b, end, node, bits
    cdef int n_arcs = 0
    cdef unsigned char wanted
    cdef Addresses addresses
    created_array = np.zeros(nodes.n_nodes, dtype=np.uint8)
    address_array = np.full(nodes.n_slots, -1, dtype=np.int32)
    cdef unsigned char[::1] created = created_array
    cdef int[::1] address = address_array
    cdef int[::1] free = np.empty(nodes.n_slots + 1, dtype=np.int32)
    addresses.of, addresses.free = &address[0], &free[0]
    addresses.n_free = addresses.n_shared = addresses.n_ends = 0
    with nogil:
        for k in range(program.n_nodes - 1, -1, -1):
            node = <int>(program.first_node + k)
            wanted = program.activity[k]
            if wanted == 0 or (not reached[node] and address[node] == -1):
                continue
            a, b = program.left[k], program.right[k]
            bits = created_by(program, k, &curvature[0]) if reached[node] else 0
            created[k] = bits
            give_back(&addresses, node)  # free from here on: an operand may stand there
            if bits == 0 and address[node] == -1:
                continue
            for end in range(3):
                if bits & (1 << end):
                    n_arcs += 1
                    make_end(&addresses, a if end == 0 else b if end == 2 else min(a, b))
            if wanted & 1:
                take(&addresses, a)
            if wanted & 2:
                take(&addresses, b)
        for k in range(address.shape[0]):
            if address[k] < -1:
                address[k] = -2 - address[k]
            elif address[k] >= 0:
                address[k] += addresses.n_ends
    return created_array, address_array, n_arcs, addresses.n_ends, addresses.n_ends + addresses.n_shared


def recycle_adjoints(Nodes nodes not None, const int[::1] lasting):
    """Give every slot an address for its adjoint, so that addresses are used again once their node is done.

    An address is taken when the backward sweep first touches a slot and given back when it has passed the slot's node,
    so their number follows the live front and not the tape. Slots in `lasting` (inputs, outputs, what composites touch)
    have one each to themselves. Returns the addresses (n_slots,), -1 for slots never touched, and their number.
    """
    cdef const aad_nodes* program = &nodes.c
    cdef Py_ssize_t k
    cdef Addresses addresses
    address_array = np.full(nodes.n_slots, -1, dtype=np.int32)
    cdef int[::1] address = address_array
    cdef int[::1] free = np.empty(nodes.n_slots + 1, dtype=np.int32)
    cdef unsigned char[::1] pinned = np.zeros(nodes.n_slots, dtype=np.uint8)
    addresses.of, addresses.free = &address[0], &free[0]
    addresses.n_free = addresses.n_shared = addresses.n_ends = 0
    with nogil:
        for k in range(lasting.shape[0]):
            take(&addresses, lasting[k])
            pinned[lasting[k]] = 1
        for k in range(program.n_nodes - 1, -1, -1):
            if program.activity[k] == 0 or address[program.first_node + k] < 0:
                continue
            if program.activity[k] & 1:
                take(&addresses, program.left[k])
            if program.activity[k] & 2:
                take(&addresses, program.right[k])
            if not pinned[program.first_node + k]:
                give_back(&addresses, <int>(program.first_node + k))
    return address_array, addresses.n_shared
