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

/* Call with the number of columns of a node as a constant, or with 0 where it is an unusual one. */
#define BY_WIDTH(width, CALL)   \
    switch (width) {            \
        case 1: CALL(1); break; \
        case 4: CALL(4); break; \
        case 5: CALL(5); break; \
        case 8: CALL(8); break; \
        default: CALL(0);       \
    }

enum { WIDEST = 8 }; /* of the constants */

/* Fill run_end (n_planes, n_nodes): for each node the first one after it that reads other columns. */
static void find_runs(const surfaces_basis* basis, int64_t* run_end) {
    const ptrdiff_t width = basis->width, n = basis->n_nodes;
    for (ptrdiff_t plane = 0; plane < basis->n_planes; plane++) {
        const int64_t* columns = basis->node_columns + plane * n * width;
        int64_t* AAD_RESTRICT ends = run_end + plane * n;
        ends[n - 1] = n;
        for (ptrdiff_t i = n - 2; i >= 0; i--) {
            int64_t differ = 0;
            for (ptrdiff_t b = i * width; b < (i + 1) * width; b++) differ |= columns[b] ^ columns[b + width];
            ends[i] = differ ? i + 1 : ends[i + 1];
        }
    }
}

/* Fill result (n_nodes,) from one row's lines. */
AAD_INLINE void predict_row(int constant, ptrdiff_t width, ptrdiff_t n, const int64_t* run_end, const int64_t* columns,
                            const double* AAD_RESTRICT in_node, const double* AAD_RESTRICT line,
                            double* AAD_RESTRICT result) {
    double of_run[WIDEST];
    for (ptrdiff_t i = 0; i < n;) {
        const int64_t* here = columns + i * width;
        const ptrdiff_t end = run_end[i];
        for (int b = 0; b < constant; b++) of_run[b] = line[here[b]];
        for (; i < end; i++) {
            double total = 0.0;
            for (int b = 0; b < constant; b++) total += in_node[i * constant + b] * of_run[b];
            if (!constant)
                for (ptrdiff_t b = 0; b < width; b++) total += in_node[i * width + b] * line[here[b]];
            result[i] = total;
        }
    }
}

/* Add the transpose of `predict_row` applied to seeds (n_nodes,) to the lines. */
AAD_INLINE void gather_row(int constant, ptrdiff_t width, ptrdiff_t n, const int64_t* run_end, const int64_t* columns,
                           const double* AAD_RESTRICT in_node, const double* AAD_RESTRICT seeds,
                           double* AAD_RESTRICT line) {
    double of_run[WIDEST];
    for (ptrdiff_t i = 0; i < n;) {
        const int64_t* here = columns + i * width;
        const ptrdiff_t end = run_end[i];
        for (int b = 0; b < constant; b++) of_run[b] = line[here[b]];
        for (; i < end; i++) {
            for (int b = 0; b < constant; b++) of_run[b] += in_node[i * constant + b] * seeds[i];
            if (!constant)
                for (ptrdiff_t b = 0; b < width; b++) line[here[b]] += in_node[i * width + b] * seeds[i];
        }
        for (int b = 0; b < constant; b++) line[here[b]] = of_run[b];
    }
}

/* Add basis' diag(factors) basis between the columns of one row to its band (n_columns, reach). */
AAD_INLINE void gram_row(int constant, ptrdiff_t width, ptrdiff_t n, const int64_t* run_end, const int64_t* columns,
                         const double* AAD_RESTRICT in_node, const double* AAD_RESTRICT factors, ptrdiff_t reach,
                         double* AAD_RESTRICT band) {
    double of_run[WIDEST][WIDEST];
    for (ptrdiff_t i = 0; i < n;) {
        const int64_t* here = columns + i * width;
        const ptrdiff_t end = run_end[i];
        for (int b = 0; b < constant; b++)
            for (int c = b; c < constant; c++) of_run[b][c] = 0.0;
        for (; i < end; i++) {
            const double* node = in_node + i * width;
            for (int b = 0; b < constant; b++) {
                const double scaled = factors[i] * node[b];
                for (int c = b; c < constant; c++) of_run[b][c] += scaled * node[c];
            }
            if (!constant)
                for (ptrdiff_t b = 0; b < width; b++)
                    for (ptrdiff_t c = b; c < width; c++)
                        band[here[b] * reach + here[c] - here[b]] += factors[i] * node[b] * node[c];
        }
        for (int b = 0; b < constant; b++)
            for (int c = b; c < constant; c++) band[here[b] * reach + here[c] - here[b]] += of_run[b][c];
    }
}

