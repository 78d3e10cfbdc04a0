/* The kernels of American options: what they take, and the table of them that one instruction set exports. */
#ifndef AMERICAN_TABLE_H
#define AMERICAN_TABLE_H

#include <stddef.h>

#include "aadlib/sweeps/kernels/processor.h"

enum {
    AMERICAN_NODES = 8,   /* of a spectral boundary, today's included, expiry's not */
    AMERICAN_POINTS = 12, /* of the integrals of the boundary's equation */
    AMERICAN_PRICE_POINTS = 24,
    CASH_LANES = 16, /* options marched side by side; shorter inner loops are unrolled, not vectorised */
    CASH_NODES = 201,
    CASH_ROOM = 7 * CASH_NODES * CASH_LANES /* doubles that a march works in, besides its owed dividends */
};

typedef struct { /* pricers.american.spectral_tables */
    double times[AMERICAN_NODES], elapsed[AMERICAN_POINTS], weights[AMERICAN_POINTS];
    double to_points[AMERICAN_NODES][AMERICAN_POINTS][AMERICAN_NODES];
    double price_elapsed[AMERICAN_PRICE_POINTS], price_weights[AMERICAN_PRICE_POINTS];
    double to_price_points[AMERICAN_PRICE_POINTS][AMERICAN_NODES];
} american_tables;

typedef struct { /* (n_options,) each; no expiry where all have the same */
    const double *spot, *strike, *expiry, *rate, *dividend_yield, *volatility;
    const unsigned char* is_call;
    ptrdiff_t n_options;
} american_options;

typedef struct { /* cash dividends before expiry, and the steps of the march from expiry to today */
    const double *times, *amounts; /* (n_dividends,) */
    ptrdiff_t n_dividends;
    const double *lengths, *ends; /* (n_steps,) years of a Crank-Nicolson step, an implicit one goes half as far */
    const unsigned char* implicit; /* whether a step is implicit or Crank-Nicolson */
    ptrdiff_t n_steps;
} american_cash_steps;

typedef struct {
    void (*premiums)(const american_tables* tables, const american_options* options, double* out);
    void (*cash_premiums)(
        const american_options* options, double expiry, const american_cash_steps* steps, double* room, double* owed,
        double* out);
} american_kernels;

AAD_TABLES(american_kernels)

#endif
