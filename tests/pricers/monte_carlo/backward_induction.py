"""Path-dependent payoffs on one asset by backward induction with Gauss quadrature: the reference for Monte Carlo.

The log price moves by exact normal steps; between the points where a payoff has a corner or a step the integrand is
smooth, so Gauss-Legendre on each piece is accurate to round-off. Greeks are central differences of that smooth price.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

NODES = 48
REACH = 8.0
"""How many standard deviations of the whole path the quadrature covers."""


def induction(
    point: np.ndarray, expiry: float, n_steps: int, breaks: list[float], dated: Callable[..., np.ndarray]
) -> float:
    """Price by induction.

    Parameters
    ----------
    point : (spot, volatility, rate, dividend_yield)
    breaks : prices at which the payoff has corners or steps
    dated : callable (step, prices, discount, continuation), the value on a date given what continuing is worth
    """
    spot, volatility, rate, dividend_yield = point
    length = expiry / n_steps
    deviation = volatility * np.sqrt(length)
    drift = (rate - dividend_yield - 0.5 * volatility**2) * length
    reach = REACH * volatility * np.sqrt(expiry) + abs(drift) * n_steps
    edges = [-reach, *sorted(np.log(np.array(breaks) / spot)), reach]
    x, w = np.polynomial.legendre.leggauss(NODES)
    nodes = np.concatenate([0.5 * (b - a) * x + 0.5 * (b + a) for a, b in itertools.pairwise(edges)])
    weights = np.concatenate([0.5 * (b - a) * w for a, b in itertools.pairwise(edges)])
    prices = spot * np.exp(nodes)

    def density(starts: np.ndarray) -> np.ndarray:
        u = (nodes - starts[:, None] - drift) / deviation
        return np.exp(-0.5 * u * u) / (np.sqrt(2.0 * np.pi) * deviation) * weights

    transition = density(nodes)
    value = np.zeros_like(nodes)
    for step in range(n_steps, 0, -1):
        continuation = transition @ value if step < n_steps else np.zeros_like(nodes)
        value = dated(step, prices, np.exp(-rate * length * step), continuation)
    return float((density(np.zeros(1)) @ value)[0])


def differences(
    price: Callable[[np.ndarray], float], point: np.ndarray, *, relative: float = 2e-3
) -> np.ndarray:
    """Return value, gradient and upper triangle of the Hessian by central differences of the fourth order."""
    n = len(point)
    steps = relative * np.maximum(np.abs(point), 0.05)
    offsets = np.array([-2.0, -1.0, 1.0, 2.0])
    first = np.array([1.0, -8.0, 8.0, -1.0]) / 12.0
    second = np.array([-1.0, 16.0, 16.0, -1.0]) / 12.0
    here = price(point)
    gradient, hessian = np.zeros(n), np.zeros((n, n))
    for i in range(n):
        unit = steps[i] * np.eye(n)[i]
        line = np.array([price(point + o * unit) for o in offsets])
        gradient[i] = first @ line / steps[i]
        hessian[i, i] = (second @ line - 2.5 * here) / steps[i] ** 2
        for j in range(i):
            other = steps[j] * np.eye(n)[j]
            plane = np.array([[price(point + a * unit + b * other) for b in offsets] for a in offsets])
            hessian[i, j] = hessian[j, i] = first @ plane @ first / (steps[i] * steps[j])
    return np.concatenate([[here], gradient, hessian[np.triu_indices(n)]])
