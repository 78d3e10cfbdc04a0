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
    ptrdiff_t n_columns, n_planes, n_nodes, width, n_rows; /* one plane for all rows, or one for each */
} surfaces_basis;

typedef struct {
    void (*tabulate)(
        const surfaces_spline* spline, const double* coordinate, ptrdiff_t n_rows, ptrdiff_t n, int64_t* first,
        double* values);
    void (*predict)(const surfaces_basis* basis, const double* weights, double* line, double* result);
    void (*gather)(const surfaces_basis* basis, const double* seeds, double* line, double* result);
    void (*gram)(
        const surfaces_basis* basis, ptrdiff_t reach, const double* factors, ptrdiff_t n_weights, double* band,
        double* result);
} surfaces_kernels;

AAD_TABLES(surfaces_kernels)

#endif
