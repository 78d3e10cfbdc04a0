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

/* Eliminate `rows` matrices from the last unknown on, side by side: one division waits for the others. */
AAD_INLINE void factorise_rows(int rows, ptrdiff_t n, const double* AAD_RESTRICT stencil,
                               const double* AAD_RESTRICT diffusion, const double* AAD_RESTRICT drift,
                               const double* AAD_RESTRICT discount, double* AAD_RESTRICT above,
                               double* AAD_RESTRICT inverse, double* AAD_RESTRICT ratio) {
    double eliminated[ROWS_TOGETHER] = {0.0};
    for (ptrdiff_t i = n - 1; i >= 0; i--) {
        for (int j = 0; j < rows; j++) {
            ptrdiff_t here = j * n + i;
            double low = diffusion[here] * stencil[i] + drift[j] * stencil[2 * n + i];
            double up = diffusion[here] * stencil[n + i] + drift[j] * stencil[3 * n + i];
            double pivot = 0.5 + discount[j] + low + up - up * eliminated[j];
            double inverted = 1.0 / pivot;
            above[here] = up;
            inverse[here] = inverted;
            eliminated[j] = low * inverted;
            ratio[here] = eliminated[j];
        }
    }
}

/* March from the initial values, store results (n_results, n + 2), factors and W; return 0 where the floor binds beyond a
 * leading set. */
static int march_values(const march_history* h, const double* diffusion, const double* drift, const double* discount,
                        const march_ends* given, double* scratch, double* results) {
    const ptrdiff_t n = h->n;
    ptrdiff_t j = 0;
    for (; j + ROWS_TOGETHER <= h->n_rows; j += ROWS_TOGETHER)
        factorise_rows(ROWS_TOGETHER, n, h->stencil, diffusion + j * n, drift + j, discount + j, h->above + j * n,
                       h->inverse + j * n, h->ratio + j * n);
    for (; j < h->n_rows; j++)
        factorise_rows(1, n, h->stencil, diffusion + j * n, drift + j, discount + j, h->above + j * n, h->inverse + j * n,
                       h->ratio + j * n);
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
        if (n_done < h->n_results && s == h->last[n_done]) memcpy(results + n_done++ * (n + 2), values, (size_t)(n + 2) * sizeof(double));
    }
    return one_sided;
}
