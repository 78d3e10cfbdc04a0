"""Passes over the nodes of a recording: repeats, liveness, slots, dependence.

A *position* numbers everything on a tape: its constants first, then its nodes from `first` on.
"""

import numpy as np

from aadlib.rules.table import CODES

cdef enum:
    RESULT = 254  # and 255, an input: codes of nodes without operands
    NEARBY = 8    # slots of the table tried next to where the later operand would stand


cdef int SQUARE = CODES["square"]
cdef int MULTIPLY = CODES["multiply"]
cdef int DIVIDE = CODES["divide"]
cdef int POWER = CODES["power"]
cdef int RECIPROCAL = CODES["reciprocal"]
cdef int EXP = CODES["exp"]
cdef int LOG = CODES["log"]
cdef int ABSOLUTE = CODES["absolute"]
cdef int SQRT = CODES["sqrt"]
cdef int CBRT = CODES["cbrt"]
cdef int HYPOT = CODES["hypot"]
cdef int ROOT_SQUARED = CODES["root_squared"]
cdef int HYPOT_SQUARED = CODES["hypot_squared"]
cdef int ROOT_POWER = CODES["root_power"]
cdef int CBRT_CUBED = CODES["cbrt_cubed"]
cdef int EXP_LOG = CODES["exp_log"]
cdef int EXP_LOG_POWER = CODES["exp_log_power"]
cdef int TWICE_RECIPROCAL = CODES["twice_reciprocal"]
cdef int NORM_CDF = CODES["norm_cdf"]
cdef int LOG_NORM_CDF = CODES["log_norm_cdf"]


cdef struct Columns:
    unsigned char* op
    int* left
    int* right
    const double* pool
    int first


cdef inline int code_at(const Columns* c, int position) noexcept nogil:
    """Return the operation at a position, RESULT for constants."""
    return c.op[position - c.first] if position >= c.first else RESULT


cdef inline bint is_one(const Columns* c, int position) noexcept nogil:
    return position < c.first and c.pool[position] == 1.0


cdef inline int inverted(const Columns* c, int position) noexcept nogil:
    """Return the position of x where 1 / x stands, or -1."""
    cdef int code = code_at(c, position)
    if code == RECIPROCAL:
        return c.left[position - c.first]
    if code == DIVIDE and is_one(c, c.left[position - c.first]):
        return c.right[position - c.first]
    return -1


cdef inline void replace(Columns* c, int k, int code, int left, int right) noexcept nogil:
    c.op[k], c.left[k], c.right[k] = <unsigned char>code, left, right


cdef void cancel(Columns* c, int k) noexcept nogil:
    """Put one operation in the place of two where the infinite partial of the first is cancelled by the second."""
    cdef int code = c.op[k]
    cdef int a = c.left[k]
    cdef int b = c.right[k]
    cdef int inner = code_at(c, a)
    cdef int x
    if code == SQUARE or code == MULTIPLY:
        if inner == SQRT:
            replace(c, k, ROOT_SQUARED, c.left[a - c.first], c.left[a - c.first])
        elif inner == HYPOT:
            replace(c, k, HYPOT_SQUARED, c.left[a - c.first], c.right[a - c.first])
        elif inner == ABSOLUTE:  # a kink, which the square smooths
            replace(c, k, SQUARE, c.left[a - c.first], c.left[a - c.first])
    elif code == POWER:
        if inner == SQRT and b < c.first:
            replace(c, k, ROOT_POWER, c.left[a - c.first], b)
        elif inner == CBRT and b < c.first and c.pool[b] == 3.0:
            replace(c, k, CBRT_CUBED, c.left[a - c.first], c.left[a - c.first])
    elif code == EXP:
        if inner == LOG:
            replace(c, k, EXP_LOG, c.left[a - c.first], c.left[a - c.first])
        elif inner == MULTIPLY:
            a, b = c.left[a - c.first], c.right[a - c.first]
            if code_at(c, a) == LOG and b < c.first:
                replace(c, k, EXP_LOG_POWER, c.left[a - c.first], b)
            elif code_at(c, b) == LOG and a < c.first:
                replace(c, k, EXP_LOG_POWER, c.left[b - c.first], a)
    elif code == LOG:
        if inner == NORM_CDF:  # in the tail the probability, and the digits of its logarithm with it, vanish
            replace(c, k, LOG_NORM_CDF, c.left[a - c.first], c.left[a - c.first])
    elif code == RECIPROCAL or (code == DIVIDE and is_one(c, a)):
        x = inverted(c, b)
        if x >= 0:
            replace(c, k, TWICE_RECIPROCAL, x, x)


