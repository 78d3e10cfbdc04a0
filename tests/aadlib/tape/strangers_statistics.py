"""Objectives of statistics, machine learning and finance the way strangers write them: closures over data."""

from __future__ import annotations

import numpy as np

from .strangers_optimisation import at

_DATA = np.random.default_rng(7)
FEATURES = _DATA.normal(size=(20, 3))
LABELS = (_DATA.uniform(size=20) < 0.5).astype(int)
SAMPLE = _DATA.normal(1.0, 2.0, size=40)
RETURNS = _DATA.normal(size=60)
MEANS = np.array([0.05, 0.08, 0.12])
FACTOR = _DATA.normal(size=(3, 3))
COVARIANCE = FACTOR @ FACTOR.T / 10.0 + 0.02 * np.eye(3)


# ---- statistics and machine learning ----------------------------------------------------------------------------


@at(0.1, -0.3, 0.7)
def logistic_loss(w):
    p = 1 / (1 + np.exp(-FEATURES @ w))
    return -np.mean(LABELS * np.log(p) + (1 - LABELS) * np.log(1 - p))


@at(0.1, -0.3, 0.7)
def logistic_loss_stable(w):
    margins = (2 * LABELS - 1) * np.dot(FEATURES, w)
    return np.logaddexp(0, -margins).sum() + 0.5 * w.T @ w


@at(0.8, 1.7)
def gaussian_log_likelihood(theta):
    mu, sigma = theta
    n = SAMPLE.size
    return -0.5 * n * np.log(2 * np.pi) - n * np.log(sigma) - np.sum((SAMPLE - mu) ** 2) / (2 * sigma**2)


@at(0.3, 0.3, 0.4)
def mean_variance_utility(w):
    return -(w @ MEANS - 0.5 * 3.0 * w @ COVARIANCE @ w)


@at(0.3, 0.3, 0.4)
def sharpe_ratio(w):
    w = w / np.sum(w)
    return -np.dot(w, MEANS) / np.sqrt(np.dot(w.T, np.dot(COVARIANCE, w)))


@at(0.1, 0.2)
def kelly(f):
    odds = np.array([1.1, 2.0])
    p = np.array([0.55, 0.4])
    return -np.sum(p * np.log(1 + odds * f) + (1 - p) * np.log(1 - f))


@at(0.05, 0.08, 0.9)
def garch_likelihood(params):
    omega, alpha, beta = params
    sigma2 = np.var(RETURNS)
    loglik = 0.0
    for r in RETURNS:
        loglik += -0.5 * (np.log(2 * np.pi) + np.log(sigma2) + r**2 / sigma2)
        sigma2 = omega + alpha * r**2 + beta * sigma2
    return -loglik


def garch_with_list(params):
    omega, alpha, beta = params[0], params[1], params[2]
    sigma2 = [np.var(RETURNS)]
    for t in range(1, len(RETURNS)):
        sigma2.append(omega + alpha * RETURNS[t - 1] ** 2 + beta * sigma2[-1])
    sigma2 = np.array(sigma2)
    return 0.5 * np.sum(np.log(sigma2) + RETURNS**2 / sigma2)


@at(2.0, 3.0, 0.3)
def cobb_douglas(x):
    return 1.2 * x[0] ** x[2] * x[1] ** (1 - x[2])


@at(0.3, -0.5, 1.1, 0.4, 0.2, -0.9)
def softmax_cross_entropy(w):
    scores = FEATURES @ w.reshape(3, 2)
    scores = scores - np.max(scores, axis=1, keepdims=True)
    p = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(LABELS)), LABELS]))


@at(0.2, -1.0, 0.5)
def least_squares_polyval(c):
    t = np.linspace(-1, 1, 25)
    return np.sum((np.polyval(c, t) - np.sin(2 * t)) ** 2)


@at(0.4, 1.2)
def trapezoid_rule(x):
    t = np.linspace(0, 1, 30)
    integrate = np.trapezoid if hasattr(np, "trapezoid") else np.trapz
    return integrate(np.exp(-x[0] * t) * np.cos(x[1] * t), t)


@at(0.4, 1.2, -0.8)
def norm_of_residual(x):
    return np.linalg.norm(FEATURES @ x - LABELS) + 0.1 * np.linalg.norm(x, 1)


@at(0.4, 1.2, -0.8)
def einsum_quadratic(x):
    return np.einsum("i,ij,j->", x, COVARIANCE, x)


@at(0.4, 1.2, -0.8)
def tensordot_quadratic(x):
    return np.tensordot(x, np.tensordot(COVARIANCE, x, axes=1), axes=1)


@at(0.4, 1.2, -0.8, 0.1)
def total_variation(x):
    return np.sum(np.sqrt(np.diff(x) ** 2 + 1e-3))


@at(0.4, 1.2, -0.8)
def gaussian_bump(x):
    return np.exp(-np.sum((x - 0.5) ** 2))


