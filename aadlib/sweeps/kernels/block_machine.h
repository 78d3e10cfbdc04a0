/* A machine for straight-line arithmetic on blocks of AAD_LANES lanes.
 *
 * aadlib.lanes.block_code writes the code: values and partials of a recorded path, then nothing but products and
 * sums that make adjoints, rows and second derivatives, and add them up over the lanes. An address is an offset in
 * doubles into the arena; a run is a kind of step and how often it is taken. */
#include "aadlib/generated/block_steps.h"

#define AAD_TARGET double* AAD_RESTRICT d
#define AAD_SOURCE(name) const double* AAD_RESTRICT name
#define AAD_EACH for (int l = 0; l < AAD_LANES; l++)

AAD_INLINE void step_times(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] = a[l] * b[l]; }
AAD_INLINE void step_times_to(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] += a[l] * b[l]; }
AAD_INLINE void step_chain(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] = aad_chain(a[l], b[l]); }
AAD_INLINE void step_chain_to(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] += aad_chain(a[l], b[l]); }
AAD_INLINE void step_plus(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] = a[l] + b[l]; }
AAD_INLINE void step_minus(AAD_TARGET, AAD_SOURCE(a), AAD_SOURCE(b)) { AAD_EACH d[l] = a[l] - b[l]; }
AAD_INLINE void step_negate(AAD_TARGET, AAD_SOURCE(a)) { AAD_EACH d[l] = -a[l]; }
AAD_INLINE void step_plus_to(AAD_TARGET, AAD_SOURCE(a)) { AAD_EACH d[l] += a[l]; }
AAD_INLINE void step_minus_to(AAD_TARGET, AAD_SOURCE(a)) { AAD_EACH d[l] -= a[l]; }

#define AAD_AT(k) (arena + at[k])
#define AAD_RUN(width, step) \
    for (int k = 0; k < count; k++, at += width) step; \
    break;

/* Take every step once. Where `zero_ends_chain` is set, a zero factor ends a chain whatever the other one is. */
static void take_steps(const aad_steps* steps, int zero_ends_chain, double* arena) {
    const int* at = steps->operands;
    for (ptrdiff_t r = 0; r < steps->n_runs; r++) {
        int kind = steps->runs[2 * r], count = steps->runs[2 * r + 1];
        switch (kind) {
        case AAD_TIMES:
            if (zero_ends_chain) { AAD_RUN(3, step_chain(AAD_AT(0), AAD_AT(1), AAD_AT(2))) }
            AAD_RUN(3, step_times(AAD_AT(0), AAD_AT(1), AAD_AT(2)))
        case AAD_TIMES_TO:
            if (zero_ends_chain) { AAD_RUN(3, step_chain_to(AAD_AT(0), AAD_AT(1), AAD_AT(2))) }
            AAD_RUN(3, step_times_to(AAD_AT(0), AAD_AT(1), AAD_AT(2)))
        case AAD_PLUS: AAD_RUN(3, step_plus(AAD_AT(0), AAD_AT(1), AAD_AT(2)))
        case AAD_MINUS: AAD_RUN(3, step_minus(AAD_AT(0), AAD_AT(1), AAD_AT(2)))
        case AAD_NEGATE: AAD_RUN(2, step_negate(AAD_AT(0), AAD_AT(1)))
        case AAD_PLUS_TO: AAD_RUN(2, step_plus_to(AAD_AT(0), AAD_AT(1)))
        case AAD_MINUS_TO: AAD_RUN(2, step_minus_to(AAD_AT(0), AAD_AT(1)))
        default:
            if (kind < AAD_FIRST) { AAD_RUN(3, lanes_value(kind - AAD_VALUE, AAD_AT(1), AAD_AT(2), AAD_AT(0))) }
            if (kind < AAD_SECOND) {
                AAD_RUN(5, lanes_first(kind - AAD_FIRST, AAD_AT(2), AAD_AT(3), AAD_AT(4), AAD_AT(0), AAD_AT(1)))
            }
            AAD_RUN(
                6, lanes_second(
                       kind - AAD_SECOND, AAD_AT(3), AAD_AT(4), AAD_AT(5), AAD_AT(0), AAD_AT(1), AAD_AT(2)))
        }
    }
}

/* Read one block of lane inputs where they lie; lanes past the end repeat the last one. */
static void load_arguments(
    const aad_block_code* code, const aad_lane_argument* arguments, ptrdiff_t lane, ptrdiff_t n_valid, double* arena) {
    for (ptrdiff_t j = 0; j < code->n_loads; j++) {
        const int* load = code->loads + 3 * j;
        const aad_lane_argument* argument = arguments + load[0];
        ptrdiff_t stride = argument->lane_stride;
        const double* source = argument->numbers + lane * stride + load[1] * argument->position_stride;
        double* target = arena + load[2];
        if (n_valid == AAD_LANES)
            AAD_EACH target[l] = source[l * stride];
        else
            AAD_EACH target[l] = source[(l < n_valid ? l : n_valid - 1) * stride];
    }
}

