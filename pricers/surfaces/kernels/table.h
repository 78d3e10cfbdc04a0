/* The kernels of surfaces: what they take, and the table of them that one instruction set exports. */
#ifndef SURFACES_TABLE_H
#define SURFACES_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "aadlib/sweeps/kernels/processor.h"

typedef struct { /* pieces of polynomials: the values on each of the basis functions that are alive there */
    const double* breakpoints; /* (n_pieces + 1,) */
    const double* pieces;      /* (n_pieces, width, n_powers), ascending */
    ptrdiff_t n_pieces, width, n_powers;
} surfaces_spline;

typedef struct { /* pricers.surfaces.local_basis.LocalBasis: its lines as a sparse matrix, n_columns of them a row */
    const int64_t *start, *weight;
    const double* factor;
    const int64_t* node_columns; /* (n_planes, n_nodes, width) */
    const double* in_node;
    const int64_t* run_end; /* (n_planes, n_nodes), for each node the first one after it that reads other columns */
    ptrdiff_t n_columns, n_planes, n_nodes, width, n_rows; /* one plane for all rows, or one for each */
} surfaces_basis;

typedef struct { /* a surface on moved nodes, row by row: see moved_variance.h */
    surfaces_spline spline;
    const double* nodes;                               /* (n_nodes,) increasing */
    const double *home, *inverse_scale, *inverse_width; /* (n_rows,) */
    const double *centres, *lines;                     /* (n_centres,), (n_rows, n_columns) */
    double reach;
    ptrdiff_t n_rows, n_nodes, n_centres, n_columns;
} surfaces_moved;

typedef struct { /* one row of it: room for what is found at each node, and for the pieces of its spline */
    double *z, *coordinate, *offset, *inside, *of_surface, *pieces;
    int64_t* interval;
    const double* line;
    double shift, located;
} surfaces_row;

typedef struct {
    void (*tabulate)(
        const surfaces_spline* spline, const double* coordinate, ptrdiff_t n_rows, ptrdiff_t n, int64_t* first,
        double* values);
    void (*predict)(const surfaces_basis* basis, const double* weights, double* line, double* result);
    void (*gather)(const surfaces_basis* basis, const double* seeds, double* line, double* result);
    void (*gram)(
        const surfaces_basis* basis, ptrdiff_t reach, const double* factors, ptrdiff_t n_weights, double* band,
        double* result);
    void (*runs)(const surfaces_basis* basis, int64_t* run_end);
    int (*moved_variances)(const surfaces_moved* m, surfaces_row* row, double* result);
    void (*moved_derivatives)(const surfaces_moved* m, surfaces_row* row, int64_t* columns, double* inside);
    void (*moved_curvature)(
        const surfaces_moved* m, const surfaces_basis* basis, surfaces_row* row, const double* factors,
        ptrdiff_t n_weights, double* band, double* result);
} surfaces_kernels;

AAD_TABLES(surfaces_kernels)

#endif