cdef inline bint may_cancel(const Columns* c, int k) noexcept nogil:
    """Return whether `cancel` has something to look at: false for nearly every operation."""
    cdef int code = c.op[k]
    if code == MULTIPLY:
        return c.left[k] == c.right[k]
    if code == DIVIDE:
        return c.left[k] < c.first
    return code == SQUARE or code == POWER or code == EXP or code == LOG or code == RECIPROCAL


cdef inline int position_of(int id, int first) noexcept nogil:
    """Return the position of a node, or of constant k by its id -(k + 1)."""
    return id + first if id >= 0 else -id - 1


cdef inline int first_equal(
    int* table,
    unsigned long long mask,
    const unsigned char* op,
    const int* left,
    const int* right,
    int k,
) noexcept nogil:
    """Return the first node that repeats in node k, or k, which is entered in the table.

    The table is open-addressed: a node stands near its later operand, where it was just looked up; one that finds its
    neighbourhood full goes anywhere.
    """
    cdef unsigned long long a = left[k]
    cdef unsigned long long b = right[k]
    cdef unsigned long long hashed, at
    cdef int tried = 0
    cdef int node
    hashed = (a * 0x9E3779B97F4A7C15ULL) ^ ((b + 64 * op[k]) * 0xC2B2AE3D27D4EB4FULL)
    hashed ^= hashed >> 29
    at = (2 * max(a, b) + (hashed & (NEARBY - 1))) & mask
    node = table[at] - 1
    while node >= 0 and not (op[node] == op[k] and left[node] == left[k] and right[node] == right[k]):
        tried += 1
        at = ((hashed >> 8) if tried == NEARBY else at + 1) & mask
        node = table[at] - 1
    if node >= 0:
        return node
    table[at] = k + 1
    return k


def merge_repeated(
    const unsigned char[::1] recorded,
    const int[::1] left_ids,
    const int[::1] right_ids,
    const unsigned char[::1] commutes,
    int[::1] positions,
    const double[::1] pool,
):
    """Find nodes that repeat an earlier one: value numbering; and pairs of operations that cancel an infinity.

    Parameters
    ----------
    recorded, left_ids, right_ids : as the tape holds them, operations first; -(k + 1) is constant k
    commutes : per operation code
    positions : (first + n,) enters with the position of every constant's first occurrence; on return also with every
        node's: its own, or that of the node it repeats
    pool : (first,) values of the constants

    Returns
    -------
    op : (n,) operations, where sqrt(x)**2, abs(x)**2 and the like have become one
    left, right : (n,) positions of the operands, in order where they may be exchanged; a leaf has its own
    stale : int, the first node whose operand does not come before it, where the passes stop; -1 if there is none

    Notes
    -----
    Values are unchanged to the last bit: the same operation on the same operands. One is better: log(norm_cdf(x)) is
    `log_norm_cdf`, finite where the probability itself is 0. `aadlib.twins.sweeps` has the readable twin.
    """
    cdef Py_ssize_t n = recorded.shape[0]
    cdef Py_ssize_t first = pool.shape[0]
    cdef Py_ssize_t size = 64
    while size < 2 * (first + n):
        size *= 2
    op_array = np.array(recorded)
    left_array = np.empty(n, dtype=np.int32)
    right_array = np.empty(n, dtype=np.int32)
    if n == 0:
        return op_array, left_array, right_array, -1
    cdef unsigned char[::1] op = op_array
    cdef int[::1] left = left_array
    cdef int[::1] right = right_array
    cdef Columns columns
    columns.op, columns.left, columns.right, columns.first = &op[0], &left[0], &right[0], <int>first
    columns.pool = &pool[0] if first else NULL
    cdef int[::1] table = np.zeros(size, dtype=np.int32)  # node + 1; pages that stay 0 cost nothing
    cdef Py_ssize_t k
    cdef int a, b
    cdef int start = <int>first
    cdef unsigned long long mask = size - 1
    with nogil:
        for k in range(n):
            if op[k] >= RESULT:
                left[k] = right[k] = positions[first + k] = start + <int>k
                continue
            if left_ids[k] >= k or right_ids[k] >= k:
                break
            a = positions[position_of(left_ids[k], start)]
            b = positions[position_of(right_ids[k], start)]
            if a > b and commutes[op[k]]:
                a, b = b, a
            left[k] = a
            right[k] = b
            if may_cancel(&columns, <int>k):
                cancel(&columns, <int>k)
            positions[first + k] = start + first_equal(&table[0], mask, &op[0], &left[0], &right[0], <int>k)
        else:
            k = -1
    return op_array, left_array, right_array, k


