/* The bottleneck sum in dense form: adjoint times second partials times the outer product of tangent rows, node by
 * node. */

/* Add one node's term to the matrix, (n_blocks * AAD_LANES, n_blocks, AAD_LANES). `left` and `right` are the
 * tangents of its operands in the first block; those of the next one stand `stride` numbers further on. */
static void add_outer_products(
    const double* left, const double* right, ptrdiff_t stride, ptrdiff_t n_blocks, double dxx, double dxy, double dyy,
    double* matrix) {
    for (ptrdiff_t i = 0; i < n_blocks * AAD_LANES; i++) {
        ptrdiff_t at = i / AAD_LANES * stride + i % AAD_LANES;
        double x = left[at], y = right[at];
        double along_x = ended_product(dxx, x) + ended_product(dxy, y);
        double along_y = ended_product(dxy, x) + ended_product(dyy, y);
        if (along_x == 0.0 && along_y == 0.0) continue;
        for (ptrdiff_t block = 0; block < n_blocks; block++) {
            double* entries = matrix + (i * n_blocks + block) * AAD_LANES;
            add_scaled(entries, along_x, left + block * stride);
            add_scaled(entries, along_y, right + block * stride);
        }
    }
}

static void add_bottleneck_terms(
    const aad_nodes* nodes, const double* values, const double* adjoints, const double* tangents, ptrdiff_t n_blocks,
    ptrdiff_t n_slots, double* matrix, ptrdiff_t begin, ptrdiff_t end) {
    const aad_nodes n = *nodes;
    for (ptrdiff_t k = begin; k < end; k++) {
        unsigned char activity = n.activity[k];
        ptrdiff_t a = n.left[k], b = n.right[k], slot = n.first_node + k;
        double w = adjoints[slot], dxx, dxy, dyy;
        if (activity == 0 || w == 0.0) continue;
        rule_second(n.op[k], values[a], values[b], values[slot], &dxx, &dxy, &dyy);
        dxx = activity & 1 && dxx != 0.0 ? w * dxx : 0.0;
        dyy = activity & 2 && dyy != 0.0 ? w * dyy : 0.0;
        dxy = activity == 3 && dxy != 0.0 ? w * dxy : 0.0;
        if (dxx == 0.0 && dyy == 0.0 && dxy == 0.0) continue;
        add_outer_products(
            tangents + a * AAD_LANES, tangents + b * AAD_LANES, n_slots * AAD_LANES, n_blocks, dxx, dxy, dyy, matrix);
    }
}
