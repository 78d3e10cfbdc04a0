/* Implied volatilities by Householder steps on the logarithm of the price out of the money.
 *
 * With a = |ln(F / K)|, s = sigma sqrt(T), h = -a / s and t = s / 2 the price over D sqrt(F K) is
 *
 *     b = n(h) exp(-t^2 / 2) [Y(h + t) - Y(h - t)],    Y(z) = N(z) / n(z),
 *
 * so ln b costs two scaled complementary error functions and one logarithm, and d(ln b)/ds = 1 / [Y(h+t) - Y(h-t)]
 * comes free. Close to the upper bound exp(-a / 2) the same holds for the complement with a plus sign.
 * The start is the implied volatility of the normal model: at fixed h the two prices differ by O(s^2), so two
 * fourth-order steps reach machine accuracy for every price seen in practice. */

static const double ROOT_TWO_PI = 2.5066282746310002;
static const double LOG_ROOT_TWO_PI = 0.9189385332046727;
static const double ROOT_HALF = 0.7071067811865476;
static const double ROOT_HALF_PI = 1.2533141373155001;

static const double SMALL_DEVIATION = 0.05; /* below this t, the difference of two Y cancels and its series in t converges */
static const double STOP = 3e-5;            /* a step this small, relative to s, leaves an error of its fourth power */
enum { MAX_ITERATIONS = 40 };

/* Y(z) = N(z) / n(z) for z <= 0. */
AAD_INLINE double scaled_tail(double z) {
    double x = -z * ROOT_HALF;
    double y = (x - ERFCX_SCALE) / (x + ERFCX_SCALE);
    double y2 = y * y, y4 = y2 * y2;
    double p0 = TAIL[20], p1 = TAIL[21], p2 = TAIL[22], p3 = TAIL[23];
    for (int k = 16; k >= 0; k -= 4) { /* four interleaved Horner chains: the latency of one is hidden by the others */
        p0 = p0 * y4 + TAIL[k];
        p1 = p1 * y4 + TAIL[k + 1];
        p2 = p2 * y4 + TAIL[k + 2];
        p3 = p3 * y4 + TAIL[k + 3];
    }
    return ROOT_HALF_PI * ((p0 + y * p1) + y2 * (p2 + y * p3)) / (1.0 + 2.0 * x);
}

/* Y(h + t) - Y(h - t) for h <= 0 < t. */
AAD_INLINE double tail_difference(double h, double t) {
    if (t < SMALL_DEVIATION) { /* Y' = 1 + h Y and Y^(n+1) = h Y^(n) + n Y^(n-1) */
        double y0 = scaled_tail(h), y1 = 1.0 + h * y0, y2 = h * y1 + y0, y3 = h * y2 + 2.0 * y1;
        double y4 = h * y3 + 3.0 * y2, y5 = h * y4 + 4.0 * y3, y6 = h * y5 + 5.0 * y4;
        double y7 = h * y6 + 6.0 * y5, y8 = h * y7 + 7.0 * y6, y9 = h * y8 + 8.0 * y7;
        double q = t * t;
        return 2.0 * t * (y1 + q * (y3 / 6.0 + q * (y5 / 120.0 + q * (y7 / 5040.0 + q * y9 / 362880.0))));
    }
    double z = h + t;
    if (z > 0.0) return ROOT_TWO_PI * exp(0.5 * z * z) - scaled_tail(-z) - scaled_tail(h - t);
    return scaled_tail(z) - scaled_tail(h - t);
}

/* Y(-h - t) + Y(h - t) for h <= 0 < t. */
AAD_INLINE double tail_sum(double h, double t) {
    double z = h + t;
    if (z < 0.0) return ROOT_TWO_PI * exp(0.5 * z * z) - scaled_tail(z) + scaled_tail(h - t);
    return scaled_tail(-z) + scaled_tail(h - t);
}

