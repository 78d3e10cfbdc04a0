# Value, gradient and Hessian in every lane; included by lanes_body.pxi.
#
# One arena of blocks holds everything the backward and the curvature sweep need, laid out by `aadlib.lanes.tangent_plan`:
# ones, the partials of every node, tangents, one row of products, the lower triangle of the Hessian, adjoints.


cdef void times(bint careful, const double* p, const double* x, aad_block result) noexcept nogil:
    """Write p x into `result`; when `careful`, a zero ends a chain."""
    cdef Py_ssize_t l
    if careful:
        for l in range(BLOCK):
            result[l] = both(p[l], x[l])
    else:
        for l in range(BLOCK):
            result[l] = p[l] * x[l]


cdef void plus_times(bint careful, const double* p, const double* x, aad_block result) noexcept nogil:
    """Add p x to `result`."""
    cdef Py_ssize_t l
    if careful:
        for l in range(BLOCK):
            result[l] += both(p[l], x[l])
    else:
        for l in range(BLOCK):
            result[l] += p[l] * x[l]


cdef void both_times(
    bint careful, const double* p, const double* x, const double* q, const double* y, aad_block result
) noexcept nogil:
    """Write p x + q y into `result`."""
    cdef Py_ssize_t l
    if careful:
        for l in range(BLOCK):
            result[l] = both(p[l], x[l]) + both(q[l], y[l])
    else:
        for l in range(BLOCK):
            result[l] = p[l] * x[l] + q[l] * y[l]


cdef void plus_both_times(
    bint careful, const double* p, const double* x, const double* q, const double* y, aad_block result
) noexcept nogil:
    """Add p x + q y to `result`."""
    cdef Py_ssize_t l
    if careful:
        for l in range(BLOCK):
            result[l] += both(p[l], x[l]) + both(q[l], y[l])
    else:
        for l in range(BLOCK):
            result[l] += p[l] * x[l] + q[l] * y[l]


cdef void scale(bint careful, const double* w, aad_block partial) noexcept nogil:
    """Multiply partials by the adjoint."""
    cdef Py_ssize_t l
    if careful:
        for l in range(BLOCK):
            partial[l] = both(w[l], partial[l])
    else:
        for l in range(BLOCK):
            partial[l] = w[l] * partial[l]


cdef bint finite_blocks(const double* blocks, Py_ssize_t n_blocks) noexcept nogil:
    cdef Py_ssize_t k, l
    cdef double[BLOCK] zero
    cdef double total = 0.0
    memset(zero, 0, sizeof(zero))
    for k in range(n_blocks):
        for l in range(BLOCK):
            zero[l] += blocks[k * BLOCK + l] - blocks[k * BLOCK + l]
    for l in range(BLOCK):
        total += zero[l]
    return total == 0.0


cdef void block_partials(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] curves,
    bint careful,
    const double* v,
    double* partials,
    double* bar,
    Py_ssize_t first,
) noexcept nogil:
    """Fill in the partials of every node, dx, dy, dxx, dxy, dyy, the second ones times its adjoint; carry adjoints back."""
    cdef Py_ssize_t k, a, b, c
    cdef double* p
    cdef const double* w
    for k in range(op.shape[0] - 1, -1, -1):
        if activity[k] == 0:
            continue
        a = left[k] * BLOCK
        b = right[k] * BLOCK
        c = (first + k) * BLOCK
        p = partials + 5 * k * BLOCK
        w = bar + c
        if curves[k]:
            lane_partials(
                op[k], v + a, v + b, v + c, p, p + BLOCK, p + 2 * BLOCK, p + 3 * BLOCK, p + 4 * BLOCK
            )
            if curves[k] & 1:
                scale(careful, w, p + 2 * BLOCK)
            if curves[k] & 2:
                scale(careful, w, p + 3 * BLOCK)
            if curves[k] & 4:
                scale(careful, w, p + 4 * BLOCK)
        else:
            lane_first(op[k], v + a, v + b, v + c, p, p + BLOCK)
        if activity[k] & 1:
            plus_times(careful, w, p, bar + a)
        if activity[k] & 2:
            plus_times(careful, w, p + BLOCK, bar + b)


