/* Normal equations and their Cholesky solution on one thread.
 *
 * A fit makes a few dozen calls of this size (3,000 rows, 230 columns). A threaded BLAS gains nothing on them, waits
 * tens of milliseconds a call where another process holds a core, and rounds differently for other thread counts; here
 * the fit takes the same time and gives the same bits whatever the BLAS. The twins are `J.T @ J` and
 * `scipy.linalg.cho_solve`. */

enum { ROWS_AT_ONCE = 8 };

/* Add the outer product of some rows to the lower triangle; columns that are zero in all of them are skipped. */
static void add_rows(const double* rows, ptrdiff_t n, double* normal) {
    const double *j0 = rows, *j1 = j0 + n, *j2 = j1 + n, *j3 = j2 + n;
    const double *j4 = j3 + n, *j5 = j4 + n, *j6 = j5 + n, *j7 = j6 + n;
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = j0[i], b = j1[i], c = j2[i], d = j3[i], e = j4[i], f = j5[i], g = j6[i], h = j7[i];
        if (a == 0.0 && b == 0.0 && c == 0.0 && d == 0.0 && e == 0.0 && f == 0.0 && g == 0.0 && h == 0.0) continue;
        double* AAD_RESTRICT row = normal + i * n;
        for (ptrdiff_t k = 0; k <= i; k++)
            row[k] += (a * j0[k] + b * j1[k] + c * j2[k] + d * j3[k]) +
                (e * j4[k] + f * j5[k] + g * j6[k] + h * j7[k]);
    }
}

/* Add J'J to `normal` (n_columns, n_columns), both triangles, and J'r to `gradient`. */
static void normal_equations(
    const double* jacobian, const double* residuals, ptrdiff_t n_rows, ptrdiff_t n_columns, double* normal,
    double* gradient) {
    ptrdiff_t n = n_columns, q = 0;
    for (; q + ROWS_AT_ONCE <= n_rows; q += ROWS_AT_ONCE) add_rows(jacobian + q * n, n, normal);
    for (; q < n_rows; q++) {
        const double* row = jacobian + q * n;
        for (ptrdiff_t i = 0; i < n; i++)
            for (ptrdiff_t k = 0; k <= i; k++) normal[i * n + k] += row[i] * row[k];
    }
    for (q = 0; q < n_rows; q++)
        for (ptrdiff_t i = 0; i < n; i++) gradient[i] += residuals[q] * jacobian[q * n + i];
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t k = 0; k < i; k++) normal[k * n + i] = normal[i * n + k];
}

/* Subtract factor times source from target. */
AAD_CALLED void subtract_row(
    double* AAD_RESTRICT target, double factor, const double* AAD_RESTRICT source, ptrdiff_t n) {
    for (ptrdiff_t j = 0; j < n; j++) target[j] -= factor * source[j];
}

/* Overwrite `right` with the solution for a positive definite matrix, whose upper triangle is overwritten. Return 0,
 * with both spoilt, where the matrix is not positive definite. */
static int cholesky_solve(double* matrix, double* right, ptrdiff_t n) {
    for (ptrdiff_t k = 0; k < n; k++) {
        double* pivot_row = matrix + k * n;
        if (!(pivot_row[k] > 0.0)) return 0;
        double inverse = 1.0 / sqrt(pivot_row[k]);
        for (ptrdiff_t j = k; j < n; j++) pivot_row[j] *= inverse;
        for (ptrdiff_t i = k + 1; i < n; i++)
            if (pivot_row[i] != 0.0) subtract_row(matrix + i * n + i, pivot_row[i], pivot_row + i, n - i);
    }
    for (ptrdiff_t k = 0; k < n; k++) {
        right[k] /= matrix[k * n + k];
        subtract_row(right + k + 1, right[k], matrix + k * n + k + 1, n - k - 1);
    }
    for (ptrdiff_t k = n - 1; k >= 0; k--) {
        double total = right[k];
        for (ptrdiff_t j = k + 1; j < n; j++) total -= matrix[k * n + j] * right[j];
        right[k] = total / matrix[k * n + k];
    }
    return 1;
}