AAD_INLINE double polynomial(const double* coefficients, int n, double x) {
    double value = 0.0;
    for (int k = n - 1; k >= 0; k--) value = value * x + coefficients[k];
    return value;
}

/* The deviation that gives `price` in the normal model. */
AAD_INLINE double normal_start(double moneyness, double price) {
    double rho = moneyness > 0.0 ? price / moneyness : INFINITY;
    if (rho > 1e8) return ROOT_TWO_PI * price;
    if (rho > SPLIT_RATIO) {
        double x = 1.0 / (0.5 + rho);
        return moneyness / (x * polynomial(NEAR, 7, x));
    }
    double v = sqrt(SPLIT_H * SPLIT_H - 2.0 * log(rho / SPLIT_RATIO));
    return moneyness / (v * polynomial(FAR, 8, 1.0 / v));
}

/* The fourth-order step of a positive number at its place, from Newton's and the ratios to the slope. */
AAD_INLINE double householder_step(double newton, double second, double third, double at) {
    double step = newton * (1.0 + 0.5 * second * newton);
    step /= 1.0 + newton * (second + newton * third / 6.0);
    if (!(-0.8 * at < step && step < 4.0 * at)) /* far from the root the rational step may overshoot */
        step = smaller(larger(newton, -0.8 * at), 4.0 * at);
    return step;
}

/* s = sigma sqrt(T) from a = |ln(F/K)|, b > 0 and exp(-a/2) - b > 0; NaN where the steps do not end. */
static double implied_deviation(double moneyness, double price, double complement) {
    int upper = complement < price;
    double s, target;
    if (upper) { /* Abramowitz & Stegun 26.2.22 on N(-s/2) = complement / (2 cosh(a/2)), exact for large s */
        double w = sqrt(-2.0 * log(0.5 * complement / cosh(0.5 * moneyness)));
        s = 2.0 * (w - (2.30753 + 0.27061 * w) / (1.0 + 0.99229 * w + 0.04481 * w * w));
        target = log(complement);
    } else {
        s = normal_start(moneyness, price);
        target = log(price);
    }
    for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
        double h = -moneyness / s, t = 0.5 * s;
        double spread = upper ? -tail_sum(h, t) : tail_difference(h, t);
        double slope = 1.0 / spread; /* f' */
        double newton = spread * (target + LOG_ROOT_TWO_PI + 0.5 * (h * h + t * t) - log(fabs(spread)));
        double ratio = h * h / s - 0.5 * t; /* b'' / b' */
        double second = ratio - slope;      /* f'' / f' */
        double third = second * (second - slope) - 3.0 * h * h / (s * s) - 0.25; /* f''' / f' */
        double step = householder_step(newton, second, third, s);
        s += step;
        if (fabs(step) <= STOP * s) return s;
    }
    return NAN;
}

/* s = sigma sqrt(T) from m = |F - K| and the price p > 0 out of the money, in the normal model.
 *
 * With h = m / s, p / m = n(h) (1 - h Y(-h)) / h: fourth-order Householder steps on its logarithm in h. */
static double normal_deviation(double moneyness, double price) {
    if (moneyness <= 1e-8 * price) /* p = s n(0) - m / 2 + O(m^2 / s), below round-off here */
        return ROOT_TWO_PI * (price + 0.5 * moneyness);
    double target = log(price) - log(moneyness);
    double h = moneyness / normal_start(moneyness, price);
    for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
        double rest = 1.0 - h * scaled_tail(-h);
        double slope = -1.0 / (h * rest); /* g' */
        double newton = (target - (log(rest / h) - 0.5 * h * h - LOG_ROOT_TWO_PI)) / slope;
        double second = -h - 2.0 / h - slope;                                 /* g'' / g' */
        double third = second * second - 1.0 + 2.0 / (h * h) - second * slope; /* g''' / g' */
        double step = householder_step(newton, second, third, h);
        h += step;
        if (fabs(step) <= STOP * h) return moneyness / h;
    }
    return NAN;
}
