/* Local variances on moved nodes, their derivatives in what each row depends on, and their curvature.
 *
 * On row j and node i, with z = (x_i + s_j) / scale_j and d = (x_i + s_j) / width_j,
 *
 *     variance = sigma^2,   sigma = exp(S(arcsinh z) / 2) + b(d),
 *
 * S a spline in the row's weights and b a sum of hats in the row's heights. A cell depends on the few weights of its knot
 * interval, on the shift s_j and on the two or three hats around it, in this order of columns. Its interval and hats are
 * those at x_i + home_j while s_j is within `reach` of home_j, so that variances are smooth there, and else its own. */

#define ON_CENTRE 1e-9 /* deviations, as in pricers.surfaces.volatility_hats */

enum { MOST_HATS = 3, MOST_LOCAL = 16 }; /* hats of one cell; columns of one cell, hats included */

AAD_INLINE double lane_arcsinh(double x) { /* below 1e150 */
    double a = fabs(x), square = a * a;
    return copysign(lane_log1p(a + square / (1.0 + sqrt(1.0 + square))), x);
}

/* Fill z, arcsinh z and the offset in the knot interval of every node of a row, the interval as a whole number, and 0
 * where the spline is flat, beyond the ends of its knots, else 1. */
static void place_nodes(const surfaces_moved* m, ptrdiff_t j, surfaces_row* r) {
    const surfaces_spline* spline = &m->spline;
    const ptrdiff_t n = m->n_nodes, last = spline->n_pieces - 1;
    const double inverse_scale = m->inverse_scale[j], *points = spline->breakpoints;
    const double* AAD_RESTRICT nodes = m->nodes;
    double *AAD_RESTRICT z = r->z, *AAD_RESTRICT u = r->coordinate, *AAD_RESTRICT offset = r->offset;
    r->line = m->lines + j * m->n_columns;
    r->shift = r->line[spline->n_pieces + spline->width - 1];
    r->located = fabs(r->shift - m->home[j]) <= m->reach ? m->home[j] : r->shift;
    const double shift = r->shift, located = r->located;
    for (ptrdiff_t i = 0; i < n; i++) {
        z[i] = (nodes[i] + shift) * inverse_scale;
        u[i] = lane_arcsinh(z[i]);
    }
    if (located == shift)
        memcpy(offset, u, (size_t)n * sizeof(double));
    else
        for (ptrdiff_t i = 0; i < n; i++) offset[i] = lane_arcsinh((nodes[i] + located) * inverse_scale);
    ptrdiff_t k = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const double there = offset[i]; /* where the interval is looked for */
        const int below = there < points[0], above = there > points[last + 1];
        while (k < last && there >= points[k + 1]) k++;
        r->interval[i] = k;
        r->inside[i] = below || above ? 0.0 : 1.0;
        offset[i] = below ? 0.0 : above ? points[last + 1] - points[last] : u[i] - points[k];
    }
}

/* Fill each piece of the row's spline (n_pieces, n_powers). */
static void row_pieces(const surfaces_spline* spline, const double* line, double* pieces) {
    const ptrdiff_t width = spline->width, n_powers = spline->n_powers;
    for (ptrdiff_t k = 0; k < spline->n_pieces; k++)
        for (ptrdiff_t power = 0; power < n_powers; power++) {
            double total = 0.0;
            for (ptrdiff_t b = 0; b < width; b++) total += spline->pieces[(k * width + b) * n_powers + power] * line[k + b];
            pieces[k * n_powers + power] = total;
        }
}

typedef struct { /* value and derivatives of a polynomial */
    double value, slope, bend;
} jet;

AAD_INLINE jet polynomial(const double* coefficients, ptrdiff_t n_powers, double x) {
    jet p = {0.0, 0.0, 0.0};
    for (ptrdiff_t power = n_powers - 1; power >= 0; power--) {
        p.bend = p.bend * x + 2.0 * p.slope;
        p.slope = p.slope * x + p.value;
        p.value = p.value * x + coefficients[power];
    }
    return p;
}

/* Fill exp(S / 2) at every node of a row. */
static void fill_surface(const surfaces_moved* m, surfaces_row* r) {
    const ptrdiff_t n_powers = m->spline.n_powers;
    double* AAD_RESTRICT of_surface = r->of_surface;
    row_pieces(&m->spline, r->line, r->pieces);
    for (ptrdiff_t i = 0; i < m->n_nodes; i++) {
        const double* piece = r->pieces + r->interval[i] * n_powers;
        double value = piece[n_powers - 1];
        for (ptrdiff_t power = n_powers - 2; power >= 0; power--) value = value * r->offset[i] + piece[power];
        of_surface[i] = 0.5 * value;
    }
    for (ptrdiff_t i = 0; i < m->n_nodes; i++) of_surface[i] = lane_exp(of_surface[i]);
}

