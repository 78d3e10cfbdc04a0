/* An American option on a spot that pays cash dividends, marched backward over some options at a time.
 *
 * S_t = X_t + D_t: X is log-normal with drift r - q, D_t the value at t of the dividends still to come before expiry, so
 * forwards, parity and the Black formula hold for what is not exercised. On even steps of ln X the equation has constant
 * coefficients; exercise is worth w (X + D_t - K), held inside each solve from the end where it happens. The European
 * price is marched beside it and subtracted: what both have in common in discretisation error cancels.
 *
 * References
 * ----------
 * M. Brennan and E. Schwartz (1977), "The valuation of American put options", J. Finance 32(2); R. Rannacher (1984),
 * "Finite element solution of diffusion problems with irregular data", Numer. Math. 43. */

#define CASH_EACH for (int m = 0; m < CASH_LANES; m++)
#define CASH_REACH 4.5 /* deviations beyond strike and spot */

typedef double cash_row[CASH_LANES];

typedef struct { /* what differs from lane to lane */
    cash_row asset, strike, rate, dividend_yield, volatility, sign, gap, down, up;
    int is_call[CASH_LANES], centre[CASH_LANES];
} cash_block;

typedef struct { /* by node and lane */
    cash_row *american, *european, *payoff, *inverse, *ratio, *solved, *other;
} cash_nodes;

/* Fill the signs, steps of ln X, nodes of today's X, payoffs and what they are worth at expiry. */
static void lay_grid(cash_block* b, double expiry, const cash_nodes* nodes) {
    CASH_EACH {
        double strike = b->strike[m], here = log(b->asset[m]), edge = log(strike);
        double deviation = b->volatility[m] * sqrt(expiry), drift = (b->rate[m] - b->dividend_yield[m]) * expiry;
        double low = smaller(smaller(here, here + drift), smaller(edge, edge - drift)) - CASH_REACH * deviation;
        double high = larger(larger(here, here + drift), larger(edge, edge - drift)) + CASH_REACH * deviation;
        b->sign[m] = b->is_call[m] ? 1.0 : -1.0;
        double first = b->is_call[m] ? high : low, last = b->is_call[m] ? low : high; /* exercise is at the first node */
        double gap = b->gap[m] = (last - first) / (CASH_NODES - 1);
        b->centre[m] = (int)rint((here - first) / gap);
        for (int j = 0; j < CASH_NODES; j++) {
            double level = exp(here + gap * (j - b->centre[m]));
            double left = level * exp(-0.5 * fabs(gap)), right = level * exp(0.5 * fabs(gap));
            nodes->payoff[j][m] = b->sign[m] * (level - strike);
            nodes->american[j][m] = larger(nodes->payoff[j][m], 0.0);
            if (left < strike && strike < right) { /* the kink averaged over its cell, in the logarithm */
                double width = b->is_call[m] ? log(right / strike) : log(strike / left);
                double area = b->is_call[m] ? right - strike : strike - left;
                nodes->american[j][m] = fabs(area - strike * width) / fabs(gap);
            }
        }
    }
    memcpy(nodes->european, nodes->american, CASH_NODES * sizeof(cash_row));
}

/* Fill the bands and the factors of (1 - L h / 2) / 2, h the step of Crank-Nicolson, twice an implicit one. */
static void factorise(cash_block* b, double length, const cash_nodes* nodes) {
    cash_row middle;
    CASH_EACH {
        double variance = b->volatility[m] * b->volatility[m], spread = 0.5 * variance / (b->gap[m] * b->gap[m]);
        double slope = 0.5 * (b->rate[m] - b->dividend_yield[m] - 0.5 * variance) / b->gap[m];
        b->down[m] = 0.25 * length * (spread - slope);
        b->up[m] = 0.25 * length * (spread + slope);
        middle[m] = 0.5 + 0.25 * length * (2.0 * spread + b->rate[m]);
        nodes->ratio[CASH_NODES - 1][m] = 0.0;
    }
    for (int j = CASH_NODES - 2; j > 0; j--) CASH_EACH {
        nodes->inverse[j][m] = 1.0 / (middle[m] - b->up[m] * nodes->ratio[j + 1][m]);
        nodes->ratio[j][m] = b->down[m] * nodes->inverse[j][m];
    }
}

/* Eliminate from the last node to the first. */
AAD_INLINE void eliminate(const cash_row up, const cash_nodes* nodes) {
    cash_row x = {0.0}, y = {0.0};
    for (int j = CASH_NODES - 2; j > 0; j--) {
        const double* AAD_RESTRICT american = nodes->american[j];
        const double* AAD_RESTRICT european = nodes->european[j];
        const double* AAD_RESTRICT inverse = nodes->inverse[j];
        CASH_EACH x[m] = (american[m] + up[m] * x[m]) * inverse[m];
        CASH_EACH y[m] = (european[m] + up[m] * y[m]) * inverse[m];
        memcpy(nodes->solved[j], x, sizeof x);
        memcpy(nodes->other[j], y, sizeof y);
    }
}

