/* Value, gradient and Hessian in every lane.
 *
 * One arena of blocks holds everything that the backward and the bottleneck sweep need, laid out by
 * aadlib.lanes.tangent_plan: ones, the five partials of every node, tangents, two blocks of products; then the lower
 * triangle of the Hessian, the gradient, adjoints. Where `zero_ends_chain` is set, a zero factor ends a chain. */

#if defined(__GNUC__)
#define AAD_PREFETCH_TO_WRITE(address) __builtin_prefetch(address, 1, 2)
#else
#define AAD_PREFETCH_TO_WRITE(address)
#endif

#define AAD_EACH for (int l = 0; l < AAD_BLOCK; l++)

AAD_INLINE void block_times(int zero_ends_chain, const double* p, const double* x, double* AAD_RESTRICT result) {
    if (zero_ends_chain)
        AAD_EACH result[l] = aad_chain(p[l], x[l]);
    else
        AAD_EACH result[l] = p[l] * x[l];
}

AAD_INLINE void block_add_times(int zero_ends_chain, const double* p, const double* x, double* AAD_RESTRICT result) {
    if (zero_ends_chain)
        AAD_EACH result[l] += aad_chain(p[l], x[l]);
    else
        AAD_EACH result[l] += p[l] * x[l];
}

AAD_INLINE void block_two_times(
    int zero_ends_chain, const double* p, const double* x, const double* q, const double* y,
    double* AAD_RESTRICT result) {
    if (zero_ends_chain)
        AAD_EACH result[l] = aad_chain(p[l], x[l]) + aad_chain(q[l], y[l]);
    else
        AAD_EACH result[l] = p[l] * x[l] + q[l] * y[l];
}

AAD_INLINE void block_add_two_times(
    int zero_ends_chain, const double* p, const double* x, const double* q, const double* y,
    double* AAD_RESTRICT result) {
    if (zero_ends_chain)
        AAD_EACH result[l] += aad_chain(p[l], x[l]) + aad_chain(q[l], y[l]);
    else
        AAD_EACH result[l] += p[l] * x[l] + q[l] * y[l];
}

AAD_INLINE void block_scale(int zero_ends_chain, const double* w, double* AAD_RESTRICT partial) {
    if (zero_ends_chain)
        AAD_EACH partial[l] = aad_chain(w[l], partial[l]);
    else
        AAD_EACH partial[l] = w[l] * partial[l];
}

/* Write p x + q y, of the terms whose x or y is not NULL; return the result, or NULL where there is no term. */
AAD_INLINE const double* block_combine(
    int zero_ends_chain, const double* p, const double* x, const double* q, const double* y, double* result) {
    if (x && y)
        block_two_times(zero_ends_chain, p, x, q, y, result);
    else if (x)
        block_times(zero_ends_chain, p, x, result);
    else if (y)
        block_times(zero_ends_chain, q, y, result);
    else
        return NULL;
    return result;
}

/* Add p x + q y, of the terms that are there: both factors not NULL. */
AAD_INLINE void block_add_combined(
    int zero_ends_chain, const double* p, const double* x, const double* q, const double* y, double* result) {
    if (p && x) {
        if (q && y)
            block_add_two_times(zero_ends_chain, p, x, q, y, result);
        else
            block_add_times(zero_ends_chain, p, x, result);
    } else if (q && y) {
        block_add_times(zero_ends_chain, q, y, result);
    }
}

static int finite_blocks(const double* blocks, ptrdiff_t n_blocks) {
    double zero[AAD_BLOCK], total = 0.0;
    memset(zero, 0, sizeof zero);
    for (ptrdiff_t k = 0; k < n_blocks; k++)
        AAD_EACH zero[l] += blocks[k * AAD_BLOCK + l] - blocks[k * AAD_BLOCK + l];
    AAD_EACH total += zero[l];
    return total == 0.0;
}

/* Fill in the partials of every node, dx, dy, dxx, dxy, dyy, the second ones times its adjoint, and carry adjoints
 * back. */
