/* Tangents of a march in LANES directions at once, and the products that its curvature needs.
 *
 * For lane k with tangents of u, drift, discount and the boundary values,
 *
 *     A W_k = V_k - (u_k D W + drift_k C W + discount_k W)
 *
 * and the curvature needs the sums over substeps of mu D W_k (node by node), mu C W_k and mu W_k. Arrays over nodes and
 * lanes hold the ends too: node i stands in row i + 1. */

typedef struct { /* of one row: what every step of it does alike */
    lanes scale, drift, discount; /* tangents of scale, drift and discount */
    lanes of_scale, of_drift, of_discount; /* the sums of mu D W_k with the variance, mu C W_k and mu W_k */
} coefficient_lanes;

typedef struct { /* the numbers of one solve, (n,) each: what lanes are multiplied with */
    double *lift, *source, *of_scale, *of_drift, *of_discount, *low, *high;
} solve_factors;

/* Fill what an elimination multiplies with: what is carried on, and D W, C W and W over the pivot. */
static void set_sources(const march_history* h, const march_basis* basis, ptrdiff_t s, int with_coefficients,
                        solve_factors* f) {
    const ptrdiff_t n = h->n, j = h->row[s], first = h->exercised[s];
    const double *AAD_RESTRICT above = h->above + j * n, *AAD_RESTRICT inverse = h->inverse + j * n;
    const double* AAD_RESTRICT now = h->doubled + s * h->kept;
    const double *s_below = h->stencil, *s_above = s_below + n, *c_below = s_above + n, *c_above = c_below + n;
    const double *AAD_RESTRICT slope = basis->slope + j * n, *AAD_RESTRICT variance = basis->variance + j * n;
    double *AAD_RESTRICT lift = f->lift, *AAD_RESTRICT source = f->source, *AAD_RESTRICT of_scale = f->of_scale;
    double *AAD_RESTRICT of_drift = f->of_drift, *AAD_RESTRICT of_discount = f->of_discount;
    for (ptrdiff_t i = first; i < n; i++) {
        double left = now[i + 1] - now[i], right = now[i + 1] - now[i + 2];
        lift[i] = above[i] * inverse[i];
        source[i] = inverse[i] * (s_below[i] * left + s_above[i] * right) * slope[i];
    }
    if (!with_coefficients) return;
    for (ptrdiff_t i = first; i < n; i++) {
        double left = now[i + 1] - now[i], right = now[i + 1] - now[i + 2];
        of_scale[i] = inverse[i] * (s_below[i] * left + s_above[i] * right) * variance[i];
        of_drift[i] = inverse[i] * (c_below[i] * left + c_above[i] * right);
        of_discount[i] = inverse[i] * now[i + 1];
    }
}

/* Begin a solve, from the last unknown: work holds what substitution starts from. */
AAD_INLINE void eliminate(int moving, int with_coefficients, ptrdiff_t n, ptrdiff_t count, const double* inverse,
                          const solve_factors* f, const coefficient_lanes* c, const double* old, const double* moved,
                          double* work) {
    lanes x = load_lanes(work + (n + 1) * LANES);
    for (ptrdiff_t i = n - 1; i >= count; i--) {
        lanes right = load_lanes(old + (i + 1) * LANES);
        EACH_VECTOR right.v[v] *= inverse[i];
        if (moving) {
            lanes m = load_lanes(moved + i * LANES);
            EACH_VECTOR right.v[v] -= f->source[i] * m.v[v];
        }
        if (with_coefficients)
            EACH_VECTOR right.v[v] -= f->of_scale[i] * c->scale.v[v] + f->of_drift[i] * c->drift.v[v]
                + f->of_discount[i] * c->discount.v[v];
        EACH_VECTOR x.v[v] = right.v[v] + f->lift[i] * x.v[v];
        store_lanes(work + (i + 1) * LANES, x);
    }
}

/* Finish a solve at node i: return W_k there, from W_k at the node before; old becomes V_k. */
AAD_INLINE lanes substitute_at(ptrdiff_t i, int damped, const double* ratio, lanes before, const double* work,
                               double* old) {
    lanes x = load_lanes(work + (i + 1) * LANES), value;
    EACH_VECTOR x.v[v] += ratio[i] * before.v[v];
    if (damped) {
        EACH_VECTOR value.v[v] = 0.5 * x.v[v];
    } else {
        value = load_lanes(old + (i + 1) * LANES);
        EACH_VECTOR value.v[v] = x.v[v] - value.v[v];
    }
    store_lanes(old + (i + 1) * LANES, value);
    return x;
}

