/* The march itself.
 *
 * A substep solves A W = V and sets V <- W / 2 (damped half step) or W - V (Crank-Nicolson), with
 *
 *     (A W)_i = (1/2 + discount) W_i + u_i (D W)_i + drift (C W)_i,  u, drift and discount those of the step's row,
 *     (D W)_i = s_below (W_i - W_{i-1}) + s_above (W_i - W_{i+1}),    C alike with the stencil of the drift,
 *
 * where W_{-1} and W_n are sums of old and new boundary values. W is linear in each of u, drift, discount given the
 * others, which is all that the derivatives rest on: with mu the solution of the transposed step,
 *
 *     adjoint     u_bar = -mu D W, drift_bar = -sum mu C W, discount_bar = -sum mu W
 *     curvature   -(mu' A_j W_k + mu' A_k W_j), summed over substeps
 *
 * pricers.pde.march.twins.composite_march says the same with dense matrices. */

enum { VOLATILITY, LOG_VOLATILITY, VARIANCE };

AAD_INLINE int row_diffusion(int link, double scale, double relative, ptrdiff_t n, const double* AAD_RESTRICT predictor,
                             double* AAD_RESTRICT diffusion, double* AAD_RESTRICT variance, double* AAD_RESTRICT slope) {
    int wrong = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double p = predictor[i], v, by;
        if (link == VARIANCE) {
            v = relative * p;
            by = scale * relative;
        } else if (link == VOLATILITY) {
            v = relative * p * p;
            by = 2.0 * scale * relative * p;
        } else {
            v = relative * lane_exp(2.0 * p);
            by = 2.0 * scale * v;
        }
        /* the first is true of infinities and NaN alone */
        wrong |= link == LOG_VOLATILITY ? !(p - p == 0.0) : !(p - p == 0.0) | (p < 0.0);
        variance[i] = v;
        slope[i] = by;
        diffusion[i] = scale * v;
    }
    return wrong;
}

/* Fill u, u per unit of scale and the derivative of u in the predictor; return whether a predictor is not finite, or
 * negative where it may not be. */
static int march_diffusion(int link, double scale, ptrdiff_t n_rows, ptrdiff_t n, const double* row_scale,
                           const double* predictor, double* diffusion, double* variance, double* slope) {
    int wrong = 0;
    for (ptrdiff_t j = 0; j < n_rows; j++) {
        double* out[3] = {diffusion + j * n, variance + j * n, slope + j * n};
        if (link == VARIANCE)
            wrong |= row_diffusion(VARIANCE, scale, row_scale[j], n, predictor + j * n, out[0], out[1], out[2]);
        else if (link == VOLATILITY)
            wrong |= row_diffusion(VOLATILITY, scale, row_scale[j], n, predictor + j * n, out[0], out[1], out[2]);
        else
            wrong |= row_diffusion(LOG_VOLATILITY, scale, row_scale[j], n, predictor + j * n, out[0], out[1], out[2]);
    }
    return wrong;
}

/* Fill the factors' place with what is eliminated: what links each node to the ones above and below it, and the diagonal
 * in the place of `inverse`. */
static void march_bands(const march_history* h, const double* diffusion, const double* drift, const double* discount) {
    const ptrdiff_t n = h->n;
    const double *s_below = h->stencil, *s_above = s_below + n, *c_below = s_above + n, *c_above = c_below + n;
    for (ptrdiff_t j = 0; j < h->n_rows; j++) {
        const double* AAD_RESTRICT u = diffusion + j * n;
        double *AAD_RESTRICT above = h->above + j * n, *AAD_RESTRICT diagonal = h->inverse + j * n;
        double* AAD_RESTRICT below = h->ratio + j * n;
        const double middle = 0.5 + discount[j], c = drift[j];
        for (ptrdiff_t i = 0; i < n; i++) {
            below[i] = u[i] * s_below[i] + c * c_below[i];
            above[i] = u[i] * s_above[i] + c * c_above[i];
            diagonal[i] = middle + below[i] + above[i];
        }
    }
}