cdef void block_curvature(
    const unsigned char[::1] curves,
    const int[::1] starts,
    const int[:, ::1] entries,
    bint careful,
    double* arena,
    double* row,
    double* matrix,
    Py_ssize_t n,
) noexcept nogil:
    """Carry the tangents of every input forward and add each node's curvature to the lower triangle `matrix`.

    An entry is (input, kind, result, tangent of the left operand, of the right one), places in the arena; see
    `aadlib.lanes.tangent_plan`.
    """
    cdef Py_ssize_t k, r, s
    cdef unsigned char curve
    cdef const int* e
    cdef const int* f
    cdef double* p
    cdef double* h
    cdef double* along_x
    cdef double* along_y
    cdef bint by_x, by_y
    for k in range(n):
        p = arena + (1 + 5 * k) * BLOCK
        for r in range(starts[k], starts[k + 1]):
            e = &entries[r, 0]
            if e[1] == 3:
                both_times(careful, p, arena + e[3] * BLOCK, p + BLOCK, arena + e[4] * BLOCK, arena + e[2] * BLOCK)
            elif e[1] == 1:
                times(careful, p, arena + e[3] * BLOCK, arena + e[2] * BLOCK)
            elif e[1] == 2:
                times(careful, p + BLOCK, arena + e[4] * BLOCK, arena + e[2] * BLOCK)
        curve = curves[k]
        if curve == 0:
            continue
        along_x = row
        along_y = row + BLOCK
        for r in range(starts[k], starts[k + 1]):
            e = &entries[r, 0]
            # the adjoint's change along this input, in the left and in the right operand
            by_x = (curve & 1 and e[3] >= 0) or (curve & 2 and e[4] >= 0)
            by_y = (curve & 2 and e[3] >= 0) or (curve & 4 and e[4] >= 0)
            if curve & 1 and e[3] >= 0:
                if curve & 2 and e[4] >= 0:
                    both_times(
                        careful, p + 2 * BLOCK, arena + e[3] * BLOCK, p + 3 * BLOCK, arena + e[4] * BLOCK, along_x
                    )
                else:
                    times(careful, p + 2 * BLOCK, arena + e[3] * BLOCK, along_x)
            elif by_x:
                times(careful, p + 3 * BLOCK, arena + e[4] * BLOCK, along_x)
            if curve & 2 and e[3] >= 0:
                if curve & 4 and e[4] >= 0:
                    both_times(
                        careful, p + 3 * BLOCK, arena + e[3] * BLOCK, p + 4 * BLOCK, arena + e[4] * BLOCK, along_y
                    )
                else:
                    times(careful, p + 3 * BLOCK, arena + e[3] * BLOCK, along_y)
            elif by_y:
                times(careful, p + 4 * BLOCK, arena + e[4] * BLOCK, along_y)
            for s in range(starts[k], r + 1):
                f = &entries[s, 0]
                h = matrix + ((e[0] * (e[0] + 1)) // 2 + f[0]) * BLOCK
                if by_x and f[3] >= 0:
                    if by_y and f[4] >= 0:
                        plus_both_times(
                            careful, along_x, arena + f[3] * BLOCK, along_y, arena + f[4] * BLOCK, h
                        )
                    else:
                        plus_times(careful, along_x, arena + f[3] * BLOCK, h)
                elif by_y and f[4] >= 0:
                    plus_times(careful, along_y, arena + f[4] * BLOCK, h)


cdef extern from *:
    """
    #if defined(__GNUC__)
    #define AAD_PREFETCH_TO_WRITE(place) __builtin_prefetch(place, 1, 2)
    #else
    #define AAD_PREFETCH_TO_WRITE(place)
    #endif
    """
    void AAD_PREFETCH_TO_WRITE(const void* place) noexcept nogil


cdef inline void fetch_to_write(const double* begin, Py_ssize_t size) noexcept nogil:
    """Ask for the cache lines of a block's results before it is computed: waiting for them costs a fifth of a sweep."""
    cdef Py_ssize_t k
    for k in range(0, size, 8):
        AAD_PREFETCH_TO_WRITE(begin + k)


cdef void store_pair(
    const double* block, double* below, double* above, Py_ssize_t step, Py_ssize_t n_valid
) noexcept nogil:
    """Write one entry of the lanes' Hessians and its mirror image; one lane's matrix is `step` numbers from the next."""
    cdef Py_ssize_t l
    for l in range(n_valid):
        below[l * step] = block[l]
        above[l * step] = block[l]


def second_order_chunk(
    const unsigned char[::1] op,
    const int[::1] left,
    const int[::1] right,
    const unsigned char[::1] activity,
    const unsigned char[::1] curves,
    plan,
    double[::1] values,
    Py_ssize_t first,
    Py_ssize_t begin_node,
    const int[::1] lane_slots,
    const double[:, :] lane_inputs,
    Py_ssize_t begin,
    Py_ssize_t end,
    guards,
    const int[::1] active_slots,
    int output_slot,
    double[::1] outputs,
    double[:, ::1] gradients,
    double[:, :, ::1] hessians,
    double[::1] scratch,
):
    """Value, gradient and Hessian in each of lanes begin..end-1; return (guard, lane) as `evaluate_chunk`.

    `values` (n_slots * BLOCK) holds constants, shared inputs and the nodes before `begin_node`; `curves` says which
    second partials a node has, `plan` is (starts, entries, n_blocks) of `lane_plan`, and `scratch` holds its n_blocks,
    the lower triangle of the Hessian and an adjoint for every slot. Partials are computed once per block; the Hessian
    is the sum of the nodes' curvatures, met by the tangents of both inputs. `gradients` is (n_lanes, n_active),
    `hessians` (n_lanes, n_active, n_active).
    """
    cdef const unsigned char[::1] guard_op = guards[0]
    cdef const int[::1] guard_left = guards[1]
    cdef const int[::1] guard_right = guards[2]
    cdef const unsigned char[::1] guard_outcome = guards[3]
    cdef const int[::1] starts = plan[0]
    cdef const int[:, ::1] entries = plan[1]
    cdef Py_ssize_t n_blocks = plan[2]
    cdef Py_ssize_t n = op.shape[0]
    cdef Py_ssize_t n_slots = first + n
    cdef Py_ssize_t m = active_slots.shape[0]
    cdef Py_ssize_t triangle = m * (m + 1) // 2
    cdef Py_ssize_t lane, i, j, l, n_valid
    cdef Py_ssize_t changed = -1
    cdef Py_ssize_t changed_lane = -1
    cdef double* v = &values[0]
    cdef double* arena = &scratch[0]
    cdef double* matrix = arena + n_blocks * BLOCK
    cdef double* gradient = matrix + triangle * BLOCK
    cdef double* bar = gradient + m * BLOCK
    cdef bint careful
    with nogil:
        for l in range(BLOCK):
            arena[l] = 1.0
        lane = begin
        while lane < end:
            n_valid = min(<Py_ssize_t>BLOCK, end - lane)
            fetch_to_write(&hessians[lane, 0, 0], n_valid * m * m)
            fetch_to_write(&gradients[lane, 0], n_valid * m)
            load_lanes(lane_slots, lane_inputs, lane, n_valid, v)
            block_values(op, left, right, v, first, begin_node)
            changed = block_guards(guard_op, guard_left, guard_right, guard_outcome, v, n_valid)
            if changed >= 0:
                changed_lane = lane
                break
            careful = False
            while True:
                memset(bar, 0, n_slots * BLOCK * sizeof(double))
                for l in range(BLOCK):
                    bar[output_slot * BLOCK + l] = 1.0
                block_partials(op, left, right, activity, curves, careful, v, arena + BLOCK, bar, first)
                memset(matrix, 0, triangle * BLOCK * sizeof(double))
                block_curvature(curves, starts, entries, careful, arena, matrix - 2 * BLOCK, matrix, n)
                for i in range(m):
                    memcpy(gradient + i * BLOCK, bar + active_slots[i] * BLOCK, BLOCK * sizeof(double))
                # What is not finite on the way, as in a branch that `where` did not take, shows in the result unless
                # nothing uses it, and must meet no zero unseen.
                if careful or finite_blocks(matrix, triangle + m):
                    break
                careful = True
            memcpy(&outputs[lane], v + output_slot * BLOCK, n_valid * sizeof(double))
            for i in range(m):
                for l in range(n_valid):
                    gradients[lane + l, i] = gradient[i * BLOCK + l]
                for j in range(i + 1):
                    store_pair(
                        matrix + ((i * (i + 1)) // 2 + j) * BLOCK, &hessians[lane, i, j], &hessians[lane, j, i], m * m,
                        n_valid,
                    )
            lane += BLOCK
    return changed, changed_lane
