/* exp and log1p in single precision, as straight lines that a compiler turns into SIMD; see aadlib/rules/elementary.h
 * for those in double precision. Relative errors below 2e-7. The polynomials are Chebyshev fits. */

/* e^x for x <= 0; below -87 it is e^-87. */
NET_INLINE float single_exp(float x) {
    float y = x < -87.0f ? -87.0f : x;
    float shifted = y * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    float k = shifted - 12582912.0f;
    float r = (y - k * 0.693145752f) - k * 1.42860677e-6f;
    float series = 0.500000001f + r * (0.16666577f + r * (0.041666465f + r * (0.0083631756f + r * 0.0013933643f)));
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return scale * (1.0f + (r + r * r * series));
}

/* log(1 + e) for 0 <= e <= 1: twice the series of atanh at e / (2 + e). */
NET_INLINE float single_log1p_of_share(float e) {
    float s = e / (2.0f + e);
    float w = s * s;
    return 2.0f * s * (1.0f + w * (0.33333158f + w * (0.20012427f + w * (0.13980709f + w * 0.14087329f))));
}