def mark_live(
    const int[::1] left,
    const int[::1] right,
    unsigned char[::1] live,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Extend `live` (one flag per position) from nodes end-1..begin to everything they depend on."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(end - 1, begin - 1, -1):
            if live[first + k]:
                live[left[k]] = 1
                live[right[k]] = 1


def mark_dependent(
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] passes,
    unsigned char[::1] marked,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Extend `marked` (one flag per slot) to those of nodes begin..end-1 that depend on a marked slot.

    `passes` says per node through which operands (bits 1 and 2) the mark is handed on.
    """
    cdef Py_ssize_t k
    with nogil:
        for k in range(begin, end):
            marked[first + k] = (passes[k] & 1 and marked[left[k]]) or (passes[k] & 2 and marked[right[k]])


def number_nodes(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] live,
    const unsigned char[::1] varying,
    int[::1] slots,
    Py_ssize_t first,
    Py_ssize_t first_node,
):
    """Give slots to the live nodes that have none, and lay them out.

    Parameters
    ----------
    op, left, right : (n,) per node, operands as positions
    live, varying : one flag per position; nodes that vary come after all others
    slots : one per position, -1 where there is none; filled in for the live nodes

    Returns
    -------
    op, left, right : per slot from `first_node` on, operands as slots; and the number of nodes that do not vary
    """
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t k
    cdef Py_ssize_t n_fixed = 0
    cdef Py_ssize_t n_varying = 0
    cdef Py_ssize_t at[2]
    cdef Py_ssize_t to
    with nogil:
        for k in range(n):
            if live[first + k] and slots[first + k] < 0:
                if varying[first + k]:
                    n_varying += 1
                else:
                    n_fixed += 1
    op_array = np.empty(n_fixed + n_varying, dtype=np.uint8)
    left_array = np.empty(n_fixed + n_varying, dtype=np.int32)
    right_array = np.empty(n_fixed + n_varying, dtype=np.int32)
    cdef unsigned char[::1] new_op = op_array
    cdef int[::1] new_left = left_array
    cdef int[::1] new_right = right_array
    at[0] = 0
    at[1] = n_fixed
    with nogil:
        for k in range(n):
            if not live[first + k] or slots[first + k] >= 0:
                continue
            to = at[varying[first + k] != 0]
            at[varying[first + k] != 0] += 1
            slots[first + k] = <int>(first_node + to)
            new_op[to] = op[k]
            new_left[to] = slots[left[k]]  # an operand comes earlier, or is the node itself
            new_right[to] = slots[right[k]]
    return op_array, left_array, right_array, n_fixed


def mark_active(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] passes,
    unsigned char[::1] active,
    unsigned char[::1] activity,
    Py_ssize_t first,
    Py_ssize_t begin,
    Py_ssize_t end,
):
    """Extend `active` (one flag per slot) along nodes begin..end-1, and note through which operands it came.

    `passes` says per operation code through which operands (bits 1 and 2) there is a derivative at all; `activity` has
    these bits per node where the operand is active.
    """
    cdef Py_ssize_t k
    cdef unsigned char bits
    with nogil:
        for k in range(begin, end):
            bits = passes[op[k]] & (active[left[k]] | (active[right[k]] << 1))
            activity[k] = bits
            active[first + k] = bits != 0
