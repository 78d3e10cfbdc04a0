"""Test functions made of operations on single numbers: arithmetic, elementary functions, kinks and branches."""

from __future__ import annotations

import numpy

from .cases import case, special

# ---- arithmetic, powers, repeated operands ---------------------------------------------------------------------


@case([1.5, -0.7, 2.0])
def repeated_operands(x, np):
    return x[0] * x[0] + x[1] / x[1] + (x[2] - x[2]) * x[0] + x[0] ** 2 * x[2] * x[0] + x[1] * x[1] * x[1]


@case([1.5, -0.7, 2.0])
def unused_input(x, np):
    return np.exp(x[0]) / (1.0 + x[2] ** 2)


@case([0.6])
def unary_chain(x, np):
    return np.sin(np.exp(np.cos(np.sqrt(np.log(1.0 + np.tanh(np.exp(-(x[0] ** 2))))))))


@case([1.3, 0.4, 2.2])
def integer_powers(x, np):
    return x[0] ** 3 - x[1] ** 4 + x[2] ** -2 + x[0] ** 0 + x[1] ** 1 + (x[0] - 3.0) ** 5


@case([1.3, 0.4, 2.2])
def float_powers(x, np):
    return x[0] ** 1.7 + x[1] ** 0.5 + x[2] ** -0.3 + x[0] ** 2.0 * x[1] ** -1.0


@case([1.3, 0.4, 2.2])
def recorded_powers(x, np):
    return x[0] ** x[1] + 2.5 ** x[2] + np.power(x[2], x[0] * x[1])


@case([1.3, 0.4, 2.2])
def rational(x, np):
    return (x[0] * x[1] + 2.0) / (x[2] - 3.0 * x[0]) - 1.0 / x[1] + x[2] / 4.0 - 5.0 / (x[0] * x[2])


@case([1.3, 0.4, 2.2])
def augmented_assignment(x, np):
    total = 1.0
    total += x[0]
    total *= x[1] + total
    total -= x[2] * total
    total /= 1.0 + x[0] ** 2
    total **= 2
    return total


@case([1.3, 0.4, 2.2], jax=False)
def in_place_arrays(x, np):
    y = x.copy()
    y *= 2.0
    y += x
    y[1] = y[0] * x[2]
    y[:2] -= 1.0
    y **= 2
    return y.sum() + y[::2].prod()


@case([1.3, 0.4, 2.2])
def float64_constants(x, np):
    a, b = numpy.float64(1.25), numpy.float64(-0.5)
    return a * x[0] + x[1] / a - b**2 * x[2] ** a + (b - x[0]) * (a - x[1])


@case([1.3, 0.4, 2.2])
def integer_constants(x, np):
    return 3 * x[0] - x[1] * 2 + numpy.int64(4) / x[2] + (1 - x[0]) * (x[2] - 7) + 2 ** x[1]


@case([1.3, 0.4, 2.2])
def negations(x, np):
    return -x[0] * +x[1] - -(x[2] ** 2) + (-x[0]) ** 3


@case([0.4, 1.1, 0.8])
def horner(x, np):
    value = 0.0
    for coefficient in [1.0, -2.0, 0.5, 3.0]:
        value = value * x[0] + coefficient * x[1]
    return value * x[2]


@case([0.4, 1.1, 0.8, 1.7])
def speelpenning(x, np):
    return np.prod(x)


@case([0.4, 1.1, 0.8])
def continued_fraction(x, np):
    return x[0] / (1.0 + x[1] / (1.0 + x[2] / (1.0 + x[0] * x[1])))


@case([0.4, 1.1])
def logistic_map(x, np):
    state = x[0]
    for _ in range(8):
        state = (2.0 + x[1]) * state * (1.0 - state)
    return state


@case([2.0, 5.0])
def newton_square_root(x, np):
    root = x[0]
    for _ in range(6):
        root = 0.5 * (root + x[1] / root)
    return root * x[0]


# ---- elementary functions --------------------------------------------------------------------------------------


@case([0.4, 1.1, 0.8])
def exponentials(x, np):
    return np.exp(x[0] * x[1]) + np.expm1(x[2]) * np.exp2(x[0]) + np.log1p(x[1] * x[2])


@case([0.4, 1.1, 0.8])
def logarithms(x, np):
    return np.log(x[0] + x[1]) * np.log2(x[2] + 1.5) - np.log10(x[1] * x[2] + 0.1) / np.sqrt(x[0])


@case([0.4, 1.1, 0.8])
def trigonometry(x, np):
    return np.sin(x[0] * x[1]) + np.cos(x[2] ** 2) * np.tan(x[0]) - np.sin(x[1]) * np.cos(x[1])


@case([0.4, 0.1, -0.3])
def inverse_trigonometry(x, np):
    return np.arcsin(x[0] * x[1]) + np.arccos(x[2]) * x[0] + np.arctan(x[0] / x[1]) * x[2]


@case([0.4, 1.1, 0.8])
def hyperbolics(x, np):
    return np.sinh(x[0]) * np.cosh(x[1]) + np.tanh(x[0] * x[2]) ** 2


