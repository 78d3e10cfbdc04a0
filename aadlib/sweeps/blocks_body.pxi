# A machine for straight-line arithmetic on blocks of LANES lanes, compiled once per instruction set.
#
# `aadlib.lanes.block_code` writes the code: values and partials of a recorded path, then nothing but products and sums that
# make adjoints, rows and second derivatives, and add them up over the lanes. An address is an offset in doubles into
# the arena; a run is a kind of step and how often it is taken. Lanes never meet before the very end, so the bits are
# the same for every width of vector.

import numpy as np

from libc.string cimport memcpy, memset

include "aadlib/generated/rules.pxi"

cdef enum:
    WIDTH = LANES

include "aadlib/generated/lane_rules.pxi"

cdef extern from *:
    """
    #include <string.h>
    #if defined(_MSC_VER)
    #define AAD_RESTRICT __restrict
    #else
    #define AAD_RESTRICT __restrict__
    #endif
    #define AAD_LANES 8
    #define AAD_TARGET double* AAD_RESTRICT d
    #define AAD_SOURCE(name) const double* AAD_RESTRICT name
    #define AAD_EACH for (int l = 0; l < AAD_LANES; l++)

    static inline void aad_times(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] = a[l] * b[l]; }
    static inline void aad_times_to(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] += a[l] * b[l]; }
    static inline void aad_plus(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] = a[l] + b[l]; }
    static inline void aad_minus(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] = a[l] - b[l]; }
    static inline void aad_negate(AAD_TARGET, AAD_SOURCE(a)) { AAD_EACH d[l] = -a[l]; }
    static inline void aad_plus_to(AAD_TARGET, AAD_SOURCE(a)) { AAD_EACH d[l] += a[l]; }
    static inline void aad_minus_to(AAD_TARGET, AAD_SOURCE(a)) { AAD_EACH d[l] -= a[l]; }
    static inline double aad_ended(double a, double b) { return (a != 0.0) & (b != 0.0) ? a * b : 0.0; }
    static inline void aad_ended_times(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) {
        AAD_EACH d[l] = aad_ended(a[l], b[l]);
    }
    static inline void aad_ended_times_to(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) {
        AAD_EACH d[l] += aad_ended(a[l], b[l]);
    }

    /* Vectors as wide as the build's, and as many products in registers at once as it has room for. */
    #if defined(__AVX512F__)
    #define AAD_WIDTH 8
    #define AAD_TILE 4
    #elif defined(__AVX__)
    #define AAD_WIDTH 4
    #define AAD_TILE 3
    #else
    #define AAD_WIDTH 2
    #define AAD_TILE 3
    #endif
    #if defined(__GNUC__)
    typedef double aad_vector __attribute__((vector_size(8 * AAD_WIDTH), aligned(8)));
    #define AAD_LOAD(p) (*(const aad_vector*)(p))
    #else
    #undef AAD_WIDTH
    #define AAD_WIDTH 1
    typedef double aad_vector;
    #define AAD_LOAD(p) (*(p))
    #endif

    /* The sum over the lanes of a block, always in this order. */
    static inline double aad_sum(const double* x) {
        return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
    }

    /* Add a number to one of the sums: twice where the place is -2 - place, nowhere at -1. */
    static inline void aad_settle(double* sums, int place, double number) {
        if (place >= 0) sums[place] += number;
        else if (place < -1) sums[-2 - place] += 2.0 * number;
    }

    enum { AAD_CHUNK_BLOCKS = 48, AAD_COLUMN = AAD_CHUNK_BLOCKS * AAD_LANES + AAD_LANES };

    /* sums[table[i, j]] += sum over blocks and lanes of weight one[i] other[j]; a column's blocks stand side by side. */
    static void aad_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, const double* weight,
        Py_ssize_t n_blocks, int symmetric, const int* table, double* sums)
    {
        double scaled[AAD_TILE][AAD_COLUMN];
        double found[AAD_TILE][AAD_TILE][AAD_LANES];
        for (Py_ssize_t i = 0; i < n_one; i += AAD_TILE) {
            const double* x[AAD_TILE];
            for (int p = 0; p < AAD_TILE; p++) {
                x[p] = one + (i + p < n_one ? i + p : n_one - 1) * AAD_COLUMN;
                if (weight) {
                    for (Py_ssize_t at = 0; at < n_blocks * AAD_LANES; at++) scaled[p][at] = x[p][at] * weight[at];
                    x[p] = scaled[p];
                }
            }
            for (Py_ssize_t j = symmetric ? i : 0; j < n_other; j += AAD_TILE) {
                const double* y[AAD_TILE];
                for (int q = 0; q < AAD_TILE; q++)
                    y[q] = other + (j + q < n_other ? j + q : n_other - 1) * AAD_COLUMN;
                for (int part = 0; part < AAD_LANES; part += AAD_WIDTH) {
                    aad_vector sum[AAD_TILE][AAD_TILE];
                    memset(sum, 0, sizeof sum);
                    for (Py_ssize_t at = part; at < n_blocks * AAD_LANES; at += AAD_LANES) {
                        aad_vector a[AAD_TILE];
                        for (int p = 0; p < AAD_TILE; p++) a[p] = AAD_LOAD(x[p] + at);
                        for (int q = 0; q < AAD_TILE; q++) {
                            aad_vector b = AAD_LOAD(y[q] + at);
                            for (int p = 0; p < AAD_TILE; p++) sum[p][q] += a[p] * b;
                        }
                    }
                    for (int p = 0; p < AAD_TILE; p++)
                        for (int q = 0; q < AAD_TILE; q++)
                            memcpy(&found[p][q][part], &sum[p][q], sizeof(aad_vector));
                }
                for (int p = 0; p < AAD_TILE && i + p < n_one; p++)
                    for (int q = 0; q < AAD_TILE && j + q < n_other; q++)
                        aad_settle(sums, table[(i + p) * n_other + j + q], aad_sum(found[p][q]));
            }
        }
    }

    /* The same where a zero factor ends the chain whatever the others are. */
    static void aad_ended_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, const double* weight,
        Py_ssize_t n_blocks, const int* table, double* sums)
    {
        double found[AAD_LANES];
        for (Py_ssize_t i = 0; i < n_one; i++)
            for (Py_ssize_t j = 0; j < n_other; j++) {
                if (table[i * n_other + j] == -1) continue;
                AAD_EACH found[l] = 0.0;
                for (Py_ssize_t at = 0; at < n_blocks * AAD_LANES; at += AAD_LANES)
                    AAD_EACH {
                        double x = one[i * AAD_COLUMN + at + l];
                        if (weight) x = aad_ended(x, weight[at + l]);
                        found[l] += aad_ended(x, other[j * AAD_COLUMN + at + l]);
                    }
                aad_settle(sums, table[i * n_other + j], aad_sum(found));
            }
    }
    """
    void aad_times(double* d, const double* a, const double* b) noexcept nogil
    void aad_times_to(double* d, const double* a, const double* b) noexcept nogil
    void aad_plus(double* d, const double* a, const double* b) noexcept nogil
    void aad_minus(double* d, const double* a, const double* b) noexcept nogil
    void aad_negate(double* d, const double* a) noexcept nogil
    void aad_plus_to(double* d, const double* a) noexcept nogil
    void aad_minus_to(double* d, const double* a) noexcept nogil
    void aad_ended_times(double* d, const double* a, const double* b) noexcept nogil
    void aad_ended_times_to(double* d, const double* a, const double* b) noexcept nogil
    double aad_sum(const double* x) noexcept nogil
    void aad_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, const double* weight,
        Py_ssize_t n_blocks, int symmetric, const int* table, double* sums
    ) noexcept nogil
    void aad_ended_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, const double* weight,
        Py_ssize_t n_blocks, const int* table, double* sums
    ) noexcept nogil
    enum:
        CHUNK_BLOCKS "AAD_CHUNK_BLOCKS"  # most blocks between two sums: their rows stay in the second-level cache
        COLUMN "AAD_COLUMN"  # doubles from one packed column to the next, off the power of two

