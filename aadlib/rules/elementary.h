/* Elementary functions that a compiler can turn into SIMD: straight lines of adds, multiplies, divisions, selects and
 * bit moves, no tables, no branches and no fused operations, so every instruction set gives the same bits.
 *
 * `lane_NAME` is inlined into the loops over a block of lanes; `scalar_NAME` is the same function behind a call, for
 * sweeps over one market state. Errors, in units in the last place, are stated function by function and tested against
 * mpmath. The polynomials come from aadlib/codegen/minimax.py, which prints them.
 *
 * Methods: argument reduction in two parts (Cody and Waite 1980), the error-free sum of two numbers (Dekker 1971),
 * log through the odd series of atanh (Tang 1990), and erfc as exp(-x^2) times a polynomial in (x - 4) / (x + 4)
 * (Shepherd and Laframboise 1981).
 */
#ifndef AAD_ELEMENTARY_H
#define AAD_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "aadlib/rules/chain.h"

#define AAD_LANE AAD_INLINE double

#define AAD_SHIFT 6755399441055744.0 /* 1.5 * 2^52: adding it rounds to an integer, which the low bits then hold */
#define AAD_LN2_HIGH 0x1.62e42feep-1 /* the first 32 bits of ln 2: its multiples by exponents are exact */
#define AAD_LN2_LOW 0x1.a39ef35793c76p-33
#define AAD_INV_LN2 0x1.71547652b82fep+0

