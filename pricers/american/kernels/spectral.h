/* The exercise boundary of an American put by spectral collocation, and the premium it is worth.
 *
 * With t the time left, the boundary is B(t) = X exp(-sqrt(H(t))), X = K min(1, r / q), and H is smooth in sqrt(t): it is
 * interpolated at Chebyshev points of sqrt(t / T). The boundary solves B = K exp(-(r - q) t) N(t, B) / D(t, B) with
 *
 *     N = Phi(d-(t, B / K)) + r int_0^t exp(r u) Phi(d-(t - u, B(t) / B(u))) du
 *     D = Phi(d+(t, B / K)) + q int_0^t exp(q u) Phi(d+(t - u, B(t) / B(u))) du
 *
 * and the premium is int_0^T [r K exp(-r u) Phi(-d-(u, S / B(T - u))) - q S exp(-q u) Phi(-d+(u, S / B(T - u)))] du.
 *
 * References
 * ----------
 * L. Andersen, M. Lake and D. Offengenden (2016), "High-performance American option pricing", J. Comput. Finance 20(1),
 * sections 4 and 5 (system B); G. Barone-Adesi and R. Whaley (1987), "Efficient analytic approximation of American option
 * values", J. Finance 42(2), eq. 20 (the start). */

enum { N_SWEEPS = 6 }; /* of the boundary's equation */

typedef struct { /* a put on a strike of one */
    double expiry, rate, dividend, volatility;
} put_market;

typedef struct { /* X, and sqrt(H) at the nodes */
    double highest, root[AMERICAN_NODES];
} put_boundary;

AAD_INLINE double normal_cdf(double x) { return 0.5 * erfc(-x * 0.7071067811865476); }

AAD_INLINE double normal_pdf(double x) { return exp(-0.5 * x * x) / 2.5066282746310002; }

/* The boundary over the strike in the quadratic approximation, by Newton steps from `guess`. */
static double quadratic_boundary(const put_market* put, double time, double guess) {
    double variance = put->volatility * put->volatility, carry = put->rate - put->dividend;
    double shrink = 1.0 - exp(-put->rate * time), shift = 2.0 * carry / variance - 1.0;
    double power = 0.5 * (-shift - sqrt(shift * shift + 8.0 * put->rate / (variance * shrink)));
    double asset = exp(-put->dividend * time), cash = 1.0 - shrink, deviation = put->volatility * sqrt(time);
    double level = guess;
    for (int step = 0; step < 12; step++) {
        double d1 = (log(level) + carry * time) / deviation + 0.5 * deviation;
        double tail = asset * normal_cdf(-d1);
        double gap = 1.0 - level - (cash * normal_cdf(deviation - d1) - level * tail) + level * (1.0 - tail) / power;
        double slope = -1.0 + tail + (1.0 - tail + asset * normal_pdf(d1) / deviation) / power;
        double moved = level - gap / slope;
        if (!(0.5 * level < moved && moved < 1.5 * level)) moved = moved < level ? 0.5 * level : 1.5 * level;
        moved = smaller(moved, guess);
        if (fabs(moved - level) <= 1e-5 * level) return moved;
        level = moved;
    }
    return level;
}

/* What the boundary's equation gives for the boundary over the strike at a node. */
static double boundary_image(
    const american_tables* tables, const put_market* put, int node, const put_boundary* boundary, const double* height,
    double (*factors)[AMERICAN_NODES][AMERICAN_POINTS]) {
    double carry = put->rate - put->dividend, drift = carry + 0.5 * put->volatility * put->volatility;
    double time = tables->times[node] * put->expiry, here = boundary->root[node];
    double level = boundary->highest * exp(-here), deviation = put->volatility * sqrt(time);
    double up = (log(level) + drift * time) / deviation;
    double number = normal_cdf(up - deviation), divisor = normal_cdf(up);
    for (int k = 0; k < AMERICAN_POINTS; k++) {
        double h = 0.0;
        for (int j = 0; j < AMERICAN_NODES; j++) h += tables->to_points[node][k][j] * height[j];
        double elapsed = time * tables->elapsed[k], spread = put->volatility * sqrt(elapsed);
        up = (sqrt(larger(h, 0.0)) - here + drift * elapsed) / spread;
        number += factors[0][node][k] * normal_cdf(up - spread);
        divisor += factors[1][node][k] * normal_cdf(up);
    }
    double image = exp(-carry * time) * number / divisor;
    return smaller(larger(image, 1e-3 * level), boundary->highest);
}

