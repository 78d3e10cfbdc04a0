"""Statistics, learning and physics the way strangers write them: plain NumPy and scipy.special, nothing changed."""

from __future__ import annotations

import numpy as np
import scipy.special as sc

from .strangers_optimisation import at

DATA = np.random.RandomState(5).normal(size=(12, 3))
COUNTS = np.array([0, 2, 1, 4, 0, 3, 1, 1, 2, 5, 0, 1])
SIDES = (COUNTS > 1).astype(float)


@at(0.2, -0.3, 0.5)
def poisson_regression(beta):
    mu = np.exp(DATA @ beta)
    return np.sum(mu - sc.xlogy(COUNTS, mu) + sc.gammaln(COUNTS + 1))


@at(0.2, -0.3, 0.5)
def logistic_regression_log_expit(w):
    z = DATA @ w
    return -np.sum(SIDES * sc.log_expit(z) + (1 - SIDES) * sc.log_expit(-z)) + 0.5 * np.dot(w, w)


@at(0.2, -0.3, 0.5)
def probit_regression(w):
    q = 2 * SIDES - 1
    return -np.sum(sc.log_ndtr(q * (DATA @ w)))


@at(2.0, 3.0)
def beta_binomial(p):
    a, b = p
    return -np.sum(sc.betaln(COUNTS + a, 6 - COUNTS + b) - sc.betaln(a, b))


@at(1.5, 0.7)
def gamma_likelihood(p):
    shape, rate = p
    x = np.abs(DATA[:, 0]) + 0.1
    return -np.sum(shape * np.log(rate) - sc.gammaln(shape) + (shape - 1) * np.log(x) - rate * x)


@at(4.0, 0.1, 0.8)
def student_t_likelihood(p):
    nu, mu, s = p
    z = (DATA[:, 1] - mu) / s
    const = sc.gammaln((nu + 1) / 2) - sc.gammaln(nu / 2) - 0.5 * np.log(nu * np.pi) - np.log(s)
    return -np.sum(const - (nu + 1) / 2 * np.log1p(z**2 / nu))


@at(0.7, 0.5, 0.2)
def gaussian_process(theta):
    length, amplitude, noise = theta
    x = np.linspace(0, 1, 8)
    K = amplitude**2 * np.exp(-0.5 * (x[:, None] - x[None, :]) ** 2 / length**2) + noise**2 * np.eye(8)
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, DATA[:8, 0]))
    return 0.5 * DATA[:8, 0] @ alpha + np.sum(np.log(np.diag(L)))


@at(0.5, 0.3)
def gaussian_process_slogdet(theta):
    d = np.abs(np.subtract.outer(DATA[:6, 0], DATA[:6, 0]))
    K = theta[0] * np.exp(-d) + theta[1] * np.identity(6)
    _, logdet = np.linalg.slogdet(K)
    return 0.5 * DATA[:6, 1].dot(np.linalg.inv(K)).dot(DATA[:6, 1]) + 0.5 * logdet


@at(0.5)
def ridge_by_least_squares(lam):
    A = np.vstack([DATA, np.sqrt(lam[0]) * np.eye(3)])
    b = np.concatenate([COUNTS, np.zeros(3)])
    coef, *_ = np.linalg.lstsq(A, b, rcond=None)
    return np.sum(coef**2)


@at(0.1, 0.9, -0.4, 0.3)
def curvature_of_a_fit(y):
    c = np.polyfit(np.arange(4), y, 2)
    return c[0] ** 2 + np.polyval(c, 1.5)


@at(0.4, 0.6, 1.2)
def mixture_of_normals(p):
    w, m, s = p
    x = DATA[:, 2]
    a = np.log(w) - 0.5 * x**2
    b = np.log(1 - w) - np.log(s) - 0.5 * ((x - m) / s) ** 2
    return -np.sum(np.logaddexp(a, b))


@at(0.7, 0.4)
def hidden_markov_forward(p):
    A = np.array([[p[0], 1 - p[0]], [1 - p[1], p[1]]])
    alpha = np.array([0.5, 0.5])
    ll = 0.0
    for c in COUNTS:
        alpha = alpha @ A * np.array([np.exp(-0.5) * 0.5**c, np.exp(-2.0) * 2.0**c])
        ll += np.log(alpha.sum())
        alpha = alpha / alpha.sum()
    return ll


