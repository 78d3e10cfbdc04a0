# A machine for straight-line arithmetic on blocks of LANES lanes, compiled once per instruction set.
#
# `aadlib.block_code` writes the code: values and partials of a recorded path, then nothing but products and sums that
# make adjoints, rows and second derivatives, and add them up over the lanes. An address is an offset in doubles into
# the arena; a run is a kind of step and how often it is taken. Lanes never meet before the very end, so the bits are
# the same for every width of vector.

import numpy as np

from libc.string cimport memcpy, memset

include "../generated/rules.pxi"
include "../generated/lane_rules.pxi"

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

    /* Add one product of columns to the places of the table: twice where it says -2 - place, nowhere at -1. */
    static inline void aad_settle(double* zone, int place, const double* found) {
        if (place == -1) return;
        double* to = zone + (place >= 0 ? place : -2 - place);
        AAD_EACH to[l] += found[l];
        if (place < -1) AAD_EACH to[l] += found[l];
    }

    /* zone[table[i, j]] += sum over blocks of one[i] other[j], lane by lane; a column's blocks stand side by side. */
    static void aad_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, Py_ssize_t stride,
        Py_ssize_t n_blocks, int symmetric, const int* table, double* zone)
    {
        double found[AAD_TILE][AAD_TILE][AAD_LANES];
        for (Py_ssize_t i = 0; i < n_one; i += AAD_TILE) {
            const double* x[AAD_TILE];
            for (int p = 0; p < AAD_TILE; p++) x[p] = one + (i + p < n_one ? i + p : n_one - 1) * stride;
            for (Py_ssize_t j = symmetric ? i : 0; j < n_other; j += AAD_TILE) {
                const double* y[AAD_TILE];
                for (int q = 0; q < AAD_TILE; q++) y[q] = other + (j + q < n_other ? j + q : n_other - 1) * stride;
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
                        aad_settle(zone, table[(i + p) * n_other + j + q], found[p][q]);
            }
        }
    }

    /* The same where a zero of either side ends the chain whatever the other one is. */
    static void aad_ended_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, Py_ssize_t stride,
        Py_ssize_t n_blocks, const int* table, double* zone)
    {
        double found[AAD_LANES];
        for (Py_ssize_t i = 0; i < n_one; i++)
            for (Py_ssize_t j = 0; j < n_other; j++) {
                if (table[i * n_other + j] == -1) continue;
                AAD_EACH found[l] = 0.0;
                for (Py_ssize_t at = 0; at < n_blocks * AAD_LANES; at += AAD_LANES)
                    AAD_EACH found[l] += aad_ended(one[i * stride + at + l], other[j * stride + at + l]);
                aad_settle(zone, table[i * n_other + j], found);
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
    void aad_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, Py_ssize_t stride,
        Py_ssize_t n_blocks, int symmetric, const int* table, double* zone
    ) noexcept nogil
    void aad_ended_products(
        const double* one, Py_ssize_t n_one, const double* other, Py_ssize_t n_other, Py_ssize_t stride,
        Py_ssize_t n_blocks, const int* table, double* zone
    ) noexcept nogil

# Kinds of steps as `aadlib.block_code` numbers them; a kind from VALUE on names a row of the table of operations.
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
    CHUNK_BLOCKS = 32  # blocks between two sums: their rows stay in the second-level cache
    COLUMN = CHUNK_BLOCKS * LANES + LANES  # doubles from one packed column to the next, off the power of two
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
    """Runs one `aadlib.block_code.BlockCode`; threads may share it, each with an arena of its own."""

    cdef const int[:, ::1] value_runs
    cdef const int[::1] value_operands
    cdef const int[:, ::1] sum_runs
    cdef const int[::1] sum_operands
    cdef const int[:, ::1] loads
    cdef const int[:, ::1] packs
    cdef const int[:, ::1] groups
    cdef const int[::1] table
    cdef const unsigned char[::1] guard_op
    cdef const int[::1] guard_left
    cdef const int[::1] guard_right
    cdef const unsigned char[::1] guard_outcome
    cdef Py_ssize_t n_fixed
    cdef Py_ssize_t zone
    cdef Py_ssize_t n_sums
    cdef Py_ssize_t n_columns
    cdef int seed
    cdef int output
    cdef readonly Py_ssize_t size

    def __init__(self, code):
        self.value_runs = code.value_runs
        self.value_operands = code.value_operands
        self.sum_runs = code.sum_runs
        self.sum_operands = code.sum_operands
        self.loads = code.loads
        self.packs = code.packs
        self.groups = code.groups
        self.table = code.table
        self.guard_op, self.guard_left, self.guard_right, self.guard_outcome = code.guards
        self.n_fixed = code.n_fixed
        self.zone = code.n_places * LANES
        self.n_sums = code.n_sums
        self.n_columns = code.n_columns
        self.seed = code.seed
        self.output = code.output
        # The arena and its sums, the totals of whole chunks, the packed columns, and room to begin on a cache line.
        self.size = self.zone + 2 * self.n_sums * LANES + self.n_columns * COLUMN + LANES

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

    cdef void multiply(self, double* arena, const double* columns, Py_ssize_t n_blocks, bint careful) noexcept nogil:
        """Add the products of packed columns to the sums."""
        cdef Py_ssize_t g
        cdef const double* one
        cdef const double* other
        for g in range(self.groups.shape[0]):
            one = columns + self.groups[g, 0] * COLUMN
            other = columns + self.groups[g, 2] * COLUMN
            if careful:
                aad_ended_products(
                    one, self.groups[g, 1], other, self.groups[g, 3], COLUMN, n_blocks, &self.table[self.groups[g, 5]],
                    arena,
                )
            else:
                aad_products(
                    one, self.groups[g, 1], other, self.groups[g, 3], COLUMN, n_blocks, self.groups[g, 4],
                    &self.table[self.groups[g, 5]], arena,
                )

    cdef void pack(self, const double* arena, double* columns, Py_ssize_t block, bint careful) noexcept nogil:
        """Set this block of the columns aside, some of them times a weight."""
        cdef Py_ssize_t k
        cdef double* to
        for k in range(self.packs.shape[0]):
            to = columns + self.packs[k, 0] * COLUMN + block * LANES
            if self.packs[k, 2] < 0:
                memcpy(to, arena + self.packs[k, 1], LANES * sizeof(double))
            elif careful:
                aad_ended_times(to, arena + self.packs[k, 1], arena + self.packs[k, 2])
            else:
                aad_times(to, arena + self.packs[k, 1], arena + self.packs[k, 2])

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
        cdef Py_ssize_t k, l, lane, block, n_valid, chunk, chunk_end
        cdef Py_ssize_t bad = -1
        cdef bint careful, is_finite
        cdef double* arena = <double*>((<size_t>&workspace[0] + 63) & ~<size_t>63)
        cdef double* zone = arena + self.zone
        cdef double* totals = zone + self.n_sums * LANES
        cdef double* columns = totals + self.n_sums * LANES
        cdef double* result = &sums[0]
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
            memset(totals, 0, self.n_sums * LANES * sizeof(double))
            chunk = begin
            careful = False
            while chunk < end:
                chunk_end = min(chunk + CHUNK_BLOCKS * LANES, end)
                memset(zone, 0, self.n_sums * LANES * sizeof(double))
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
                    self.pack(arena, columns, block, careful)
                    lane += LANES
                    block += 1
                self.multiply(arena, columns, block, careful)
                total = 0.0
                for k in range(self.n_sums * LANES):
                    total += zone[k] - zone[k]
                is_finite = total == 0.0
                if is_finite:
                    aad_add(totals, zone, self.n_sums * LANES)
                    careful = False
                    chunk = chunk_end
                elif careful:
                    bad = chunk
                    break
                else:
                    careful = True
            for k in range(self.n_sums):
                total = 0.0
                for l in range(LANES):
                    total += totals[k * LANES + l]
                result[k] = total
        return bad


cdef void aad_add(double* total, const double* source, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(n):
        total[k] += source[k]
