"""The basket call on the CPU: blocks of paths that stay in the cache, compiled by numba.

Within a block the rows of derivatives lie side by side over the paths, so that every sum is a product of two rows that
the compiler vectorises, and the outer products are added up TILE x TILE entries at a time in registers. A batch is one
call; batches run on threads, and as each is a function of its own paths the sums do not depend on their number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from aadlib.extend import map_pieces
from aadlib.types import Floats
from pricers.kernel_options import CACHE
from pricers.monte_carlo.basket.exponential_kernel import exponentials_kernel
from pricers.monte_carlo.basket.rules import asset_part, log_growth, smooth_payoff
from pricers.monte_carlo.basket.sums import BasketCall, BasketSums, batch_bounds

BLOCK = 128
"""Paths worked on at a time: 80 rows of them, twice, fit the second-level cache."""

TILE = 4
"""Rows and columns of outer products held in registers."""

# Sums over paths may be regrouped into vector registers, as one machine always does alike.
OPTIONS: dict[str, Any] = {
    "cache": CACHE,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz"},
}


def basket_sums(call: BasketCall, normals: Floats) -> BasketSums:
    """Return the sums over each batch of paths; `normals` is (n_paths, n), correlated, C-contiguous."""
    bounds = batch_bounds(len(normals))
    n_batches, n = bounds.size - 1, call.volatilities.size
    padded = -(-2 * n // TILE) * TILE
    payoff, first = np.zeros(n_batches), np.zeros((n_batches, 2 * n))
    second = np.zeros((n_batches, padded, padded))

    def batch(position: int) -> None:
        payoff[position] = basket_batch_kernel(
            normals, bounds[position], bounds[position + 1], call.weighted_spots, call.volatilities, call.rate,
            call.expiry, call.strike, call.sharpness, first[position], second[position],
        )  # fmt: skip

    map_pieces(batch, range(n_batches), work=len(normals) * (40.0 * n + 2.0 * n * n))
    return BasketSums(payoff, first, second[:, : 2 * n, : 2 * n])


@njit(**OPTIONS)
def basket_batch_kernel(
    normals: Floats,
    begin: int,
    end: int,
    weighted_spots: Floats,
    volatilities: Floats,
    rate: float,
    expiry: float,
    strike: float,
    sharpness: float,
    first: Floats,
    second: Floats,
) -> float:
    """Add paths begin..end-1 to `first` (2n,) and the upper triangle of `second` (padded), return the payoffs' sum."""
    n = weighted_spots.size
    root_expiry = math.sqrt(expiry)
    rows = np.zeros((second.shape[0], BLOCK))
    weighted = np.zeros((second.shape[0], BLOCK))
    bends = np.empty((n, BLOCK))
    growth, basket = np.empty(BLOCK), np.empty(BLOCK)
    slope, curvature = np.empty(BLOCK), np.empty(BLOCK)
    payoffs = 0.0
    for first_path in range(begin, end, BLOCK):
        size = min(BLOCK, end - first_path)
        basket[:] = 0.0
        for i in range(n):
            for k in range(size):
                growth[k] = log_growth(normals[first_path + k, i], volatilities[i], rate, expiry, root_expiry)
            exponentials_kernel(growth, size)
            for k in range(size):
                rows[i, k], rows[n + i, k], bends[i, k] = asset_part(
                    weighted_spots[i],
                    growth[k],
                    normals[first_path + k, i],
                    volatilities[i],
                    expiry,
                    root_expiry,
                )
                basket[k] += rows[i, k]
        for k in range(size):
            payoff, slope[k], curvature[k] = smooth_payoff(basket[k] - strike, sharpness)
            payoffs += payoff
        for s in range(2 * n):
            total = 0.0
            for k in range(size):
                total += slope[k] * rows[s, k]
                weighted[s, k] = curvature[k] * rows[s, k]
            first[s] += total
        for i in range(n):
            total = 0.0
            for k in range(size):
                total += slope[k] * bends[i, k]
            second[n + i, n + i] += total
        for i in range(0, second.shape[0], TILE):
            for j in range(i, second.shape[0], TILE):
                add_tile_kernel(weighted, rows, i, j, size, second)
    for i in range(n):
        second[i, n + i] += first[n + i]
    return payoffs


@njit(**OPTIONS)
def add_tile_kernel(left: Floats, right: Floats, i: int, j: int, size: int, second: Floats) -> None:
    """Add the products of rows i..i+3 of `left` and j..j+3 of `right`, summed over `size` paths."""
    t00 = t01 = t02 = t03 = t10 = t11 = t12 = t13 = 0.0
    t20 = t21 = t22 = t23 = t30 = t31 = t32 = t33 = 0.0
    for k in range(size):
        a, b, c, d = left[i, k], left[i + 1, k], left[i + 2, k], left[i + 3, k]
        w, x, y, z = right[j, k], right[j + 1, k], right[j + 2, k], right[j + 3, k]
        t00, t01, t02, t03 = t00 + a * w, t01 + a * x, t02 + a * y, t03 + a * z
        t10, t11, t12, t13 = t10 + b * w, t11 + b * x, t12 + b * y, t13 + b * z
        t20, t21, t22, t23 = t20 + c * w, t21 + c * x, t22 + c * y, t23 + c * z
        t30, t31, t32, t33 = t30 + d * w, t31 + d * x, t32 + d * y, t33 + d * z
    for row, sums in enumerate(
        ((t00, t01, t02, t03), (t10, t11, t12, t13), (t20, t21, t22, t23), (t30, t31, t32, t33))
    ):
        for column in range(TILE):
            second[i + row, j + column] += sums[column]
