/* Adding multiples of one block of directions to another, where zero times infinity is zero. */

AAD_INLINE int is_finite(double x) { return x - x == 0.0; }

/* Return a product in which a zero takes an infinite factor with it. */
AAD_INLINE double ended_product(double x, double y) { return x != 0.0 && y != 0.0 ? x * y : 0.0; }

/* Add factor * source; a zero factor or a zero source adds nothing, whatever the other one is. */
AAD_UNUSED static inline void add_scaled(double* target, double factor, const double* source) {
    double total[AAD_LANES]; /* the two may overlap as far as the compiler knows; a local array may not */
    if (factor == 0.0) return;
    if (is_finite(factor)) {
        for (int l = 0; l < AAD_LANES; l++) total[l] = target[l] + factor * source[l];
        for (int l = 0; l < AAD_LANES; l++) target[l] = total[l];
    } else {
        for (int l = 0; l < AAD_LANES; l++)
            if (source[l] != 0.0) target[l] += factor * source[l];
    }
}

/* The same over some blocks side by side. */
AAD_UNUSED static inline void add_scaled_row(double* target, double factor, const double* source, ptrdiff_t n_blocks) {
    for (ptrdiff_t block = 0; block < n_blocks; block++)
        add_scaled(target + block * AAD_LANES, factor, source + block * AAD_LANES);
}

/* Write one block of dx x + dy y, of the operands that are active: bits 1 and 2 of `activity`. The target may stand
 * where an operand stands. */
AAD_INLINE void combine_tangents(
    double* target, unsigned char activity, double dx, const double* x, double dy, const double* y) {
    double total[AAD_LANES];
    if (activity == 3 && dx != 0.0 && dy != 0.0 && is_finite(dx) && is_finite(dy)) {
        for (int l = 0; l < AAD_LANES; l++) total[l] = dx * x[l] + dy * y[l];
        for (int l = 0; l < AAD_LANES; l++) target[l] = total[l];
        return; /* in registers all the way, as the other case is not */
    }
    for (int l = 0; l < AAD_LANES; l++) total[l] = 0.0;
    if (activity & 1) add_scaled(total, dx, x);
    if (activity & 2) add_scaled(total, dy, y);
    for (int l = 0; l < AAD_LANES; l++) target[l] = total[l];
}

/* The same over some blocks side by side; the usual case is told apart once for all of them. */
AAD_UNUSED static inline void combine_tangent_rows(
    double* target, unsigned char activity, double dx, const double* x, double dy, const double* y, ptrdiff_t n_blocks) {
    ptrdiff_t width = n_blocks * AAD_LANES;
    if (activity == 3 && dx != 0.0 && dy != 0.0 && is_finite(dx) && is_finite(dy)) {
        for (ptrdiff_t at = 0; at < width; at += AAD_LANES) {
            double total[AAD_LANES];
            for (int l = 0; l < AAD_LANES; l++) total[l] = dx * x[at + l] + dy * y[at + l];
            for (int l = 0; l < AAD_LANES; l++) target[at + l] = total[l];
        }
        return;
    }
    for (ptrdiff_t at = 0; at < width; at += AAD_LANES)
        combine_tangents(target + at, activity, dx, x + at, dy, y + at);
}
