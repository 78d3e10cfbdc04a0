/* The discrete adjoint of a march: one sweep back through its history. */

/* March back from seeds (n_results, n + 2), store mu (n_substeps, n) and add to the adjoints of every operand;
 * coefficients_bar (2 n_rows,), drifts and discounts, may be NULL. */
static void march_adjoint(const march_history* h, const double* seeds, double* scratch, double* multipliers,
                          double* diffusion_bar, double* coefficients_bar, const march_ends* bars) {
    const ptrdiff_t n = h->n;
    const double *s_below = h->stencil, *s_above = s_below + n, *c_below = s_above + n, *c_above = c_below + n;
    double* AAD_RESTRICT bar = take(&scratch, n + 2);
    double* AAD_RESTRICT z = take(&scratch, n);
    double* AAD_RESTRICT carried = take(&scratch, n);
    ptrdiff_t n_left = h->n_results;
    for (ptrdiff_t s = h->n_substeps - 1; s >= 0; s--) {
        if (n_left && s == h->last[n_left - 1]) {
            const double* seed = seeds + --n_left * (n + 2);
            for (ptrdiff_t i = 1; i <= n; i++) bar[i] += seed[i];
            bars->lower[s] += seed[0];
            bars->upper[s] += seed[n + 1];
        }
        const ptrdiff_t j = h->row[s], count = h->exercised[s];
        const double* AAD_RESTRICT above = h->above + j * n;
        const double* AAD_RESTRICT inverse = h->inverse + j * n;
        const double* AAD_RESTRICT ratio = h->ratio + j * n;
        const double* AAD_RESTRICT now = h->doubled + s * h->kept;
        double* AAD_RESTRICT mu = multipliers + s * n;
        const int damped = h->damped[s];
        const double scale = damped ? 0.5 : 1.0;
        /* A' mu = W_bar with the factors of A: down with one of them, up with the other. What is held at the floor takes
         * part as a boundary value. */
        double x = 0.0;
        for (ptrdiff_t i = n - 1; i >= count; i--) {
            x = scale * bar[i + 1] + x;
            z[i] = x;
            x *= ratio[i];
        }
        const double first = count == 0 ? x : 0.0;
        for (ptrdiff_t i = count - 1; i >= 0; i--) {
            double held = scale * bar[i + 1] + (i == count - 1 ? x : 0.0);
            mu[i] = 0.0;
            bars->floor[i + 1] += damped ? 2.0 * held : held;
            bar[i + 1] = damped ? 0.0 : held - bar[i + 1];
        }
        for (ptrdiff_t i = count; i < n; i++) z[i] *= inverse[i];
        for (ptrdiff_t i = count + 1; i < n; i++) carried[i] = above[i - 1] * inverse[i];
        x = count < n ? z[count] : 0.0;
        if (count < n) mu[count] = x;
        for (ptrdiff_t i = count + 1; i < n; i++) {
            x = z[i] + carried[i] * x;
            mu[i] = x;
        }
        const double final = count < n ? above[n - 1] * x : 0.0;
        if (damped)
            for (ptrdiff_t i = count; i < n; i++) bar[i + 1] = mu[i];
        else
            for (ptrdiff_t i = count; i < n; i++) bar[i + 1] = mu[i] - bar[i + 1];
        bars->lower[s] += damped ? 2.0 * first : first;
        bars->upper[s] += damped ? 2.0 * final : final;
        if (!damped) {
            *(s ? &bars->lower[s - 1] : &bars->initial[0]) += first;
            *(s ? &bars->upper[s - 1] : &bars->initial[n + 1]) += final;
        }
        double* AAD_RESTRICT of_row = diffusion_bar + j * n;
        for (ptrdiff_t i = count; i < n; i++) {
            double left = now[i + 1] - now[i], right = now[i + 1] - now[i + 2];
            of_row[i] -= mu[i] * (s_below[i] * left + s_above[i] * right);
        }
        if (coefficients_bar != NULL) {
            double of_drift = 0.0, of_discount = 0.0;
            for (ptrdiff_t i = count; i < n; i++) {
                double left = now[i + 1] - now[i], right = now[i + 1] - now[i + 2];
                of_drift += mu[i] * (c_below[i] * left + c_above[i] * right);
                of_discount += mu[i] * now[i + 1];
            }
            coefficients_bar[j] -= of_drift;
            coefficients_bar[h->n_rows + j] -= of_discount;
        }
    }
    for (ptrdiff_t i = 1; i <= n; i++) bars->initial[i] += bar[i];
}
