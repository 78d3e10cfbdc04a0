/* Products of whole columns, summed over lanes: vectors as wide as the instruction set's, and as many products in
 * registers at once as it has room for. Lanes never meet before the end, so the bits are the same for every width. */

#if defined(__AVX512F__)
#define AAD_VECTOR 8
#define AAD_TILE 4
#elif defined(__AVX__)
#define AAD_VECTOR 4
#define AAD_TILE 3
#else
#define AAD_VECTOR 2
#define AAD_TILE 3
#endif
#if defined(__GNUC__)
typedef double aad_vector __attribute__((vector_size(8 * AAD_VECTOR), aligned(8)));
#define AAD_LOAD(p) (*(const aad_vector*)(p))
#else
#undef AAD_VECTOR
#define AAD_VECTOR 1
typedef double aad_vector;
#define AAD_LOAD(p) (*(p))
#endif

typedef struct { /* two ranges of columns; a column's blocks stand side by side */
    const double* one;
    ptrdiff_t n_one;
    const double* other;
    ptrdiff_t n_other;
    const double* weight; /* a column, or NULL */
    int symmetric;        /* the lower triangle is not wanted */
    const int* table;     /* (n_one, n_other): the number of the sum; -1 for none, -2 - number for twice */
} aad_column_ranges;

/* The sum over the lanes of a block, always in this order. */
AAD_INLINE double sum_of_lanes(const double* x) {
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

AAD_INLINE void add_to_sum(double* sums, int number, double amount) {
    if (number >= 0)
        sums[number] += amount;
    else if (number < -1)
        sums[-2 - number] += 2.0 * amount;
}

/* Sum the products of a tile of columns over blocks, lane by lane. */
AAD_INLINE void multiply_tile(
    const double* const* x, const double* const* y, ptrdiff_t n_blocks,
    double products[AAD_TILE][AAD_TILE][AAD_LANES]) {
    for (int part = 0; part < AAD_LANES; part += AAD_VECTOR) {
        aad_vector sum[AAD_TILE][AAD_TILE];
        memset(sum, 0, sizeof sum);
        for (ptrdiff_t at = part; at < n_blocks * AAD_LANES; at += AAD_LANES) {
            aad_vector a[AAD_TILE];
            for (int p = 0; p < AAD_TILE; p++) a[p] = AAD_LOAD(x[p] + at);
            for (int q = 0; q < AAD_TILE; q++) {
                aad_vector b = AAD_LOAD(y[q] + at);
                for (int p = 0; p < AAD_TILE; p++) sum[p][q] += a[p] * b;
            }
        }
        for (int p = 0; p < AAD_TILE; p++)
            for (int q = 0; q < AAD_TILE; q++) memcpy(&products[p][q][part], &sum[p][q], sizeof(aad_vector));
    }
}

/* Add to every sum in the table the products of its two columns, and of the weight, over blocks and lanes. */
static void multiply_columns(const aad_column_ranges* ranges, ptrdiff_t n_blocks, double* sums) {
    const aad_column_ranges r = *ranges;
    double scaled[AAD_TILE][AAD_COLUMN];
    double products[AAD_TILE][AAD_TILE][AAD_LANES];
    for (ptrdiff_t i = 0; i < r.n_one; i += AAD_TILE) {
        const double* x[AAD_TILE];
        for (int p = 0; p < AAD_TILE; p++) {
            x[p] = r.one + (i + p < r.n_one ? i + p : r.n_one - 1) * AAD_COLUMN;
            if (r.weight) {
                for (ptrdiff_t at = 0; at < n_blocks * AAD_LANES; at++) scaled[p][at] = x[p][at] * r.weight[at];
                x[p] = scaled[p];
            }
        }
        for (ptrdiff_t j = r.symmetric ? i : 0; j < r.n_other; j += AAD_TILE) {
            const double* y[AAD_TILE];
            for (int q = 0; q < AAD_TILE; q++)
                y[q] = r.other + (j + q < r.n_other ? j + q : r.n_other - 1) * AAD_COLUMN;
            multiply_tile(x, y, n_blocks, products);
            for (int p = 0; p < AAD_TILE && i + p < r.n_one; p++)
                for (int q = 0; q < AAD_TILE && j + q < r.n_other; q++)
                    add_to_sum(sums, r.table[(i + p) * r.n_other + j + q], sum_of_lanes(products[p][q]));
        }
    }
}

/* The same where a zero factor ends the chain whatever the others are. */
static void multiply_ended_columns(const aad_column_ranges* ranges, ptrdiff_t n_blocks, double* sums) {
    const aad_column_ranges r = *ranges;
    double products[AAD_LANES];
    for (ptrdiff_t i = 0; i < r.n_one; i++)
        for (ptrdiff_t j = 0; j < r.n_other; j++) {
            if (r.table[i * r.n_other + j] == -1) continue;
            for (int l = 0; l < AAD_LANES; l++) products[l] = 0.0;
            for (ptrdiff_t at = 0; at < n_blocks * AAD_LANES; at += AAD_LANES)
                for (int l = 0; l < AAD_LANES; l++) {
                    double x = r.one[i * AAD_COLUMN + at + l];
                    if (r.weight) x = aad_chain(x, r.weight[at + l]);
                    products[l] += aad_chain(x, r.other[j * AAD_COLUMN + at + l]);
                }
            add_to_sum(sums, r.table[i * r.n_other + j], sum_of_lanes(products));
        }
}
