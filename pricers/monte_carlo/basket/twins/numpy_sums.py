"""The readable twin of the basket kernels: the same sums in NumPy, one batch after the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from aadlib.types import Floats
from pricers.monte_carlo.basket.sums import BasketCall, BasketSums, batch_bounds


def basket_sums(call: BasketCall, normals: Floats) -> BasketSums:
    """Return the sums over each batch of paths; `normals` is (n_paths, n), correlated."""
    bounds = batch_bounds(len(normals))
    batches = [_batch(call, normals[begin:end]) for begin, end in pairwise(bounds)]
    payoff, first, second = (np.array(parts) for parts in zip(*batches, strict=True))
    return BasketSums(payoff, first, second)


def _batch(call: BasketCall, normals: Floats) -> tuple[float, Floats, Floats]:
    """Return payoff, first and second derivatives of f(B), the basket B = sum of A: f'' dB dB' + f' d2B."""
    expiry, volatilities = call.expiry, call.volatilities
    log_growth = (call.rate - 0.5 * volatilities**2) * expiry + volatilities * np.sqrt(expiry) * normals
    parts = call.weighted_spots * np.exp(log_growth)
    log_slopes = np.sqrt(expiry) * normals - volatilities * expiry
    slopes = parts * log_slopes
    bends = slopes * log_slopes - expiry * parts

    scaled = call.sharpness * (parts.sum(axis=1) - call.strike)
    small = np.exp(-np.abs(scaled))
    payoff = (np.maximum(scaled, 0.0) + np.log1p(small)) / call.sharpness
    payoff_slope = np.where(scaled >= 0.0, 1.0, small) / (1.0 + small)
    payoff_curvature = call.sharpness * small / (1.0 + small) ** 2

    rows = np.concatenate([parts, slopes], axis=1)
    first = payoff_slope @ rows
    second = (rows * payoff_curvature[:, None]).T @ rows
    spot = np.arange(volatilities.size)
    volatility = spot + volatilities.size
    second[spot, volatility] += first[volatility]
    second[volatility, spot] += first[volatility]
    second[volatility, volatility] += payoff_slope @ bends
    return float(payoff.sum()), first, second
