"""The block machine on this processor: a code and its plan, run by the kernel of the instruction set in use."""

from aadlib.sweeps.simd cimport (
    AAD_COLUMN,
    AAD_LANES,
    aad_block_code,
    aad_block_run,
    aad_lane_argument,
    aad_steps,
    guards_of,
    kernels,
)
from aadlib.sweeps.watch cimport begin_watch, end_watch

cdef enum:
    MOST_ARGUMENTS = 64


cdef const int* numbers_of(const int[::1] numbers) noexcept:
    return &numbers[0] if numbers.shape[0] else NULL


cdef const int* rows_of(const int[:, ::1] rows) noexcept:
    return &rows[0, 0] if rows.shape[0] else NULL


cdef aad_steps steps_of(runs, operands) except *:
    return aad_steps(rows_of(runs), len(runs), numbers_of(operands))


cdef class Machine:
    """Runs one `aadlib.lanes.block_code.BlockCode` by an `aadlib.lanes.machine.ColumnPlan`; threads may share it.

    Attributes
    ----------
    size : int, doubles in the workspace that each run needs for itself
    """

    cdef aad_block_code c
    cdef object _arrays  # what `c` points into
    cdef readonly Py_ssize_t size

    def __cinit__(self, code, plan):
        self._arrays = (  # not the code, which machines are found by
            code.value_runs, code.value_operands, code.sum_runs, code.sum_operands, code.loads, code.guards, plan
        )
        self.c.values = steps_of(code.value_runs, code.value_operands)
        self.c.sums = steps_of(code.sum_runs, code.sum_operands)
        self.c.loads, self.c.n_loads = rows_of(code.loads), len(code.loads)
        self.c.packs, self.c.n_packs = numbers_of(plan.packs), len(plan.packs)
        self.c.zone, self.c.n_zone = numbers_of(plan.zone), len(plan.zone)
        self.c.groups, self.c.n_groups = rows_of(plan.groups), len(plan.groups)
        self.c.table = numbers_of(plan.table)
        self.c.guards = guards_of(code.guards)
        self.c.n_fixed, self.c.n_addresses, self.c.n_sums = code.n_fixed, code.n_addresses, code.n_sums
        self.c.seed, self.c.output = code.seed, code.output
        # The arena, sums lane by lane, the packed columns, the sums of a chunk, and room to begin on a cache line.
        self.size = (code.n_addresses + code.n_sums + 1) * AAD_LANES + len(plan.packs) * AAD_COLUMN + code.n_sums

    def run(
        self,
        const double[:, ::1] fixed,
        double[::1] workspace,
        list arguments,
        const long long[::1] edges,
        double[::1] outputs,
        long long[:, ::1] changed,
        double[:, :, ::1] sums,
    ):
        """Sweep the lanes from each edge to the next, fill `sums`, and return the first lane of a bad chunk, or -1.

        Parameters
        ----------
        fixed : (n_directions, n_fixed * LANES) what stays the same from block to block; a sweep for each direction
        workspace : (size,) scratch
        arguments : (n_lanes, k) arrays, one per lane argument
        edges : (n_ranges + 1,), increasing
        outputs : (n_lanes,) receives the values, or empty
        changed : (n_ranges, n_guards) receives the number of lanes in which each guard came out otherwise
        sums : (n_ranges, n_directions, n_sums)

        A chunk whose sums are not finite is swept again with every zero ending its chain; if they still are not it is
        bad, and the sweep ends. So it does after a range in which a guard changed.
        """
        cdef aad_lane_argument[MOST_ARGUMENTS] given
        cdef aad_block_run share
        cdef const double[:, :] numbers
        cdef Py_ssize_t k, number, direction, bad = -1
        cdef long long n_changed = 0
        if (
            workspace.shape[0] < self.size
            or fixed.shape[1] != self.c.n_fixed * AAD_LANES
            or sums.shape[0] != edges.shape[0] - 1
            or sums.shape[1] != fixed.shape[0]
            or sums.shape[2] != self.c.n_sums
            or changed.shape[0] != sums.shape[0]
            or changed.shape[1] != self.c.guards.n_guards
        ):
            raise ValueError("a workspace of the wrong size")
        if len(arguments) > MOST_ARGUMENTS:
            raise ValueError("too many lane arguments")
        for k in range(len(arguments)):
            numbers = arguments[k]
            given[k].numbers = &numbers[0, 0] if numbers.shape[0] and numbers.shape[1] else NULL
            given[k].lane_stride = numbers.strides[0] // <Py_ssize_t>sizeof(double)
            given[k].position_stride = numbers.strides[1] // <Py_ssize_t>sizeof(double)
        share.workspace, share.arguments = &workspace[0], given
        share.outputs = &outputs[0] if outputs.shape[0] else NULL
        with nogil:
            begin_watch()
            for number in range(sums.shape[0]):
                share.begin, share.end = edges[number], edges[number + 1]
                share.changed = &changed[number, 0] if changed.shape[1] else NULL
                for direction in range(fixed.shape[0]):
                    share.fixed, share.sums = &fixed[direction, 0], &sums[number, direction, 0]
                    bad = kernels.run_blocks(&self.c, &share)
                    for k in range(changed.shape[1]):
                        n_changed += changed[number, k]
                    if bad >= 0 or n_changed:
                        break
                if bad >= 0 or n_changed:
                    break
            end_watch()
        return bad
