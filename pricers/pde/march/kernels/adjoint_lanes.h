/* Lanes of the march's adjoint: many seeds at once, or its derivative along many directions.
 *
 * With mu and W of one march and W_k its tangent along direction k, the adjoint's own tangent solves
 *
 *     A' mu_k = W_bar_k - A_k' mu,      u_bar_k = -(mu_k D W + mu D W_k), and so on. */

typedef struct { /* one row of a march that is differentiated along directions */
    const double *stencil, *slope, *variance, *moved;
    lanes scale, drift, discount;
} moved_row;

/* mu_i times the tangents of what links node i to the node below and above it. */
AAD_INLINE void moved_links(const moved_row* r, ptrdiff_t n, ptrdiff_t i, double mu, lanes* below, lanes* above) {
    const double* s = r->stencil;
    lanes u = load_lanes(r->moved + i * LANES);
    EACH_VECTOR u.v[v] = mu * (r->slope[i] * u.v[v] + r->variance[i] * r->scale.v[v]);
    EACH_VECTOR below->v[v] = s[i] * u.v[v] + mu * s[2 * n + i] * r->drift.v[v];
    EACH_VECTOR above->v[v] = s[n + i] * u.v[v] + mu * s[3 * n + i] * r->drift.v[v];
}

/* Take A_k' mu from z (n + 2, LANES), whose row i + 1 is node i and whose outer rows are the ends'. */
static void subtract_moved(const moved_row* r, ptrdiff_t n, ptrdiff_t count, const double* mu, double* z) {
    for (ptrdiff_t i = count; i < n; i++) {
        lanes below, above, both;
        moved_links(r, n, i, mu[i], &below, &above);
        EACH_VECTOR both.v[v] = -(below.v[v] + above.v[v] + mu[i] * r->discount.v[v]);
        add_lanes(z + i * LANES, below);
        add_lanes(z + (i + 1) * LANES, both);
        add_lanes(z + (i + 2) * LANES, above);
    }
}

/* Add the adjoint of one end in a solve to its new value and, undamped, to its old one. */
AAD_INLINE void add_end(lanes of_end, int damped, double* now, double* before) {
    lanes twice;
    EACH_VECTOR twice.v[v] = 2.0 * of_end.v[v];
    add_lanes(now, damped ? twice : of_end);
    if (!damped) add_lanes(before, of_end);
}

/* Contract the sums (n, LANES) of one row with the basis and add them to the adjoints of weights and scale. */
static void contract_row(const march_basis* basis, ptrdiff_t row, ptrdiff_t n, ptrdiff_t n_lanes, const double* sums,
                         double* line, double* weights_bar, double* scale_bar) {
    lanes of_scale = no_lanes();
    for (ptrdiff_t i = 0; i < n; i++) {
        const node_run run = run_from(basis, row, i, n);
        lanes total = load_lanes(sums + i * LANES);
        EACH_VECTOR of_scale.v[v] += basis->variance[row * n + i] * total.v[v];
        EACH_VECTOR total.v[v] *= basis->slope[row * n + i];
        add_to_lines(0, run, i, total, NULL, line);
    }
    add_lines(basis, row, n_lanes, line, weights_bar);
    add_lanes(scale_bar, of_scale);
}

/* March the adjoint back, from seeds (n_results, n + 2, n_lanes) or none, and add to the adjoints of all operands, lanes
 * last. With a history of W_k it is the derivative of the adjoint along the directions that is marched, `multipliers`
 * being those of the adjoint; without one it is the adjoint of each lane's seeds. */
