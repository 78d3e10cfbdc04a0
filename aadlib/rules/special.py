"""Scalar special functions that no C library offers, in the common subset of Python, Cython and numba.

`aadlib.codegen.generate_rules` copies these sources into every backend, so they use plain arithmetic, `while`, and the
functions named in `aadlib.rules` only. Every variable is a float.
"""

from __future__ import annotations

from math import copysign, erf, erfc, exp, fabs, floor, log, log1p, sin, sqrt, tan

PI = 3.141592653589793
LN2 = 0.6931471805599453
LN10 = 2.302585092994046
SQRT_HALF = 0.7071067811865476
INV_SQRT_2PI = 0.3989422804014327
TWO_OVER_SQRT_PI = 1.1283791670955126
INFINITY = float("inf")
NOT_A_NUMBER = float("nan")


def cube_root(x: float) -> float:
    """Return the real cube root by one Halley step on the exponential of a third of the logarithm."""
    if x == 0.0 or x != x or fabs(x) == INFINITY:
        return x
    magnitude = fabs(x)
    scale = 1.0
    if magnitude > 1e200:
        magnitude = magnitude * 4.909093465297727e-91  # 2**-300: no product overflows
        scale = 1.2676506002282294e30  # 2**100
    elif magnitude < 1e-250:
        magnitude = magnitude * 2.037035976334486e90  # 2**300: none loses digits
        scale = 7.888609052210118e-31  # 2**-100
    root = exp(log(magnitude) / 3.0)
    cubed = root * root * root
    return copysign(scale * (root - root * (cubed - magnitude) / (2.0 * cubed + magnitude)), x)


def round_half_even(x: float) -> float:
    """Round to the nearest integer, ties to the even one."""
    if fabs(x) >= 4503599627370496.0 or x != x:
        return x
    shifted = fabs(x) + 4503599627370496.0
    return copysign(shifted - 4503599627370496.0, x)


def normal_quantile(x: float) -> float:
    """Return the standard normal quantile by Wichura (1988), algorithm AS 241, routine PPND16."""
    if x != x or x < 0.0 or x > 1.0:
        return NOT_A_NUMBER
    if x == 0.0:
        return -INFINITY
    if x == 1.0:
        return INFINITY
    q = x - 0.5
    if fabs(q) <= 0.425:
        r = 0.180625 - q * q
        numerator = (
            ((((((2.5090809287301226727e3 * r + 3.3430575583588128105e4) * r + 6.7265770927008700853e4) * r
            + 4.5921953931549871457e4) * r + 1.3731693765509461125e4) * r + 1.9715909503065514427e3) * r
            + 1.3314166789178437745e2) * r + 3.3871328727963666080e0
        )  # fmt: skip
        denominator = (
            ((((((5.2264952788528545610e3 * r + 2.8729085735721942674e4) * r + 3.9307895800092710610e4) * r
            + 2.1213794301586595867e4) * r + 5.3941960214247511077e3) * r + 6.8718700749205790830e2) * r
            + 4.2313330701600911252e1) * r + 1.0
        )  # fmt: skip
        return q * numerator / denominator
    tail = x if q < 0.0 else 1.0 - x
    r = sqrt(-log(tail))
    if r <= 5.0:
        r = r - 1.6
        numerator = (
            ((((((7.74545014278341407640e-4 * r + 2.27238449892691845833e-2) * r + 2.41780725177450611770e-1) * r
            + 1.27045825245236838258e0) * r + 3.64784832476320460504e0) * r + 5.76949722146069140550e0) * r
            + 4.63033784615654529590e0) * r + 1.42343711074968357734e0
        )  # fmt: skip
        denominator = (
            ((((((1.05075007164441684324e-9 * r + 5.47593808499534494600e-4) * r + 1.51986665636164571966e-2) * r
            + 1.48103976427480074590e-1) * r + 6.89767334985100004550e-1) * r + 1.67638483018380384940e0) * r
            + 2.05319162663775882187e0) * r + 1.0
        )  # fmt: skip
    else:
        r = r - 5.0
        numerator = (
            ((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 1.24266094738807843860e-3) * r
            + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580e0) * r
            + 5.46378491116411436990e0) * r + 6.65790464350110377720e0
        )  # fmt: skip
        denominator = (
            ((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7) * r + 1.84631831751005468180e-5) * r
            + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2) * r + 1.36929880922735805310e-1) * r
            + 5.99832206555887937690e-1) * r + 1.0
        )  # fmt: skip
    return copysign(numerator / denominator, q)