/* Finish a solve from the first unknown that is free, and keep W_k in work. */
static void substitute(ptrdiff_t n, ptrdiff_t count, int damped, const double* ratio, double* work, double* old) {
    lanes x = load_lanes(work + count * LANES);
    for (ptrdiff_t i = count; i < n; i++) {
        x = substitute_at(i, damped, ratio, x, work, old);
        store_lanes(work + (i + 1) * LANES, x);
    }
}

/* Finish a solve from the first unknown that is free; add mu D W_k times the slope to the lines, and with_coefficients its
 * sum with the variance, and the sums of mu C W_k and mu W_k. */
AAD_INLINE void substitute_and_sum(int width, int with_coefficients, const march_history* h, const march_basis* basis,
                                   ptrdiff_t s, const solve_factors* f, const double* mu, coefficient_lanes* c,
                                   const double* work, double* old, double* line) {
    const ptrdiff_t n = h->n, j = h->row[s], count = h->exercised[s];
    const int damped = h->damped[s];
    const double *ratio = h->ratio + j * n, *slope = basis->slope + j * n, *variance = basis->variance + j * n;
    const double *c_below = h->stencil + 2 * n, *c_above = h->stencil + 3 * n;
    lanes before = load_lanes(work + count * LANES), here = substitute_at(count, damped, ratio, before, work, old);
    lanes left, right, of_run[WIDEST];
    EACH_VECTOR left.v[v] = here.v[v] - before.v[v];
    for (ptrdiff_t i = count; i < n;) {
        const node_run run = run_from(basis, j, i, n);
        take_lines(width, run, line, of_run);
        for (; i < run.end; i++) {
            lanes after = i + 1 < n ? substitute_at(i + 1, damped, ratio, here, work, old)
                                    : load_lanes(work + (n + 1) * LANES);
            lanes total;
            EACH_VECTOR right.v[v] = after.v[v] - here.v[v];
            EACH_VECTOR total.v[v] = f->low[i] * left.v[v] - f->high[i] * right.v[v];
            if (with_coefficients) {
                EACH_VECTOR c->of_scale.v[v] += variance[i] * total.v[v];
                EACH_VECTOR c->of_drift.v[v] += mu[i] * (c_below[i] * left.v[v] - c_above[i] * right.v[v]);
                EACH_VECTOR c->of_discount.v[v] += mu[i] * here.v[v];
            }
            EACH_VECTOR total.v[v] *= slope[i];
            add_to_lines(width, run, i, total, of_run, line);
            here = after;
            left = right;
        }
        give_lines(width, run, of_run, line);
    }
}

/* Put the boundary values of one solve into the outer rows, their sums into work and the new ones into old; move the
 * leading unknowns that are exercised with their floor. */
static void set_known(const march_history* h, const march_directions* d, ptrdiff_t begin, ptrdiff_t s, double* work,
                      double* old) {
    const ptrdiff_t n = h->n;
    const int damped = h->damped[s];
    const double* ends[2] = {d->lower, d->upper};
    for (int side = 0; side < 2; side++) {
        double *here = work + side * (n + 1) * LANES, *value = old + side * (n + 1) * LANES;
        lanes now = ends[side] == NULL ? no_lanes() : load_lanes(ends[side] + s * d->n_lanes + begin);
        lanes both = damped ? now : load_lanes(value);
        EACH_VECTOR both.v[v] += now.v[v];
        store_lanes(here, both);
        store_lanes(value, now);
    }
    for (ptrdiff_t i = 1; i <= h->exercised[s]; i++) {
        lanes now = d->floor == NULL ? no_lanes() : load_lanes(d->floor + i * d->n_lanes + begin);
        lanes both = damped ? now : load_lanes(old + i * LANES);
        EACH_VECTOR both.v[v] += now.v[v];
        store_lanes(work + i * LANES, both);
        store_lanes(old + i * LANES, now);
    }
}

static ptrdiff_t march_scratch(ptrdiff_t n, ptrdiff_t n_columns) {
    return (4 * (n + 2) + 2 * n_columns) * LANES + 9 * (n + 2) + 20 * 8;
}

/* March tangents: add them to results (n_results, n + 2, n_lanes) and what the curvature needs to product
 * (n_weights, n_lanes) and of_coefficients (1 + 2 n_rows, n_lanes), where these are not NULL. Lane k of d moves the
 * weights, scale, drifts and discounts, and boundary, initial and exercise values. With lane_of weight w is moved alone,
 * by one, in lane lane_of[w]: lanes are in the order in which the march uses their weights, reached[j] of them up to row
 * j, and these lanes sleep until then. history (n_substeps, n + 2, LANES) receives every W_k unless it is NULL. */
