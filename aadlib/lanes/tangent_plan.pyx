"""Where the tangents of a Hessian over lanes stand: found once, used for every block of lanes."""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes

cdef struct Pool:      # blocks of tangents, used again once nobody needs them
    int first          # address of the first one: ones and partials come before
    int size
    int* users         # slots that share a block
    int* free
    int n_free


cdef inline int operand_of(const aad_nodes* nodes, Py_ssize_t k, int side) noexcept nogil:
    """Return the slot of a node's left (0) or right (1) operand, or -1 where it is passive."""
    if not nodes.activity[k] & (1 << side):
        return -1
    return nodes.left[k] if side == 0 else nodes.right[k]


cdef void find_entries(
    const aad_nodes* nodes, int[:, ::1] addresses, int[::1] last_use, int[::1] starts
) noexcept nogil:
    """Set `addresses` to 0 where a node moves with an input, and note last uses and where each node's entries start."""
    cdef Py_ssize_t k, i
    cdef int side, operand
    cdef int n_entries = 0
    for k in range(nodes.n_nodes):
        for side in range(2):
            operand = operand_of(nodes, k, side)
            if operand < 0:
                continue
            last_use[operand] = <int>k
            for i in range(addresses.shape[1]):
                if addresses[operand, i] >= 0:
                    addresses[nodes.first_node + k, i] = 0
        for i in range(addresses.shape[1]):
            n_entries += addresses[nodes.first_node + k, i] >= 0
        starts[k + 1] = n_entries


cdef void place_tangent(Py_ssize_t k, unsigned char units, int* entry, Pool* pool) noexcept nogil:
    """Fill in kind and result of an entry whose operands are known."""
    cdef int kind = (entry[3] >= 0) + 2 * (entry[4] >= 0)
    cdef int operand = entry[3] if kind == 1 else entry[4]
    entry[1] = 0
    if kind < 3 and units & kind:
        entry[2] = operand
    elif kind < 3 and operand == 0:
        entry[2] = <int>(5 * k + kind)
    else:
        entry[1] = kind
        if pool.n_free > 0:
            pool.n_free -= 1
            entry[2] = pool.free[pool.n_free]
        else:
            entry[2] = pool.first + pool.size
            pool.size += 1
    if entry[2] >= pool.first:
        pool.users[entry[2] - pool.first] += 1


cdef void give_back(int address, Pool* pool) noexcept nogil:
    """Free a block when the last slot that shares it is done."""
    if address < pool.first:
        return
    pool.users[address - pool.first] -= 1
    if pool.users[address - pool.first] == 0:
        pool.free[pool.n_free] = address
        pool.n_free += 1


cdef void fill_entries(
    const aad_nodes* nodes, const unsigned char[::1] units, int[:, ::1] addresses, int[::1] last_use,
    int[:, ::1] entries, Pool* pool,
) noexcept nogil:
    """Write every entry in the order of the nodes, and free the blocks of slots after their last use."""
    cdef Py_ssize_t k, i, slot
    cdef Py_ssize_t n_entries = 0
    cdef int side, operand
    cdef int* entry
    for k in range(nodes.n_nodes):
        slot = nodes.first_node + k
        for i in range(addresses.shape[1]):
            if addresses[slot, i] < 0:
                continue
            entry = &entries[n_entries, 0]
            n_entries += 1
            entry[0] = <int>i
            entry[3] = addresses[nodes.left[k], i] if nodes.activity[k] & 1 else -1
            entry[4] = addresses[nodes.right[k], i] if nodes.activity[k] & 2 else -1
            place_tangent(k, units[k], entry, pool)
            addresses[slot, i] = entry[2]
        for side in range(2):
            operand = operand_of(nodes, k, side)
            if operand < 0 or last_use[operand] != k:
                continue
            last_use[operand] = -1
            for i in range(addresses.shape[1]):
                give_back(addresses[operand, i], pool)


def plan_tangents(Nodes nodes not None, const unsigned char[::1] units, const int[::1] active_slots):
    """Return (starts, entries, n_blocks) for `second_order_chunk`.

    Node k has entries starts[k] to starts[k + 1] - 1, one for each input it moves with: (input, kind, result, left,
    right). The last three are addresses of blocks: of the node's tangent along the input, and of its operands'
    tangents, -1 where an operand does not move. `kind` says how the result comes about: bits 1 and 2 for the first partial times
    the left or the right tangent, 0 where it is a block that exists already: the partial itself, as the operand is the
    input, or the operand's tangent, as the partial is one (`units`).

    Address 0 is a block of ones, 1 + 5 k to 5 + 5 k hold the partials of node k, and after the tangents come two blocks
    for products. A tangent's address is used again after the last node that needs it.
    """
    cdef Py_ssize_t i, n_entries
    cdef int[:, ::1] addresses = np.full((nodes.n_slots, active_slots.shape[0]), -1, dtype=np.int32)
    cdef int[::1] last_use = np.full(nodes.n_slots, -1, dtype=np.int32)
    starts = np.zeros(nodes.n_nodes + 1, dtype=np.int32)
    for i in range(active_slots.shape[0]):
        addresses[active_slots[i], i] = 0
    find_entries(&nodes.c, addresses, last_use, starts)
    n_entries = starts[nodes.n_nodes]
    entries = np.empty((n_entries, 5), dtype=np.int32)
    cdef int[::1] users = np.zeros(n_entries + 1, dtype=np.int32)
    cdef int[::1] free = np.zeros(n_entries + 1, dtype=np.int32)
    cdef Pool pool = Pool(<int>(1 + 5 * nodes.n_nodes), 0, &users[0], &free[0], 0)
    fill_entries(&nodes.c, units, addresses, last_use, entries, &pool)
    return starts, entries, pool.first + pool.size + 2
