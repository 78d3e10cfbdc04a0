/* The kernels of calibration, and the table of them that one instruction set exports. */
#ifndef CALIBRATION_TABLE_H
#define CALIBRATION_TABLE_H

#include <stddef.h>

#include "aadlib/sweeps/kernels/processor.h"

typedef struct {
    void (*normal_equations)(
        const double* jacobian, const double* residuals, ptrdiff_t n_rows, ptrdiff_t n_columns, double* normal,
        double* gradient);
    int (*cholesky_solve)(double* matrix, double* right, ptrdiff_t n);
} calibration_kernels;

AAD_TABLES(calibration_kernels)

#endif
