/* The bottleneck sum arc by arc: directions are carried forward, and each arc that a node creates adds its weight
 * times the row of its later end to the sum of its earlier end. */

/* Add the arcs that a node creates, bits 1, 2, 4 of `created` under dxx, dxy, dyy. An arc from a slot to itself has
 * half its weight. */
static inline void add_created_arcs(
    unsigned char created, int a, int b, double dxx, double dxy, double dyy, double w, const int* addresses,
    const double* row_a, const double* row_b, double* sums, ptrdiff_t n_blocks) {
    ptrdiff_t width = n_blocks * AAD_LANES;
    if (created & 1 && dxx != 0.0) add_scaled_row(sums + addresses[a] * width, 0.5 * w * dxx, row_a, n_blocks);
    if (created & 2 && dxy != 0.0) {
        if (a < b)
            add_scaled_row(sums + addresses[a] * width, w * dxy, row_b, n_blocks);
        else
            add_scaled_row(sums + addresses[b] * width, w * dxy, row_a, n_blocks);
    }
    if (created & 4 && dyy != 0.0) add_scaled_row(sums + addresses[b] * width, 0.5 * w * dyy, row_b, n_blocks);
}

static void sweep_bottleneck(
    const aad_nodes* nodes, const unsigned char* created, const double* values, const double* adjoints,
    const int* addresses, double* rows, double* sums, ptrdiff_t n_blocks) {
    const aad_nodes n = *nodes;
    ptrdiff_t width = n_blocks * AAD_LANES;
    for (ptrdiff_t k = 0; k < n.n_nodes; k++) {
        ptrdiff_t slot = n.first_node + k;
        unsigned char activity = n.activity[k];
        int a = n.left[k], b = n.right[k];
        const double *row_a, *row_b;
        double dx, dy, dxx, dxy, dyy, w = adjoints[slot];
        if (created[k] == 0 && addresses[slot] < 0) continue;
        row_a = activity & 1 ? rows + addresses[a] * width : rows; /* of a passive operand nothing is read */
        row_b = activity & 2 ? rows + addresses[b] * width : rows;
        if (created[k] && w != 0.0) {
            rule_second(n.op[k], values[a], values[b], values[slot], &dxx, &dxy, &dyy);
            if (activity == 3 && a == b) dxx += 2.0 * dxy + dyy;
            add_created_arcs(created[k], a, b, dxx, dxy, dyy, w, addresses, row_a, row_b, sums, n_blocks);
        }
        if (addresses[slot] < 0) continue;
        rule_first(n.op[k], values[a], values[b], values[slot], &dx, &dy);
        combine_tangent_rows(rows + addresses[slot] * width, activity, dx, row_a, dy, row_b, n_blocks);
    }
}
