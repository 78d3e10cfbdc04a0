/* The passes of a twin network in one precision: NET_NUMBER is the number, NET_FORM puts its name before another.
 *
 * Samples go through in blocks. An array of a block has a row for each unit and a column for each sample, so that a
 * vector holds one unit of several samples and a weight is one number for all of them. `value`, `slope`, `curvature`
 * are an activation's; for one output at a time, `leaving` and `entering` are its adjoints on either side of an
 * activation, and `tangent` is the derivative along the residual of the Greeks; `bend` collects what the second backward
 * pass gets through the first. The readable form is pricers/surrogates/network/twins/passes.py. */

#define NUMBER NET_NUMBER
#define BLOCK NET_FORM(block)

enum { NET_FORM(width) = NET_BYTES / sizeof(NUMBER) };
#if defined(__GNUC__)
typedef NUMBER NET_FORM(vector) __attribute__((vector_size(NET_BYTES), aligned(sizeof(NUMBER)), may_alias));
#define WIDTH NET_FORM(width)
#else
typedef NUMBER NET_FORM(vector);
#define WIDTH 1
#endif
#define VECTOR NET_FORM(vector)
#define LOAD(p) (*(const VECTOR*)(p))
#define STORE(p, v) (*(VECTOR*)(p) = (v))
#define ROWS (256 / (ptrdiff_t)sizeof(NUMBER)) /* most samples in a block: four vectors of 64 bytes */

typedef struct { /* the arrays of a block: `columns` numbers a row; rows of the layer that the index names */
    ptrdiff_t columns;
    NUMBER* value[NET_MOST_LAYERS + 1];
    NUMBER* slope[NET_MOST_LAYERS + 1];
    NUMBER* curvature[NET_MOST_LAYERS + 1];
    NUMBER* leaving[NET_MOST_LAYERS + 1];
    NUMBER* entering[NET_MOST_LAYERS + 1];
    NUMBER* tangent[NET_MOST_LAYERS + 1];
    NUMBER* bend[NET_MOST_LAYERS + 1];
    NUMBER* adjoint;
    NUMBER* scratch;
    NUMBER* sums; /* a vector for each weight: the gradient, not yet summed over the vector */
} BLOCK;

/* ---- products of a matrix with a block ---- */

/* out[o] = bias[o] + sum_i weights[o * by_out + i * by_in] in[i], for n_out outputs and n_vectors of columns. */
NET_INLINE void NET_FORM(tile)(
    const int n_out, const int n_vectors, const NUMBER* weights, ptrdiff_t by_out, ptrdiff_t by_in, ptrdiff_t n_in,
    const NUMBER* bias, const NUMBER* in, NUMBER* out, ptrdiff_t columns) {
    VECTOR sum[4][4];
    NET_UNROLL
    for (int o = 0; o < n_out; o++)
        NET_UNROLL
        for (int v = 0; v < n_vectors; v++) sum[o][v] = (bias ? bias[o] : (NUMBER)0) + (VECTOR){0};
    for (ptrdiff_t i = 0; i < n_in; i++) {
        VECTOR x[4];
        NET_UNROLL
        for (int v = 0; v < n_vectors; v++) x[v] = LOAD(in + i * columns + v * WIDTH);
        NET_UNROLL
        for (int o = 0; o < n_out; o++) {
            NUMBER w = weights[o * by_out + i * by_in];
            NET_UNROLL
            for (int v = 0; v < n_vectors; v++) sum[o][v] += w * x[v];
        }
    }
    NET_UNROLL
    for (int o = 0; o < n_out; o++)
        NET_UNROLL
        for (int v = 0; v < n_vectors; v++) STORE(out + o * columns + v * WIDTH, sum[o][v]);
}

static void NET_FORM(product)(
    const NUMBER* weights, ptrdiff_t by_out, ptrdiff_t by_in, ptrdiff_t n_in, ptrdiff_t n_out, const NUMBER* bias,
    const NUMBER* in, NUMBER* out, ptrdiff_t columns) {
    ptrdiff_t o = 0;
#define NET_TILES(n)                                                                                              \
    for (; o + n <= n_out; o += n) {                                                                              \
        const NUMBER* from = weights + o * by_out;                                                                \
        const NUMBER* start = bias ? bias + o : NULL;                                                             \
        NUMBER* to = out + o * columns;                                                                           \
        ptrdiff_t c = 0;                                                                                          \
        for (; c + NET_COLUMNS * WIDTH <= columns; c += NET_COLUMNS * WIDTH)                                      \
            NET_FORM(tile)(n, NET_COLUMNS, from, by_out, by_in, n_in, start, in + c, to + c, columns);            \
        for (; c < columns; c += WIDTH)                                                                           \
            NET_FORM(tile)(n, 1, from, by_out, by_in, n_in, start, in + c, to + c, columns);                      \
    }
    NET_TILES(4)
    NET_TILES(1)
#undef NET_TILES
}

