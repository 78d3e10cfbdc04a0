"""Forward rows of hubs: the derivatives of a hub, and of what lies between it and the inputs, in these inputs."""

import numpy as np

from aadlib.program.nodes cimport Nodes, aad_nodes

from aadlib.types import frozen

include "aadlib/generated/rules.pxi"

include "greeks2/structure/vector_loops.pxi"


cdef class Hubs:
    """The hubs of a program, the inputs they depend on, and a forward row for each slot between the two.

    Attributes
    ----------
    inputs : (m,) slots of the inputs that hubs depend on, or that are hubs, ascending; rows count them 0, 1, ...
    row_of : (n_slots,) number of a slot's forward row, or -1
    end_row : (n_slots,) the same for hubs and `inputs` alone: where an arc ends in inputs
    low, high : (k,) first and last input of each forward row
    start : (k,) its first entry among those of all rows
    nodes : (j,) nodes whose forward rows are computed, ascending
    size : int, entries of all forward rows
    """

    def __cinit__(self, Nodes nodes, hubs, behind, Py_ssize_t n_inputs):
        """Lay out the rows of `hubs` (slots, ascending); `behind` flags every slot that these depend on, (n_slots,)."""
        slots = np.flatnonzero(behind)
        inputs = slots[slots < n_inputs]
        row_of = np.full(nodes.n_slots, -1, dtype=np.int32)
        row_of[slots] = np.arange(slots.size)
        end_row = np.full(nodes.n_slots, -1, dtype=np.int32)
        ends = np.concatenate([inputs, hubs])
        end_row[ends] = row_of[ends]
        low, high = np.full(slots.size, inputs.size, dtype=np.int32), np.full(slots.size, -1, dtype=np.int32)
        low[: inputs.size] = high[: inputs.size] = np.arange(inputs.size)
        self.inputs = frozen(inputs.astype(np.int32))
        self.row_of, self.end_row = frozen(row_of), frozen(end_row)
        self.nodes = frozen((slots[inputs.size :] - nodes.first_node).astype(np.int32))
        widen_rows(&nodes.c, self.nodes, row_of, low, high)
        sizes = high - low + 1
        self.low, self.high = frozen(low), frozen(high)
        self.start = frozen((np.cumsum(sizes) - sizes).astype(np.int32))
        self.size = int(sizes.sum())
        self.c.row_of, self.c.end_row = first_of(self.row_of), first_of(self.end_row)
        self.c.low, self.c.high, self.c.start = first_of(self.low), first_of(self.high), first_of(self.start)

    @property
    def nbytes(self):
        """Bytes of these arrays and of the forward rows."""
        arrays = (self.inputs, self.row_of, self.end_row, self.low, self.high, self.start, self.nodes)
        return sum(array.nbytes for array in arrays) + 8 * self.size


cdef const int* first_of(const int[::1] array) noexcept:
    return &array[0] if array.shape[0] else NULL


cdef void widen_rows(
    const aad_nodes* program, const int[::1] nodes, const int[::1] row_of, int[::1] low, int[::1] high
) noexcept:
    """Fill in the first and last input of the forward rows of nodes, which ascend; those of the inputs are given."""
    cdef Py_ssize_t e
    cdef int k, row, operand
    for e in range(nodes.shape[0]):
        k = nodes[e]
        row = row_of[program.first_node + k]
        if program.activity[k] & 1:
            operand = row_of[program.left[k]]
            low[row] = low[operand]
            high[row] = high[operand]
        if program.activity[k] & 2:
            operand = row_of[program.right[k]]
            low[row] = min(low[row], low[operand])
            high[row] = max(high[row], high[operand])


cdef inline void add_operand(
    double* entries, const ForwardRows* rows, int row, int operand, double partial
) noexcept nogil:
    """Add a multiple of an operand's forward row to the row of its node, which is at least as wide."""
    add_scaled(
        entries + rows.start[row] + rows.low[operand] - rows.low[row], entries + rows.start[operand], partial,
        rows.high[operand] - rows.low[operand] + 1,
    )


def carry_forward_rows(Hubs hubs, Nodes nodes, const double[::1] values):
    """Return the entries of all forward rows, one row after the other, at the values of a program's slots."""
    cdef const aad_nodes* program = &nodes.c
    cdef const ForwardRows* rows = &hubs.c
    cdef const int[::1] behind = hubs.nodes
    cdef Py_ssize_t e, slot
    cdef int k, row
    cdef double dx, dy
    array = np.zeros(hubs.size)
    array[: hubs.inputs.size] = 1.0
    cdef double[::1] entries = array
    with nogil:
        for e in range(behind.shape[0]):
            k = behind[e]
            slot = program.first_node + k
            row = rows.row_of[slot]
            rule_first(program.op[k], values[program.left[k]], values[program.right[k]], values[slot], &dx, &dy)
            if program.activity[k] & 1:
                add_operand(&entries[0], rows, row, rows.row_of[program.left[k]], dx)
            if program.activity[k] & 2:
                add_operand(&entries[0], rows, row, rows.row_of[program.right[k]], dy)
    return array