/* Eliminate `rows` matrices from the last unknown on, side by side: one division waits for no other. */
AAD_INLINE void eliminate_rows(int rows, ptrdiff_t n, const double* AAD_RESTRICT above, double* AAD_RESTRICT inverse,
                               double* AAD_RESTRICT ratio) {
    double eliminated[ROWS_TOGETHER] = {0.0};
    for (ptrdiff_t i = n - 1; i >= 0; i--) {
        for (int j = 0; j < rows; j++) {
            double inverted = 1.0 / (inverse[j * n + i] - above[j * n + i] * eliminated[j]);
            eliminated[j] = ratio[j * n + i] * inverted;
            inverse[j * n + i] = inverted;
            ratio[j * n + i] = eliminated[j];
        }
    }
}

/* Eliminate the matrices of `march_bands`, march from the initial values, store results (n_results, n + 2) and every W;
 * return 0 where the floor binds beyond a leading set. */
static int march_values(const march_history* h, const march_ends* given, double* scratch, double* results) {
    const ptrdiff_t n = h->n;
    ptrdiff_t together = 0;
    for (; together + ROWS_TOGETHER <= h->n_rows; together += ROWS_TOGETHER)
        eliminate_rows(ROWS_TOGETHER, n, h->above + together * n, h->inverse + together * n, h->ratio + together * n);
    for (; together < h->n_rows; together++)
        eliminate_rows(1, n, h->above + together * n, h->inverse + together * n, h->ratio + together * n);
    double* AAD_RESTRICT values = scratch;
    const double* AAD_RESTRICT floor = given->floor;
    memcpy(values, given->initial, (size_t)(n + 2) * sizeof(double));
    int one_sided = 1;
    ptrdiff_t n_done = 0;
    for (ptrdiff_t s = 0; s < h->n_substeps; s++) {
        const double* AAD_RESTRICT above = h->above + h->row[s] * n;
        const double* AAD_RESTRICT inverse = h->inverse + h->row[s] * n;
        const double* AAD_RESTRICT ratio = h->ratio + h->row[s] * n;
        double* AAD_RESTRICT now = h->doubled + s * h->kept;
        const int damped = h->damped[s];
        const double lower = given->lower[s], upper = given->upper[s];
        now[0] = lower + (damped ? lower : values[0]);
        now[n + 1] = upper + (damped ? upper : values[n + 1]);
        double x = now[n + 1];
        for (ptrdiff_t i = n - 1; i >= 0; i--) {
            x = values[i + 1] * inverse[i] + above[i] * inverse[i] * x;
            now[i + 1] = x;
        }
        x = now[0];
        ptrdiff_t count = 0;
        if (given->n_floor == 0) {
            for (ptrdiff_t i = 0; i < n; i++) {
                x = now[i + 1] + ratio[i] * x;
                now[i + 1] = x;
            }
        } else {
            for (ptrdiff_t i = 0; i < n; i++) {
                double held = floor[i + 1] + (damped ? floor[i + 1] : values[i + 1]);
                x = now[i + 1] + ratio[i] * x;
                if (x < held || (x == held && count == i)) {
                    one_sided = one_sided && count == i;
                    count = i + 1;
                    x = held;
                }
                now[i + 1] = x;
            }
        }
        h->exercised[s] = count;
        if (damped)
            for (ptrdiff_t i = 1; i <= n; i++) values[i] = 0.5 * now[i];
        else
            for (ptrdiff_t i = 1; i <= n; i++) values[i] = now[i] - values[i];
        values[0] = lower;
        values[n + 1] = upper;
        if (s == h->last[n_done])
            memcpy(results + n_done++ * (n + 2), values, (size_t)(n + 2) * sizeof(double));
    }
    return one_sided;
}
