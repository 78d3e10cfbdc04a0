"""Functions of several variables, written once and run under NumPy, recorded numbers and jax.

Each takes the point and the module that stands for `np`. `CASES` holds (function, point, another point on the same
branches, whether jax can run it). Special functions come from `special(np)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy

import aadlib as ad

DATA = numpy.random.default_rng(3)
MATRIX = DATA.normal(size=(4, 4))
POSITIVE = MATRIX @ MATRIX.T + 2.0 * numpy.eye(4)
DESIGN = DATA.normal(size=(12, 4))
TARGET = DATA.normal(size=12)
STRIKES = numpy.array([80.0, 90.0, 105.0, 120.0])


@dataclass(frozen=True)
class Case:
    """One function with the points it is compared at."""

    function: Any
    point: numpy.ndarray
    other: numpy.ndarray
    jax: bool

    @property
    def name(self) -> str:
        return self.function.__name__


CASES: list[Case] = []


def case(point, other=None, *, jax=True):
    """Put a function on the list; the other point defaults to one nearby."""
    first = numpy.array(point, dtype=float)
    second = first * 0.97 + 0.011 if other is None else numpy.array(other, dtype=float)

    def put(function):
        CASES.append(Case(function, first, second, jax))
        return function

    return put


def special(np):
    """Return the module of special functions that goes with a module of array functions."""
    if np is numpy:
        return ad
    import jax
    from types import SimpleNamespace

    return SimpleNamespace(
        norm_cdf=jax.scipy.stats.norm.cdf,
        norm_pdf=jax.scipy.stats.norm.pdf,
        norm_ppf=jax.scipy.stats.norm.ppf,
        erf=jax.scipy.special.erf,
        erfc=jax.scipy.special.erfc,
        gammaln=jax.scipy.special.gammaln,
        digamma=jax.scipy.special.digamma,
        softplus=lambda x, sharpness=1.0: np.logaddexp(0.0, sharpness * x) / sharpness,
        sigmoid=jax.nn.sigmoid,
    )


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
    return np.interp(x[0], knots, heights) * np.interp(x[1], knots, heights) + np.sum(np.interp(x, knots, heights) ** 2)


@case([0.3, 0.72, 1.9], jax=False)
def boolean_selection(x, np):
    return (x[x > 0.5] ** 2).sum() * x[0]


@case([7.3, 2.0, 0.3])
def remainders(x, np):
    return (x[0] % x[1]) * x[2] + np.mod(x[0], 3.0)


@case([0.7, 0.72, 1.9])
def extremes_of_arrays(x, np):
    return np.max(x) ** 2 * np.min(x) + x.max() * x[0]


# ---- arrays ----------------------------------------------------------------------------------------------------


@case([0.4, 1.1, 0.8, -0.5])
def sums_and_means(x, np):
    return np.sum(x**2) * np.mean(x) + x.sum() + x.mean() ** 2 + np.average(x)


@case([0.4, 1.1, 0.8, -0.5])
def spread(x, np):
    return np.var(x) + np.std(x) * x[0] + x.var(ddof=1) - x.std() ** 3


@case([0.4, 1.1, 0.8, -0.5])
def running(x, np):
    return np.sum(np.cumsum(x) ** 2) + np.sum(np.cumprod(1.0 + x)) + np.cumsum(x)[-1] * x[1]


@case([0.4, 1.1, 0.8, -0.5])
def rolled(x, np):
    return np.sum(x * np.roll(x, 1) * np.roll(x, -2)) + np.sum(np.diff(x) ** 2 * x[1:])


@case([0.4, 1.1, 0.8, -0.5])
def slices(x, np):
    return np.sum(x[1:] * x[:-1]) + x[::2].sum() * x[::-1][0] + x[-2] ** 3 + np.sum(x[numpy.array([0, 2, 2])] ** 2)


@case([0.4, 1.1, 0.8, -0.5])
def products_of_matrices(x, np):
    return x @ POSITIVE @ x + np.dot(MATRIX @ x, x) + (x @ MATRIX)[1] ** 2


@case([0.4, 1.1, 0.8, -0.5])
def recorded_matrices(x, np):
    m = np.reshape(x, (2, 2))
    return np.sum((m @ m.T) @ m) + np.trace(m @ m)


@case([0.4, 1.1, 0.8, -0.5])
def outer_products(x, np):
    return np.sum(np.outer(x, x**2) * MATRIX) + np.sum(np.exp(-((x[:, None] - x[None, :]) ** 2)))


@case([0.4, 1.1, 0.8, -0.5])
def joined(x, np):
    a = np.concatenate([x, x[:2] ** 2, numpy.array([1.0])])
    b = np.stack([x, x * 2.0])
    return np.sum(a * a) + np.sum(b[0] * b[1]) + np.sum(np.hstack([x, x]) ** 3) + np.vstack([x, x])[1, 2]


@case([0.4, 1.1, 0.8, -0.5])
def array_of_scalars(x, np):
    y = np.array([x[0] * x[1], x[2] ** 2, x[3] + x[0]])
    return np.sum(np.exp(y)) + y @ y


@case([0.4, 1.1, 0.8, -0.5])
def einstein_sums(x, np):
    return np.einsum("i,ij,j->", x, MATRIX, x) + np.einsum("i,i", x, x**2) + np.tensordot(x, MATRIX, axes=1)[0]


@case([0.4, 1.1, 0.8, -0.5])
def shapes(x, np):
    m = x.reshape(2, 2).T
    wide = np.tile(x, 2).reshape(4, 2)
    return np.sum(m[0] * m[1]) + np.sum(wide[:, 0] * wide[:, 1]) + np.ravel(m)[1] * np.sum(np.repeat(x, 2)) + m.T[0, 1]


@case([0.4, 1.1, 0.8, -0.5])
def least_squares(x, np):
    residual = DESIGN @ x - TARGET
    return 0.5 * residual @ residual + 0.1 * np.sum(x**2)


@case([0.4, 1.1, 0.8, -0.5])
def logistic_regression(x, np):
    margin = DESIGN @ x
    return np.mean(np.log1p(np.exp(-margin * np.sign(TARGET))))


@case([0.4, 1.1, 0.8, -0.5])
def softmax_entropy(x, np):
    weights = np.exp(x) / np.sum(np.exp(x))
    return -np.sum(weights * np.log(weights))


@case([0.4, 1.1, 0.8, -0.5])
def two_layers(x, np):
    hidden = np.tanh(DESIGN[:, :2] @ x.reshape(2, 2))
    return np.sum((np.sum(hidden, axis=1) - TARGET) ** 2) / 12.0


@case([0.4, 1.1, 0.8, -0.5])
def axes(x, np):
    m = np.outer(x, x) + MATRIX
    return np.sum(np.sum(m, axis=0) ** 2) + np.prod(np.mean(m, axis=1)) + np.sum(np.linalg.norm(m, axis=1))


@case([0.4, 1.1, 0.8, -0.5])
def polynomials(x, np):
    t = numpy.linspace(-1.0, 1.0, 7)
    return np.sum(np.polyval(x, t) ** 2) + np.polyval(numpy.array([1.0, 2.0, -1.0]), x[0])


@case([0.4, 1.1, 0.8, -0.5])
def comprehension(x, np):
    return sum(v**2 * (k + 1) for k, v in enumerate(x)) + sum(a * b for a, b in zip(x, x[1:], strict=False))


# ---- finance ---------------------------------------------------------------------------------------------------


def _call(np, spot, strike, expiry, rate, volatility):
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * expiry) / (volatility * np.sqrt(expiry))
    cdf = special(np).norm_cdf
    return spot * cdf(d1) - strike * np.exp(-rate * expiry) * cdf(d1 - volatility * np.sqrt(expiry))


@case([100.0, 0.2, 0.03, 1.5])
def black_scholes(x, np):
    return _call(np, x[0], 105.0, x[3], x[2], x[1])


@case([100.0, 0.2, 0.03, 1.5])
def strip_of_options(x, np):
    return np.sum(_call(np, x[0], STRIKES, x[3], x[2], x[1] + 0.001 * (STRIKES - 100.0) / 10.0))


@case([100.0, 12.0, 0.03, 1.5])
def bachelier(x, np):
    s = special(np)
    deviation = x[1] * np.sqrt(x[3])
    d = (x[0] - 95.0) / deviation
    return np.exp(-x[2] * x[3]) * ((x[0] - 95.0) * s.norm_cdf(d) + deviation * s.norm_pdf(d))


@case([100.0, 0.2, 0.03, 1.5])
def log_normal_density(x, np):
    z = (np.log(110.0 / x[0]) - (x[2] - 0.5 * x[1] ** 2) * x[3]) / (x[1] * np.sqrt(x[3]))
    return np.exp(-0.5 * z**2) / (110.0 * x[1] * np.sqrt(2.0 * np.pi * x[3]))


@case([0.04, 0.4, -0.4, 0.1, 0.2])
def svi_total_variance(x, np):
    k = numpy.linspace(-0.5, 0.5, 5)
    return np.sum(x[0] + x[1] * (x[2] * (k - x[3]) + np.sqrt((k - x[3]) ** 2 + x[4] ** 2)))


@case([100.0, 0.2, 0.03])
def smoothed_basket(x, np):
    normals = numpy.array([[-1.0, 0.3], [0.2, 1.4], [0.9, -0.8]])
    spots = x[0] * np.exp((x[2] - 0.5 * x[1] ** 2) + x[1] * normals)
    payoff = special(np).softplus(np.mean(spots, axis=1) - 100.0, sharpness=0.5)
    return np.exp(-x[2]) * np.mean(payoff)


@case([101.3, 0.2, 0.03])
def binomial_tree(x, np):
    up = np.exp(x[1] * np.sqrt(0.1))
    p = (np.exp(x[2] * 0.1) - 1.0 / up) / (up - 1.0 / up)
    value = np.maximum(x[0] * up ** (10.0 - 2.0 * numpy.arange(11.0)) - 100.0, 0.0)
    for _ in range(10):
        value = np.exp(-x[2] * 0.1) * (p * value[:-1] + (1.0 - p) * value[1:])
    return value[0]


@case([0.03, 0.01, 0.02, 1.5])
def nelson_siegel(x, np):
    t = numpy.array([0.5, 1.0, 5.0, 10.0])
    load = (1.0 - np.exp(-t / x[3])) / (t / x[3])
    return np.sum((x[0] + x[1] * load + x[2] * (load - np.exp(-t / x[3]))) ** 2)


@case([0.05, 0.1, 0.85])
def garch(x, np):
    variance, total = 1.0, 0.0
    for r in TARGET:
        total = total + np.log(variance) + r**2 / variance
        variance = x[0] + x[1] * r**2 + x[2] * variance
    return total


@case([0.3, 0.3, 0.2, 0.2])
def portfolio_risk(x, np):
    risk = np.sqrt(x @ POSITIVE @ x)
    return np.sum((x * (POSITIVE @ x) / risk - risk / 4.0) ** 2) - TARGET[:4] @ x