/* Fill result (n_rows, n_nodes) with the basis times weights; `line` has room for n_columns. */
static void predict(const surfaces_basis* basis, const double* weights, double* line, double* result) {
    const ptrdiff_t width = basis->width, n = basis->n_nodes;
    for (ptrdiff_t j = 0; j < basis->n_rows; j++) {
        const ptrdiff_t plane = begin_of_plane(basis, j);
        const int64_t* start = basis->start + j * basis->n_columns;
        for (ptrdiff_t c = 0; c < basis->n_columns; c++) {
            double total = 0.0;
            for (int64_t e = start[c]; e < start[c + 1]; e++) total += basis->factor[e] * weights[basis->weight[e]];
            line[c] = total;
        }
#define PREDICT(constant)                                                                                    \
    predict_row(constant, width, n, basis->run_end + plane / width, basis->node_columns + plane,             \
                basis->in_node + plane, line, result + j * n)
        BY_WIDTH(width, PREDICT)
#undef PREDICT
    }
}

/* Add the transpose of `predict` applied to seeds (n_rows, n_nodes) to result (n_weights,). */
static void gather(const surfaces_basis* basis, const double* seeds, double* line, double* result) {
    const ptrdiff_t width = basis->width, n = basis->n_nodes;
    for (ptrdiff_t j = 0; j < basis->n_rows; j++) {
        const ptrdiff_t plane = begin_of_plane(basis, j);
        const int64_t* start = basis->start + j * basis->n_columns;
        for (ptrdiff_t c = 0; c < basis->n_columns; c++) line[c] = 0.0;
#define GATHER(constant)                                                                                     \
    gather_row(constant, width, n, basis->run_end + plane / width, basis->node_columns + plane,              \
               basis->in_node + plane, seeds + j * n, line)
        BY_WIDTH(width, GATHER)
#undef GATHER
        for (ptrdiff_t c = 0; c < basis->n_columns; c++)
            for (int64_t e = start[c]; e < start[c + 1]; e++)
                result[basis->weight[e]] += basis->factor[e] * line[c];
    }
}

/* Add one row's band (n_columns, reach) between its lines to the matrix of weights, half of it: the transpose is the other
 * half. */
static void add_band(
    const surfaces_basis* basis, const int64_t* start, ptrdiff_t reach, const double* band, ptrdiff_t n_weights,
    double* result) {
    for (ptrdiff_t b = 0; b < basis->n_columns; b++) {
        ptrdiff_t within = basis->n_columns - b < reach ? basis->n_columns - b : reach;
        for (ptrdiff_t c = 0; c < within; c++) {
            const double between = (c ? 1.0 : 0.5) * band[b * reach + c];
            if (between == 0.0) continue;
            for (int64_t e = start[b]; e < start[b + 1]; e++) {
                const double scaled = basis->factor[e] * between;
                double* AAD_RESTRICT row = result + basis->weight[e] * n_weights;
                for (int64_t f = start[b + c]; f < start[b + c + 1]; f++) row[basis->weight[f]] += scaled * basis->factor[f];
            }
        }
    }
}

/* Rows one after another whose lines hold the same weights, n_entries each: what is between the entries of two lines is
 * added up before it goes to the matrix. */
typedef struct {
    ptrdiff_t row, n_entries; /* the first row, and entries of every line; none where they differ */
    double* sums;             /* (n_columns, reach, n_entries, n_entries) */
} alike_rows;

enum { MOST_ENTRIES = 8 };

/* The number of entries of each line of a row, or 0 where they differ or are many. */
static ptrdiff_t entries_of_row(const surfaces_basis* basis, ptrdiff_t row) {
    const int64_t* start = basis->start + row * basis->n_columns;
    const ptrdiff_t n_entries = start[1] - start[0];
    for (ptrdiff_t c = 1; c < basis->n_columns; c++)
        if (start[c + 1] - start[c] != n_entries) return 0;
    return n_entries <= MOST_ENTRIES ? n_entries : 0;
}