typedef struct { /* the hats of one cell: the first one's number, and values and slopes of the two or three from it on */
    ptrdiff_t first, n, left, right; /* centres at or before the place, just beside it on either side */
    double value[MOST_HATS], slope[MOST_HATS];
} cell_hats;

/* Add one linear piece between centres, flat beyond the outermost. */
AAD_INLINE void add_piece(ptrdiff_t piece, double factor, double deviation, const double* centres, ptrdiff_t n,
                          cell_hats* hats) {
    if (piece == 0 || piece == n) {
        hats->value[(piece > 0 ? piece - 1 : 0) - hats->first] += factor;
        return;
    }
    double gap = centres[piece] - centres[piece - 1], part = (deviation - centres[piece - 1]) / gap;
    ptrdiff_t at = piece - 1 - hats->first;
    hats->value[at] += factor * (1.0 - part);
    hats->value[at + 1] += factor * part;
    hats->slope[at] -= factor / gap;
    hats->slope[at + 1] += factor / gap;
}

/* Move hats on to node i of a row, those at the nodes before it behind it; at a centre they are means of both sides. */
AAD_INLINE void move_hats(const surfaces_moved* m, ptrdiff_t j, const surfaces_row* r, ptrdiff_t i, cell_hats* hats) {
    const double there = (m->nodes[i] + r->located) * m->inverse_width[j];
    const double deviation = (m->nodes[i] + r->shift) * m->inverse_width[j];
    while (hats->left < m->n_centres && m->centres[hats->left] <= there - ON_CENTRE) hats->left++;
    while (hats->right < m->n_centres && m->centres[hats->right] <= there + ON_CENTRE) hats->right++;
    ptrdiff_t first = hats->left - 1 < m->n_centres - hats->n ? hats->left - 1 : m->n_centres - hats->n;
    hats->first = first > 0 ? first : 0;
    for (int c = 0; c < MOST_HATS; c++) hats->value[c] = hats->slope[c] = 0.0;
    if (hats->left == hats->right) {
        add_piece(hats->left, 1.0, deviation, m->centres, m->n_centres, hats);
    } else {
        add_piece(hats->left, 0.5, deviation, m->centres, m->n_centres, hats);
        add_piece(hats->right, 0.5, deviation, m->centres, m->n_centres, hats);
    }
}

AAD_INLINE cell_hats hats_of(const surfaces_moved* m) {
    cell_hats hats;
    memset(&hats, 0, sizeof hats);
    hats.n = m->n_centres < MOST_HATS ? m->n_centres : MOST_HATS;
    return hats;
}

/* Fill variances (n_rows, n_nodes); return whether every volatility is above zero. */
static int moved_variances(const surfaces_moved* m, surfaces_row* r, double* result) {
    const ptrdiff_t heights = m->spline.n_pieces + m->spline.width;
    int positive = 1;
    for (ptrdiff_t j = 0; j < m->n_rows; j++) {
        double* AAD_RESTRICT variance = result + j * m->n_nodes;
        cell_hats hats = hats_of(m);
        place_nodes(m, j, r);
        fill_surface(m, r);
        for (ptrdiff_t i = 0; i < m->n_nodes && hats.n; i++) {
            move_hats(m, j, r, i, &hats);
            for (ptrdiff_t c = 0; c < hats.n; c++) r->of_surface[i] += hats.value[c] * r->line[heights + hats.first + c];
            positive &= r->of_surface[i] > 0.0;
        }
        for (ptrdiff_t i = 0; i < m->n_nodes; i++) variance[i] = r->of_surface[i] * r->of_surface[i];
    }
    return positive;
}

typedef struct { /* one cell: numbers of its columns, and derivatives in them */
    ptrdiff_t n, column[MOST_LOCAL];
    double sigma, surface;
    double of_spline[MOST_LOCAL], of_sigma[MOST_LOCAL]; /* of S and of sigma */
    double with_shift[MOST_LOCAL]; /* second derivatives of sigma with the shift, less those through S alone */
} moved_cell;

