"""Test functions that work on arrays, and formulas of finance."""

from __future__ import annotations

import itertools

import numpy

from .cases import case, special

DATA = numpy.random.default_rng(3)
MATRIX = DATA.normal(size=(4, 4))
POSITIVE = MATRIX @ MATRIX.T + 2.0 * numpy.eye(4)
DESIGN = DATA.normal(size=(12, 4))
TARGET = DATA.normal(size=12)
STRIKES = numpy.array([80.0, 90.0, 105.0, 120.0])


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
    return (
        np.sum(x[1:] * x[:-1])
        + x[::2].sum() * x[::-1][0]
        + x[-2] ** 3
        + np.sum(x[numpy.array([0, 2, 2])] ** 2)
    )


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
    return (
        np.einsum("i,ij,j->", x, MATRIX, x) + np.einsum("i,i", x, x**2) + np.tensordot(x, MATRIX, axes=1)[0]
    )


@case([0.4, 1.1, 0.8, -0.5])
def shapes(x, np):
    m = x.reshape(2, 2).T
    wide = np.tile(x, 2).reshape(4, 2)
    return (
        np.sum(m[0] * m[1])
        + np.sum(wide[:, 0] * wide[:, 1])
        + np.ravel(m)[1] * np.sum(np.repeat(x, 2))
        + m.T[0, 1]
    )


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
    return sum(v**2 * (k + 1) for k, v in enumerate(x)) + sum(a * b for a, b in itertools.pairwise(x))


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
