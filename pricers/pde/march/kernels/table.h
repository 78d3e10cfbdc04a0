/* The kernels of a march: what they take, and the table of them that one instruction set exports.
 *
 * Arrays are C-contiguous. Lanes are the last index of an array that has them; `march_lanes` of them are marched together. */
#ifndef MARCH_TABLE_H
#define MARCH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "aadlib/sweeps/kernels/processor.h"

typedef struct { /* a march, its factors and its history; n interior nodes */
    ptrdiff_t n, n_rows, n_substeps, n_results;
    const double* stencil;        /* (4, n) differences to the node below and above, of diffusion and of drift */
    const int64_t* row;           /* (n_substeps,) */
    const unsigned char* damped;  /* (n_substeps,) */
    const int64_t* last;          /* (n_results,) substeps after which node values are results */
    double *above, *inverse, *ratio; /* (n_rows, n) */
    double* doubled;              /* (n_substeps, n + 2) the solutions W with their ends */
    ptrdiff_t kept;               /* n + 2, or 0 where each W overwrites the one before */
    int64_t* exercised;           /* (n_substeps,) leading unknowns held at the floor */
} march_history;

typedef struct { /* a local basis; see pricers.surfaces.local_basis */
    ptrdiff_t n_columns, n_weights, n_planes, width;
    const int64_t *start, *weight; /* (n_rows * n_columns + 1,), (n_entries,) */
    const double* factor;          /* (n_entries,) */
    const int64_t* node_columns;   /* (n_planes, n, width) */
    const double* in_node;         /* (n_planes, n, width) */
    const int64_t* run_end;        /* (n_planes, n) the node after the last one from each on that reads the same lines */
    const double *slope, *variance; /* (n_rows, n) derivatives of u in the predictor and in the scale */
} march_basis;

typedef struct { /* boundary, initial and exercise values, or their adjoints; floor of length zero for Europeans */
    double *lower, *upper, *initial, *floor; /* (n_substeps,) twice, (n + 2,) twice */
    ptrdiff_t n_floor;
} march_ends;

typedef struct { /* directions, n_lanes of them side by side; see composite_tangents_kernel */
    ptrdiff_t n_lanes;
    const int64_t *lane_of, *reached; /* NULL where lanes are no single weights */
    const double* weights;            /* (n_weights, n_lanes) */
    const double* coefficients;       /* (1 + 2 n_rows, n_lanes), and so on with lanes last; NULL where none move */
    const double *lower, *upper, *initial, *floor;
} march_directions;

typedef struct {
    ptrdiff_t lanes;
    int (*diffusion)(int link, double scale, ptrdiff_t n_rows, ptrdiff_t n, const double* row_scale,
                     const double* predictor, double* diffusion, double* variance, double* slope);
    void (*bands)(const march_history* h, const double* diffusion, const double* drift, const double* discount);
    int (*values)(const march_history* h, const march_ends* given, double* scratch, double* results);
    void (*adjoint)(const march_history* h, const double* seeds, double* scratch, double* multipliers,
                    double* diffusion_bar, double* coefficients_bar, const march_ends* bars);
    ptrdiff_t (*scratch)(ptrdiff_t n, ptrdiff_t n_columns);
    void (*tangents)(const march_history* h, const march_basis* basis, const march_directions* d, ptrdiff_t begin,
                     const double* multipliers, double* scratch, double* results, double* product,
                     double* of_coefficients, double* history);
    void (*adjoint_lanes)(const march_history* h, const march_basis* basis, const march_directions* d, ptrdiff_t begin,
                          const double* multipliers, const double* seeds, const double* history, double* scratch,
                          double* weights_bar, double* coefficients_bar, const march_ends* bars);
} march_kernels;

AAD_TABLES(march_kernels)

#endif
