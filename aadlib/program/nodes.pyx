"""The nodes of a program: one read-only layout that every sweep takes."""

import numpy as np

cimport cython

from aadlib.errors import AadValueError
from aadlib.types import frozen

cdef enum:
    RESULT = 254  # a result of a composite operation: no row of the table, its operands are itself


@cython.final
cdef class Nodes:
    """Operation, operands and activity of every node, in an order in which operands come first.

    Slots number everything that a sweep touches: inputs, then constants, then the nodes from `first_node` on.

    Parameters
    ----------
    op : (n_nodes,) uint8, operation codes (rows of `aadlib.rules.RULES`), or RESULT of a composite
    left, right : (n_nodes,) int32, slots of the operands; a unary operation has its operand in both, a result itself
    activity : (n_nodes,) uint8, bits 1 and 2 where the derivative in the left and right operand is wanted
    first_node : int, slot of node 0

    Raises
    ------
    AadValueError
        When lengths differ, or an operand does not come before its node.
    """

    def __init__(self, op, left, right, activity, Py_ssize_t first_node):
        cdef const unsigned char[::1] op_of
        cdef const int[::1] left_of
        cdef const int[::1] right_of
        cdef const unsigned char[::1] activity_of
        cdef Py_ssize_t k, last
        self.op = frozen(np.asarray(op, dtype=np.uint8))
        self.left = frozen(np.asarray(left, dtype=np.int32))
        self.right = frozen(np.asarray(right, dtype=np.int32))
        self.activity = frozen(np.asarray(activity, dtype=np.uint8))
        op_of, left_of, right_of, activity_of = self.op, self.left, self.right, self.activity
        self.first_node = first_node
        self.n_nodes = op_of.shape[0]
        self.n_slots = first_node + self.n_nodes
        if first_node < 0 or not (left_of.shape[0] == right_of.shape[0] == activity_of.shape[0] == self.n_nodes):
            raise AadValueError(
                f"nodes of {op_of.shape[0]} operations have {left_of.shape[0]} left and {right_of.shape[0]} right "
                f"operands and {activity_of.shape[0]} activities from slot {first_node}: lengths must agree"
            )
        with nogil:
            for k in range(self.n_nodes):
                last = first_node + k - (op_of[k] != RESULT)
                if not (0 <= left_of[k] <= last and 0 <= right_of[k] <= last):
                    break
            else:
                k = -1
        if k >= 0:
            raise AadValueError(
                f"node {k} in slot {first_node + k} has operands {left_of[k]} and {right_of[k]}: they must come before it"
            )
        if self.n_nodes:
            self.c.op, self.c.left, self.c.right = &op_of[0], &left_of[0], &right_of[0]
            self.c.activity = &activity_of[0]
        self.c.n_nodes, self.c.first_node = self.n_nodes, first_node

    def __len__(self):
        return self.n_nodes

    def __reduce__(self):
        return Nodes, (self.op, self.left, self.right, self.activity, self.first_node)

    def __repr__(self):
        return f"<Nodes: {self.n_nodes} from slot {self.first_node}>"