# Kinds of steps as `aadlib.lanes.block_code` numbers them; a kind from VALUE on names a row of the table of operations.
cdef enum:
    TIMES = 0
    TIMES_TO = 1
    PLUS = 2
    MINUS = 3
    NEGATE = 4
    PLUS_TO = 5
    MINUS_TO = 6
    VALUE = 256
    FIRST = 512
    SECOND = 768

cdef enum:
    MOST_ARRAYS = 64


cdef void execute(
    const int* runs, Py_ssize_t n_runs, const int* at, double* arena, bint careful
) noexcept nogil:
    """Take every step once. When `careful`, a zero factor ends a chain whatever the other one is."""
    cdef Py_ssize_t r, k
    cdef int kind, count
    for r in range(n_runs):
        kind = runs[2 * r]
        count = runs[2 * r + 1]
        if kind == TIMES:
            if careful:
                for k in range(count):
                    aad_ended_times(arena + at[0], arena + at[1], arena + at[2])
                    at += 3
            else:
                for k in range(count):
                    aad_times(arena + at[0], arena + at[1], arena + at[2])
                    at += 3
        elif kind == TIMES_TO:
            if careful:
                for k in range(count):
                    aad_ended_times_to(arena + at[0], arena + at[1], arena + at[2])
                    at += 3
            else:
                for k in range(count):
                    aad_times_to(arena + at[0], arena + at[1], arena + at[2])
                    at += 3
        elif kind == PLUS:
            for k in range(count):
                aad_plus(arena + at[0], arena + at[1], arena + at[2])
                at += 3
        elif kind == MINUS:
            for k in range(count):
                aad_minus(arena + at[0], arena + at[1], arena + at[2])
                at += 3
        elif kind == NEGATE:
            for k in range(count):
                aad_negate(arena + at[0], arena + at[1])
                at += 2
        elif kind == PLUS_TO:
            for k in range(count):
                aad_plus_to(arena + at[0], arena + at[1])
                at += 2
        elif kind == MINUS_TO:
            for k in range(count):
                aad_minus_to(arena + at[0], arena + at[1])
                at += 2
        elif kind < FIRST:
            for k in range(count):
                lane_value(kind - VALUE, arena + at[1], arena + at[2], arena + at[0])
                at += 3
        elif kind < SECOND:
            for k in range(count):
                lane_first(kind - FIRST, arena + at[2], arena + at[3], arena + at[4], arena + at[0], arena + at[1])
                at += 5
        else:
            for k in range(count):
                lane_second(
                    kind - SECOND, arena + at[3], arena + at[4], arena + at[5],
                    arena + at[0], arena + at[1], arena + at[2],
                )
                at += 6