/* Count the lanes in which each guard comes out otherwise than recorded. */
static void count_changed(const aad_guards* guards, const double* arena, ptrdiff_t n_valid, long long* changed) {
    double outcome[AAD_LANES];
    for (ptrdiff_t k = 0; k < guards->n_guards; k++) {
        lanes_value(guards->op[k], arena + guards->left[k], arena + guards->right[k], outcome);
        for (ptrdiff_t l = 0; l < n_valid; l++) changed[k] += (outcome[l] != 0.0) != (guards->outcome[k] != 0);
    }
}

/* Add the products of packed columns to the sums. */
static void add_products(
    const aad_block_code* code, const double* columns, ptrdiff_t n_blocks, int zero_ends_chain, double* sums) {
    for (ptrdiff_t g = 0; g < code->n_groups; g++) {
        const int* group = code->groups + 7 * g;
        aad_column_ranges ranges = {
            columns + (ptrdiff_t)group[0] * AAD_COLUMN, group[1], columns + (ptrdiff_t)group[2] * AAD_COLUMN, group[3],
            group[5] >= 0 ? columns + (ptrdiff_t)group[5] * AAD_COLUMN : NULL, group[4], code->table + group[6],
        };
        if (zero_ends_chain)
            multiply_ended_columns(&ranges, n_blocks, sums);
        else
            multiply_columns(&ranges, n_blocks, sums);
    }
}

typedef struct { /* the parts of a workspace */
    double *arena, *zone, *columns, *sums;
} aad_machine_room;

/* Sweep one chunk of lanes and write its sums; return whether they are all finite. */
static int sweep_chunk(
    const aad_block_code* code, const aad_block_run* run, aad_machine_room room, ptrdiff_t begin, ptrdiff_t end,
    int zero_ends_chain) {
    ptrdiff_t block = 0;
    double total = 0.0;
    for (ptrdiff_t k = 0; k < code->n_zone; k++)
        memset(room.zone + (ptrdiff_t)code->zone[k] * AAD_LANES, 0, AAD_LANES * sizeof(double));
    memset(room.sums, 0, code->n_sums * sizeof(double));
    for (ptrdiff_t lane = begin; lane < end; lane += AAD_LANES, block++) {
        ptrdiff_t n_valid = end - lane < AAD_LANES ? end - lane : AAD_LANES;
        load_arguments(code, run->arguments, lane, n_valid, room.arena);
        AAD_EACH room.arena[code->seed + l] = l < n_valid ? 1.0 : 0.0;
        take_steps(&code->values, 0, room.arena);
        if (!zero_ends_chain) count_changed(&code->guards, room.arena, n_valid, run->changed);
        if (run->outputs) memcpy(run->outputs + lane, room.arena + code->output, n_valid * sizeof(double));
        take_steps(&code->sums, zero_ends_chain, room.arena);
        for (ptrdiff_t k = 0; k < code->n_packs; k++)
            memcpy(
                room.columns + k * AAD_COLUMN + block * AAD_LANES, room.arena + code->packs[k],
                AAD_LANES * sizeof(double));
    }
    for (ptrdiff_t k = 0; k < code->n_zone; k++)
        room.sums[code->zone[k]] = sum_of_lanes(room.zone + (ptrdiff_t)code->zone[k] * AAD_LANES);
    add_products(code, room.columns, block, zero_ends_chain, room.sums);
    for (ptrdiff_t k = 0; k < code->n_sums; k++) total += room.sums[k] - room.sums[k];
    return total == 0.0;
}

/* Return the first lane of a bad chunk, or -1. A chunk whose sums are not finite is swept again with every zero
 * ending its chain; if they still are not it is bad, and the sweep ends. */
static ptrdiff_t run_blocks(const aad_block_code* code, const aad_block_run* run) {
    double* arena = on_cache_line(run->workspace);
    double* zone = arena + code->n_addresses * AAD_LANES;
    double* columns = zone + code->n_sums * AAD_LANES;
    aad_machine_room room = {arena, zone, columns, columns + code->n_packs * AAD_COLUMN};
    ptrdiff_t n_blocks = (run->end - run->begin + AAD_LANES - 1) / AAD_LANES;
    ptrdiff_t n_chunks = (n_blocks + AAD_CHUNK_BLOCKS - 1) / AAD_CHUNK_BLOCKS;
    ptrdiff_t length = n_chunks ? (n_blocks + n_chunks - 1) / n_chunks * AAD_LANES : 0;
    memcpy(arena, run->fixed, code->n_fixed * AAD_LANES * sizeof(double));
    memset(run->sums, 0, code->n_sums * sizeof(double));
    for (ptrdiff_t begin = run->begin; begin < run->end; begin += length) {
        ptrdiff_t end = begin + length < run->end ? begin + length : run->end;
        if (!sweep_chunk(code, run, room, begin, end, 0) && !sweep_chunk(code, run, room, begin, end, 1)) return begin;
        for (ptrdiff_t k = 0; k < code->n_sums; k++) run->sums[k] += room.sums[k];
    }
    return -1;
}

#undef AAD_EACH
