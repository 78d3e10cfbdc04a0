/* Lanes between a local basis and one row of a march: tangents of the predictor, and their transpose.
 *
 * Nodes come in runs that read the same lines, a knot interval of a spline: a run of up to WIDEST lines holds them in
 * registers. */

enum { WIDEST = 8 };

/* Call with the number of lines of a node as a constant, or with 0 where it is an unusual one. */
#define BY_WIDTH(width, CALL)   \
    switch (width) {            \
        case 1: CALL(1); break; \
        case 4: CALL(4); break; \
        case 5: CALL(5); break; \
        case 8: CALL(8); break; \
        default: CALL(0);       \
    }

typedef struct { /* nodes that read the same lines, and what each of them reads of them */
    ptrdiff_t begin, end, width;
    const int64_t* columns;
    const double* in_node;
} node_run;

/* The run of nodes that begins at `begin` on one row. */
AAD_INLINE node_run run_from(const march_basis* basis, ptrdiff_t row, ptrdiff_t begin, ptrdiff_t n) {
    const ptrdiff_t plane = (basis->n_planes > 1 ? row : 0) * n, width = basis->width;
    return (node_run){begin, basis->run_end[plane + begin], width, basis->node_columns + (plane + begin) * width,
                      basis->in_node + plane * width};
}

/* The lines of a run in registers, and back; nothing of them where their number is an unusual one. */
AAD_INLINE void take_lines(int width, node_run run, const double* line, lanes* of_run) {
    for (int b = 0; b < width; b++) of_run[b] = load_lanes(line + run.columns[b] * LANES);
}

AAD_INLINE void give_lines(int width, node_run run, const lanes* of_run, double* line) {
    for (int b = 0; b < width; b++) store_lanes(line + run.columns[b] * LANES, of_run[b]);
}

/* Add what node i reads of its lines times a number to them. */
AAD_INLINE void add_to_lines(int width, node_run run, ptrdiff_t i, lanes number, lanes* of_run, double* line) {
    const double* factor = run.in_node + i * run.width;
    for (int b = 0; b < width; b++) EACH_VECTOR of_run[b].v[v] += factor[b] * number.v[v];
    if (width == 0) {
        for (ptrdiff_t b = 0; b < run.width; b++) {
            lanes term = number;
            EACH_VECTOR term.v[v] *= factor[b];
            add_lanes(line + run.columns[b] * LANES, term);
        }
    }
}

/* Fill moved (n, LANES) on a run from the lines (n_columns, LANES). */
AAD_INLINE void expand_run(int width, node_run run, const double* line, double* moved) {
    lanes of_run[WIDEST];
    take_lines(width, run, line, of_run);
    for (ptrdiff_t i = run.begin; i < run.end; i++) {
        const double* factor = run.in_node + i * run.width;
        lanes total = no_lanes();
        for (int b = 0; b < width; b++) EACH_VECTOR total.v[v] += factor[b] * of_run[b].v[v];
        if (width == 0) {
            for (ptrdiff_t b = 0; b < run.width; b++) {
                lanes of_line = load_lanes(line + run.columns[b] * LANES);
                EACH_VECTOR total.v[v] += factor[b] * of_line.v[v];
            }
        }
        store_lanes(moved + i * LANES, total);
    }
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
        const node_run run = run_from(basis, row, i, n);
#define EXPAND(width) expand_run(width, run, line, moved)
        BY_WIDTH(run.width, EXPAND)
#undef EXPAND
        i = run.end;
    }
    return 1;
}

/* Add one row's lines (n_columns, LANES) to product (n_weights, n_lanes), and clear them. */
static void add_lines(const march_basis* basis, ptrdiff_t row, ptrdiff_t n_lanes, double* line, double* product) {
    const ptrdiff_t n_columns = basis->n_columns;
    for (ptrdiff_t c = 0; c < n_columns; c++) {
        const ptrdiff_t first = basis->start[row * n_columns + c], end = basis->start[row * n_columns + c + 1];
        const lanes of_line = load_lanes(line + c * LANES);
        for (ptrdiff_t e = first; e < end; e++) {
            lanes x = of_line;
            EACH_VECTOR x.v[v] *= basis->factor[e];
            add_lanes(product + basis->weight[e] * n_lanes, x);
        }
    }
    memset(line, 0, (size_t)(n_columns * LANES) * sizeof(double));
}
