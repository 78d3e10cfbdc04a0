/* The sweeps over one market state: values, adjoints, guards. A step takes a node, or two that follow each other. */

static void sweep_values(const aad_nodes* nodes, double* values, ptrdiff_t begin, ptrdiff_t end) {
    const aad_nodes n = *nodes;
    double* out = values + n.first_node;
    for (ptrdiff_t k = begin; k < end;) k += step_value(n.value_code[k], values, out, n.left, n.right, k);
}

static void sweep_adjoints(
    const aad_nodes* nodes, const double* values, double* adjoints, ptrdiff_t begin, ptrdiff_t end) {
    const aad_nodes n = *nodes;
    const double* out = values + n.first_node;
    double* bars = adjoints + n.first_node;
    for (ptrdiff_t k = end - 1; k >= begin;)
        k -= step_adjoint(n.adjoint_code[k], values, out, adjoints, bars, n.left, n.right, k);
}

static ptrdiff_t changed_at_point(const aad_guards* guards, const double* values) {
    const aad_guards g = *guards;
    for (ptrdiff_t k = 0; k < g.n_guards; k++)
        if ((rule_value(g.op[k], values[g.left[k]], values[g.right[k]]) != 0.0) != (g.outcome[k] != 0)) return k;
    return -1;
}