@case([0.4, 1.1, 0.8])
def inverse_hyperbolics(x, np):
    return np.arcsinh(x[0] * x[2]) + np.arccosh(1.0 + x[1]) * np.arctanh(x[0] / 2.0)


@case([0.4, -1.1, 0.8], [-0.5, 1.2, 0.7])
def angles(x, np):
    return np.arctan2(x[0], x[1]) * x[2] + np.arctan2(x[2], 2.0) + np.arctan2(-1.0, x[0] * x[1])


@case([3.0, -4.0, 1.0])
def lengths(x, np):
    return np.hypot(x[0], x[1]) + np.linalg.norm(x) + np.linalg.norm(x[1:]) * x[0]


@case([0.4, 1.1, -0.8])
def cube_roots(x, np):
    return np.cbrt(x[0] * x[1]) + np.cbrt(x[2]) * np.square(x[0]) + np.reciprocal(x[1])


@case([0.4, 1.1, -0.8])
def log_sums(x, np):
    return np.logaddexp(x[0], x[1]) * np.logaddexp(x[2], 0.3) + np.log(np.sum(np.exp(x)))


@case([0.4, 1.1, -0.8])
def normal_distribution(x, np):
    s = special(np)
    return s.norm_cdf(x[0] * x[1]) * s.norm_pdf(x[2]) + s.norm_cdf(x[2] / x[0])


@case([0.4, 0.7, 0.15])
def normal_quantiles(x, np):
    s = special(np)
    return s.norm_ppf(x[0]) * x[1] + s.norm_ppf(x[1] * x[2]) ** 2


@case([0.4, 1.1, -0.8])
def error_functions(x, np):
    s = special(np)
    return s.erf(x[0] + x[2]) * s.erfc(x[1] * x[0])


@case([0.4, 2.1, 3.8])
def gamma_functions(x, np):
    s = special(np)
    return s.gammaln(x[0] + x[1]) - s.gammaln(x[1]) * x[2] + s.digamma(x[2])


@case([0.4, 2.1, -3.8])
def soft_corners(x, np):
    s = special(np)
    return s.softplus(x[0] - x[1]) + s.softplus(x[2], sharpness=3.0) + s.sigmoid(x[0] * x[1] * x[2])


# ---- kinks and branches ----------------------------------------------------------------------------------------


@case([0.4, 2.1, -3.8])
def absolutes(x, np):
    return abs(x[0] - 1.0) * np.abs(x[2]) + np.sum(np.abs(x) ** 3) + np.absolute(x[1] * x[2])


@case([0.4, 2.1, -3.8])
def larger_and_smaller(x, np):
    return np.maximum(x[0], x[1] * x[1]) * np.minimum(x[2], 0.5) + np.sum(np.maximum(x, 0.0) ** 2)


@case([0.4, 2.1, -3.8])
def clipped(x, np):
    return np.sum(np.clip(x * x, 0.1, 6.0) * x) + np.clip(x[0], -1.0, 1.0) ** 2


@case([0.4, 2.1, -3.8])
def where_on_arrays(x, np):
    return np.sum(np.where(x > 0.0, x**3, np.exp(x)) * x[0])


@case([0.4, 2.1, -3.8])
def where_with_guarded_domain(x, np):
    safe = np.where(x > 0.0, x, 1.0)
    return np.sum(np.where(x > 0.0, np.log(safe), x**2))


@case([0.4, 2.1, -3.8])
def nested_where(x, np):
    return np.where(x[0] > x[1], x[0] * x[2], np.where(x[2] < 0.0, x[1] ** 2 * x[2], x[0]))


@case([0.4, 2.1, -3.8])
def python_branches(x, np):
    if x[0] > x[1]:
        return x[0] ** 2
    return x[1] ** 2 * x[2] if x[2] <= 0.0 else x[1]


@case([0.4, 2.1, -3.8])
def builtins_min_max(x, np):
    return max(x[0], x[1]) * min(x[1], x[2]) + sum(x) ** 2 + abs(x[2])


@case([0.4, 2.1, -3.8], jax=False)
def builtins_sorted(x, np):
    low, middle, high = sorted(x)
    return low * middle**2 * high**3


@case([0.4, 2.1, -3.8])
def signs_and_steps(x, np):
    return np.sign(x[2]) * x[0] ** 2 + np.floor(x[1]) * x[1] + np.heaviside(x[0], 0.5) * x[2] ** 2


@case([0.3, 0.72, 1.9])
def interpolated(x, np):
    knots, heights = numpy.array([0.0, 0.5, 1.0, 2.0]), numpy.array([1.0, 3.0, 2.0, 5.0])
    return np.interp(x[0], knots, heights) * np.interp(x[1], knots, heights) + np.sum(
        np.interp(x, knots, heights) ** 2
    )


@case([0.3, 0.72, 1.9], jax=False)
def boolean_selection(x, np):
    return (x[x > 0.5] ** 2).sum() * x[0]


@case([7.3, 2.0, 0.3])
def remainders(x, np):
    return (x[0] % x[1]) * x[2] + np.mod(x[0], 3.0)


@case([0.7, 0.72, 1.9])
def extremes_of_arrays(x, np):
    return np.max(x) ** 2 * np.min(x) + x.max() * x[0]