static void march_adjoint_lanes(const march_history* h, const march_basis* basis, const march_directions* d,
                                ptrdiff_t begin, const double* multipliers, const double* seeds, const double* history,
                                double* scratch, double* weights_bar, double* coefficients_bar, const march_ends* bars) {
    const ptrdiff_t n = h->n, n_lanes = d->n_lanes;
    const double *s_below = h->stencil, *s_above = s_below + n, *c_below = s_above + n, *c_above = c_below + n;
    const int forced = history != NULL;
    double *bar = take(&scratch, (n + 2) * LANES), *z = take(&scratch, (n + 2) * LANES);
    double *sums = take(&scratch, n * LANES), *moved = take(&scratch, n * LANES);
    double *line = take(&scratch, basis->n_columns * LANES), *moved_line = take(&scratch, basis->n_columns * LANES);
    moved_row r;
    memset(&r, 0, sizeof r);
    ptrdiff_t known = -1, n_left = h->n_results;
    for (ptrdiff_t s = h->n_substeps - 1; s >= 0; s--) {
        const ptrdiff_t j = h->row[s], count = h->exercised[s];
        const double *above = h->above + j * n, *inverse = h->inverse + j * n, *ratio = h->ratio + j * n;
        const double *now = h->doubled + s * h->kept, *mu = forced ? multipliers + s * n : NULL;
        const double* lane_history = forced ? history + s * (n + 2) * LANES : NULL;
        const int damped = h->damped[s];
        const double scale = damped ? 0.5 : 1.0;
        double *lower = bars->lower + s * n_lanes + begin, *upper = bars->upper + s * n_lanes + begin;
        if (n_left && s == h->last[n_left - 1]) {
            n_left--;
            if (seeds != NULL) {
                const double* seed = seeds + n_left * (n + 2) * n_lanes + begin;
                for (ptrdiff_t i = 1; i <= n; i++) add_lanes(bar + i * LANES, load_lanes(seed + i * n_lanes));
                add_lanes(lower, load_lanes(seed));
                add_lanes(upper, load_lanes(seed + (n + 1) * n_lanes));
            }
        }
        if (j != known) {
            known = j;
            memset(sums, 0, (size_t)(n * LANES) * sizeof(double));
            if (forced) {
                move_row(basis, d, begin, j, n, moved_line, moved);
                r = (moved_row){h->stencil, basis->slope + j * n, basis->variance + j * n, moved,
                                load_lanes(d->coefficients + begin),
                                load_lanes(d->coefficients + (1 + j) * n_lanes + begin),
                                load_lanes(d->coefficients + (1 + h->n_rows + j) * n_lanes + begin)};
            }
        }
        memset(z, 0, (size_t)((n + 2) * LANES) * sizeof(double));
        if (forced) subtract_moved(&r, n, count, mu, z);
        lanes x = no_lanes();
        for (ptrdiff_t i = n - 1; i >= 0; i--) {
            lanes right = load_lanes(z + (i + 1) * LANES), given = load_lanes(bar + (i + 1) * LANES);
            EACH_VECTOR x.v[v] = right.v[v] + scale * given.v[v] + x.v[v];
            store_lanes(z + (i + 1) * LANES, x);
            if (i < count) x = no_lanes();
            EACH_VECTOR x.v[v] *= ratio[i];
        }
        if (count == 0) {
            lanes right = load_lanes(z);
            EACH_VECTOR x.v[v] += right.v[v];
            add_end(x, damped, lower, s ? lower - n_lanes : bars->initial + begin);
        }
        for (ptrdiff_t i = 1; i <= count; i++) {
            lanes held = load_lanes(z + i * LANES), value = load_lanes(bar + i * LANES), twice;
            EACH_VECTOR twice.v[v] = damped ? 2.0 * held.v[v] : held.v[v];
            EACH_VECTOR value.v[v] = damped ? 0.0 * held.v[v] : held.v[v] - value.v[v];
            add_lanes(bars->floor + i * n_lanes + begin, twice);
            store_lanes(bar + i * LANES, value);
        }
        lanes of_drift = no_lanes(), of_discount = no_lanes();
        x = no_lanes();
        for (ptrdiff_t i = count; i < n; i++) {
            const double left = now[i + 1] - now[i], right = now[i + 1] - now[i + 2];
            const double gain = s_below[i] * left + s_above[i] * right, drift = c_below[i] * left + c_above[i] * right;
            const double carried = i > count ? above[i - 1] * inverse[i] : 0.0;
            lanes given = load_lanes(z + (i + 1) * LANES), total = load_lanes(sums + i * LANES), value;
            EACH_VECTOR x.v[v] = given.v[v] * inverse[i] + carried * x.v[v];
            value = x;
            if (!damped) {
                value = load_lanes(bar + (i + 1) * LANES);
                EACH_VECTOR value.v[v] = x.v[v] - value.v[v];
            }
            store_lanes(bar + (i + 1) * LANES, value);
            EACH_VECTOR total.v[v] -= x.v[v] * gain;
            EACH_VECTOR of_drift.v[v] -= x.v[v] * drift;
            EACH_VECTOR of_discount.v[v] -= x.v[v] * now[i + 1];
            if (forced) {
                lanes down = load_lanes(lane_history + i * LANES), here = load_lanes(lane_history + (i + 1) * LANES);
                lanes up = load_lanes(lane_history + (i + 2) * LANES);
                EACH_VECTOR down.v[v] = here.v[v] - down.v[v];
                EACH_VECTOR up.v[v] = here.v[v] - up.v[v];
                EACH_VECTOR total.v[v] -= mu[i] * (s_below[i] * down.v[v] + s_above[i] * up.v[v]);
                EACH_VECTOR of_drift.v[v] -= mu[i] * (c_below[i] * down.v[v] + c_above[i] * up.v[v]);
                EACH_VECTOR of_discount.v[v] -= mu[i] * here.v[v];
            }
            store_lanes(sums + i * LANES, total);
        }
        if (count < n) {
            lanes final = load_lanes(z + (n + 1) * LANES);
            EACH_VECTOR final.v[v] += above[n - 1] * x.v[v];
            add_end(final, damped, upper, s ? upper - n_lanes : bars->initial + (n + 1) * n_lanes + begin);
        }
        add_lanes(coefficients_bar + (1 + j) * n_lanes + begin, of_drift);
        add_lanes(coefficients_bar + (1 + h->n_rows + j) * n_lanes + begin, of_discount);
        if (s == 0 || h->row[s - 1] != j)
            contract_row(basis, j, n, n_lanes, sums, line, weights_bar + begin, coefficients_bar + begin);
    }
    for (ptrdiff_t i = 1; i <= n; i++) add_lanes(bars->initial + i * n_lanes + begin, load_lanes(bar + i * LANES));
}
