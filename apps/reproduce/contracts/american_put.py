"""The American put of the article on dual numbers, as we state it: its inputs and its price on a plain tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aadlib.types import Floats

CONTRACT: dict[str, Any] = {
    "spot": 100.0, "strike": 100.0, "expiry": 1.0, "rate": 0.03, "volatility": 0.2, "is_call": False,
}  # fmt: skip
TEXT = "S = K = 100, one year, r = 3%, sigma = 20%, 1,000 steps"
N_STEPS = 1000
TRUTH = {
    "price": 6.7430,
    "delta": -0.42637,
    "gamma": 0.021406,
    "vega": 38.577,
    "vanna": 0.0511,
    "volga": 3.535,
}
"""By the spectral method (QuantLib's QdFp engine)."""


def plain_tree() -> tuple[Any, tuple[Any, ...]]:
    """Return the Cox-Ross-Rubinstein kernel and its arguments: (spot, strike, expiry, rate, yield, volatility, ...)."""
    from pricers.trees.roll_back_kernel import cox_ross_rubinstein_tree_kernel

    numbers = [CONTRACT[name] for name in ("spot", "strike", "expiry", "rate")]
    none = np.zeros(0)
    return cox_ross_rubinstein_tree_kernel, (
        *numbers, 0.0, CONTRACT["volatility"], none, none, N_STEPS, CONTRACT["is_call"], True,
    )  # fmt: skip


def at_spots(function: Callable[..., Any], arguments: Sequence[Any], spots: Floats) -> list[Any]:
    """Return what a function of the tree's arguments gives at each spot."""
    return [function(float(spot), *arguments[1:]) for spot in spots]
