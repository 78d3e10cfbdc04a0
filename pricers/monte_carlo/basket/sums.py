"""What every implementation of the basket call is given and what it returns: sums over batches of paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aadlib.types import Floats
from pricers.types import Longs

N_BATCHES = 32
"""Batches the paths are cut into: their means scatter as the standard errors say."""


@dataclass(frozen=True)
class BasketCall:
    """A smoothed basket call, validated.

    Parameters
    ----------
    weighted_spots : (n,), weight times spot of each asset
    volatilities : (n,), per square root of a year
    rate : float, continuously compounded
    expiry : float, years
    strike, sharpness : float, of the payoff softplus(basket - strike, sharpness)
    """

    weighted_spots: Floats
    volatilities: Floats
    rate: float
    expiry: float
    strike: float
    sharpness: float


@dataclass(frozen=True)
class BasketSums:
    """Sums of the payoff and its derivatives over the paths of each batch, before discounting.

    Positions 0 .. n-1 stand for spots, n .. 2n-1 for volatilities; a derivative in a spot is multiplied by that spot.

    Parameters
    ----------
    payoff : (n_batches,)
    first : (n_batches, 2n)
    second : (n_batches, 2n, 2n); the upper triangle counts, below it stands anything
    """

    payoff: Floats
    first: Floats
    second: Floats


def batch_bounds(n_paths: int) -> Longs:
    """Return where the batches begin and the last one ends, (n_batches + 1,): fixed by the number of paths alone."""
    n_batches = min(N_BATCHES, n_paths)
    return np.arange(n_batches + 1, dtype=np.int64) * n_paths // n_batches
