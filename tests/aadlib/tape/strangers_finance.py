"""Pricers and risk measures the way strangers write them: plain NumPy and scipy.special, nothing changed for recording.

The styles differ on purpose: arrays filled in loops, arrays that mix numbers, linear algebra, complex numbers, classes,
recursion, early returns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.special import ndtr

from .strangers_optimisation import at

N = ndtr


@at(101.0, 0.2, 0.03, 1.1)
def call_with_ndtr(x):
    S, sigma, r, T = x
    K = 100
    d1 = (np.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    return S * N(d1) - K * np.exp(-r * T) * N(d2)


@at(101.0, 0.2, 0.03)
def put_with_erf(x):
    S, vol, r = x
    phi = lambda z: (1 + special.erf(z / np.sqrt(2))) / 2  # noqa: E731
    d1 = (np.log(S / 95) + (r + 0.5 * vol * vol)) / vol
    return 95 * np.exp(-r) * phi(vol - d1) - S * phi(-d1)


@at(0.04, 0.35, -0.3, 0.5)
def sabr_smile(p):
    alpha, beta, rho, nu = p
    f, t = 0.05, 2.0
    strikes = np.array([0.03, 0.04, 0.045, 0.055, 0.06, 0.08])
    vols = np.zeros(len(strikes))
    for i, k in enumerate(strikes):
        fk = (f * k) ** ((1 - beta) / 2)
        z = nu / alpha * fk * np.log(f / k)
        chi = np.log((np.sqrt(1 - 2 * rho * z + z * z) + z - rho) / (1 - rho))
        correction = (1 - beta) ** 2 / 24 * alpha**2 / fk**2 + rho * beta * nu * alpha / 4 / fk
        vols[i] = alpha / fk * z / chi * (1 + (correction + (2 - 3 * rho**2) / 24 * nu**2) * t)
    return np.sum((vols - 0.2) ** 2)


@at(0.6, 0.04, 0.12, 0.035)
def vasicek_bond(p):
    a, b, sigma, r0 = p
    T = np.arange(1, 11)
    B = (1 - np.exp(-a * T)) / a
    A = (b - sigma**2 / (2 * a**2)) * (B - T) - sigma**2 * B**2 / (4 * a)
    return np.sum(np.exp(A - B * r0))


@at(0.6, 0.04, 0.12, 0.035)
def cir_bond(p):
    k, theta, sigma, r = p
    h = np.sqrt(k**2 + 2 * sigma**2)
    total = 0
    for T in range(1, 6):
        e = np.exp(h * T) - 1
        denominator = 2 * h + (k + h) * e
        total += (2 * h * np.exp((k + h) * T / 2) / denominator) ** (2 * k * theta / sigma**2) * np.exp(
            -r * 2 * e / denominator
        )
    return total


@at(100.0, 0.2, 0.1, 0.05, 0.15)
def merton_jumps(x):
    spot, sigma, lam, mu, delta = x
    price, factorial = 0.0, 1.0
    m = np.exp(mu + delta**2 / 2) - 1
    for n in range(12):
        factorial = factorial * max(n, 1)
        vol = np.sqrt(sigma**2 + n * delta**2)
        rate = 0.02 - lam * m + n * (mu + delta**2 / 2)
        d1 = (np.log(spot / 105) + rate + vol**2 / 2) / vol
        bs = spot * N(d1) - 105 * np.exp(-rate) * N(d1 - vol)
        price += np.exp(-lam * (1 + m)) * (lam * (1 + m)) ** n / factorial * bs
    return price


@at(2.0, 0.3, 0.5, -0.7, 0.2)
def heston_integral(p):
    kappa, theta, sigma, rho, v0 = p
    total = 0
    du = 0.5
    for j in range(60):
        u = (j + 0.5) * du - 0.5j
        d = np.sqrt((rho * sigma * 1j * u - kappa) ** 2 + sigma**2 * (1j * u + u**2))
        g = (kappa - rho * sigma * 1j * u - d) / (kappa - rho * sigma * 1j * u + d)
        e = np.exp(-d)
        C = (
            kappa
            * theta
            / sigma**2
            * ((kappa - rho * sigma * 1j * u - d) - 2 * np.log((1 - g * e) / (1 - g)))
        )
        D = (kappa - rho * sigma * 1j * u - d) / sigma**2 * ((1 - e) / (1 - g * e))
        phi = np.exp(C + D * v0)
        total += (np.exp(1j * (u + 0.5j) * 0.05) * phi).real / ((j + 0.5) ** 2 * du**2 + 0.25) * du
    return 1 - np.exp(-0.025) / np.pi * total


@at(0.12, -0.14, 0.2)
def variance_gamma_cosine(p):
    """The COS method."""
    sigma, theta, nu = p
    a, b, n = -3.0, 3.0, 64
    k = np.arange(n)
    u = k * np.pi / (b - a)
    omega = np.log(1 - theta * nu - sigma**2 * nu / 2) / nu
    cf = (1 - 1j * u * theta * nu + 0.5 * sigma**2 * nu * u**2) ** (-1 / nu) * np.exp(1j * u * omega)
    chi = (np.cos(k * np.pi) * np.exp(b) - np.cos(u * (0 - a)) + u * (0 - np.sin(-u * a))) / (1 + u**2)
    psi = np.where(k == 0, b, -np.sin(-u * a) / np.where(k == 0, 1, u))
    coefficients = 2 / (b - a) * (chi - psi)
    terms = np.real(cf * np.exp(-1j * u * a)) * coefficients
    terms[0] = terms[0] * 0.5
    return np.sum(terms)


@at(100.0, 0.25, 0.02)
def binomial_american_put(x):
    S, sigma, r = x
    n = 12
    dt = 1 / n
    u = np.exp(sigma * np.sqrt(dt))
    p = (np.exp(r * dt) - 1 / u) / (u - 1 / u)
    tree = np.zeros((n + 1, n + 1))
    for j in range(n + 1):
        tree[j, n] = np.maximum(104.3 - S * u ** (n - 2 * j), 0)
    for i in range(n - 1, -1, -1):
        for j in range(i + 1):
            hold = np.exp(-r * dt) * (p * tree[j, i + 1] + (1 - p) * tree[j + 1, i + 1])
            tree[j, i] = max(hold, 104.3 - S * u ** (i - 2 * j))
    return tree[0, 0]


@at(100.0, 0.25, 0.02)
def explicit_finite_differences(x):
    spot, vol, r = x
    grid = np.linspace(0, 200, 41)
    v = np.maximum(grid - 97, 0)
    dt = 0.002
    for _ in range(50):
        delta = (v[2:] - v[:-2]) / 10.0
        gamma = (v[2:] - 2 * v[1:-1] + v[:-2]) / 25.0
        new = np.zeros(41)
        new[1:-1] = v[1:-1] + dt * (
            0.5 * vol**2 * grid[1:-1] ** 2 * gamma + r * grid[1:-1] * delta - r * v[1:-1]
        )
        new[-1] = 200 - 97 * np.exp(-r * dt)
        v = new
    return np.interp(spot * 1.01, grid, v)


def thomas(a, b, c, d):
    n = len(d)
    cp, dp, x = np.zeros(n), np.zeros(n), np.zeros(n)
    cp[0], dp[0] = c[0] / b[0], d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i] * cp[i - 1]
        cp[i] = c[i] / m
        dp[i] = (d[i] - a[i] * dp[i - 1]) / m
    x[-1] = dp[-1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x


@at(0.25, 0.02)
def implicit_finite_differences(p):
    vol, r = p
    s = np.linspace(0, 200, 21)
    v = np.maximum(s - 97, 0.0)
    dt = 0.1
    i = np.arange(21)
    a = 0.5 * dt * (r * i - vol**2 * i**2)
    b = 1 + dt * (vol**2 * i**2 + r)
    c = -0.5 * dt * (r * i + vol**2 * i**2)
    a[-1], b[-1], b[0], c[0] = 0.0, 1.0, 1.0, 0.0
    for _ in range(5):
        v = thomas(a, b, c, v)
    return v[10]


@at(0.2, 0.3, 0.4, 0.5)
def two_asset_basket(p):
    vol1, vol2, rho, mix = p
    rng = np.random.RandomState(0)
    z = rng.normal(size=(50, 2))
    chol = np.linalg.cholesky(np.array([[1, rho], [rho, 1]]))
    w = z @ chol.T
    s1 = 100 * np.exp(-0.5 * vol1**2 + vol1 * w[:, 0])
    s2 = 100 * np.exp(-0.5 * vol2**2 + vol2 * w[:, 1])
    return np.mean(np.maximum(mix * s1 + (1 - mix) * s2 - 99.5, 0))


@at(100.0, 0.2)
def asian_by_cumulative_product(x):
    spot, vol = x
    z = np.random.RandomState(1).normal(size=(40, 12))
    growth = np.exp((0.02 - 0.5 * vol**2) / 12 + vol * np.sqrt(1 / 12) * z)
    paths = spot * np.cumprod(growth, axis=1)
    return np.exp(-0.02) * np.mean(np.clip(paths.mean(axis=1) - 100.1, 0, None))


@at(100.0, 0.2, 92.0)
def down_and_out_call(x):
    S, sigma, H = x
    K, r, T = 100, 0.03, 0.5
    lam = (r + sigma**2 / 2) / sigma**2
    y = np.log(H**2 / (S * K)) / (sigma * np.sqrt(T)) + lam * sigma * np.sqrt(T)
    d = (np.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * np.sqrt(T))
    vanilla = S * N(d) - K * np.exp(-r * T) * N(d - sigma * np.sqrt(T))
    if S <= H:
        return 0 * S
    return (
        vanilla
        - S * (H / S) ** (2 * lam) * N(y)
        + K * np.exp(-r * T) * (H / S) ** (2 * lam - 2) * N(y - sigma * np.sqrt(T))
    )


@at(100.0, 0.2, 0.3, 95.0, 0.4)
def margrabe(x):
    s1, v1, v2, s2, rho = x
    vol = np.sqrt(v1**2 + v2**2 - 2 * rho * v1 * v2)
    d = np.log(s1 / s2) / vol + vol / 2
    return s1 * N(d) - s2 * N(d - vol)


@at(0.02, 0.025, 0.03, 0.032)
def bootstrapped_forward_swap(zeros):
    times = np.array([1.0, 2.0, 5.0, 10.0])
    grid = np.arange(1, 11)
    rates = np.interp(grid, times, zeros)
    df = np.exp(-rates * grid)
    annuity = np.cumsum(df)
    return (df[1] - df[-1]) / (annuity[-1] - annuity[1])


@at(0.021, 0.024, 0.027, 0.029)
def discount_factors_from_swaps(swaps):
    df = []
    for s in swaps:
        df.append((1 - s * sum(df)) / (1 + s))
    df = np.array(df)
    return np.sum(df**2) + np.prod(df)


@at(0.05, 103.0)
def yield_by_newton(x):
    coupon, price = x
    y = 0.04
    t = np.arange(1, 9)
    for _ in range(8):
        pv = np.sum(100 * coupon * np.exp(-y * t)) + 100 * np.exp(-y * 8)
        slope = -np.sum(100 * coupon * t * np.exp(-y * t)) - 800 * np.exp(-y * 8)
        y = y - (pv - price) / slope
    return y


@dataclass
class Bond:
    coupon: object
    maturity: int

    def price(self, curve):
        cash = np.full(self.maturity, self.coupon)
        cash[-1] = cash[-1] + 1
        return cash @ curve(np.arange(1, self.maturity + 1))


@at(0.04, 0.03, -0.01, 1.5)
def bond_in_a_class(p):
    curve = lambda t: np.exp(-(p[1] + p[2] * np.exp(-t / p[3])) * t)  # noqa: E731
    return Bond(p[0], 7).price(curve) + Bond(2 * p[0], 3).price(curve)


@at(0.3, 0.2, 0.25)
def markowitz_by_kkt(mu):
    sigma = np.array([[0.04, 0.01, 0.0], [0.01, 0.09, 0.02], [0.0, 0.02, 0.06]])
    kkt = np.zeros((4, 4))
    kkt[:3, :3] = 2 * sigma
    kkt[:3, 3] = kkt[3, :3] = 1
    rhs = np.append(mu, 1.0)
    w = np.linalg.solve(kkt, rhs)[:3]
    return w @ mu - w @ sigma @ w


@at(0.2, 0.15, 0.3, 0.4)
def portfolio_volatility_of_correlations(p):
    vols = p[:3]
    rho = p[3]
    corr = np.array([[1.0, rho, rho / 2], [rho, 1.0, 0.1], [rho / 2, 0.1, 1.0]])
    cov = np.diag(vols) @ corr @ np.diag(vols)
    w = np.ones(3) / 3
    return np.sqrt(w @ cov @ w) + np.log(np.linalg.det(corr))


@at(0.3, 0.2, 0.5)
def largest_principal_component(p):
    cov = np.array([[1.0, p[0], p[1]], [p[0], 2.0, p[2]], [p[1], p[2], 1.5]])
    values, vectors = np.linalg.eigh(cov)
    return values[-1] / np.sum(values) + (vectors[:, -1] ** 2)[0]


@at(0.02, 0.03, 0.05)
def credit_spread_legs(h):
    times = np.array([1.0, 3.0, 5.0])
    dt = np.diff(np.concatenate([[0.0], times]))
    survival = np.exp(-np.cumsum(h * dt))
    before = np.concatenate([[1.0], survival[:-1]])
    df = np.exp(-0.03 * times)
    return 0.6 * np.sum(df * (before - survival)) / np.sum(df * dt * survival)


@at(0.3, 0.02)
def vasicek_loss_quantile(x):
    rho, pd = x
    threshold = special.ndtri(pd)
    conditional = special.ndtr((threshold + np.sqrt(rho) * special.ndtri(0.999)) / np.sqrt(1 - rho))
    return conditional - pd


@at(0.05, 0.3, 1.4)
def expected_shortfall_of_normals(x):
    mu, sigma, scale = x
    z = special.ndtri(0.975)
    return -mu + sigma * scale * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) / 0.025


@at(0.9, 0.1, 0.05)
def ar1_likelihood_with_index(p):
    phi, c, s = p
    y = np.random.RandomState(2).normal(size=20).cumsum() * 0.1
    ll = np.empty(len(y))
    ll[0] = -0.5 * np.log(s**2 / (1 - phi**2)) - 0.5 * (y[0] - c / (1 - phi)) ** 2 * (1 - phi**2) / s**2
    for t in range(1, len(y)):
        ll[t] = -0.5 * np.log(s**2) - 0.5 * ((y[t] - c - phi * y[t - 1]) / s) ** 2
    return ll.sum() / 20


@at(0.1, 0.7, 0.2)
def kalman_local_level(p):
    q, m0, r = p
    y = np.random.RandomState(3).normal(size=15)
    m, P, ll = m0, 1.0, 0
    for obs in y:
        P = P + q
        S = P + r
        K = P / S
        ll -= 0.5 * (np.log(2 * np.pi * S) + (obs - m) ** 2 / S)
        m, P = m + K * (obs - m), (1 - K) * P
    return ll


@at(0.9, 0.3, 0.2, 0.5)
def kalman_in_matrices(p):
    F = np.array([[1.0, p[0]], [0.0, p[1]]])
    Q = np.diag([p[2], 0.1])
    H = np.array([[1.0, 0.0]])
    R = np.array([[p[3]]])
    x, P, ll = np.zeros(2), np.eye(2), 0.0
    for y in np.random.RandomState(4).normal(size=6):
        x, P = F @ x, F @ P @ F.T + Q
        S = H @ P @ H.T + R
        K = P @ H.T @ np.linalg.inv(S)
        e = np.array([y]) - H @ x
        ll += -0.5 * (np.log(np.linalg.det(S)) + e @ np.linalg.inv(S) @ e)
        x, P = x + K @ e, (np.eye(2) - K @ H) @ P
    return ll


@at(1.1, 0.2, 0.05)
def svi_with_numpy_square(p):
    k = np.linspace(-1, 1, 9)
    b, rho, m = p
    w = b * (rho * (k - m) + np.sqrt(np.square(k - m) + 0.04))
    g = np.gradient(w, k[1] - k[0])
    return np.sum((1 - k * g / (2 * w + 3)) ** 2)


@at(0.04, 0.2, 0.8)
def forward_start_by_recursion(x):
    def value(level, k):
        if k == 0:
            return np.maximum(level - 1.0, 0.0) + 0.1 * level**2
        up, down = level * np.exp(x[1]), level * np.exp(-x[1])
        return np.exp(-x[0]) * (0.5 * value(up, k - 1) + 0.5 * value(down, k - 1)) * x[2]

    return value(1.03, 4)