static void march_tangents(const march_history* h, const march_basis* basis, const march_directions* d, ptrdiff_t begin,
                           const double* multipliers, double* scratch, double* results, double* product,
                           double* of_coefficients, double* history) {
    const ptrdiff_t n = h->n, n_lanes = d->n_lanes;
    const int moving_coefficients = d->coefficients != NULL, sum_coefficients = of_coefficients != NULL;
    double *work = take(&scratch, (n + 2) * LANES), *old = take(&scratch, (n + 2) * LANES);
    double *moved = take(&scratch, n * LANES), *moved_line = take(&scratch, basis->n_columns * LANES);
    double* line = take(&scratch, basis->n_columns * LANES);
    solve_factors f = {take(&scratch, n), take(&scratch, n), take(&scratch, n), take(&scratch, n),
                       take(&scratch, n), take(&scratch, n), take(&scratch, n)};
    coefficient_lanes c;
    memset(&c, 0, sizeof c);
    if (d->initial != NULL)
        for (ptrdiff_t i = 0; i < n + 2; i++) store_lanes(old + i * LANES, load_lanes(d->initial + i * n_lanes + begin));
    int awake = d->lane_of == NULL, moving = 0;
    ptrdiff_t known = -1, n_done = 0;
    for (ptrdiff_t s = 0; s < h->n_substeps; s++) {
        const ptrdiff_t j = h->row[s], count = h->exercised[s];
        awake = awake || d->reached[j] > begin;
        if (!awake) {
            n_done += s == h->last[n_done];
            continue;
        }
        if (j != known) {
            known = j;
            moving = move_row(basis, d, begin, j, n, moved_line, moved);
            if (moving_coefficients) {
                c.scale = load_lanes(d->coefficients + begin);
                c.drift = load_lanes(d->coefficients + (1 + j) * n_lanes + begin);
                c.discount = load_lanes(d->coefficients + (1 + h->n_rows + j) * n_lanes + begin);
            }
        }
        const double* inverse = h->inverse + j * n;
        const double* mu = multipliers == NULL ? NULL : multipliers + s * n;
        if (mu != NULL) {
            for (ptrdiff_t i = count; i < n; i++) {
                f.low[i] = mu[i] * h->stencil[i];
                f.high[i] = mu[i] * h->stencil[n + i];
            }
        }
        set_sources(h, basis, s, moving_coefficients, &f);
        set_known(h, d, begin, s, work, old);
#define ELIMINATE(moving, coefficients) eliminate(moving, coefficients, n, count, inverse, &f, &c, old, moved, work)
        if (moving_coefficients)
            ELIMINATE(1, 1);
        else if (moving)
            ELIMINATE(1, 0);
        else
            ELIMINATE(0, 0);
#define SUBSTITUTE(width)                                                                                 \
    if (sum_coefficients)                                                                                 \
        substitute_and_sum(width, 1, h, basis, s, &f, mu, &c, work, old, line);                           \
    else                                                                                                  \
        substitute_and_sum(width, 0, h, basis, s, &f, mu, &c, work, old, line)
        if (mu == NULL)
            substitute(n, count, h->damped[s], h->ratio + j * n, work, old);
        else if (count < n)
            BY_WIDTH(basis->width, SUBSTITUTE)
        if (history != NULL) memcpy(history + s * (n + 2) * LANES, work, (size_t)((n + 2) * LANES) * sizeof(double));
        if (mu != NULL && (s == h->n_substeps - 1 || h->row[s + 1] != j)) {
            add_lines(basis, j, n_lanes, line, product + begin);
            if (sum_coefficients) {
                add_lanes(of_coefficients + begin, c.of_scale);
                add_lanes(of_coefficients + (1 + j) * n_lanes + begin, c.of_drift);
                add_lanes(of_coefficients + (1 + h->n_rows + j) * n_lanes + begin, c.of_discount);
                c.of_scale = c.of_drift = c.of_discount = no_lanes();
            }
        }
        if (s == h->last[n_done]) {
            double* out = results + n_done++ * (n + 2) * n_lanes + begin;
            for (ptrdiff_t i = 0; i < n + 2; i++) store_lanes(out + i * n_lanes, load_lanes(old + i * LANES));
        }
    }
}
