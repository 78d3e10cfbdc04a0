"""Sparse forward rows: the derivatives of some slots in the few inputs that each of them depends on."""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes

include "aadlib/generated/rules.pxi"


def carry_sparse_rows(
    Nodes nodes,
    const double[::1] values,
    const int[::1] behind,
    const long long[::1] starts,
    const int[::1] places,
    const int[::1] row_of,
    double[::1] entries,
):
    """Fill in the entries of all rows, which enter as ones for inputs and zeros.

    Parameters
    ----------
    behind : (k,) nodes that have a row, ascending
    starts : (rows + 1,) where each row's entries begin
    places : for each node and each of its active operands in turn, where the operand's entries stand in the node's row
    row_of : (n_slots,) number of a slot's row
    """
    cdef const aad_nodes* n = &nodes.c
    cdef Py_ssize_t e, slot, i, at = 0
    cdef int k, side, operand
    cdef double partial[2]
    with nogil:
        for e in range(behind.shape[0]):
            k = behind[e]
            slot = n.first_node + k
            rule_first(n.op[k], values[n.left[k]], values[n.right[k]], values[slot], &partial[0], &partial[1])
            for side in range(2):
                if not n.activity[k] & (1 << side):
                    continue
                operand = row_of[n.left[k] if side == 0 else n.right[k]]
                for i in range(starts[operand], starts[operand + 1]):
                    if partial[side] != 0.0 and entries[i] != 0.0:
                        entries[starts[row_of[slot]] + places[at]] += partial[side] * entries[i]
                    at += 1