/* Add the sums of alike rows to half the matrix, and clear them. */
static void add_alike(const surfaces_basis* basis, ptrdiff_t reach, alike_rows* rows, ptrdiff_t n_weights, double* result) {
    const ptrdiff_t n_columns = basis->n_columns, n = rows->n_entries;
    const int64_t* weight = basis->weight + basis->start[rows->row * n_columns];
    double* sums = rows->sums;
    for (ptrdiff_t b = 0; b < n_columns; b++)
        for (ptrdiff_t c = 0; c < reach; c++, sums += n * n) {
            if (b + c >= n_columns) continue;
            for (ptrdiff_t e = 0; e < n; e++) {
                double* AAD_RESTRICT row = result + weight[b * n + e] * n_weights;
                for (ptrdiff_t f = 0; f < n; f++) row[weight[(b + c) * n + f]] += sums[e * n + f];
            }
        }
    memset(rows->sums, 0, (size_t)(n_columns * reach * n * n) * sizeof(double));
}

/* Add one row's band (n_columns, reach) to the sums of the rows that it is alike. */
static void sum_band(const surfaces_basis* basis, ptrdiff_t row, ptrdiff_t reach, const double* band, alike_rows* rows) {
    const ptrdiff_t n_columns = basis->n_columns, n = rows->n_entries;
    const double* factor = basis->factor + basis->start[row * n_columns];
    double* AAD_RESTRICT sums = rows->sums;
    for (ptrdiff_t b = 0; b < n_columns; b++)
        for (ptrdiff_t c = 0; c < reach; c++, sums += n * n) {
            const double between = (c ? 1.0 : 0.5) * band[b * reach + c];
            if (between == 0.0) continue;
            for (ptrdiff_t e = 0; e < n; e++) {
                const double scaled = between * factor[b * n + e];
                for (ptrdiff_t f = 0; f < n; f++) sums[e * n + f] += scaled * factor[(b + c) * n + f];
            }
        }
}

/* Add half of basis' diag(factors) basis to result (n_weights, n_weights), factors (n_rows, n_nodes): the transpose is the
 * other half. `reach` columns lie between the first and the last of any node, both counted; `band` has room for
 * (1 + MOST_ENTRIES squared) times n_columns times reach. */
static void gram(
    const surfaces_basis* basis, ptrdiff_t reach, const double* factors, ptrdiff_t n_weights, double* band,
    double* result) {
    const ptrdiff_t width = basis->width, n = basis->n_nodes, n_columns = basis->n_columns;
    alike_rows rows = {0, 0, band + n_columns * reach};
    memset(rows.sums, 0, (size_t)(MOST_ENTRIES * MOST_ENTRIES * n_columns * reach) * sizeof(double));
    for (ptrdiff_t j = 0; j < basis->n_rows; j++) {
        const ptrdiff_t plane = begin_of_plane(basis, j), n_entries = entries_of_row(basis, j);
        const int64_t* start = basis->start + j * n_columns;
        memset(band, 0, (size_t)(n_columns * reach) * sizeof(double));
#define GRAM(constant)                                                                                       \
    gram_row(constant, width, n, basis->run_end + plane / width, basis->node_columns + plane,                \
             basis->in_node + plane, factors + j * n, reach, band)
        BY_WIDTH(width, GRAM)
#undef GRAM
        const int alike = rows.n_entries && n_entries == rows.n_entries
            && memcmp(basis->weight + start[0], basis->weight + basis->start[rows.row * n_columns],
                      (size_t)(n_columns * n_entries) * sizeof(int64_t)) == 0;
        if (rows.n_entries && !alike) add_alike(basis, reach, &rows, n_weights, result);
        if (!alike) rows.row = j, rows.n_entries = n_entries;
        if (n_entries)
            sum_band(basis, j, reach, band, &rows);
        else
            add_band(basis, start, reach, band, n_weights, result);
    }
    if (rows.n_entries) add_alike(basis, reach, &rows, n_weights, result);
}
