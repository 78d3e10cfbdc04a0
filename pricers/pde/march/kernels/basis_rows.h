/* Lanes between a local basis and one row of a march: tangents of the predictor, and their transpose.
 *
 * Nodes come in runs that read the same lines, a knot interval of a spline: a run holds up to WIDEST lines in registers. */

enum { WIDEST = 8 };

#define BY_WIDTH(width, CALL) \
    switch (width) {          \
        case 1: CALL(1); break; \
        case 2: CALL(2); break; \
        case 3: CALL(3); break; \
        case 4: CALL(4); break; \
        case 5: CALL(5); break; \
        case 6: CALL(6); break; \
        case 7: CALL(7); break; \
        default: CALL(8);       \
    }

typedef struct { /* nodes that read the same lines, some of these lines, and what each node reads of them */
    ptrdiff_t begin, end, stride;
    const int64_t* columns;
    const double* in_node;
} node_run;

/* Fill moved (n, LANES) from the lines (n_columns, LANES), or add to it. */
AAD_INLINE void expand_run(int width, node_run run, int add, const double* line, double* moved) {
    lanes of_line[WIDEST];
    for (int b = 0; b < width; b++) of_line[b] = load_lanes(line + run.columns[b] * LANES);
    for (ptrdiff_t i = run.begin; i < run.end; i++) {
        lanes total = add ? load_lanes(moved + i * LANES) : no_lanes();
        for (int b = 0; b < width; b++) EACH_VECTOR total.v[v] += run.in_node[i * run.stride + b] * of_line[b].v[v];
        store_lanes(moved + i * LANES, total);
    }
}

/* Add sums (n, LANES), times slope and basis, to the lines. */
AAD_INLINE void contract_run(int width, node_run run, const double* slope, const double* sums, double* line) {
    lanes of_line[WIDEST];
    for (int b = 0; b < width; b++) of_line[b] = load_lanes(line + run.columns[b] * LANES);
    for (ptrdiff_t i = run.begin; i < run.end; i++) {
        lanes total = load_lanes(sums + i * LANES);
        EACH_VECTOR total.v[v] *= slope[i];
        for (int b = 0; b < width; b++) EACH_VECTOR of_line[b].v[v] += run.in_node[i * run.stride + b] * total.v[v];
    }
    for (int b = 0; b < width; b++) store_lanes(line + run.columns[b] * LANES, of_line[b]);
}

/* The run of nodes that begins at `begin` on one row, with all its lines. */
static node_run run_from(const march_basis* basis, ptrdiff_t row, ptrdiff_t begin, ptrdiff_t n) {
    const ptrdiff_t width = basis->width, plane = (basis->n_planes > 1 ? row : 0) * n * width;
    const int64_t *columns = basis->node_columns + plane, *here = columns + begin * width;
    ptrdiff_t end = begin + 1;
    while (end < n && memcmp(columns + end * width, here, (size_t)width * sizeof(int64_t)) == 0) end++;
    return (node_run){begin, end, width, here, basis->in_node + plane};
}

/* Fill moved (n, LANES) with the tangents of the predictor in one row; return 0 where none of its weights moves. */
static int move_row(const march_basis* basis, const march_directions* d, ptrdiff_t begin, ptrdiff_t row, ptrdiff_t n,
                    double* line, double* moved) {
    const ptrdiff_t n_columns = basis->n_columns;
    int touched = 0;
    if (d->lane_of == NULL && d->weights == NULL) return 0;
    memset(line, 0, (size_t)(n_columns * LANES) * sizeof(double));
    for (ptrdiff_t c = 0; c < n_columns; c++) {
        const ptrdiff_t first = basis->start[row * n_columns + c], end = basis->start[row * n_columns + c + 1];
        for (ptrdiff_t e = first; e < end; e++) {
            const ptrdiff_t w = basis->weight[e];
            if (d->lane_of == NULL) {
                lanes x = load_lanes(d->weights + w * d->n_lanes + begin);
                EACH_VECTOR x.v[v] *= basis->factor[e];
                add_lanes(line + c * LANES, x);
                touched = 1;
            } else if (d->lane_of[w] >= begin && d->lane_of[w] < begin + LANES) {
                line[c * LANES + d->lane_of[w] - begin] += basis->factor[e];
                touched = 1;
            }
        }
    }
    if (!touched) return 0;
    for (ptrdiff_t i = 0; i < n;) {
        node_run run = run_from(basis, row, i, n);
        for (ptrdiff_t b = 0; b < basis->width; b += WIDEST) {
#define EXPAND(width) expand_run(width, run, b > 0, line, moved)
            BY_WIDTH(basis->width - b, EXPAND)
#undef EXPAND
            run.columns += WIDEST;
            run.in_node += WIDEST;
        }
        i = run.end;
    }
    return 1;
}

/* Contract the sums (n, LANES) of one row with the basis and add them to product (n_weights, n_lanes), and with the
 * variance to of_scale, unless that is NULL. */
static void contract_row(const march_basis* basis, ptrdiff_t row, ptrdiff_t n, ptrdiff_t n_lanes, const double* sums,
                         double* line, double* product, double* of_scale) {
    const ptrdiff_t n_columns = basis->n_columns;
    memset(line, 0, (size_t)(n_columns * LANES) * sizeof(double));
    for (ptrdiff_t i = 0; i < n;) {
        node_run run = run_from(basis, row, i, n);
        for (ptrdiff_t b = 0; b < basis->width; b += WIDEST) {
#define CONTRACT(width) contract_run(width, run, basis->slope + row * n, sums, line)
            BY_WIDTH(basis->width - b, CONTRACT)
#undef CONTRACT
            run.columns += WIDEST;
            run.in_node += WIDEST;
        }
        i = run.end;
    }
    for (ptrdiff_t c = 0; c < n_columns; c++) {
        const ptrdiff_t first = basis->start[row * n_columns + c], end = basis->start[row * n_columns + c + 1];
        const lanes of_line = load_lanes(line + c * LANES);
        for (ptrdiff_t e = first; e < end; e++) {
            lanes x = of_line;
            EACH_VECTOR x.v[v] *= basis->factor[e];
            add_lanes(product + basis->weight[e] * n_lanes, x);
        }
    }
    if (of_scale == NULL) return;
    lanes total = no_lanes();
    for (ptrdiff_t i = 0; i < n; i++) {
        const lanes x = load_lanes(sums + i * LANES);
        EACH_VECTOR total.v[v] += basis->variance[row * n + i] * x.v[v];
    }
    add_lanes(of_scale, total);
}