@at(0.4, 1.2, -0.8)
def log_sum_exp(x):
    c = x.max()
    return c + np.log(np.sum(np.exp(x - c)))


@at(0.4, 1.2, -0.8)
def log_sum_exp_ufunc(x):
    return np.logaddexp.reduce(x)


@at(0.4, 1.2, -0.8, 0.3, 0.6, -0.2, 0.9)
def small_network(theta):
    w1 = theta[:6].reshape(2, 3)
    hidden = np.tanh(w1 @ FEATURES[:5].T)
    return np.mean((hidden.sum(axis=0) + theta[6] - SAMPLE[:5]) ** 2)


@at(0.4, 1.2, -0.8)
def huber_loss(beta):
    r = SAMPLE[:20] - FEATURES @ beta
    delta = 1.35
    return np.sum(np.where(np.abs(r) <= delta, 0.5 * r**2, delta * (np.abs(r) - 0.5 * delta)))


@at(0.4, 1.2, -0.8)
def hinge_loss(w):
    return np.maximum(0, 1 - (2 * LABELS - 1) * (FEATURES @ w)).sum() + 0.5 * np.dot(w, w)


@at(0.4, 1.2, -0.8)
def poisson_deviance(beta):
    eta = np.clip(FEATURES.dot(beta), -20, 20)
    return np.sum(np.exp(eta) - LABELS * eta)


@at(1.4, 0.9)
def weibull_log_likelihood(theta):
    shape, scale = theta
    t = np.abs(SAMPLE) + 0.1
    return -np.sum(np.log(shape / scale) + (shape - 1) * np.log(t / scale) - (t / scale) ** shape)


@at(0.5, 0.8, 1.2)
def kernel_matrix(x):
    d = x[:, None] - x[None, :]
    return np.exp(-0.5 * d**2).sum()


@at(0.5, 0.8, 1.2)
def trace_of_product(x):
    m = np.outer(x, x) + np.diag(x)
    return np.trace(m @ COVARIANCE)


@at(0.5, 0.8, 1.2)
def coordinates_in_matrix(x):
    rotation = np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[0]), np.cos(x[0])]])
    return rotation.dot(np.array([x[1], x[2]]))[0] ** 2


@at(0.5, 0.8, 1.2)
def cumulative_wealth(r):
    wealth = np.cumprod(1 + r)
    return np.log(wealth[-1]) - np.std(wealth)


@at(0.5, 0.8, 1.2)
def median_free_scale(x):
    return x.std() / x.mean() + np.ptp(x)


@at(0.5, 0.8, 1.2)
def vandermonde_fit(c):
    t = np.linspace(0, 1, 9)
    return ((np.vander(t, 3) @ c - np.exp(t)) ** 2).sum() ** 0.5


@at(0.5, 0.8, 1.2)
def stacked(x):
    a = np.vstack([x, 2 * x])
    b = np.hstack((x, x[::-1]))
    return np.sum(a * a) + b @ b[::-1] + np.concatenate([x, x**2]).sum()


@at(0.5, 0.8)
def determinant_by_hand(x):
    m = np.array([[x[0], 1.0], [2.0, x[1]]])
    return np.log(m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0] + 4)


# ---- finance ----------------------------------------------------------------------------------------------------


@at(0.03, 0.01, 0.02, 1.5)
def nelson_siegel(p):
    b0, b1, b2, tau = p
    t = np.array([0.5, 1, 2, 5, 10, 30])
    load = (1 - np.exp(-t / tau)) / (t / tau)
    return np.sum((b0 + b1 * load + b2 * (load - np.exp(-t / tau)) - 0.03) ** 2)


@at(0.04, 0.4, -0.4, 0.1, 0.2)
def svi_fit(p):
    a, b, rho, m, sigma = p
    k = np.linspace(-0.5, 0.5, 11)
    w = a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))
    return np.sum((w - 0.09) ** 2)


def yield_to_maturity(x):
    cash = np.full(10, 5.0)
    cash[-1] += x[1]
    return np.sum(cash / (1 + x[0]) ** np.arange(1, 11)) - 98.0


@at(0.2, 0.3, 0.5)
def entropy(p):
    return -np.sum(p * np.log(p))


@at(0.2, 0.3, 0.5)
def risk_parity(w):
    sigma = np.sqrt(w @ COVARIANCE @ w)
    contribution = w * (COVARIANCE @ w) / sigma
    return np.sum((contribution - sigma / 3) ** 2)


@at(101.3, 0.2, 0.03)
def binomial_tree(x):
    s, vol, r = x
    n, t, k = 20, 1.0, 100.0
    dt = t / n
    u = np.exp(vol * np.sqrt(dt))
    p = (np.exp(r * dt) - 1 / u) / (u - 1 / u)
    v = np.maximum(k - s * u ** (n - 2.0 * np.arange(n + 1)), 0)
    for _ in range(n):
        v = np.exp(-r * dt) * (p * v[:-1] + (1 - p) * v[1:])
    return v[0]
