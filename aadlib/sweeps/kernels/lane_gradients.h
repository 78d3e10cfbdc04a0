/* Values and adjoints over blocks of market states or paths. */

/* Sweep the adjoints of the nodes that lanes change back to their operands. */
static void pull_back_block(const aad_chunk* chunk, double* adjoints) {
    const aad_nodes n = *chunk->nodes;
    const double* v = chunk->values;
    for (ptrdiff_t k = n.n_nodes - 1; k >= chunk->begin_node; k--) {
        ptrdiff_t a = (ptrdiff_t)n.left[k] * AAD_BLOCK, b = (ptrdiff_t)n.right[k] * AAD_BLOCK;
        ptrdiff_t c = (n.first_node + k) * AAD_BLOCK;
        if (n.activity[k] & 1) block_pull(2 * n.op[k], adjoints + c, v + a, v + b, v + c, adjoints + a);
        if (n.activity[k] & 2) block_pull(2 * n.op[k] + 1, adjoints + c, v + a, v + b, v + c, adjoints + b);
    }
}

/* Adjoints come per lane for lane inputs, and pile up in `adjoints` lane by lane for slots that no lane changes:
 * the caller adds AAD_BLOCK numbers per chunk, and the result does not depend on how chunks were spread over
 * threads. */
static aad_changed differentiate_lanes(
    const aad_chunk* chunk, const aad_outputs* outputs, double* adjoints, double* lane_adjoints) {
    const aad_nodes n = *chunk->nodes;
    const aad_lane_inputs* inputs = &chunk->inputs;
    aad_changed changed = {-1, -1};
    for (ptrdiff_t lane = chunk->begin; lane < chunk->end; lane += AAD_BLOCK) {
        ptrdiff_t n_valid = valid_lanes(chunk, lane);
        changed.guard = evaluate_block(chunk, lane, n_valid);
        if (changed.guard >= 0) {
            changed.lane = lane;
            break;
        }
        memset(
            adjoints + (n.first_node + chunk->begin_node) * AAD_BLOCK, 0,
            (n.n_nodes - chunk->begin_node) * AAD_BLOCK * sizeof(double));
        for (ptrdiff_t j = 0; j < inputs->n_slots; j++)
            memset(adjoints + (ptrdiff_t)inputs->slots[j] * AAD_BLOCK, 0, AAD_BLOCK * sizeof(double));
        store_outputs(outputs, chunk->values, lane, n_valid);
        for (ptrdiff_t j = 0; j < outputs->n_outputs; j++) {
            double* bar = adjoints + (ptrdiff_t)outputs->slots[j] * AAD_BLOCK;
            for (ptrdiff_t l = 0; l < n_valid; l++) bar[l] += outputs->seeds[j];
        }
        pull_back_block(chunk, adjoints);
        for (ptrdiff_t j = 0; j < inputs->n_slots; j++)
            memcpy(
                lane_adjoints + j * outputs->n_lanes + lane, adjoints + (ptrdiff_t)inputs->slots[j] * AAD_BLOCK,
                n_valid * sizeof(double));
    }
    return changed;
}
