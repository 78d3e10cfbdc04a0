"""Sweeps over one market state: values, adjoints, guards."""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes
from aadlib.sweeps.instructions cimport aad_guards, guards_of, kernels


def value_sweep(Nodes nodes not None, double[::1] values, segment):
    """Recompute the values of the nodes of a segment (begin, end), in order."""
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            kernels.values(&nodes.c, &values[0], begin, end)


def adjoint_sweep(Nodes nodes not None, const double[::1] values, double[::1] adjoints, segment):
    """Add the adjoints of a segment's nodes, last first, to those of their operands; `adjoints` holds the seeds."""
    cdef Py_ssize_t begin, end
    begin, end = segment
    if end > begin:
        with nogil:
            kernels.adjoints(&nodes.c, &values[0], &adjoints[0], begin, end)


def recycle_adjoints(Nodes nodes not None, const int[::1] lasting, int[::1] addresses):
    """Give every slot an address for its adjoint, so that addresses are used again once their node is done.

    An address is taken when the backward sweep first touches a slot and given back when it has passed the slot's node,
    so their number follows the live front and not the tape. Slots in `lasting` (inputs, outputs, what composites touch)
    have one each to themselves. `addresses` (n_slots) is filled in; slots never touched get -1. Returns their number.
    """
    cdef aad_nodes n = nodes.c
    cdef Py_ssize_t k
    cdef int slot, side
    cdef int n_addresses = 0
    cdef int n_free = 0
    cdef int[::1] free = np.empty(addresses.shape[0], dtype=np.int32)
    cdef unsigned char[::1] pinned = np.zeros(addresses.shape[0], dtype=np.uint8)
    with nogil:
        for k in range(addresses.shape[0]):
            addresses[k] = -1
        for k in range(lasting.shape[0]):
            if addresses[lasting[k]] < 0:
                addresses[lasting[k]] = n_addresses
                pinned[lasting[k]] = 1
                n_addresses += 1
        for k in range(n.n_nodes - 1, -1, -1):
            if n.activity[k] == 0 or addresses[n.first_node + k] < 0:
                continue
            for side in range(2):
                if not n.activity[k] & (1 << side):
                    continue
                slot = n.left[k] if side == 0 else n.right[k]
                if addresses[slot] < 0:
                    if n_free > 0:
                        n_free -= 1
                        addresses[slot] = free[n_free]
                    else:
                        addresses[slot] = n_addresses
                        n_addresses += 1
            if not pinned[n.first_node + k]:
                free[n_free] = addresses[n.first_node + k]
                n_free += 1
    return n_addresses


def first_changed_guard(tuple guards, const double[::1] values):
    """Return the position of the first guard that comes out otherwise than recorded, or -1."""
    cdef aad_guards recorded = guards_of(guards)
    return kernels.changed_guard(&recorded, &values[0]) if recorded.n_guards else -1
