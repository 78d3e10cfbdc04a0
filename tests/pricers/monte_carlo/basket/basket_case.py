"""One basket call for the tests of its kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from pricers.monte_carlo.basket.sums import BasketCall, BasketSums


def basket(n: int) -> dict[str, Any]:
    """Return the arguments of a basket call of n assets, without normals."""
    return {
        "spots": np.linspace(90.0, 110.0, n),
        "volatilities": np.linspace(0.15, 0.35, n),
        "rate": 0.03,
        "expiry": 1.5,
        "strike": 102.0,
        "weights": np.linspace(1.0, 2.0, n) / np.linspace(1.0, 2.0, n).sum(),
        "sharpness": 0.5,
    }


def call_of(n: int) -> BasketCall:
    given = basket(n)
    return BasketCall(
        given["weights"] * given["spots"], given["volatilities"], given["rate"], given["expiry"],
        given["strike"], given["sharpness"],
    )  # fmt: skip


def worst_difference(found: BasketSums, wanted: BasketSums) -> float:
    """Return the largest difference, relative to the largest number of its kind over the batches."""
    pairs = (
        (found.payoff, wanted.payoff),
        (found.first, wanted.first),
        (np.triu(found.second), np.triu(wanted.second)),
    )
    return float(max(np.max(np.abs(a - b)) / np.max(np.abs(b)) for a, b in pairs))
