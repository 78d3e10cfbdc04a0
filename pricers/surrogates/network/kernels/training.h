/* Losses, their gradient, and epochs of Adam, in one precision; included by passes.h. */

/* The arrays of a block in a workspace, or with no workspace the bytes that they take. */
static size_t NET_FORM(arrange)(const net_shape* shape, ptrdiff_t columns, void* workspace, BLOCK* b) {
    size_t line = 64 / sizeof(NUMBER), at = 0;
    NUMBER* base = (NUMBER*)net_on_line(workspace);
    ptrdiff_t widest = 0;
    b->columns = columns;
#define NET_ARRAY(name, n) (name = base + at, at += ((size_t)(n) + line - 1) / line * line)
    for (int l = 0; l <= shape->n_layers; l++) {
        ptrdiff_t n = shape->sizes[l] * columns;
        if (n > widest) widest = n;
        NET_ARRAY(b->value[l], n);
        NET_ARRAY(b->entering[l], n);
        NET_ARRAY(b->slope[l], n);
        NET_ARRAY(b->curvature[l], n);
        NET_ARRAY(b->leaving[l], n);
        NET_ARRAY(b->tangent[l], n);
        NET_ARRAY(b->bend[l], n);
    }
    NET_ARRAY(b->adjoint, widest);
    NET_ARRAY(b->scratch, widest);
    NET_ARRAY(b->sums, (shape->starts[shape->n_layers] + 1) * WIDTH);
#undef NET_ARRAY
    return (at + line) * sizeof(NUMBER);
}

static size_t NET_FORM(workspace)(const net_shape* shape, ptrdiff_t rows) {
    BLOCK b;
    char nothing[64];
    ptrdiff_t columns = rows < ROWS ? (rows + WIDTH - 1) / WIDTH * WIDTH : ROWS;
    return NET_FORM(arrange)(shape, columns, nothing, &b);
}

/* to[j][r] = from[order[r]][j] for columns j of rows of n_all numbers, and zeros where there is no row. */
NET_INLINE void NET_FORM(gather)(
    const NUMBER* from, ptrdiff_t n_all, ptrdiff_t n, const int64_t* order, ptrdiff_t first, ptrdiff_t rows,
    ptrdiff_t columns, NUMBER* to) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        const NUMBER* row = from + (order ? order[first + r] : first + r) * n_all;
        for (ptrdiff_t j = 0; j < n; j++) to[j * columns + r] = row[j];
    }
    for (ptrdiff_t j = 0; j < n; j++)
        for (ptrdiff_t r = rows; r < columns; r++) to[j * columns + r] = 0;
}

/* Ask for the rows that the next block gathers: shuffled, they lie all over memory. */
NET_INLINE void NET_FORM(ask_for)(
    const NUMBER* from, ptrdiff_t n_all, const int64_t* order, ptrdiff_t first, ptrdiff_t end) {
    for (ptrdiff_t r = first; r < end; r++) {
        const NUMBER* row = from + order[r] * n_all;
        for (ptrdiff_t j = 0; j < n_all; j += 64 / (ptrdiff_t)sizeof(NUMBER)) NET_PREFETCH(row + j);
    }
}

NET_INLINE double NET_FORM(total)(VECTOR v) {
    NUMBER parts[WIDTH];
    STORE(parts, v);
    double total = 0.0;
    for (int i = 0; i < WIDTH; i++) total += parts[i];
    return total;
}

/* Replace labels by the derivatives of weight / 2 times scale * residual^2 in the predictions; return their sum. */
NET_INLINE double NET_FORM(residuals)(
    const NUMBER* predicted, NUMBER* labels, NUMBER weight, NUMBER scale, ptrdiff_t rows, ptrdiff_t columns) {
    VECTOR sum = {0};
    for (ptrdiff_t c = rows; c < columns; c++) labels[c] = predicted[c]; /* no sample, no residual */
    for (ptrdiff_t c = 0; c < columns; c += WIDTH) {
        VECTOR difference = LOAD(predicted + c) - LOAD(labels + c);
        VECTOR weighted = weight * difference;
        sum += weighted * difference;
        STORE(labels + c, scale * weighted);
    }
    return NET_FORM(total)(sum);
}

/* Add the losses of a block to losses[2], and with `wanted` their gradient, times scale / 2, to the sums. */
static void NET_FORM(sweep_block)(
    const net_shape* shape, const net_samples* samples, const NUMBER* weights, const int64_t* order, ptrdiff_t first,
    ptrdiff_t rows, NUMBER scale, int wanted, double* losses, const BLOCK* b) {
    ptrdiff_t d = shape->sizes[0], m = shape->sizes[shape->n_layers], columns = b->columns;
    const NUMBER* slope_weights = (const NUMBER*)samples->slope_weights;
    NET_FORM(gather)((const NUMBER*)samples->x, d, d, order, first, rows, columns, b->value[0]);
    NET_FORM(forward)(shape, weights, b);
    for (ptrdiff_t k = 0; samples->dydx && k < m; k++) {
        NET_FORM(backward)(shape, weights, b, k);
        const NUMBER* labels = (const NUMBER*)samples->dydx + k * d;
        NET_FORM(gather)(labels, m * d, d, order, first, rows, columns, b->tangent[0]);
        for (ptrdiff_t j = 0; j < d; j++)
            losses[1] += NET_FORM(residuals)(
                b->entering[0] + j * columns, b->tangent[0] + j * columns, slope_weights[k * d + j], scale, rows,
                columns);
        if (wanted) NET_FORM(tangents)(shape, weights, b, k);
    }
    NET_FORM(gather)((const NUMBER*)samples->y, m, m, order, first, rows, columns, b->adjoint);
    for (ptrdiff_t k = 0; k < m; k++)
        losses[0] += NET_FORM(residuals)(
            b->value[shape->n_layers] + k * columns, b->adjoint + k * columns, (NUMBER)samples->value_weight, scale,
            rows, columns);
    if (wanted) NET_FORM(second_backward)(shape, weights, b, samples->dydx != NULL);
}