def inverse_erf(x: float) -> float:
    """Return the inverse of erf: by the normal quantile, and near 0 by one step of Newton's method from it."""
    if fabs(x) > 0.5:
        return -copysign(SQRT_HALF, x) * normal_quantile(0.5 * (1.0 - fabs(x)))
    v = SQRT_HALF * normal_quantile(0.5 + 0.5 * x)
    return v - (erf(v) - x) * exp(v * v) / TWO_OVER_SQRT_PI


def normal_hazard(x: float) -> float:
    """Return the normal density over the normal distribution function, by Laplace's continued fraction in the tail."""
    if x >= -5.0:
        return INV_SQRT_2PI * exp(-0.5 * x * x) / (0.5 * erfc(-SQRT_HALF * x))
    if x < -1e8:
        return -x
    tail = -x
    k = 60.0
    while k > 0.0:
        tail = -x + k / tail
        k -= 1.0
    return tail


def log_normal_cdf(x: float) -> float:
    """Return the logarithm of the normal distribution function."""
    if x > 0.0:
        return log1p(-0.5 * erfc(SQRT_HALF * x))
    if x >= -5.0:
        return log(0.5 * erfc(-SQRT_HALF * x))
    return -0.5 * x * x + log(INV_SQRT_2PI / normal_hazard(x))


def log_cdf_curvature(x: float) -> float:
    """Return the second derivative of the logarithm of the normal distribution function, -h (h + x) of its hazard h."""
    if x > 39.0:
        return -0.0
    if x >= -5.0:
        return -normal_hazard(x) * (normal_hazard(x) + x)
    if x < -1e8:
        return -1.0
    tail = -x  # h + x is what the continued fraction adds to -x: no cancellation
    k = 60.0
    while k > 1.0:
        tail = -x + k / tail
        k -= 1.0
    return -(-x + 1.0 / tail) / tail


def digamma(x: float) -> float:
    """Return the logarithmic derivative of the gamma function: recurrence, then the asymptotic series."""
    if x <= 0.0 and x == floor(x):
        return NOT_A_NUMBER
    total = 0.0
    z = x
    if z < 0.0:
        total = -PI / tan(PI * (z - floor(z + 0.5)))
        z = 1.0 - z
    while z < 14.0:
        total -= 1.0 / z
        z += 1.0
    r = 1.0 / (z * z)
    series = r * (
        1.0 / 12.0
        - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * 691.0 / 32760.0))))
    )
    return total + log(z) - 0.5 / z - series


def trigamma(x: float) -> float:
    """Return the second logarithmic derivative of the gamma function."""
    if x <= 0.0 and x == floor(x):
        return INFINITY
    z = x
    reflected = 0.0
    sign = 1.0
    if z < 0.0:
        s = sin(PI * (z - floor(z + 0.5)))
        reflected = PI * PI / (s * s)
        sign = -1.0
        z = 1.0 - z
    total = 0.0
    while z < 14.0:
        total += 1.0 / (z * z)
        z += 1.0
    r = 1.0 / (z * z)
    series = 1.0 / 6.0 - r * (
        1.0 / 30.0
        - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * (691.0 / 2730.0 - r * 7.0 / 6.0))))
    )
    return reflected + sign * (total + 1.0 / z + 0.5 * r + series * r / z)


def tetragamma(x: float) -> float:
    """Return the third logarithmic derivative of the gamma function."""
    if x <= 0.0 and x == floor(x):
        return NOT_A_NUMBER
    z = x
    reflected = 0.0
    if z < 0.0:
        angle = PI * (z - floor(z + 0.5))
        s = sin(angle)
        reflected = -2.0 * PI * PI * PI / (s * s * tan(angle))
        z = 1.0 - z
    total = 0.0
    while z < 14.0:
        total -= 2.0 / (z * z * z)
        z += 1.0
    r = 1.0 / (z * z)
    series = 0.5 - r * (
        1.0 / 6.0 - r * (1.0 / 6.0 - r * (3.0 / 10.0 - r * (5.0 / 6.0 - r * (691.0 / 210.0 - r * 17.5))))
    )
    return reflected + total - r - r / z - series * r * r
