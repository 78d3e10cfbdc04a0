/* Values over blocks of market states or paths. */

/* Copy one block of lane inputs into their slots; lanes past the end repeat the last one. */
static void load_lanes(const aad_lane_inputs* inputs, ptrdiff_t lane, ptrdiff_t n_valid, double* values) {
    for (ptrdiff_t j = 0; j < inputs->n_slots; j++) {
        double* block = values + (ptrdiff_t)inputs->slots[j] * AAD_BLOCK;
        const char* source = inputs->numbers + j * inputs->slot_stride + lane * inputs->lane_stride;
        for (ptrdiff_t l = 0; l < n_valid; l++) block[l] = *(const double*)(source + l * inputs->lane_stride);
        for (ptrdiff_t l = n_valid; l < AAD_BLOCK; l++) block[l] = block[n_valid - 1];
    }
}

/* Return the first guard that comes out otherwise in any lane, or -1. */
static ptrdiff_t changed_guard(const aad_guards* guards, const double* values, ptrdiff_t n_valid) {
    double outcome[AAD_BLOCK];
    for (ptrdiff_t k = 0; k < guards->n_guards; k++) {
        const double* left = values + (ptrdiff_t)guards->left[k] * AAD_BLOCK;
        block_value(guards->op[k], left, values + (ptrdiff_t)guards->right[k] * AAD_BLOCK, outcome);
        for (ptrdiff_t l = 0; l < n_valid; l++)
            if ((outcome[l] != 0.0) != (guards->outcome[k] != 0)) return k;
    }
    return -1;
}

/* Load and compute one block of lanes; return the first guard that comes out otherwise, or -1. */
static ptrdiff_t evaluate_block(const aad_chunk* chunk, ptrdiff_t lane, ptrdiff_t n_valid) {
    const aad_nodes n = *chunk->nodes;
    double* v = chunk->values;
    load_lanes(&chunk->inputs, lane, n_valid, v);
    for (ptrdiff_t k = chunk->begin_node; k < n.n_nodes; k++)
        block_value(
            n.op[k], v + (ptrdiff_t)n.left[k] * AAD_BLOCK, v + (ptrdiff_t)n.right[k] * AAD_BLOCK,
            v + (n.first_node + k) * AAD_BLOCK);
    return changed_guard(&chunk->guards, v, n_valid);
}

AAD_INLINE ptrdiff_t valid_lanes(const aad_chunk* chunk, ptrdiff_t lane) {
    return chunk->end - lane < AAD_BLOCK ? chunk->end - lane : AAD_BLOCK;
}

static void store_outputs(const aad_outputs* outputs, const double* values, ptrdiff_t lane, ptrdiff_t n_valid) {
    for (ptrdiff_t j = 0; j < outputs->n_outputs; j++)
        memcpy(
            outputs->values + j * outputs->n_lanes + lane, values + (ptrdiff_t)outputs->slots[j] * AAD_BLOCK,
            n_valid * sizeof(double));
}

static aad_changed evaluate_lanes(const aad_chunk* chunk, const aad_outputs* outputs) {
    aad_changed changed = {-1, -1};
    for (ptrdiff_t lane = chunk->begin; lane < chunk->end; lane += AAD_BLOCK) {
        ptrdiff_t n_valid = valid_lanes(chunk, lane);
        changed.guard = evaluate_block(chunk, lane, n_valid);
        if (changed.guard >= 0) {
            changed.lane = lane;
            break;
        }
        store_outputs(outputs, chunk->values, lane, n_valid);
    }
    return changed;
}