AAD_INLINE void fill_cell(const surfaces_moved* m, ptrdiff_t j, const surfaces_row* r, ptrdiff_t i, cell_hats* hats,
                          moved_cell* cell) {
    const surfaces_spline* spline = &m->spline;
    const ptrdiff_t width = spline->width, k = r->interval[i], n_u = spline->n_pieces + width - 1;
    const double z = r->z[i], offset = r->offset[i], inside = r->inside[i], half = 0.5 * r->of_surface[i];
    const double root = 1.0 / (1.0 + z * z), first_order = m->inverse_scale[j] * sqrt(root);
    const double second_order = -z * m->inverse_scale[j] * root * first_order;
    jet row = polynomial(r->pieces + k * spline->n_powers, spline->n_powers, offset);
    cell->n = width + 1 + hats->n;
    cell->sigma = cell->surface = r->of_surface[i];
    for (ptrdiff_t b = 0; b < width; b++) {
        jet basis = polynomial(spline->pieces + (k * width + b) * spline->n_powers, spline->n_powers, offset);
        cell->column[b] = k + b;
        cell->of_spline[b] = basis.value;
        cell->of_sigma[b] = half * basis.value;
        cell->with_shift[b] = half * inside * basis.slope * first_order;
    }
    cell->column[width] = n_u;
    cell->of_spline[width] = inside * row.slope * first_order;
    cell->of_sigma[width] = half * cell->of_spline[width];
    cell->with_shift[width] = half * inside * (row.bend * first_order * first_order + row.slope * second_order);
    if (hats->n) move_hats(m, j, r, i, hats);
    for (ptrdiff_t c = 0; c < hats->n; c++) {
        const ptrdiff_t at = width + 1 + c, column = n_u + 1 + hats->first + c;
        cell->column[at] = column;
        cell->sigma += hats->value[c] * r->line[column];
        cell->of_spline[at] = 0.0;
        cell->of_sigma[at] = hats->value[c];
        cell->with_shift[at] = hats->slope[c] * m->inverse_width[j];
        cell->of_sigma[width] += cell->with_shift[at] * r->line[column];
    }
}

/* Fill the derivatives of the variances, inside (n_rows, n_nodes, n) at columns. */
static void moved_derivatives(const surfaces_moved* m, surfaces_row* r, int64_t* columns, double* inside) {
    moved_cell cell;
    for (ptrdiff_t j = 0; j < m->n_rows; j++) {
        cell_hats hats = hats_of(m);
        place_nodes(m, j, r);
        fill_surface(m, r);
        for (ptrdiff_t i = 0; i < m->n_nodes; i++) {
            fill_cell(m, j, r, i, &hats, &cell);
            for (ptrdiff_t b = 0; b < cell.n; b++) {
                *columns++ = cell.column[b];
                *inside++ = 2.0 * cell.sigma * cell.of_sigma[b];
            }
        }
    }
}

/* Add the second derivatives of sum(factors * variances) in pairs of weights to result, half of it: the transpose is the
 * other half. `band` has room for n_columns squared. */
static void moved_curvature(const surfaces_moved* m, const surfaces_basis* basis, surfaces_row* r, const double* factors,
                            ptrdiff_t n_weights, double* band, double* result) {
    const ptrdiff_t width = m->spline.width, n_columns = m->n_columns;
    moved_cell cell;
    for (ptrdiff_t j = 0; j < m->n_rows; j++) {
        cell_hats hats = hats_of(m);
        place_nodes(m, j, r);
        fill_surface(m, r);
        memset(band, 0, (size_t)(n_columns * n_columns) * sizeof(double));
        for (ptrdiff_t i = 0; i < m->n_nodes; i++) {
            fill_cell(m, j, r, i, &hats, &cell);
            const double twice = 2.0 * factors[j * m->n_nodes + i], quarter = 0.25 * cell.surface * cell.sigma;
            for (ptrdiff_t p = 0; p < cell.n; p++) {
                double* of_column = band + cell.column[p] * n_columns - cell.column[p];
                for (ptrdiff_t q = p; q < cell.n; q++) {
                    double total = cell.of_sigma[p] * cell.of_sigma[q] + quarter * cell.of_spline[p] * cell.of_spline[q];
                    if (q == width)
                        total += cell.sigma * cell.with_shift[p];
                    else if (p == width)
                        total += cell.sigma * cell.with_shift[q];
                    of_column[cell.column[q]] += twice * total;
                }
            }
        }
        add_band(basis, basis->start + j * n_columns, n_columns, band, n_weights, result);
    }
}
