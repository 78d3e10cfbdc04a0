/* What the sweeps over blocks of lanes take, and the table of them that one instruction set exports.
 *
 * `kernels.c` and the headers that it includes are plain C without any Python, compiled once per instruction set.
 * Python's face is aadlib.sweeps.simd, the only place that chooses a table; outside the functions of the chosen
 * table nothing uses more than the processor's least.
 *
 * A slot holds a block of doubles side by side, so every inner loop has a fixed length and becomes SIMD. There are
 * two kinds: AAD_LANES directions over one market state, where values are single numbers, and AAD_BLOCK market
 * states or paths, where they differ from lane to lane. */
#ifndef AAD_TABLE_H
#define AAD_TABLE_H

#include <stddef.h>

#include "aadlib/generated/sizes.h" /* AAD_LANES directions, AAD_BLOCK market states */
#include "aadlib/program/nodes.h"
#include "aadlib/sweeps/kernels/processor.h"

enum {
    AAD_CHUNK_BLOCKS = 48, /* most between two sums of a block machine: their rows stay in the second-level cache */
    AAD_COLUMN = AAD_CHUNK_BLOCKS * AAD_LANES + AAD_LANES /* from one packed column to the next, off a power of two */
};

typedef struct { /* recorded comparisons: operation code, operands and outcome of each */
    const unsigned char* op;
    const int* left;
    const int* right;
    const unsigned char* outcome;
    ptrdiff_t n_guards;
} aad_guards;

/* ---- sweeps over many market states ---- */

typedef struct { /* the inputs that differ from lane to lane: a row of numbers per slot */
    const int* slots;
    ptrdiff_t n_slots;
    const char* numbers;
    ptrdiff_t slot_stride, lane_stride; /* in bytes */
} aad_lane_inputs;

typedef struct { /* one call's share of the lanes */
    const aad_nodes* nodes;
    ptrdiff_t begin_node; /* nodes before it are the same in every lane, and `values` holds them */
    aad_lane_inputs inputs;
    aad_guards guards;
    double* values; /* (n_slots, AAD_BLOCK) */
    ptrdiff_t begin, end;
} aad_chunk;

typedef struct { /* the first guard that came out otherwise, and the first lane of its block; -1 where none did */
    ptrdiff_t guard, lane;
} aad_changed;

typedef struct {
    const int* slots;
    ptrdiff_t n_outputs;
    const double* seeds; /* of the adjoints, where a sweep takes any */
    double* values;      /* (n_outputs, n_lanes) */
    ptrdiff_t n_lanes;
} aad_outputs;

typedef struct { /* where tangents stand: see aadlib.lanes.tangent_plan */
    const unsigned char* curves; /* bits 1, 2, 4 of a node: dxx, dxy, dyy do not vanish */
    const int* starts;
    const int* entries; /* rows of input, kind, result, tangent of the left operand, of the right one */
    ptrdiff_t n_blocks;
} aad_tangent_plan;

typedef struct { /* value, gradient and Hessian in every lane */
    const int* active;
    ptrdiff_t n_active;
    int output;
    double* values;    /* (n_lanes,) */
    double* gradients; /* (n_lanes, n_active) */
    double* hessians;  /* (n_lanes, n_active, n_active) */
} aad_lane_results;

/* ---- the block machine ---- */

typedef struct { /* runs of steps of one kind: (kind, count), and the addresses that they name */
    const int* runs;
    ptrdiff_t n_runs;
    const int* operands;
} aad_steps;

typedef struct { /* a BlockCode with its ColumnPlan: see aadlib.lanes.block_code and aadlib.lanes.machine */
    aad_steps values, sums;
    const int* loads; /* rows of argument, position, address */
    ptrdiff_t n_loads;
    const int* packs;
    ptrdiff_t n_packs;
    const int* zone;
    ptrdiff_t n_zone;
    const int* groups; /* rows of seven numbers */
    ptrdiff_t n_groups;
    const int* table;
    aad_guards guards;
    ptrdiff_t n_fixed, n_addresses, n_sums;
    int seed, output;
} aad_block_code;

typedef struct { /* one lane argument, (n_lanes, k) */
    const double* numbers;
    ptrdiff_t lane_stride, position_stride; /* in doubles */
} aad_lane_argument;

typedef struct { /* one run over lanes begin..end-1 */
    const double* fixed;
    double* workspace;
    const aad_lane_argument* arguments;
    ptrdiff_t begin, end;
    double* outputs;    /* (n_lanes,), or NULL */
    long long* changed; /* (n_guards,) lanes in which each guard came out otherwise */
    double* sums;       /* (n_sums,) */
} aad_block_run;

/* ---- the table ---- */

typedef struct {
    void (*values)(const aad_nodes* nodes, double* values, ptrdiff_t begin, ptrdiff_t end);
    void (*adjoints)(
        const aad_nodes* nodes, const double* values, double* adjoints, ptrdiff_t begin, ptrdiff_t end);
    ptrdiff_t (*changed_guard)(const aad_guards* guards, const double* values);
    void (*tangents)(
        const aad_nodes* nodes, const double* values, double* tangents, ptrdiff_t begin, ptrdiff_t end);
    void (*second_order)(
        const aad_nodes* nodes, const double* values, const double* adjoints, const double* tangents,
        double* adjoint_tangents, const int* addresses, ptrdiff_t begin, ptrdiff_t end);
    void (*bottleneck_terms)(
        const aad_nodes* nodes, const double* values, const double* adjoints, const double* tangents,
        ptrdiff_t n_blocks, ptrdiff_t n_slots, double* matrix, ptrdiff_t begin, ptrdiff_t end);
    void (*bottleneck)(
        const aad_nodes* nodes, const unsigned char* created, const double* values, const double* adjoints,
        const int* addresses, double* rows, double* sums, ptrdiff_t n_blocks);
    aad_changed (*evaluate)(const aad_chunk* chunk, const aad_outputs* outputs);
    aad_changed (*gradient)(
        const aad_chunk* chunk, const aad_outputs* outputs, double* adjoints, double* lane_adjoints);
    aad_changed (*hessian)(
        const aad_chunk* chunk, const aad_tangent_plan* plan, const aad_lane_results* results, double* scratch);
    ptrdiff_t (*run_blocks)(const aad_block_code* code, const aad_block_run* run);
} aad_kernels;

AAD_TABLES(aad_kernels)

#endif
