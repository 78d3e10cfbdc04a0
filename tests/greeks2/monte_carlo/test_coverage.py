"""How often 95% intervals hold the truth where the second order comes from weights of the likelihood ratio.

Measured over 200 seeds of 4,000 paths, a digital in spot and volatility: 91.5 to 93% of the Hessian's intervals with 32
batches, 92.5 to 95.5% with 128; of the gradient's 93 to 96%. The quantile of the normal in place of Student's covers 1%
less with 32 batches. What is missing is skewness, which no number of batches mends.
"""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from greeks2 import Normals, expectation

POINT = np.array([100.0, 0.2])
STRIKE = 105.0


def weighted(p, z):
    """Return a digital under the density of a fixed point, times the ratio of densities."""
    log_spot = np.log(POINT[0]) - 0.5 * POINT[1] ** 2 + POINT[1] * z
    w = (log_spot - np.log(p[0]) + 0.5 * p[1] ** 2) / p[1]
    return (log_spot > np.log(STRIKE)) * np.exp(0.5 * z * z - 0.5 * w * w) * POINT[1] / p[1]


def closed(p):
    return ad.norm_cdf((np.log(p[0] / STRIKE) - 0.5 * p[1] ** 2) / p[1])


@pytest.mark.slow
@pytest.mark.parametrize(("batches", "least"), [(32, 0.87), (128, 0.88)])
@pytest.mark.filterwarnings("ignore::greeks2.KinkWarning")
def test_coverage_of_weights_at_second_order(batches: int, least: float) -> None:
    exact, seeds = ad.record(closed, POINT).hessian(POINT), 200
    held = np.zeros((2, 2))
    for seed in range(seeds):
        noise = Normals(n_paths=4000, shape=(), seed=seed)
        low, high = expectation(weighted, POINT, lanes=noise, batches=batches).interval().hessian
        held += (low <= exact) & (exact <= high)
    assert (held / seeds > least).all(), held / seeds