AAD_INLINE void block_adjoints(
    const aad_nodes* nodes, const unsigned char* curves, int zero_ends_chain, const double* v, double* partials,
    double* adjoints) {
    const aad_nodes n = *nodes;
    for (ptrdiff_t k = n.n_nodes - 1; k >= 0; k--) {
        ptrdiff_t a = (ptrdiff_t)n.left[k] * AAD_BLOCK, b = (ptrdiff_t)n.right[k] * AAD_BLOCK;
        ptrdiff_t c = (n.first_node + k) * AAD_BLOCK;
        double* p = partials + 5 * k * AAD_BLOCK;
        const double* w = adjoints + c;
        if (n.activity[k] == 0) continue;
        if (curves[k]) {
            double *dxx = p + 2 * AAD_BLOCK, *dxy = p + 3 * AAD_BLOCK, *dyy = p + 4 * AAD_BLOCK;
            block_partials(n.op[k], v + a, v + b, v + c, p, p + AAD_BLOCK, dxx, dxy, dyy);
            if (curves[k] & 1) block_scale(zero_ends_chain, w, dxx);
            if (curves[k] & 2) block_scale(zero_ends_chain, w, dxy);
            if (curves[k] & 4) block_scale(zero_ends_chain, w, dyy);
        } else {
            block_first(n.op[k], v + a, v + b, v + c, p, p + AAD_BLOCK);
        }
        if (n.activity[k] & 1) block_add_times(zero_ends_chain, w, p, adjoints + a);
        if (n.activity[k] & 2) block_add_times(zero_ends_chain, w, p + AAD_BLOCK, adjoints + b);
    }
}

/* Return a block of the arena, or NULL for -1: an operand that does not move. */
AAD_INLINE const double* block_at(const double* arena, int address) {
    return address >= 0 ? arena + (ptrdiff_t)address * AAD_BLOCK : NULL;
}

/* Carry the tangents of every input over a node. */
AAD_INLINE void block_tangents(const int* begin, const int* end, int zero_ends_chain, double* arena, const double* p) {
    for (const int* e = begin; e < end; e += 5) {
        const double* x = e[1] & 1 ? block_at(arena, e[3]) : NULL;
        const double* y = e[1] & 2 ? block_at(arena, e[4]) : NULL;
        if (e[1]) block_combine(zero_ends_chain, p, x, p + AAD_BLOCK, y, arena + (ptrdiff_t)e[2] * AAD_BLOCK);
    }
}

/* Add a node's bottleneck term to the lower triangle of the Hessian: for every input the change of the adjoint in
 * both operands along it, times the tangents of the inputs before. */
AAD_INLINE void block_term(
    const int* begin, const int* end, unsigned char curves, int zero_ends_chain, double* arena, const double* p,
    double* products, double* triangle) {
    const double *dxx = p + 2 * AAD_BLOCK, *dxy = p + 3 * AAD_BLOCK, *dyy = p + 4 * AAD_BLOCK;
    for (const int* e = begin; e < end; e += 5) {
        const double *x = block_at(arena, e[3]), *y = block_at(arena, e[4]);
        const double* along_x = block_combine(
            zero_ends_chain, dxx, curves & 1 ? x : NULL, dxy, curves & 2 ? y : NULL, products);
        const double* along_y = block_combine(
            zero_ends_chain, dxy, curves & 2 ? x : NULL, dyy, curves & 4 ? y : NULL, products + AAD_BLOCK);
        double* row = triangle + (ptrdiff_t)e[0] * (e[0] + 1) / 2 * AAD_BLOCK;
        for (const int* f = begin; f <= e; f += 5)
            block_add_combined(
                zero_ends_chain, along_x, block_at(arena, f[3]), along_y, block_at(arena, f[4]),
                row + (ptrdiff_t)f[0] * AAD_BLOCK);
    }
}

/* Compute the triangle of the Hessian and the gradient of one block of lanes, whose values are known. */
AAD_INLINE void block_hessian(
    const aad_chunk* chunk, const aad_tangent_plan* plan, const aad_lane_results* results, int zero_ends_chain,
    double* arena) {
    const aad_nodes* nodes = chunk->nodes;
    ptrdiff_t m = results->n_active, size = m * (m + 1) / 2, n_slots = nodes->first_node + nodes->n_nodes;
    double* triangle = arena + plan->n_blocks * AAD_BLOCK;
    double* gradient = triangle + size * AAD_BLOCK;
    double* adjoints = gradient + m * AAD_BLOCK;
    memset(adjoints, 0, n_slots * AAD_BLOCK * sizeof(double));
    AAD_EACH adjoints[(ptrdiff_t)results->output * AAD_BLOCK + l] = 1.0;
    block_adjoints(nodes, plan->curves, zero_ends_chain, chunk->values, arena + AAD_BLOCK, adjoints);
    memset(triangle, 0, size * AAD_BLOCK * sizeof(double));
    for (ptrdiff_t k = 0; k < nodes->n_nodes; k++) {
        const int* begin = plan->entries + 5 * (ptrdiff_t)plan->starts[k];
        const int* end = plan->entries + 5 * (ptrdiff_t)plan->starts[k + 1];
        const double* p = arena + (1 + 5 * k) * AAD_BLOCK;
        block_tangents(begin, end, zero_ends_chain, arena, p);
        if (plan->curves[k])
            block_term(begin, end, plan->curves[k], zero_ends_chain, arena, p, triangle - 2 * AAD_BLOCK, triangle);
    }
    for (ptrdiff_t i = 0; i < m; i++)
        memcpy(
            gradient + i * AAD_BLOCK, adjoints + (ptrdiff_t)results->active[i] * AAD_BLOCK, AAD_BLOCK * sizeof(double));
}