@at(0.3, 0.8, 0.5)
def survival_with_masks(p):
    t = np.abs(DATA[:, 0]) + 0.2
    hazard = p[0] * t ** p[1]
    ll = np.zeros(12)
    ll[SIDES == 1] = np.log(hazard[SIDES == 1])
    ll -= hazard * t * p[2]
    return ll.sum()


W_SHAPES = [(3, 4), (4,), (4, 1), (1,)]


@at(*np.random.RandomState(6).normal(size=21))
def small_network(theta):
    parts, i = [], 0
    for shape in W_SHAPES:
        n = int(np.prod(shape))
        parts.append(theta[i : i + n].reshape(shape))
        i += n
    hidden = np.tanh(DATA @ parts[0] + parts[1])
    out = hidden @ parts[2] + parts[3]
    return np.mean((out[:, 0] - SIDES) ** 2)


@at(*np.random.RandomState(7).normal(size=9))
def attention(theta):
    q = DATA[:4] @ theta.reshape(3, 3)
    scores = q @ DATA[:4].T / np.sqrt(3)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return np.sum((weights @ DATA[:4]) ** 2)


@at(0.5, -0.2, 0.3)
def convolution_filter(kernel):
    y = np.convolve(DATA[:, 0], kernel, mode="valid")
    return np.sum(np.maximum(y, 0.01 * y) ** 2)


@at(0.5, 1.2)
def runge_kutta_pendulum(p):
    f = lambda y: np.array([y[1], -p[0] * np.sin(y[0])])  # noqa: E731
    y = np.array([p[1], 0.0])
    h = 0.1
    for _ in range(10):
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[0] ** 2 + y[1]


@at(1.1, 0.4, 0.4, 0.1)
def lotka_volterra(p):
    out = np.zeros((20, 2))
    out[0] = [10, 5]
    for t in range(19):
        x, y = out[t]
        out[t + 1, 0] = x + 0.01 * (p[0] * x - p[1] * x * y)
        out[t + 1, 1] = y + 0.01 * (p[3] * x * y - p[2] * y)
    return np.sum((out - 6) ** 2)


@at(0.4, 1.3)
def heat_equation_with_roll(p):
    u = np.exp(-(np.linspace(-2, 2, 16) ** 2) / p[1])
    for _ in range(10):
        u = u + 0.2 * p[0] * (np.roll(u, 1) - 2 * u + np.roll(u, -1))
    return (u**2).sum()


@at(0.0, 1.1, 0.3, 1.9, 0.2, 0.1, 0.1, 0.9, 1.4)
def lennard_jones(x):
    atoms = x.reshape(-1, 3)
    energy = 0
    for i in range(len(atoms)):
        for j in range(i):
            r2 = np.sum((atoms[i] - atoms[j]) ** 2)
            energy += 4 * ((1 / r2) ** 6 - (1 / r2) ** 3)
    return energy


@at(0.3, 0.7, -0.4)
def rotation_matrices(angles):
    a, b, c = angles
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.trace(rz @ ry @ rx) + (rz @ ry @ rx @ np.array([1, 2, 3]))[1]


@at(0.9, 0.1, -0.2, 0.3)
def quaternion_rotation(q):
    q = q / np.linalg.norm(q)
    w, v = q[0], q[1:]
    p = np.array([1.0, 2.0, 3.0])
    r = p + 2 * np.cross(v, np.cross(v, p) + w * p)
    return r @ np.array([0.3, -0.2, 1.0])


@at(0.8, 0.3)
def kepler_by_newton(x):
    m, e = x
    E = m
    for _ in range(7):
        E = E - (E - e * np.sin(E) - m) / (1 - e * np.cos(E))
    return np.cos(E) - e


@at(1.0, 0.2, 0.05)
def impedance_of_a_circuit(p):
    R, L, C = p
    w = np.linspace(1, 20, 7)
    z = R + 1j * w * L + 1 / (1j * w * C)
    return np.sum(np.abs(1 / z) ** 2) + np.angle(z[2])


@at(0.5, 1.5, 0.2)
def spectrum_of_a_signal(p):
    t = np.linspace(0, 1, 16, endpoint=False)
    signal = p[0] * np.sin(2 * np.pi * 3 * t + p[2]) + p[1] * np.cos(2 * np.pi * 5 * t)
    power = np.abs(np.fft.rfft(signal * np.hanning(16))) ** 2
    return np.sum(power * np.arange(9)) / np.sum(power)