/* Mean losses of rows `begin` to `end`, added times their share to losses[2], and the gradient where it is wanted. */
static void NET_FORM(sweep_batch)(
    const net_shape* shape, const net_samples* samples, const NUMBER* weights, const int64_t* order, ptrdiff_t begin,
    ptrdiff_t end, double share, NUMBER* gradient, double* losses, void* workspace) {
    BLOCK b;
    ptrdiff_t n_weights = shape->starts[shape->n_layers];
    double sums[2] = {0.0, 0.0};
    NET_FORM(arrange)(shape, ROWS, workspace, &b);
    if (gradient) memset(b.sums, 0, (size_t)(n_weights * WIDTH) * sizeof(NUMBER));
    NUMBER scale = (NUMBER)(2.0 / (double)(end - begin));
    for (ptrdiff_t first = begin; first < end; first += ROWS) {
        ptrdiff_t rows = end - first < ROWS ? end - first : ROWS;
        ptrdiff_t next = first + ROWS, next_end = end - next < ROWS ? end : next + ROWS;
        if (order) {
            ptrdiff_t d = shape->sizes[0], m = shape->sizes[shape->n_layers];
            NET_FORM(ask_for)((const NUMBER*)samples->x, d, order, next, next_end);
            if (samples->dydx) NET_FORM(ask_for)((const NUMBER*)samples->dydx, m * d, order, next, next_end);
        }
        NET_FORM(sweep_block)(shape, samples, weights, order, first, rows, scale, gradient != NULL, sums, &b);
    }
    for (int i = 0; i < 2; i++) losses[i] += share * sums[i] / (double)(end - begin);
    if (!gradient) return;
    for (ptrdiff_t i = 0; i < n_weights; i++) {
        NUMBER parts[WIDTH];
        memcpy(parts, b.sums + i * WIDTH, sizeof parts);
        for (int half = WIDTH / 2; half > 0; half /= 2)
            for (int p = 0; p < half; p++) parts[p] += parts[p + half];
        gradient[i] = parts[0];
    }
}

/* One step of Adam (Kingma and Ba 2015, algorithm 1). */
static void NET_FORM(step)(net_adam* adam, const NUMBER* AAD_RESTRICT gradient, ptrdiff_t n, double rate) {
    NUMBER* AAD_RESTRICT weights = (NUMBER*)adam->weights;
    NUMBER* AAD_RESTRICT mean = (NUMBER*)adam->mean;
    NUMBER* AAD_RESTRICT square = (NUMBER*)adam->square;
    double steps = (double)++adam->n_steps;
    const NUMBER fresh_mean = (NUMBER)(1.0 - adam->mean_decay), fresh_square = (NUMBER)(1.0 - adam->square_decay);
    const NUMBER scale = (NUMBER)(rate / (1.0 - pow(adam->mean_decay, steps)));
    const NUMBER shrink = (NUMBER)sqrt(1.0 / (1.0 - pow(adam->square_decay, steps)));
    const NUMBER floor = (NUMBER)adam->floor;
    for (ptrdiff_t i = 0; i < n; i++) {
        NUMBER g = gradient[i];
        mean[i] += fresh_mean * (g - mean[i]);
        square[i] += fresh_square * (g * g - square[i]);
        weights[i] -= scale * mean[i] / (NET_SQRT(square[i]) * shrink + floor);
    }
}

static void NET_FORM(train)(
    const net_shape* shape, const net_samples* samples, net_adam* adam, const int64_t* order, ptrdiff_t n,
    const double* rates, ptrdiff_t n_batches, double* losses, void* workspace) {
    NUMBER* gradient = (NUMBER*)net_on_line(workspace);
    ptrdiff_t n_weights = shape->starts[shape->n_layers];
    void* rest = gradient + n_weights;
    for (ptrdiff_t batch = 0; batch < n_batches; batch++) {
        ptrdiff_t begin = batch * n / n_batches, end = (batch + 1) * n / n_batches;
        double share = (double)(end - begin) / (double)n;
        NET_FORM(sweep_batch)(
            shape, samples, (const NUMBER*)adam->weights, order, begin, end, share, gradient, losses, rest);
        NET_FORM(step)(adam, gradient, n_weights, rates[batch]);
    }
}

static void NET_FORM(gradient)(
    const net_shape* shape, const net_samples* samples, const void* weights, ptrdiff_t n, void* gradient,
    double* losses, void* workspace) {
    NET_FORM(sweep_batch)(
        shape, samples, (const NUMBER*)weights, NULL, 0, n, 1.0, (NUMBER*)gradient, losses, workspace);
}
