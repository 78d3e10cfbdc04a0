"""The nodes of a program: one read-only layout that every sweep takes."""

import numpy as np

cimport cython

from aadlib.errors import AadValueError
from aadlib.rules.table import CODES, PAIRED, RULES

cdef enum:
    RESULT = 254  # a result of a composite operation: no row of the table, its operands are itself

cdef int N_RULES = len(RULES)
cdef int N_PAIRED = len(PAIRED)
cdef unsigned short[256] NUMBER_IN_PAIRS  # N_PAIRED for operations that do not pair
for _code in range(256):
    NUMBER_IN_PAIRS[_code] = N_PAIRED
for _number, _name in enumerate(PAIRED):
    NUMBER_IN_PAIRS[CODES[_name]] = _number


cdef object read_only(values, dtype):
    """Return an array contiguous and read-only, as `aadlib.types.frozen` does: here it is called for every recording."""
    array = np.ascontiguousarray(values, dtype=dtype)
    if array.base is not None:
        array = array.copy()
    array.setflags(write=False)
    return array.view()


cdef _schedule(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    Py_ssize_t first,
    Py_ssize_t split,
):
    """Return the codes of the scalar value and adjoint sweeps' steps.

    Two arithmetic nodes in a row, the second using the first, become one step: the value sweep finds its code at the
    first node, the adjoint sweep at the second.
    """
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t k
    cdef int one, two, side, number
    forward = np.empty(n, dtype=np.uint16)
    backward = np.empty(n, dtype=np.uint16)
    cdef unsigned short[::1] value_code = forward
    cdef unsigned short[::1] adjoint_code = backward
    cdef bint follows = False
    with nogil:
        for k in range(n):
            value_code[k] = op[k]
            adjoint_code[k] = 4 * op[k] + activity[k]
            if k == 0 or k == split or follows:
                follows = False
                continue
            one = NUMBER_IN_PAIRS[op[k - 1]]
            two = NUMBER_IN_PAIRS[op[k]]
            if one == N_PAIRED or two == N_PAIRED:
                continue
            if left[k] == first + k - 1 and right[k] != first + k - 1:
                side = 0
            elif right[k] == first + k - 1 and left[k] != first + k - 1:
                side = 1
            else:
                continue
            number = 2 * (one * N_PAIRED + two) + side
            value_code[k - 1] = N_RULES + number
            if activity[k - 1] == 3 and activity[k] == 3:
                adjoint_code[k] = 4 * N_RULES + number
            follows = True
    return forward, backward


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
    split : int, a node at which segments may begin or end besides those at composites: the first that lanes change

    Attributes
    ----------
    value_code, adjoint_code : (n_nodes,) uint16, the steps of the scalar sweeps, in which two nodes may be one step

    Raises
    ------
    AadValueError
        When lengths differ, an operand does not come before its node, or there is no such operation or activity.
    """

    def __cinit__(self, op, left, right, activity, Py_ssize_t first_node, Py_ssize_t split=0):
        cdef const unsigned char[::1] op_of
        cdef const int[::1] left_of
        cdef const int[::1] right_of
        cdef const unsigned char[::1] activity_of
        cdef const unsigned short[::1] value_code_of
        cdef const unsigned short[::1] adjoint_code_of
        cdef Py_ssize_t k, last
        self.op = read_only(op, np.uint8)
        self.left = read_only(left, np.int32)
        self.right = read_only(right, np.int32)
        self.activity = read_only(activity, np.uint8)
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
                if (op_of[k] >= N_RULES and op_of[k] != RESULT) or activity_of[k] > 3:
                    break
            else:
                k = -1
        if k >= 0:
            raise AadValueError(
                f"node {k} in slot {first_node + k} has operation {op_of[k]}, activity {activity_of[k]} and operands "
                f"{left_of[k]} and {right_of[k]}: they must come before it; there are {N_RULES} operations, and activities "
                "are 0 to 3"
            )
        forward, backward = _schedule(op_of, left_of, right_of, activity_of, first_node, split)
        self.split = split
        self.value_code, self.adjoint_code = read_only(forward, np.uint16), read_only(backward, np.uint16)
        value_code_of, adjoint_code_of = self.value_code, self.adjoint_code
        if self.n_nodes:
            self.c.value_code, self.c.adjoint_code = &value_code_of[0], &adjoint_code_of[0]
            self.c.op, self.c.left, self.c.right = &op_of[0], &left_of[0], &right_of[0]
            self.c.activity = &activity_of[0]
        self.c.n_nodes, self.c.first_node = self.n_nodes, first_node

    def __len__(self):
        return self.n_nodes

    @property
    def nbytes(self):
        """Bytes of all arrays."""
        arrays = (self.op, self.left, self.right, self.activity, self.value_code, self.adjoint_code)
        return sum([array.nbytes for array in arrays])

    def __reduce__(self):
        return Nodes, (self.op, self.left, self.right, self.activity, self.first_node, self.split)

    def __repr__(self):
        return f"<Nodes: {self.n_nodes} from slot {self.first_node}>"