@at(0.3, 0.7)
def low_pass_by_fft(p):
    x = np.cumsum(DATA[:8, 0]) * p[0] + p[1] * np.arange(8.0) ** 1.5
    f = np.fft.fft(x)
    f[3:6] = 0
    return np.sum(np.real(np.fft.ifft(f)) ** 2)


@at(2.0, 0.5)
def damped_roots(p):
    disc = np.sqrt(p[1] ** 2 - p[0] + 0j)
    return np.real((-p[1] + disc) * (-p[1] - disc)) + np.abs(np.exp(-p[1] + disc))


@at(0.4, 0.2, 0.1)
def markov_stationary(p):
    P = np.array([[1 - p[0], p[0], 0.0], [p[1], 1 - 2 * p[1], p[1]], [0.0, p[2], 1 - p[2]]])
    A = P.T - np.eye(3)
    A[-1] = 1.0
    return np.linalg.solve(A, np.array([0.0, 0.0, 1.0])) @ np.array([1.0, 2.0, 4.0])


@at(0.4, 0.2, 0.9)
def leontief(a):
    A = np.outer(a, [0.1, 0.2, 0.3])
    return np.sum(np.linalg.inv(np.eye(3) - A) @ np.ones(3)) + np.linalg.norm(A, 2)


@at(0.2, 0.5, 0.9, 1.4)
def natural_cubic_spline(y):
    n = len(y)
    A, b = np.zeros((n, n)), np.zeros(n)
    A[0, 0] = A[-1, -1] = 1
    for i in range(1, n - 1):
        A[i, i - 1 : i + 2] = [1, 4, 1]
        b[i] = 6 * (y[i + 1] - 2 * y[i] + y[i - 1])
    m = np.linalg.solve(A, b)
    t = 0.4
    return m[1] * (1 - t) ** 3 / 6 + m[2] * t**3 / 6 + (y[1] - m[1] / 6) * (1 - t) + (y[2] - m[2] / 6) * t


@at(0.7, 1.3, 0.4)
def nan_tolerant_score(p):
    table = DATA[:5].copy()
    table[1, 2] = np.nan
    scaled = table * p
    return np.nansum(scaled**2) + np.nanmean(scaled) + np.nanstd(scaled, axis=0).sum()


@at(1.3, 2.2, 0.6)
def histogram_by_weights(w):
    totals = np.bincount([0, 1, 0], weights=w**2, minlength=3)
    extra = np.zeros(3)
    np.add.at(extra, [2, 2, 1], w)
    return np.sum(totals * extra) + totals[0] ** 2


@at(2.4, 0.3)
def whole_number_of_steps(x):
    n = int(x[0] * 3)
    total = 0.0
    for k in range(n):
        total += np.exp(-x[1] * k) * (x[0] - int(x[0]))
    return total


@at(0.4, 0.8)
def vectorized_with_branches(x):
    f = np.vectorize(lambda t: x[0] * t**2 if t > 0 else x[1] * abs(t))
    return np.sum(f(DATA[:, 0]))


@at(0.4, 0.8, 1.9)
def dictionary_of_terms(x):
    terms = {"quadratic": x @ x, "product": np.prod(x), "mix": x[0] - [1.0, 2.0]}
    return terms["quadratic"] * terms["product"] + sum(terms["mix"])


@at(0.3, 0.6)
def truncated_normal_moments(p):
    mu, sigma = p
    a = (0.1 - mu) / sigma
    hazard = np.exp(-0.5 * a**2) / np.sqrt(2 * np.pi) / sc.ndtr(-a)
    return mu + sigma * hazard + sigma**2 * (1 + a * hazard - hazard**2)


@at(0.3, 0.2)
def quantiles_of_a_logistic(p):
    u = np.array([0.1, 0.4, 0.8])
    return np.sum((p[0] + p[1] * sc.logit(u * (1 - 0.1 * p[1]))) ** 2) + sc.expit(p[0])


@at(0.2, 0.3, 0.5)
def divergence(p):
    q = np.array([0.3, 0.3, 0.4])
    return np.sum(sc.rel_entr(p, q)) + np.sum(sc.entr(p)) + np.sum(sc.kl_div(q, p))
