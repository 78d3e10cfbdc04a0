/* Implied volatilities and deviations of arrays of prices. */

/* Fill `out` with implied Black volatilities, 0 at the lower bound of the price and NaN outside the bounds. */
static void implied_volatilities(const analytic_quotes* quotes, double* out) {
    for (ptrdiff_t i = 0; i < quotes->n_quotes; i++) {
        double forward = quotes->forward[i], strike = quotes->strike[i], discount = quotes->discount[i];
        int is_call = quotes->is_call[i];
        double gap = is_call ? forward - strike : -(forward - strike);
        double outside = quotes->price[i] - discount * larger(gap, 0.0);
        double bound = discount * smaller(forward, strike);
        if (!(quotes->expiry[i] > 0.0)) { /* any volatility gives an expired option its payoff, none another price */
            out[i] = NAN;
        } else if (outside == 0.0) {
            out[i] = 0.0;
        } else if (!(0.0 < outside && outside < bound)) {
            out[i] = NAN;
        } else {
            double ratio = (is_call ? gap : -gap) / strike;
            /* F - K is exact near the money, so ln(F/K) keeps its relative accuracy there */
            double moneyness = fabs(-0.5 < ratio && ratio < 1.0 ? log1p(ratio) : log(forward / strike));
            double unit = discount * sqrt(forward * strike);
            double s = implied_deviation(moneyness, outside / unit, (bound - outside) / unit);
            out[i] = s / sqrt(quotes->expiry[i]);
        }
    }
}

/* Fill `out` with implied normal volatilities, 0 at the lower bound of the price and NaN below it. */
static void normal_volatilities(const analytic_quotes* quotes, double* out) {
    for (ptrdiff_t i = 0; i < quotes->n_quotes; i++) {
        double gap = quotes->forward[i] - quotes->strike[i];
        if (!quotes->is_call[i]) gap = -gap;
        double outside = quotes->price[i] / quotes->discount[i] - larger(gap, 0.0);
        if (outside == 0.0 && quotes->expiry[i] > 0.0)
            out[i] = 0.0;
        else if (!(0.0 < outside && outside < INFINITY && quotes->expiry[i] > 0.0))
            out[i] = NAN;
        else
            out[i] = normal_deviation(fabs(gap), outside) / sqrt(quotes->expiry[i]);
    }
}

/* Fill s = sigma sqrt(T) and d s / d price for prices over forward out of the money at x = ln(K/F); prices are moved
 * to between `floor` times their upper bound and just below it. */
static void implied_deviations(
    const double* price, const double* log_moneyness, double floor, double* deviation, double* slope, ptrdiff_t n) {
    for (ptrdiff_t i = 0; i < n; i++) {
        double x = log_moneyness[i], bound = smaller(1.0, exp(x)), unit = exp(0.5 * x);
        double p = smaller(larger(price[i], floor * bound), (1.0 - 1e-12) * bound);
        double s = implied_deviation(fabs(x), p / unit, (bound - p) / unit);
        double d1 = 0.5 * s - x / s;
        deviation[i] = s;
        slope[i] = ROOT_TWO_PI * exp(0.5 * d1 * d1);
    }
}
