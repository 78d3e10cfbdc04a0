/* Sweeps of a local basis: its table, its values, its transpose, its Gram matrix. */

/* Tabulate a spline basis at coordinates (n_rows, n) that increase along each row: interval and values. */
static void tabulate(
    const surfaces_spline* spline, const double* coordinate, ptrdiff_t n_rows, ptrdiff_t n, int64_t* first,
    double* values) {
    const double *breakpoints = spline->breakpoints, lower = breakpoints[0], upper = breakpoints[spline->n_pieces];
    ptrdiff_t width = spline->width, n_powers = spline->n_powers;
    for (ptrdiff_t m = 0; m < n_rows; m++) {
        ptrdiff_t k = 0;
        for (ptrdiff_t i = m * n; i < (m + 1) * n; i++) {
            double u = smaller(larger(coordinate[i], lower), upper);
            while (k < spline->n_pieces - 1 && u >= breakpoints[k + 1]) k++;
            first[i] = k;
            double offset = u - breakpoints[k];
            for (ptrdiff_t j = 0; j < width; j++) {
                const double* piece = spline->pieces + (k * width + j) * n_powers;
                double value = piece[n_powers - 1];
                for (ptrdiff_t power = n_powers - 2; power >= 0; power--) value = value * offset + piece[power];
                values[i * width + j] = value;
            }
        }
    }
}

/* Where the nodes of a row begin in node_columns and in_node. */
AAD_INLINE ptrdiff_t begin_of_plane(const surfaces_basis* basis, ptrdiff_t row) {
    return (basis->n_planes > 1 ? row : 0) * basis->n_nodes * basis->width;
}

/* Fill result (n_rows, n_nodes) with the basis times weights; `line` has room for n_columns. */
static void predict(const surfaces_basis* basis, const double* weights, double* line, double* result) {
    ptrdiff_t width = basis->width;
    for (ptrdiff_t j = 0; j < basis->n_rows; j++) {
        const int64_t* columns = basis->node_columns + begin_of_plane(basis, j);
        const double* in_node = basis->in_node + begin_of_plane(basis, j);
        const int64_t* start = basis->start + j * basis->n_columns;
        for (ptrdiff_t c = 0; c < basis->n_columns; c++) {
            double total = 0.0;
            for (int64_t e = start[c]; e < start[c + 1]; e++) total += basis->factor[e] * weights[basis->weight[e]];
            line[c] = total;
        }
        for (ptrdiff_t i = 0; i < basis->n_nodes; i++) {
            double total = 0.0;
            for (ptrdiff_t b = i * width; b < (i + 1) * width; b++) total += in_node[b] * line[columns[b]];
            result[j * basis->n_nodes + i] = total;
        }
    }
}

/* Add the transpose of `predict` applied to seeds (n_rows, n_nodes) to result (n_weights,). */
static void gather(const surfaces_basis* basis, const double* seeds, double* line, double* result) {
    ptrdiff_t width = basis->width;
    for (ptrdiff_t j = 0; j < basis->n_rows; j++) {
        const int64_t* columns = basis->node_columns + begin_of_plane(basis, j);
        const double* in_node = basis->in_node + begin_of_plane(basis, j);
        const int64_t* start = basis->start + j * basis->n_columns;
        for (ptrdiff_t c = 0; c < basis->n_columns; c++) line[c] = 0.0;
        for (ptrdiff_t i = 0; i < basis->n_nodes; i++) {
            double seed = seeds[j * basis->n_nodes + i];
            for (ptrdiff_t b = i * width; b < (i + 1) * width; b++) line[columns[b]] += in_node[b] * seed;
        }
        for (ptrdiff_t c = 0; c < basis->n_columns; c++)
            for (int64_t e = start[c]; e < start[c + 1]; e++)
                result[basis->weight[e]] += basis->factor[e] * line[c];
    }
}

/* Add one row's band (n_columns, reach) between its lines to the matrix of weights. */
static void add_band(
    const surfaces_basis* basis, const int64_t* start, ptrdiff_t reach, const double* band, ptrdiff_t n_weights,
    double* result) {
    for (ptrdiff_t b = 0; b < basis->n_columns; b++) {
        ptrdiff_t within = basis->n_columns - b < reach ? basis->n_columns - b : reach;
        for (ptrdiff_t c = 0; c < within; c++)
            for (int64_t e = start[b]; e < start[b + 1]; e++) {
                double scaled = basis->factor[e] * band[b * reach + c];
                for (int64_t f = start[b + c]; f < start[b + c + 1]; f++) {
                    double term = scaled * basis->factor[f];
                    result[basis->weight[e] * n_weights + basis->weight[f]] += term;
                    if (c) result[basis->weight[f] * n_weights + basis->weight[e]] += term;
                }
            }
    }
}

/* Add basis' diag(factors) basis to result (n_weights, n_weights); factors (n_rows, n_nodes). `reach` columns lie
 * between the first and the last of any node, both counted; `band` has room for n_columns times reach. */
static void gram(
    const surfaces_basis* basis, ptrdiff_t reach, const double* factors, ptrdiff_t n_weights, double* band,
    double* result) {
    ptrdiff_t width = basis->width;
    for (ptrdiff_t j = 0; j < basis->n_rows; j++) {
        const int64_t* columns = basis->node_columns + begin_of_plane(basis, j);
        const double* in_node = basis->in_node + begin_of_plane(basis, j);
        for (ptrdiff_t c = 0; c < basis->n_columns * reach; c++) band[c] = 0.0;
        for (ptrdiff_t i = 0; i < basis->n_nodes; i++)
            for (ptrdiff_t b = i * width; b < (i + 1) * width; b++) {
                double scaled = factors[j * basis->n_nodes + i] * in_node[b];
                for (ptrdiff_t c = b; c < (i + 1) * width; c++)
                    band[columns[b] * reach + columns[c] - columns[b]] += scaled * in_node[c];
            }
        add_band(basis, basis->start + j * basis->n_columns, reach, band, n_weights, result);
    }
}