/* Substitute from the first node on, held at what exercise is worth; x and y hold the first node's solutions. */
AAD_INLINE void substitute(double* x, double* y, const cash_row added, int damped, const cash_nodes* nodes) {
    double twice = damped ? 2.0 : 1.0, share = damped ? 0.5 : 1.0, kept = damped ? 0.0 : 1.0;
    for (int j = 1; j < CASH_NODES - 1; j++) {
        double* AAD_RESTRICT american = nodes->american[j];
        double* AAD_RESTRICT european = nodes->european[j];
        const double* AAD_RESTRICT payoff = nodes->payoff[j];
        const double* AAD_RESTRICT ratio = nodes->ratio[j];
        const double* AAD_RESTRICT solved = nodes->solved[j];
        const double* AAD_RESTRICT other = nodes->other[j];
        CASH_EACH x[m] = larger(
            solved[m] + ratio[m] * x[m], twice * (payoff[m] + added[m]) + kept * american[m]);
        CASH_EACH y[m] = other[m] + ratio[m] * y[m];
        CASH_EACH american[m] = share * x[m] - kept * american[m];
        CASH_EACH european[m] = share * y[m] - kept * european[m];
    }
}

/* Fill `out` (CASH_LANES,) with premiums of options of one expiry; `owed` (n_steps, 2, CASH_LANES) is the value of the
 * dividends to come at a step's end, before and after the one on that day. */
static void march_premiums(
    cash_block* b, double expiry, const american_cash_steps* steps, double (*owed)[2][CASH_LANES],
    const cash_nodes* nodes, double* out) {
    double length = -1.0;
    cash_row past = {0.0};
    lay_grid(b, expiry, nodes);
    for (ptrdiff_t step = 0; step < steps->n_steps; step++) {
        int damped = steps->implicit[step];
        if (steps->lengths[step] != length) {
            length = steps->lengths[step];
            factorise(b, length, nodes);
        }
        eliminate(b->up, nodes);
        cash_row x, y, added;
        CASH_EACH {
            past[m] += damped ? 0.5 * length : length;
            added[m] = larger(b->sign[m] * owed[step][0][m], b->sign[m] * owed[step][1][m]);
            double level = nodes->payoff[0][m] + b->sign[m] * b->strike[m];
            double held = level * exp(-b->dividend_yield[m] * past[m]);
            held = larger(held - b->sign[m] * b->strike[m] * exp(-b->rate[m] * past[m]), 0.0);
            double moved = larger(nodes->payoff[0][m] + added[m], held);
            x[m] = moved + (damped ? moved : nodes->american[0][m]);
            y[m] = held + (damped ? held : nodes->european[0][m]);
            nodes->american[0][m] = moved;
            nodes->european[0][m] = held;
            nodes->american[CASH_NODES - 1][m] = 0.0;
            nodes->european[CASH_NODES - 1][m] = 0.0;
        }
        substitute(x, y, added, damped, nodes);
    }
    CASH_EACH out[m] = larger(nodes->american[b->centre[m]][m] - nodes->european[b->centre[m]][m], 0.0);
}

/* Fill the values of the dividends to come at the ends of steps, and take all of them from the spot. */
static void owe_dividends(
    cash_block* b, const american_cash_steps* steps, double (*owed)[2][CASH_LANES]) {
    CASH_EACH {
        double rate = b->rate[m];
        for (ptrdiff_t d = 0; d < steps->n_dividends; d++)
            b->asset[m] -= steps->amounts[d] * exp(-rate * steps->times[d]);
        for (ptrdiff_t step = 0; step < steps->n_steps; step++) {
            owed[step][0][m] = owed[step][1][m] = 0.0;
            for (ptrdiff_t d = 0; d < steps->n_dividends; d++) {
                double ahead = steps->times[d] - steps->ends[step], value = steps->amounts[d] * exp(-rate * ahead);
                if (ahead > -1e-9) owed[step][0][m] += value;
                if (ahead > 1e-9) owed[step][1][m] += value;
            }
        }
    }
}

/* Fill `out` with premiums of options of one expiry; `owed` has room for (n_steps, 2, CASH_LANES). The last block
 * repeats its last option. */
static void cash_premiums(
    const american_options* options, double expiry, const american_cash_steps* steps, double* room, double* owed,
    double* out) {
    cash_row* rows = (cash_row*)room;
    cash_nodes nodes = {
        rows, rows + CASH_NODES, rows + 2 * CASH_NODES, rows + 3 * CASH_NODES, rows + 4 * CASH_NODES,
        rows + 5 * CASH_NODES, rows + 6 * CASH_NODES,
    };
    for (ptrdiff_t begin = 0; begin < options->n_options; begin += CASH_LANES) {
        cash_block block;
        cash_row premium;
        ptrdiff_t here = options->n_options - begin;
        CASH_EACH {
            ptrdiff_t i = begin + (m < here ? m : here - 1);
            block.asset[m] = options->spot[i];
            block.strike[m] = options->strike[i];
            block.rate[m] = options->rate[i];
            block.dividend_yield[m] = options->dividend_yield[i];
            block.volatility[m] = options->volatility[i];
            block.is_call[m] = options->is_call[i];
        }
        owe_dividends(&block, steps, (double (*)[2][CASH_LANES])owed);
        march_premiums(&block, expiry, steps, (double (*)[2][CASH_LANES])owed, &nodes, premium);
        for (ptrdiff_t m = 0; m < CASH_LANES && m < here; m++) out[begin + m] = premium[m];
    }
}