static put_boundary find_boundary(const american_tables* tables, const put_market* put) {
    double rate = put->rate, dividend = put->dividend, factors[2][AMERICAN_NODES][AMERICAN_POINTS];
    put_boundary boundary;
    boundary.highest = dividend <= rate ? 1.0 : rate / dividend;
    double level = boundary.highest;
    for (int i = AMERICAN_NODES - 1; i >= 0; i--) {
        level = quadratic_boundary(put, tables->times[i] * put->expiry, level);
        boundary.root[i] = log(boundary.highest / level);
    }
    for (int i = 0; i < AMERICAN_NODES; i++)
        for (int k = 0; k < AMERICAN_POINTS; k++) {
            double time = tables->times[i] * put->expiry, since = time * (1.0 - tables->elapsed[k]);
            factors[0][i][k] = time * tables->weights[k] * rate * exp(rate * since);
            factors[1][i][k] = time * tables->weights[k] * dividend * exp(dividend * since);
        }
    for (int sweep = 0; sweep < N_SWEEPS; sweep++) {
        double height[AMERICAN_NODES];
        for (int i = 0; i < AMERICAN_NODES; i++) height[i] = boundary.root[i] * boundary.root[i];
        for (int i = 0; i < AMERICAN_NODES; i++)
            boundary.root[i] = log(boundary.highest / boundary_image(tables, put, i, &boundary, height, factors));
    }
    return boundary;
}

/* What early exercise adds to a European put; all positive but the dividend yield, any sign. */
static double put_premium(const american_tables* tables, double spot, double strike, const put_market* put) {
    put_boundary boundary = find_boundary(tables, put);
    double rate = put->rate, dividend = put->dividend;
    double drift = rate - dividend + 0.5 * put->volatility * put->volatility;
    double moneyness = log(spot / (strike * boundary.highest));
    if (moneyness <= -boundary.root[0]) { /* exercised now */
        double deviation = put->volatility * sqrt(put->expiry);
        double d1 = (log(spot / strike) + drift * put->expiry) / deviation;
        double cash = strike * exp(-rate * put->expiry) * normal_cdf(deviation - d1);
        return strike - spot - cash + spot * exp(-dividend * put->expiry) * normal_cdf(-d1);
    }
    double total = 0.0;
    for (int k = 0; k < AMERICAN_PRICE_POINTS; k++) {
        double h = 0.0;
        for (int j = 0; j < AMERICAN_NODES; j++)
            h += tables->to_price_points[k][j] * boundary.root[j] * boundary.root[j];
        double elapsed = put->expiry * tables->price_elapsed[k], spread = put->volatility * sqrt(elapsed);
        double up = (moneyness + sqrt(larger(h, 0.0)) + drift * elapsed) / spread;
        double paid = rate * strike * exp(-rate * elapsed) * normal_cdf(spread - up);
        double given = dividend * spot * exp(-dividend * elapsed) * normal_cdf(-up);
        total += tables->price_weights[k] * (paid - given);
    }
    return larger(total * put->expiry, 0.0);
}

/* Fill `out` with early-exercise premiums; 0 where the rate an exercise would earn is not positive. */
static void premiums(const american_tables* tables, const american_options* options, double* out) {
    for (ptrdiff_t n = 0; n < options->n_options; n++) {
        double spot = options->spot[n], strike = options->strike[n];
        put_market put = {options->expiry[n], options->rate[n], options->dividend_yield[n], options->volatility[n]};
        if (options->is_call[n]) { /* C(S, K, r, q) = P(K, S, q, r) */
            spot = options->strike[n];
            strike = options->spot[n];
            put.rate = options->dividend_yield[n];
            put.dividend = options->rate[n];
        }
        out[n] = put.rate > 0.0 ? put_premium(tables, spot, strike, &put) : 0.0;
    }
}
