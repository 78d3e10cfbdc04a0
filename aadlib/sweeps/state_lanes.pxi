# Values and adjoints with market states or paths as lanes; included by lanes_body.pxi.

from libc.string cimport memcpy, memset


cdef void load_lanes(
    const int[::1] slots, const double[:, :] inputs, Py_ssize_t lane, Py_ssize_t n_valid, double* values
) noexcept nogil:
    """Copy one block of lane inputs, a row per slot, into the slots; lanes past the end repeat the last one."""
    cdef Py_ssize_t j, l
    cdef double* block
    cdef const char* source
    cdef Py_ssize_t step = inputs.strides[1]
    for j in range(slots.shape[0]):
        block = values + slots[j] * BLOCK
        source = <const char*> &inputs[j, lane]
        for l in range(n_valid):
            block[l] = (<const double*> (source + l * step))[0]
        for l in range(n_valid, BLOCK):
            block[l] = block[n_valid - 1]


cdef void block_values(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    double* values,
    Py_ssize_t first,
    Py_ssize_t begin,
) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(begin, op.shape[0]):
        lane_value(op[k], values + left[k] * BLOCK, values + right[k] * BLOCK, values + (first + k) * BLOCK)


cdef Py_ssize_t block_guards(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] outcome,
    const double* values,
    Py_ssize_t n_valid,
) noexcept nogil:
    cdef Py_ssize_t k, l
    cdef double[BLOCK] found
    for k in range(op.shape[0]):
        lane_value(op[k], values + left[k] * BLOCK, values + right[k] * BLOCK, found)
        for l in range(n_valid):
            if (found[l] != 0.0) != (outcome[k] != 0):
                return k
    return -1


def evaluate_chunk(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    double[::1] values,
    Py_ssize_t first,
    Py_ssize_t begin_node,
    const int[::1] lane_slots,
    const double[:, :] lane_inputs,
    Py_ssize_t begin,
    Py_ssize_t end,
    guards,
    const int[::1] output_slots,
    double[:, ::1] outputs,
):
    """Evaluate lanes begin..end-1 block by block; return (guard, lane) of the first changed guard, or (-1, -1).

    `values` (n_slots * BLOCK) holds constants, shared inputs and the nodes before `begin_node` in every lane.
    """
    cdef const unsigned char[::1] guard_op = guards[0]
    cdef const int[::1] guard_left = guards[1]
    cdef const int[::1] guard_right = guards[2]
    cdef const unsigned char[::1] guard_outcome = guards[3]
    cdef Py_ssize_t lane, j, n_valid
    cdef Py_ssize_t changed = -1
    cdef Py_ssize_t changed_lane = -1
    cdef double* v = &values[0]
    with nogil:
        lane = begin
        while lane < end:
            n_valid = min(<Py_ssize_t>BLOCK, end - lane)
            load_lanes(lane_slots, lane_inputs, lane, n_valid, v)
            block_values(op, left, right, v, first, begin_node)
            changed = block_guards(guard_op, guard_left, guard_right, guard_outcome, v, n_valid)
            if changed >= 0:
                changed_lane = lane
                break
            for j in range(output_slots.shape[0]):
                memcpy(&outputs[j, lane], v + output_slots[j] * BLOCK, n_valid * sizeof(double))
            lane += BLOCK
    return changed, changed_lane


def gradient_chunk(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    double[::1] values,
    double[::1] adjoints,
    Py_ssize_t first,
    Py_ssize_t begin_node,
    const int[::1] lane_slots,
    const double[:, :] lane_inputs,
    Py_ssize_t begin,
    Py_ssize_t end,
    guards,
    const int[::1] output_slots,
    double[:, ::1] outputs,
    const double[::1] output_seeds,
    double[:, ::1] lane_adjoints,
):
    """Values as `evaluate_chunk`, and adjoints: per lane for lane inputs, added up in `adjoints` for shared slots.

    Adjoints of slots that no lane changes pile up over the blocks, lane by lane, so the caller adds BLOCK numbers
    per chunk and the result does not depend on how chunks were spread over threads.
    """
    cdef const unsigned char[::1] guard_op = guards[0]
    cdef const int[::1] guard_left = guards[1]
    cdef const int[::1] guard_right = guards[2]
    cdef const unsigned char[::1] guard_outcome = guards[3]
    cdef Py_ssize_t lane, j, l, n_valid, k, a, b
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t changed = -1
    cdef Py_ssize_t changed_lane = -1
    cdef double* v = &values[0]
    cdef double* bar = &adjoints[0]
    cdef double* w
    with nogil:
        lane = begin
        while lane < end:
            n_valid = min(<Py_ssize_t>BLOCK, end - lane)
            load_lanes(lane_slots, lane_inputs, lane, n_valid, v)
            block_values(op, left, right, v, first, begin_node)
            changed = block_guards(guard_op, guard_left, guard_right, guard_outcome, v, n_valid)
            if changed >= 0:
                changed_lane = lane
                break
            memset(bar + (first + begin_node) * BLOCK, 0, (n - begin_node) * BLOCK * sizeof(double))
            for j in range(lane_slots.shape[0]):
                memset(bar + lane_slots[j] * BLOCK, 0, BLOCK * sizeof(double))
            for j in range(output_slots.shape[0]):
                memcpy(&outputs[j, lane], v + output_slots[j] * BLOCK, n_valid * sizeof(double))
                for l in range(n_valid):
                    bar[output_slots[j] * BLOCK + l] += output_seeds[j]
            for k in range(n - 1, begin_node - 1, -1):
                if activity[k] == 0:
                    continue
                w = bar + (first + k) * BLOCK
                a = left[k] * BLOCK
                b = right[k] * BLOCK
                if activity[k] & 1:
                    lane_pull(2 * op[k], w, v + a, v + b, v + (first + k) * BLOCK, bar + a)
                if activity[k] & 2:
                    lane_pull(2 * op[k] + 1, w, v + a, v + b, v + (first + k) * BLOCK, bar + b)
            for j in range(lane_slots.shape[0]):
                memcpy(&lane_adjoints[j, lane], bar + lane_slots[j] * BLOCK, n_valid * sizeof(double))
            lane += BLOCK
    return changed, changed_lane