AAD_LANE aad_number(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

AAD_INLINE uint64_t aad_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* 2^k for a whole number k in [-1022, 1023]. */
AAD_LANE aad_power_of_two(double k) { return aad_number((aad_bits(k + AAD_SHIFT) + 1023) << 52); }

/* (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2. */
AAD_LANE aad_exp_series(double r) {
    double z = r * r;
    double even = 0.16666666666666669
        + z * (0.008333333333330062
        + z * (0.0001984126986305611
        + z * (2.7557268456677055e-06
        + z * (2.510038687728531e-08))));
    double odd = 0.04166666666666667
        + z * (0.0013888888888880944
        + z * (2.4801587333953088e-05
        + z * (2.755726431433642e-07
        + z * (2.091813816945801e-09))));
    return 0.5 + r * (even + r * odd);
}

/* factor * exp(head + tail) * 2^shift, -746 <= head <= 710 and tail below the last place of head times 2^26. */
AAD_LANE aad_scaled_exp(double head, double tail, double factor, double shift) {
    double k = (head * AAD_INV_LN2 + AAD_SHIFT) - AAD_SHIFT;
    double high = head - k * AAD_LN2_HIGH; /* exact */
    double low = k * AAD_LN2_LOW - tail;
    double r = high - low;
    double sum = 1.0 + high;
    double lost = high - (sum - 1.0);
    double y = sum + (lost + (r * r * aad_exp_series(r) - low));
    double total = k + shift;
    double half = (total * 0.5 + AAD_SHIFT) - AAD_SHIFT;
    return factor * y * aad_power_of_two(half) * aad_power_of_two(total - half);
}

AAD_LANE aad_clamp(double x, double lowest, double highest) { /* NaN stays NaN */
    double y = x > highest ? highest : x;
    return y < lowest ? lowest : y;
}

AAD_LANE lane_exp(double x) { return aad_scaled_exp(aad_clamp(x, -746.0, 710.0), 0.0, 1.0, 0.0); }

/* expm1 through 2^k - 1 + 2^k (e^r - 1), halved so that 2^1024 does not overflow. */
AAD_LANE lane_expm1(double x) {
    double head = aad_clamp(x, -50.0, 710.0);
    double k = (head * AAD_INV_LN2 + AAD_SHIFT) - AAD_SHIFT;
    double high = head - k * AAD_LN2_HIGH;
    double low = k * AAD_LN2_LOW;
    double r = high - low;
    double scale = aad_power_of_two(k - 1.0);
    double whole = scale - 0.5;
    double sum = whole + scale * high;
    double lost = (whole - sum) + scale * high;
    double y = 2.0 * (sum + (lost + scale * (r * r * aad_exp_series(r) - low)));
    return fabs(x) < 0x1p-54 ? x : y;
}

/* log(u + c) + shift ln 2 for a normal u > 0 and |c| below its last place. */
AAD_LANE aad_shifted_log(double u, double c, double shift) {
    uint64_t moved = aad_bits(u) + 0x00095f619980c433; /* the exponent steps at sqrt(1/2) times powers of two */
    uint64_t exponent = moved >> 52;
    double k = (aad_number(exponent | 0x4330000000000000) - 4503599627371519.0) + shift;
    double m = aad_number((moved & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd);
    double carried = 0.5 * c * aad_number((2047 - exponent) << 52); /* c / 2^k */
    double f = (m - 1.0) + carried;
    double rest = ((m - 1.0) - f) + carried;
    double s = f / (2.0 + f);
    double z = s * s;
    double w = z * z;
    double even = w * (0.3999999999989845
        + w * (0.2222221107291914
        + w * (0.15331596971557543)));
    double odd = z * (0.666666666666667
        + w * (0.2857142862639796
        + w * (0.18182893216844614
        + w * (0.1461787279302967))));
    double half_square = 0.5 * f * f;
    return k * AAD_LN2_HIGH
        - ((half_square - (s * (half_square + (even + odd)) + (k * AAD_LN2_LOW + rest))) - f);
}

AAD_LANE lane_log(double x) {
    double tiny = x < 0x1p-1022 ? 1.0 : 0.0;
    double y = aad_shifted_log(x < 0x1p-1022 ? x * 0x1p54 : x, 0.0, tiny * -54.0);
    y = x < INFINITY ? y : x;
    return x > 0.0 ? y : (x == 0.0 ? -INFINITY : NAN);
}

AAD_LANE lane_log1p(double x) {
    double u = 1.0 + x;
    double c = x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0);
    double y = aad_shifted_log(u, c, 0.0);
    y = x < INFINITY ? y : x;
    y = x > -1.0 ? y : (x == -1.0 ? -INFINITY : NAN);
    return fabs(x) < 0x1p-54 ? x : y;
}

/* tanh |x| = -e / (2 + e) with e = exp(-2 |x|) - 1. */
AAD_LANE lane_tanh(double x) {
    double e = lane_expm1(-2.0 * fabs(x));
    return copysign(e / (2.0 + e), x);
}

AAD_LANE lane_cosh(double x) {
    double half = aad_scaled_exp(aad_clamp(fabs(x), 0.0, 711.0), 0.0, 1.0, -1.0);
    return half + 0.25 / half;
}

AAD_LANE lane_sinh(double x) {
    double half = aad_scaled_exp(aad_clamp(fabs(x), 0.0, 711.0), 0.0, 1.0, -1.0);
    double e = lane_expm1(aad_clamp(fabs(x), 0.0, 2.0));
    return copysign(fabs(x) < 1.0 ? 0.5 * (e + e / (e + 1.0)) : half - 0.25 / half, x);
}

/* erfc(a) for 0 <= a <= 28: a^2 enters exp in two parts, so that the far tail keeps its relative accuracy. */
AAD_LANE aad_erfc_positive(double a) {
    double t = (a - 4.0) / (a + 4.0);
    double z = t * t;
    double even = 1.2329951186255526
        + z * (0.015379652102619924
        + z * (-0.10103906603630884
        + z * (-0.06633036581241572
        + z * (-0.016197734049927682
        + z * (-0.0007577733957847957
        + z * (0.00015062243714908177
        + z * (-1.1225200161721875e-05
        + z * (3.018332710817779e-07
        + z * (6.249250862667975e-08
        + z * (-7.817394601607045e-09
        + z * (-1.7164080034887912e-09)))))))))));
    double odd = -0.1396211168405629
        + z * (0.06809705425473522
        + z * (0.0937328349968647
        + z * (0.037167515561313064
        + z * (0.005031969767342651
        + z * (-0.000199255576348734
        + z * (-2.4402906779912193e-05
        + z * (5.717253097699648e-06
        + z * (-8.34224322962337e-07
        + z * (1.1457673280388276e-07
        + z * (-1.3399371819336112e-08))))))))));
    double head = aad_number(aad_bits(a) & 0xfffffffff8000000);
    return aad_scaled_exp(-(head * head), -((a - head) * (a + head)), (even + t * odd) / (1.0 + 2.0 * a), 0.0);
}

/* erf(x) on |x| < 1/2. */
AAD_LANE aad_erf_series(double x) {
    double z = x * x;
    double slope = 1.1283791670955126
        + z * (-0.3761263890318375
        + z * (0.11283791670954871
        + z * (-0.02686617064500043
        + z * (0.0052239776220315125
        + z * (-0.0008548326512408339
        + z * (0.00012055286316237073
        + z * (-1.4923007885637597e-05
        + z * (1.6371330769741951e-06
        + z * (-1.4621769572573936e-07)))))))));
    return x * slope;
}

AAD_LANE lane_erfc(double x) {
    double tail = aad_erfc_positive(aad_clamp(fabs(x), 0.0, 28.0));
    double y = x < 0.0 ? 2.0 - tail : tail;
    return fabs(x) < 0.5 ? 1.0 - aad_erf_series(x) : y;
}

AAD_LANE lane_erf(double x) {
    double outer = copysign(1.0 - aad_erfc_positive(aad_clamp(fabs(x), 0.0, 28.0)), x);
    return fabs(x) < 0.5 ? aad_erf_series(x) : outer;
}

#define AAD_SCALAR(name) \
    AAD_CALLED double scalar_##name(double x) { return lane_##name(x); }

AAD_SCALAR(exp)
AAD_SCALAR(expm1)
AAD_SCALAR(log)
AAD_SCALAR(log1p)
AAD_SCALAR(sinh)
AAD_SCALAR(cosh)
AAD_SCALAR(tanh)
AAD_SCALAR(erf)
AAD_SCALAR(erfc)

#endif
