/* The tangent sweep: AAD_LANES directions carried forward over the nodes of one market state. */

static void sweep_tangents(
    const aad_nodes* nodes, const double* values, double* tangents, ptrdiff_t begin, ptrdiff_t end) {
    const aad_nodes n = *nodes;
    for (ptrdiff_t k = begin; k < end; k++) {
        unsigned char activity = n.activity[k];
        ptrdiff_t a = n.left[k], b = n.right[k], slot = n.first_node + k;
        double* t = tangents + slot * AAD_LANES;
        double dx, dy;
        if (activity == 0) {
            for (int l = 0; l < AAD_LANES; l++) t[l] = 0.0;
            continue;
        }
        rule_first(n.op[k], values[a], values[b], values[slot], &dx, &dy);
        combine_tangents(t, activity, dx, tangents + a * AAD_LANES, dy, tangents + b * AAD_LANES);
    }
}