/* sums[i][o] += one[i] * other[o], a vector each, over the columns of a block. */
NET_INLINE void NET_FORM(outer_tile)(
    const int n_one, const int n_other, const NUMBER* one, const NUMBER* other, ptrdiff_t columns, NUMBER* sums,
    ptrdiff_t n_out) {
    VECTOR sum[4][4];
    NET_UNROLL
    for (int i = 0; i < n_one; i++)
        NET_UNROLL
        for (int o = 0; o < n_other; o++) sum[i][o] = LOAD(sums + (i * n_out + o) * WIDTH);
    for (ptrdiff_t c = 0; c < columns; c += WIDTH) {
        VECTOR y[4];
        NET_UNROLL
        for (int o = 0; o < n_other; o++) y[o] = LOAD(other + o * columns + c);
        NET_UNROLL
        for (int i = 0; i < n_one; i++) {
            VECTOR x = LOAD(one + i * columns + c);
            NET_UNROLL
            for (int o = 0; o < n_other; o++) sum[i][o] += x * y[o];
        }
    }
    NET_UNROLL
    for (int i = 0; i < n_one; i++)
        NET_UNROLL
        for (int o = 0; o < n_other; o++) STORE(sums + (i * n_out + o) * WIDTH, sum[i][o]);
}

static void NET_FORM(add_outer)(
    const NUMBER* one, ptrdiff_t n_in, const NUMBER* other, ptrdiff_t n_out, ptrdiff_t columns, NUMBER* sums) {
    ptrdiff_t i = 0;
#define NET_PART(n_one, n_other)                                                                                   \
    for (; o + n_other <= n_out; o += n_other)                                                                     \
        NET_FORM(outer_tile)(                                                                                      \
            n_one, n_other, one + i * columns, other + o * columns, columns, sums + (i * n_out + o) * WIDTH, n_out);
#define NET_TILES(n)                                                                                               \
    for (; i + n <= n_in; i += n) {                                                                                \
        ptrdiff_t o = 0;                                                                                           \
        NET_PART(n, NET_COLUMNS)                                                                                   \
        NET_PART(n, 1)                                                                                             \
    }
    NET_TILES(4)
    NET_TILES(1)
#undef NET_TILES
#undef NET_PART
}

/* sums[i * step] += one[i], a vector each, over the columns of a block. */
static void NET_FORM(add_rows)(const NUMBER* one, ptrdiff_t n, ptrdiff_t columns, NUMBER* sums, ptrdiff_t step) {
    for (ptrdiff_t i = 0; i < n; i++) {
        VECTOR sum = LOAD(sums + i * step * WIDTH);
        for (ptrdiff_t c = 0; c < columns; c += WIDTH) sum += LOAD(one + i * columns + c);
        STORE(sums + i * step * WIDTH, sum);
    }
}

/* ---- activations ---- */

/* Replace what enters activations by what leaves them, and find their slopes and curvatures. */
static void NET_FORM(activate)(
    int activation, NUMBER* AAD_RESTRICT value, NUMBER* AAD_RESTRICT slope, NUMBER* AAD_RESTRICT curvature,
    ptrdiff_t n) {
    const NUMBER one = 1, zero = 0;
    if (activation == NET_SOFTPLUS)
        for (ptrdiff_t i = 0; i < n; i++) {
            NUMBER z = value[i];
            NUMBER decay = NET_EXP(-NET_ABS(z));
            NUMBER share = one / (one + decay);
            NUMBER rest = decay * share;
            value[i] = (z > zero ? z : zero) + NET_LOG1P(decay);
            slope[i] = z >= zero ? share : rest;
            curvature[i] = rest * share;
        }
    else if (activation == NET_ELU)
        for (ptrdiff_t i = 0; i < n; i++) {
            NUMBER z = value[i];
            NUMBER decay = NET_EXP(z < zero ? z : zero);
            value[i] = z > zero ? z : decay - one;
            slope[i] = z > zero ? one : decay;
            curvature[i] = z > zero ? zero : decay;
        }
    else
        for (ptrdiff_t i = 0; i < n; i++) {
            NUMBER z = value[i];
            NUMBER decay = NET_EXP(-NET_ABS(z));
            NUMBER share = one / (one + decay);
            NUMBER gate = z >= zero ? share : decay * share;
            NUMBER bend = decay * share * share;
            value[i] = z * gate;
            slope[i] = gate + z * bend;
            curvature[i] = bend * (2 + z * (one - 2 * gate));
        }
}

/* ---- passes through a block ---- */

