/* Values and Greeks of states in their own units, in one precision; included by passes.h. */

/* The inputs of a block, normalised, and a mark on the states outside the box trained on; a NaN is outside. */
static void NET_FORM(load_states)(
    const net_scaling* s, const net_states* states, ptrdiff_t d, ptrdiff_t first, ptrdiff_t rows, const BLOCK* b) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        const double* x = states->x + (first + r) * d;
        int inside = 1;
        for (ptrdiff_t j = 0; j < d; j++) {
            inside &= (x[j] >= s->lowest[j]) & (x[j] <= s->highest[j]);
            b->value[0][j * b->columns + r] = (NUMBER)((x[j] - s->x_mean[j]) / s->x_deviation[j]);
        }
        states->outside[first + r] = (unsigned char)!inside;
    }
    for (ptrdiff_t j = 0; j < d; j++)
        for (ptrdiff_t r = rows; r < b->columns; r++) b->value[0][j * b->columns + r] = 0;
}

static void NET_FORM(evaluate)(
    const net_shape* shape, const net_scaling* scaling, const void* weights, const net_states* states,
    void* workspace) {
    BLOCK b;
    ptrdiff_t d = shape->sizes[0], m = shape->sizes[shape->n_layers];
    ptrdiff_t columns = states->n < ROWS ? (states->n + WIDTH - 1) / WIDTH * WIDTH : ROWS;
    NET_FORM(arrange)(shape, columns, workspace, &b);
    for (ptrdiff_t first = 0; first < states->n; first += columns) {
        ptrdiff_t rows = states->n - first < columns ? states->n - first : columns;
        NET_FORM(load_states)(scaling, states, d, first, rows, &b);
        NET_FORM(forward)(shape, (const NUMBER*)weights, &b);
        for (ptrdiff_t k = 0; k < m; k++) {
            const NUMBER* value = b.value[shape->n_layers] + k * columns;
            double mean = scaling->y_mean[k], deviation = scaling->y_deviation[k];
            for (ptrdiff_t r = 0; r < rows; r++) states->values[(first + r) * m + k] = mean + deviation * value[r];
            if (!states->greeks) continue;
            NET_FORM(backward)(shape, (const NUMBER*)weights, &b, k);
            for (ptrdiff_t j = 0; j < d; j++) {
                const NUMBER* slope = b.entering[0] + j * columns;
                double unit = deviation / scaling->x_deviation[j];
                double* to = states->greeks + (first * m + k) * d + j;
                for (ptrdiff_t r = 0; r < rows; r++) to[r * m * d] = unit * slope[r];
            }
        }
    }
}
