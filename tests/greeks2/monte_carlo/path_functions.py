"""Functions of one path, and what is known of their sums by hand."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

import aadlib as ad

RATE, EXPIRY, STRIKE, SHARPNESS = 0.03, 1.5, 100.0, 30.0


def basket(p, z):
    """Softplus call on an equally weighted basket after one step; p is n spots, then n volatilities."""
    n = p.size // 2
    spot, volatility = p[:n], p[n:]
    grown = np.exp((RATE - 0.5 * volatility**2) * EXPIRY + volatility * np.sqrt(EXPIRY) * z)
    total = np.full(n, 1.0 / n) @ (spot * grown)
    return np.exp(-RATE * EXPIRY) * ad.softplus(total - STRIKE, sharpness=SHARPNESS)


def tracked(p, z):
    """The same basket with every one of z's steps (n_steps, n) tracked."""
    n, n_steps = p.size // 2, z.shape[0]
    spot, volatility = p[:n], p[n:]
    step = EXPIRY / n_steps
    for normals in z:
        spot = spot * np.exp((RATE - 0.5 * volatility**2) * step + volatility * np.sqrt(step) * normals)
    total = np.full(n, 1.0 / n) @ spot
    return np.exp(-RATE * EXPIRY) * ad.softplus(total - STRIKE, sharpness=SHARPNESS)


def basket_by_hand(p, z):
    """Return the sums of value, gradient and Hessian of `basket` over the rows of z."""
    n = p.size // 2
    spot, volatility = p[:n], p[n:]
    grown = np.exp((RATE - 0.5 * volatility**2) * EXPIRY + volatility * np.sqrt(EXPIRY) * z)
    held, bend = spot * grown, np.sqrt(EXPIRY) * z - volatility * EXPIRY
    x = SHARPNESS * (held.mean(axis=1) - STRIKE)
    discount = np.exp(-RATE * EXPIRY)
    slope = discount * expit(x)
    rows = np.concatenate([grown, held * bend], axis=1) / n
    hessian = rows.T @ ((SHARPNESS * slope * expit(-x))[:, None] * rows)
    i = np.arange(n)
    cross = slope @ (grown * bend) / n
    hessian[i, n + i] += cross
    hessian[n + i, i] += cross
    hessian[n + i, n + i] += slope @ (held * (bend**2 - EXPIRY)) / n
    return np.sum(discount * np.logaddexp(0.0, x) / SHARPNESS), slope @ rows, hessian


def market(n):
    return np.concatenate([np.linspace(95.0, 105.0, n), np.linspace(0.15, 0.3, n)])


def recorded(path, p, z, **options):
    return ad.record(path, p, z, lanes=(1,), passive=(1,), **options)


def close(found, wanted, tolerance=1e-12):
    scale = max(1.0, float(np.max(np.abs(wanted))))
    return bool(np.max(np.abs(found - wanted)) <= tolerance * scale)


def many_through_few(p, z):
    """Twelve inputs that act on the lanes through three nonlinear numbers."""
    level = np.exp(0.1 * np.sum(p) + 0.3 * p[0] * p[1])
    slope = np.tanh(p @ np.arange(12.0) / 50.0)
    bend = np.sqrt(1.0 + p[3] ** 2)
    return np.exp(0.3 * level * z[0] + slope * z[1]) * np.cos(bend * z[2]) + level * slope * z[1]


def straight(p, z):
    """No curvature in the lanes, all of it in the inputs."""
    return p[0] ** 2 * p[1] * z + p[1]


def without_noise(p, z):
    """A path that does not depend on its noise."""
    return p[0] ** 3 * p[1] + 0.0 * z


def repeated(p, z):
    """Operands used twice, rows needed more than once, wide rows that meet others."""
    total = np.sum(p * z)
    bent = np.sin(total)
    return bent * bent + total * np.exp(bent * total * 0.1) + (bent + total) ** 3 + p[0] / (1.0 + p[-1] ** 2)


def signed(p, z):
    """Wide rows of ones and minus ones, which no register holds."""
    total = z
    for k, number in enumerate(p):
        total = total - number if k % 2 else total + number
    return np.sqrt(1.0 + total * total) - np.sin(-total) * (p[0] - p[7] + z)


def wound(p, z):
    """A long nonlinear recursion in one number: rows are wide at every step, arcs are few."""
    total = np.sum(p * z)
    number = total
    for _ in range(12):
        number = np.sin(number) * total + number
    return number


class Mixed(ad.Composite):
    """Two results of three operands: their product, and the sum of their squares."""

    def forward(self, x):
        return np.array([np.prod(x), x @ x]), x

    def tangents(self, x, directions):
        return np.stack([np.prod(x) / x, 2.0 * x]) @ directions

    def adjoint(self, x, seeds):
        return seeds[0] * np.prod(x) / x + 2.0 * seeds[1] * x

    def second_order(self, x, seeds, tangents):
        bend = np.prod(x) / np.outer(x, x)
        np.fill_diagonal(bend, 0.0)
        return seeds[0] * bend @ tangents + 2.0 * seeds[1] * tangents
