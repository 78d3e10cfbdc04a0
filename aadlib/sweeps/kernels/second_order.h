/* Forward over reverse: the tangents of the adjoints, carried backward in AAD_LANES directions. */

AAD_INLINE int any_number(const double* block) {
    int any = 0;
    for (int l = 0; l < AAD_LANES; l++) any |= block[l] != 0.0;
    return any;
}

static void sweep_second_order(
    const aad_nodes* nodes, const double* values, const double* adjoints, const double* tangents,
    double* adjoint_tangents, const int* addresses, ptrdiff_t begin, ptrdiff_t end) {
    const aad_nodes n = *nodes;
    for (ptrdiff_t k = end - 1; k >= begin; k--) {
        unsigned char activity = n.activity[k];
        ptrdiff_t a = n.left[k], b = n.right[k], slot = n.first_node + k;
        double taken[AAD_LANES], dx, dy, dxx, dxy, dyy;
        const double *ta = tangents + a * AAD_LANES, *tb = tangents + b * AAD_LANES;
        double *own, *to_a, *to_b, w;
        int moves;
        if (activity == 0 || addresses[slot] < 0) continue;
        w = adjoints[slot];
        own = adjoint_tangents + (ptrdiff_t)addresses[slot] * AAD_LANES;
        moves = any_number(own);
        if (w == 0.0 && !moves) continue;
        for (int l = 0; l < AAD_LANES; l++) taken[l] = own[l];
        for (int l = 0; l < AAD_LANES; l++) own[l] = 0.0; /* the next slot to stand there expects zeros */
        to_a = adjoint_tangents + (ptrdiff_t)addresses[a] * AAD_LANES;
        to_b = adjoint_tangents + (ptrdiff_t)addresses[b] * AAD_LANES;
        if (moves) {
            rule_first(n.op[k], values[a], values[b], values[slot], &dx, &dy);
            if (activity & 1) add_scaled(to_a, dx, taken);
            if (activity & 2) add_scaled(to_b, dy, taken);
        }
        if (w == 0.0) continue;
        rule_second(n.op[k], values[a], values[b], values[slot], &dxx, &dxy, &dyy);
        if (activity & 1 && dxx != 0.0) add_scaled(to_a, w * dxx, ta);
        if (activity & 2 && dyy != 0.0) add_scaled(to_b, w * dyy, tb);
        if (activity == 3 && dxy != 0.0) {
            add_scaled(to_a, w * dxy, tb);
            add_scaled(to_b, w * dxy, ta);
        }
    }
}
