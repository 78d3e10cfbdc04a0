/* What the compiled passes of a twin network take, and the table of them that one instruction set exports.
 *
 * `kernels.c` and the headers that it includes are plain C without any Python, compiled once per instruction
 * set, for single and for double precision. Python's face is pricers.surrogates.network.compiled_passes. */
#ifndef NET_TABLE_H
#define NET_TABLE_H

#include "aadlib/sweeps/kernels/processor.h"

#include <stddef.h>
#include <stdint.h>

enum { NET_MOST_LAYERS = 32, NET_SOFTPLUS = 0, NET_ELU = 1, NET_SILU = 2 };

typedef struct { /* layers with weights, their sizes (inputs first), and where each one's weights begin */
    int n_layers;
    ptrdiff_t sizes[NET_MOST_LAYERS + 1];
    ptrdiff_t starts[NET_MOST_LAYERS + 1];
    int activation;
} net_shape;

typedef struct { /* normalised samples in the network's precision; dydx (n, m, d) may be NULL */
    const void* x;
    const void* y;
    const void* dydx;
    double value_weight;
    const void* slope_weights;
} net_samples;

typedef struct { /* Adam: weights, running mean and mean square of the gradient, steps taken */
    void* weights;
    void* mean;
    void* square;
    int64_t n_steps;
    double mean_decay, square_decay, floor;
} net_adam;

typedef struct { /* means and deviations of inputs and outputs, and the box of the inputs trained on */
    const double* x_mean;
    const double* x_deviation;
    const double* y_mean;
    const double* y_deviation;
    const double* lowest;
    const double* highest;
} net_scaling;

typedef struct { /* rows of numbers in and out; greeks may be NULL */
    const double* x;
    double* values;
    double* greeks;
    unsigned char* outside;
    ptrdiff_t n;
} net_states;

typedef struct {
    /* Bytes of workspace for a block of so many rows. */
    size_t (*workspace)(const net_shape* shape, ptrdiff_t rows);
    /* Step once for each rate through the samples in their order; add the mean losses to losses[2]. */
    void (*train)(
        const net_shape* shape, const net_samples* samples, net_adam* adam, const int64_t* order, ptrdiff_t n,
        const double* rates, ptrdiff_t n_batches, double* losses, void* workspace);
    /* Mean losses of rows begin to end; the gradient too where it is not NULL. */
    void (*gradient)(
        const net_shape* shape, const net_samples* samples, const void* weights, ptrdiff_t n, void* gradient,
        double* losses, void* workspace);
    /* Values, and Greeks where they are wanted, of states in their own units. */
    void (*evaluate)(
        const net_shape* shape, const net_scaling* scaling, const void* weights, const net_states* states,
        void* workspace);
} net_passes;

typedef struct { /* one instruction set */
    net_passes single_precision, double_precision;
} net_kernels;

AAD_TABLES(net_kernels)

#endif