cdef class BlockMachine:
    """Runs one `aadlib.lanes.block_code.BlockCode` by an `aadlib.lanes.machine.ColumnPlan`; threads may share it, each with an arena of its own."""

    cdef const int[:, ::1] value_runs
    cdef const int[::1] value_operands
    cdef const int[:, ::1] sum_runs
    cdef const int[::1] sum_operands
    cdef const int[:, ::1] loads
    cdef const int[::1] packs
    cdef const int[::1] zone_sums
    cdef const int[:, ::1] groups
    cdef const int[::1] table
    cdef const unsigned char[::1] guard_op
    cdef const int[::1] guard_left
    cdef const int[::1] guard_right
    cdef const unsigned char[::1] guard_outcome
    cdef Py_ssize_t n_fixed
    cdef Py_ssize_t zone
    cdef Py_ssize_t n_sums
    cdef int seed
    cdef int output
    cdef readonly Py_ssize_t size

    def __init__(self, code, plan):
        self.value_runs = code.value_runs
        self.value_operands = code.value_operands
        self.sum_runs = code.sum_runs
        self.sum_operands = code.sum_operands
        self.loads = code.loads
        self.packs = plan.packs
        self.zone_sums = plan.zone
        self.groups = plan.groups
        self.table = plan.table
        self.guard_op, self.guard_left, self.guard_right, self.guard_outcome = code.guards
        self.n_fixed = code.n_fixed
        self.zone = code.n_places * LANES
        self.n_sums = code.n_sums
        self.seed = code.seed
        self.output = code.output
        # The arena, sums lane by lane, the packed columns, the sums of a chunk, and room to begin on a cache line.
        self.size = (
            self.zone + self.n_sums * LANES + self.packs.shape[0] * COLUMN + self.n_sums + LANES
        )

    cdef void load(
        self, double* arena, double** data, Py_ssize_t* row_strides, Py_ssize_t* column_strides, Py_ssize_t lane,
        Py_ssize_t n_valid,
    ) noexcept nogil:
        """Read one block of lane inputs where they lie; lanes past the end repeat the last one."""
        cdef Py_ssize_t j, l, stride
        cdef const double* source
        cdef double* to
        for j in range(self.loads.shape[0]):
            stride = row_strides[self.loads[j, 0]]
            source = data[self.loads[j, 0]] + lane * stride + self.loads[j, 1] * column_strides[self.loads[j, 0]]
            to = arena + self.loads[j, 2]
            if n_valid == LANES:
                for l in range(LANES):
                    to[l] = source[l * stride]
            else:
                for l in range(LANES):
                    to[l] = source[(l if l < n_valid else n_valid - 1) * stride]

    cdef void compare(self, const double* arena, Py_ssize_t n_valid, long long* changed) noexcept nogil:
        """Count the lanes in which each guard comes out otherwise than recorded."""
        cdef Py_ssize_t k, l
        cdef double[LANES] found
        for k in range(self.guard_op.shape[0]):
            lane_value(self.guard_op[k], arena + self.guard_left[k], arena + self.guard_right[k], found)
            for l in range(n_valid):
                changed[k] += (found[l] != 0.0) != (self.guard_outcome[k] != 0)

    cdef void multiply(self, const double* columns, double* sums, Py_ssize_t n_blocks, bint careful) noexcept nogil:
        """Add the products of packed columns to the sums."""
        cdef Py_ssize_t g
        cdef const int* group
        cdef const double* weight
        for g in range(self.groups.shape[0]):
            group = &self.groups[g, 0]
            weight = columns + group[5] * COLUMN if group[5] >= 0 else NULL
            if careful:
                aad_ended_products(
                    columns + group[0] * COLUMN, group[1], columns + group[2] * COLUMN, group[3], weight, n_blocks,
                    &self.table[group[6]], sums,
                )
            else:
                aad_products(
                    columns + group[0] * COLUMN, group[1], columns + group[2] * COLUMN, group[3], weight, n_blocks,
                    group[4], &self.table[group[6]], sums,
                )

    cdef void pack(self, const double* arena, double* columns, Py_ssize_t block) noexcept nogil:
        """Set this block of the columns aside."""
        cdef Py_ssize_t k
        for k in range(self.packs.shape[0]):
            memcpy(columns + k * COLUMN + block * LANES, arena + self.packs[k], LANES * sizeof(double))

    def run(
        self,
        const double[::1] fixed,
        double[::1] workspace,
        list arrays,
        Py_ssize_t begin,
        Py_ssize_t end,
        double[::1] outputs,
        long long[::1] changed,
        double[::1] sums,
    ):
        """Sweep lanes begin..end-1, fill `sums` (n_sums,), and return the first lane of a bad chunk, or -1.

        Parameters
        ----------
        fixed : (n_fixed * LANES,) what stays the same from block to block
        workspace : (size,) scratch
        arrays : (n_lanes, k) arrays, one per lane argument
        outputs : (n_lanes,) receives the values, or empty
        changed : (n_guards,) receives the number of lanes in which each guard came out otherwise

        A chunk whose sums are not finite is swept again with every zero ending its chain; if they still are not it is
        bad, and the sweep ends.
        """
        cdef double* data[MOST_ARRAYS]
        cdef Py_ssize_t[MOST_ARRAYS] row_strides
        cdef Py_ssize_t[MOST_ARRAYS] column_strides
        cdef const double[:, :] part
        cdef Py_ssize_t k, l, lane, block, n_blocks, n_valid, n_chunks, length, chunk, chunk_end
        cdef Py_ssize_t bad = -1
        cdef bint careful
        cdef double* arena = <double*>((<size_t>&workspace[0] + 63) & ~<size_t>63)
        cdef double* zone = arena + self.zone
        cdef double* columns = zone + self.n_sums * LANES
        cdef double* chunk_sums = columns + self.packs.shape[0] * COLUMN
        cdef double total
        if workspace.shape[0] < self.size or fixed.shape[0] != self.n_fixed * LANES or sums.shape[0] != self.n_sums:
            raise ValueError("a workspace of the wrong size")
        if len(arrays) > MOST_ARRAYS:
            raise ValueError("too many lane arguments")
        for k in range(len(arrays)):
            part = arrays[k]
            data[k] = <double*>&part[0, 0] if part.shape[0] and part.shape[1] else NULL
            row_strides[k] = part.strides[0] // sizeof(double)
            column_strides[k] = part.strides[1] // sizeof(double)
        with nogil:
            memcpy(arena, &fixed[0], self.n_fixed * LANES * sizeof(double))
            memset(&sums[0], 0, self.n_sums * sizeof(double))
            n_blocks = (end - begin + LANES - 1) // LANES
            n_chunks = (n_blocks + CHUNK_BLOCKS - 1) // CHUNK_BLOCKS
            length = (n_blocks + n_chunks - 1) // n_chunks * LANES if n_chunks else 0
            chunk = begin
            careful = False
            while chunk < end:
                chunk_end = min(chunk + length, end)
                for k in range(self.zone_sums.shape[0]):
                    memset(zone + self.zone_sums[k] * LANES, 0, LANES * sizeof(double))
                memset(chunk_sums, 0, self.n_sums * sizeof(double))
                block = 0
                lane = chunk
                while lane < chunk_end:
                    n_valid = min(<Py_ssize_t>LANES, chunk_end - lane)
                    self.load(arena, data, row_strides, column_strides, lane, n_valid)
                    for l in range(LANES):
                        arena[self.seed + l] = 1.0 if l < n_valid else 0.0
                    execute(
                        &self.value_runs[0, 0] if self.value_runs.shape[0] else NULL, self.value_runs.shape[0],
                        &self.value_operands[0] if self.value_operands.shape[0] else NULL, arena, False,
                    )
                    if not careful and self.guard_op.shape[0]:
                        self.compare(arena, n_valid, &changed[0])
                    if outputs.shape[0]:
                        for l in range(n_valid):
                            outputs[lane + l] = arena[self.output + l]
                    execute(
                        &self.sum_runs[0, 0] if self.sum_runs.shape[0] else NULL, self.sum_runs.shape[0],
                        &self.sum_operands[0] if self.sum_operands.shape[0] else NULL, arena, careful,
                    )
                    self.pack(arena, columns, block)
                    lane += LANES
                    block += 1
                for k in range(self.zone_sums.shape[0]):
                    chunk_sums[self.zone_sums[k]] = aad_sum(zone + self.zone_sums[k] * LANES)
                self.multiply(columns, chunk_sums, block, careful)
                total = 0.0
                for k in range(self.n_sums):
                    total += chunk_sums[k] - chunk_sums[k]
                if total == 0.0:
                    for k in range(self.n_sums):
                        sums[k] += chunk_sums[k]
                    careful = False
                    chunk = chunk_end
                elif careful:
                    bad = chunk
                    break
                else:
                    careful = True
        return bad