/* The two cases apart, so that each is compiled without asking which one it is. */
AAD_CALLED void plain_hessian(
    const aad_chunk* chunk, const aad_tangent_plan* plan, const aad_lane_results* results, double* arena) {
    block_hessian(chunk, plan, results, 0, arena);
}

AAD_CALLED void ended_hessian(
    const aad_chunk* chunk, const aad_tangent_plan* plan, const aad_lane_results* results, double* arena) {
    block_hessian(chunk, plan, results, 1, arena);
}

/* Ask for the cache lines of a block's results before it is computed: waiting for them costs a fifth of a sweep. */
AAD_INLINE void fetch_to_write(const double* begin, ptrdiff_t size) {
    for (ptrdiff_t k = 0; k < size; k += 8) AAD_PREFETCH_TO_WRITE(begin + k);
}

/* Write one entry of the lanes' Hessians and its mirror image; one lane's matrix is `step` numbers from the next. */
static void store_pair(const double* block, double* below, double* above, ptrdiff_t step, ptrdiff_t n_valid) {
    for (ptrdiff_t l = 0; l < n_valid; l++) {
        below[l * step] = block[l];
        above[l * step] = block[l];
    }
}

static void store_results(
    const aad_lane_results* results, const double* values, const double* triangle, ptrdiff_t lane, ptrdiff_t n_valid) {
    ptrdiff_t m = results->n_active;
    const double* gradient = triangle + m * (m + 1) / 2 * AAD_BLOCK;
    double* hessians = results->hessians + lane * m * m;
    memcpy(results->values + lane, values + (ptrdiff_t)results->output * AAD_BLOCK, n_valid * sizeof(double));
    for (ptrdiff_t i = 0; i < m; i++) {
        for (ptrdiff_t l = 0; l < n_valid; l++) results->gradients[(lane + l) * m + i] = gradient[i * AAD_BLOCK + l];
        for (ptrdiff_t j = 0; j <= i; j++)
            store_pair(
                triangle + (i * (i + 1) / 2 + j) * AAD_BLOCK, hessians + i * m + j, hessians + j * m + i, m * m,
                n_valid);
    }
}

static aad_changed lane_hessians(
    const aad_chunk* chunk, const aad_tangent_plan* plan, const aad_lane_results* results, double* scratch) {
    ptrdiff_t m = results->n_active, size = m * (m + 1) / 2 + m;
    double* arena = on_cache_line(scratch);
    double* triangle = arena + plan->n_blocks * AAD_BLOCK;
    aad_changed changed = {-1, -1};
    AAD_EACH arena[l] = 1.0;
    for (ptrdiff_t lane = chunk->begin; lane < chunk->end; lane += AAD_BLOCK) {
        ptrdiff_t n_valid = valid_lanes(chunk, lane);
        fetch_to_write(results->hessians + lane * m * m, n_valid * m * m);
        fetch_to_write(results->gradients + lane * m, n_valid * m);
        changed.guard = evaluate_block(chunk, lane, n_valid);
        if (changed.guard >= 0) {
            changed.lane = lane;
            break;
        }
        plain_hessian(chunk, plan, results, arena);
        /* What is not finite on the way, as in a branch that `where` did not take, shows in the result unless
         * nothing uses it, and must meet no zero unseen. */
        if (!finite_blocks(triangle, size)) ended_hessian(chunk, plan, results, arena);
        store_results(results, chunk->values, triangle, lane, n_valid);
    }
    return changed;
}

#undef AAD_EACH