static void NET_FORM(forward)(const net_shape* shape, const NUMBER* weights, const BLOCK* b) {
    for (int l = 1; l <= shape->n_layers; l++) {
        ptrdiff_t n_in = shape->sizes[l - 1], n_out = shape->sizes[l];
        const NUMBER* w = weights + shape->starts[l - 1];
        NET_FORM(product)(w, 1, n_out, n_in, n_out, w + n_in * n_out, b->value[l - 1], b->value[l], b->columns);
        if (l < shape->n_layers)
            NET_FORM(activate)(shape->activation, b->value[l], b->slope[l], b->curvature[l], n_out * b->columns);
    }
}

/* Adjoints of an output down to the inputs: its derivatives are then entering[0]. */
static void NET_FORM(backward)(const net_shape* shape, const NUMBER* weights, const BLOCK* b, ptrdiff_t output) {
    int last = shape->n_layers - 1;
    const NUMBER* w = weights + shape->starts[last];
    NUMBER* top = last ? b->leaving[last] : b->entering[0];
    for (ptrdiff_t i = 0; i < shape->sizes[last]; i++)
        for (ptrdiff_t c = 0; c < b->columns; c++) top[i * b->columns + c] = w[i * shape->sizes[last + 1] + output];
    for (int l = last; l > 0; l--) {
        ptrdiff_t n_in = shape->sizes[l - 1], n_out = shape->sizes[l];
        for (ptrdiff_t c = 0; c < n_out * b->columns; c += WIDTH)
            STORE(b->entering[l] + c, LOAD(b->leaving[l] + c) * LOAD(b->slope[l] + c));
        NUMBER* to = l > 1 ? b->leaving[l - 1] : b->entering[0];
        NET_FORM(product)(
            weights + shape->starts[l - 1], n_out, 1, n_out, n_in, NULL, b->entering[l], to, b->columns);
    }
}

/* The tangent along tangent[0], with its products with the adjoints, and what it bends. */
static void NET_FORM(tangents)(const net_shape* shape, const NUMBER* weights, const BLOCK* b, ptrdiff_t output) {
    int last = shape->n_layers - 1;
    for (int l = 1; l <= last; l++) {
        ptrdiff_t n_in = shape->sizes[l - 1], n_out = shape->sizes[l];
        NUMBER* sums = b->sums + shape->starts[l - 1] * WIDTH;
        NET_FORM(add_outer)(b->tangent[l - 1], n_in, b->entering[l], n_out, b->columns, sums);
        NET_FORM(product)(
            weights + shape->starts[l - 1], 1, n_out, n_in, n_out, NULL, b->tangent[l - 1], b->scratch, b->columns);
        for (ptrdiff_t c = 0; c < n_out * b->columns; c += WIDTH) {
            VECTOR moved = LOAD(b->scratch + c);
            STORE(b->tangent[l] + c, LOAD(b->slope[l] + c) * moved);
            VECTOR bend = LOAD(b->leaving[l] + c) * LOAD(b->curvature[l] + c) * moved;
            if (output) bend += LOAD(b->bend[l] + c);
            STORE(b->bend[l] + c, bend);
        }
    }
    NUMBER* sums = b->sums + (shape->starts[last] + output) * WIDTH;
    NET_FORM(add_rows)(b->tangent[last], shape->sizes[last], b->columns, sums, shape->sizes[last + 1]);
}

/* The backward pass of the combined loss from the seeds of the outputs in `adjoint`. */
static void NET_FORM(second_backward)(const net_shape* shape, const NUMBER* weights, const BLOCK* b, int bent) {
    for (int l = shape->n_layers; l > 0; l--) {
        ptrdiff_t n_in = shape->sizes[l - 1], n_out = shape->sizes[l];
        NUMBER* sums = b->sums + shape->starts[l - 1] * WIDTH;
        NET_FORM(add_outer)(b->value[l - 1], n_in, b->adjoint, n_out, b->columns, sums);
        NET_FORM(add_rows)(b->adjoint, n_out, b->columns, sums + n_in * n_out * WIDTH, 1);
        if (l == 1) return;
        NET_FORM(product)(
            weights + shape->starts[l - 1], n_out, 1, n_out, n_in, NULL, b->adjoint, b->scratch, b->columns);
        for (ptrdiff_t c = 0; c < n_in * b->columns; c += WIDTH) {
            VECTOR adjoint = LOAD(b->scratch + c) * LOAD(b->slope[l - 1] + c);
            if (bent) adjoint += LOAD(b->bend[l - 1] + c);
            STORE(b->adjoint + c, adjoint);
        }
    }
}

#include "pricers/surrogates/network/kernels/training.h"

#include "pricers/surrogates/network/kernels/evaluation.h"

#undef NUMBER
#undef BLOCK
#undef VECTOR
#undef WIDTH
#undef LOAD
#undef STORE
#undef ROWS
