"""What the spectral kernel interpolates and integrates with, as shares of the expiry T: the same for all options.

The boundary is interpolated at Chebyshev points of sqrt(t / T), t the time left; integrals are Gauss-Legendre in y with
t - u = t (1 + y)^2 / 4, so the points that they need are constants and the interpolation is one matrix.
"""

from __future__ import annotations

import numpy as np

from aadlib.types import Floats

N_NODES = 8  # of the boundary, today's included, expiry's (where H = 0) not
N_POINTS = 12  # of the integrals of the boundary's equation
N_PRICE_POINTS = 24


def _interpolation(shares: Floats) -> Floats:
    """Return the matrix from H at the nodes to H at shares of T, (..., N_NODES)."""
    nodes = np.cos(np.pi * np.arange(N_NODES + 1) / N_NODES)
    weights = (-1.0) ** np.arange(N_NODES + 1)
    weights[[0, -1]] *= 0.5
    z = 2.0 * np.sqrt(shares) - 1.0
    gaps = z[..., None] - nodes
    hit = np.abs(gaps) < 1e-14
    terms = weights / np.where(hit, 1.0, gaps)
    matrix = terms / terms.sum(axis=-1, keepdims=True)
    matrix = np.where(hit.any(axis=-1, keepdims=True), hit, matrix)
    return np.ascontiguousarray(matrix[..., :-1])  # the last node is expiry, where H is zero


TIMES = (0.5 * (1.0 + np.cos(np.pi * np.arange(N_NODES) / N_NODES))) ** 2
"""Times left at the nodes as shares of T, (N_NODES,), T itself first."""
_Y, _W = np.polynomial.legendre.leggauss(N_POINTS)
ELAPSED = 0.25 * (1.0 + _Y) ** 2
"""(t - u) / t at the points, (N_POINTS,)."""
WEIGHTS = 0.5 * (1.0 + _Y) * _W
"""Weights of f(u) / t at the points."""
TO_POINTS = _interpolation(TIMES[:, None] * (1.0 - ELAPSED))
_Y, _W = np.polynomial.legendre.leggauss(N_PRICE_POINTS)
PRICE_ELAPSED = 0.25 * (1.0 + _Y) ** 2
PRICE_WEIGHTS = 0.5 * (1.0 + _Y) * _W
TO_PRICE_POINTS = _interpolation(1.0 - PRICE_ELAPSED)
