/* The kernels of closed forms: what they take, and the table of them that one instruction set exports. */
#ifndef ANALYTIC_TABLE_H
#define ANALYTIC_TABLE_H

#include <stddef.h>

#include "aadlib/sweeps/kernels/processor.h"

typedef struct { /* (n_quotes,) each */
    const double *price, *forward, *strike, *expiry, *discount;
    const unsigned char* is_call;
    ptrdiff_t n_quotes;
} analytic_quotes;

typedef struct {
    void (*implied_volatilities)(const analytic_quotes* quotes, double* out);
    void (*normal_volatilities)(const analytic_quotes* quotes, double* out);
    void (*implied_deviations)(
        const double* price, const double* log_moneyness, double floor, double* deviation, double* slope, ptrdiff_t n);
    double (*implied_deviation)(double moneyness, double price, double complement);
    double (*scaled_tail)(double z);
} analytic_kernels;

AAD_TABLES(analytic_kernels)

#endif
