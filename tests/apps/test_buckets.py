"""Volatility buckets: they add up, their derivatives are those of a bumped surface, and a parallel shift is one."""

from __future__ import annotations

import numpy as np
import pytest

from aadlib.errors import AadValueError
from apps.buckets import Buckets, surface_buckets
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.local_volatility import SplineLocalVolatility

EXPIRIES = np.array([0.05, 0.1, 0.25, 0.5, 1.0])


@pytest.fixture
def surface(rng: np.random.Generator) -> SplineLocalVolatility:
    strike_basis = uniform_basis(lower=-4.0, upper=3.0, size=10)
    time_basis = uniform_basis(lower=float(np.log(0.05)), upper=0.0, size=6)
    return SplineLocalVolatility(
        strike_basis=strike_basis,
        time_basis=time_basis,
        expiries=EXPIRIES,
        atm_variance=0.04 * EXPIRIES,
        variance_offset=0.001,
        weights=np.log(0.2) + 0.1 * rng.normal(size=(6, 10)),
        levels=0.05 * rng.normal(size=5),
    )


@pytest.fixture
def buckets(surface: SplineLocalVolatility) -> Buckets:
    return surface_buckets(surface, expiries=[0.1, 0.3, 0.8])


def test_labels_follow_the_layout(buckets: Buckets) -> None:
    assert len(buckets.labels) == buckets.relative.shape[1] == 18
    assert buckets.labels[3].endswith("ATM")
    assert buckets.misfit < 0.1


def test_a_bump_of_all_buckets_is_a_parallel_shift(surface: SplineLocalVolatility, buckets: Buckets) -> None:
    change = buckets.projection @ buckets.relative.sum(axis=1)
    x, t = np.linspace(-0.2, 0.2, 9), np.array([0.08, 0.2, 0.6])[:, None]
    before = surface.local_volatility(log_moneyness=x, time=t)
    after = surface.with_parameters(surface.parameters + change).local_volatility(log_moneyness=x, time=t)
    np.testing.assert_allclose(after - before, 0.01, rtol=0.25)
    assert np.mean(after - before) == pytest.approx(0.01, rel=0.03)


def test_vegas_are_derivatives_along_the_projected_bump(buckets: Buckets, rng: np.random.Generator) -> None:
    n = buckets.projection.shape[0]
    g, root = rng.normal(size=n), rng.normal(size=(n, n))
    h = root @ root.T

    def price(bump: np.ndarray) -> float:
        change = buckets.projection @ np.log1p(buckets.relative @ bump)
        return float(g @ change + 0.5 * change @ h @ change)

    size, unit = buckets.relative.shape[1], np.eye(buckets.relative.shape[1])
    step = 1e-3
    vega = [(price(step * u) - price(-step * u)) / (2.0 * step) for u in unit]
    np.testing.assert_allclose(buckets.vega(g), vega, rtol=1e-4, atol=1e-6)
    matrix = buckets.vega_vega(g, h)
    np.testing.assert_array_equal(matrix, matrix.T)
    for i, j in [(0, 0), (3, 3), (3, 4), (0, size - 1), (9, 10)]:
        signs = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))
        mixed = sum(a * b * price(step * (a * unit[i] + b * unit[j])) for a, b in signs) / (4.0 * step**2)
        assert matrix[i, j] == pytest.approx(mixed, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("expiries", [[0.5], [0.5, 0.25], [0.0, 1.0]])
def test_bucket_centres_are_checked(surface: SplineLocalVolatility, expiries: list[float]) -> None:
    with pytest.raises(AadValueError, match="expiries"):
        surface_buckets(surface, expiries=expiries)
