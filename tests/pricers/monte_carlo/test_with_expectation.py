"""Paths through `greeks2.expectation`: sums over all paths equal the means of single ones, kinks warned about."""

from __future__ import annotations

import numpy as np
import pytest

from greeks2 import KinkWarning
from greeks2.monte_carlo.estimate import expectation
from greeks2.monte_carlo.noise.normals import Normals
from pricers.monte_carlo import SMOOTHINGS, BarrierOption, BasketOption, Path, Softplus

from .estimates import EVERYTHING, SEED, THREE, estimate, flatten

WEIGHTS = (0.3, 0.3, 0.4)


@pytest.mark.parametrize(
    "smoothing", [Softplus(sharpness=1.0), *[s for s in SMOOTHINGS if s not in ("none", "softplus")]]
)
@pytest.mark.parametrize(
    "payoff",
    [BasketOption(strike=100.0, weights=WEIGHTS), BarrierOption(strike=95.0, barrier=125.0, weights=WEIGHTS)],
    ids=["basket", "barrier"],
)
def test_sums_over_paths_are_the_sums_of_single_paths(smoothing, payoff):
    path = Path(
        dynamics=THREE,
        payoff=payoff,
        expiry=1.0,
        n_steps=2,
        track_steps=True,
        differentiate=EVERYTHING,
        smoothing=smoothing,
    )
    normals = np.random.default_rng(SEED).standard_normal((640, *path.noise_shape))
    found = expectation(path, path.parameters, lanes=normals, order=2)
    single = estimate(path, n_paths=640)
    scale = 1e-8 * (1.0 + np.abs(single.mean) + single.stderr)
    together = flatten(found.value, found.gradient, found.hessian)
    assert (np.abs(together - single.mean) < scale).all()
    assert found.kinks == ()


def test_normals_made_on_the_fly_fit_the_path():
    path = Path(
        dynamics=THREE,
        payoff=BasketOption(strike=100.0, weights=WEIGHTS),
        expiry=1.0,
        smoothing="conditional_expectation",
    )
    lanes = Normals(n_paths=4096, shape=path.noise_shape, seed=1)
    found = expectation(path, path.parameters, lanes=lanes, order=2)
    reference = estimate(path, n_paths=20_000)
    gap = flatten(found.value, found.gradient, found.hessian) - reference.mean
    noise = np.hypot(flatten(found.stderr, found.gradient_stderr, found.hessian_stderr), reference.stderr)
    assert np.abs(gap / noise).max() < 4.5


def test_a_corner_left_as_it_is_is_warned_about():
    path = Path(dynamics=THREE, payoff=BasketOption(strike=100.0, weights=WEIGHTS), expiry=1.0)
    with pytest.warns(KinkWarning):
        expectation(
            path, path.parameters, lanes=np.random.default_rng(SEED).standard_normal((64, 3)), order=2
        )
