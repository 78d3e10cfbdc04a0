"""Volatility buckets: they add up, their derivatives are those of a bumped surface, and a parallel shift is one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from aadlib.errors import AadValueError
from apps.buckets import Buckets, surface_buckets
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.local_volatility import SplineLocalVolatility

FloatArray = NDArray[np.float64]
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
    assert len(buckets.labels) == buckets.directions.shape[1] == 18
    assert buckets.labels[3].endswith("ATM")
    assert buckets.misfit < 0.05


def test_a_bucket_scales_the_surface_where_it_is(surface: SplineLocalVolatility, buckets: Buckets) -> None:
    position = 6 + 3  # 0.3 years, at the money
    after = surface.with_parameters(surface.parameters + buckets.directions[:, position])
    deviation = np.array([0.0, -2.5, 2.0])
    for time, expected in ((0.3, [1.0, 0.0, 0.0]), (0.05, [0.0, 0.0, 0.0])):
        x = deviation * np.sqrt(surface.total_variance(time))
        ratio = after.local_volatility(log_moneyness=x, time=time) / surface.local_volatility(
            log_moneyness=x, time=time
        )
        points = (ratio - 1.0) * buckets.volatilities[position] / 0.01
        np.testing.assert_allclose(points, expected, atol=0.25)


def test_all_buckets_together_raise_the_surface_by_about_a_point(
    surface: SplineLocalVolatility, buckets: Buckets
) -> None:
    x, t = np.linspace(-0.15, 0.1, 9), np.array([0.08, 0.2, 0.6])[:, None]
    after = surface.with_parameters(surface.parameters + buckets.parallel)
    change = after.local_volatility(log_moneyness=x, time=t) - surface.local_volatility(
        log_moneyness=x, time=t
    )
    assert np.mean(change) == pytest.approx(0.01, rel=0.1)


def test_vegas_are_derivatives_along_the_bumps(
    surface: SplineLocalVolatility, buckets: Buckets, rng: np.random.Generator
) -> None:
    n, size = buckets.directions.shape
    g, root = rng.normal(size=n), rng.normal(size=(n, n))
    h = root @ root.T / n
    unit = np.eye(size)

    def price(bump: FloatArray) -> float:
        pairs = (
            bump[buckets.first] * bump[buckets.second] * np.where(buckets.first == buckets.second, 0.5, 1.0)
        )
        change = buckets.directions @ bump - buckets.curvatures @ pairs
        return float(g @ change + 0.5 * change @ h @ change)

    step = 1e-3
    vega = [(price(step * u) - price(-step * u)) / (2.0 * step) for u in unit]
    np.testing.assert_allclose(buckets.vega(g), vega, rtol=1e-6, atol=1e-9)
    matrix = buckets.vega_vega(g, h)
    np.testing.assert_array_equal(matrix, matrix.T)
    for i, j in [(0, 0), (3, 3), (3, 4), (0, size - 1), (9, 10)]:
        signs = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))
        mixed = sum(a * b * price(step * (a * unit[i] + b * unit[j])) for a, b in signs) / (4.0 * step**2)
        assert matrix[i, j] == pytest.approx(mixed, rel=1e-5, abs=1e-8)


def test_scaling_a_flat_surface_in_every_bucket_is_scaling_its_logarithm(
    buckets: Buckets, surface: SplineLocalVolatility
) -> None:
    flat = np.full(surface.n_parameters, np.log(0.2))
    flat[surface.weights.size :] = 0.0
    flat_buckets = surface_buckets(surface.with_parameters(flat), expiries=[0.1, 0.3, 0.8])
    np.testing.assert_allclose(flat_buckets.volatilities, 0.2)
    every_weight = np.where(np.arange(surface.n_parameters) < surface.weights.size, 1.0, 0.0)
    # A price that is the sum of the weights: one point in every bucket adds 0.01 / 0.2 to each weight, less its square;
    # weights so far in the wings that no density is there are left alone.
    n_weights = surface.weights.size
    assert flat_buckets.vega(every_weight).sum() == pytest.approx(0.05 * n_weights, rel=0.02)
    curvature = flat_buckets.vega_vega(every_weight, np.zeros((flat.size, flat.size))).sum()
    assert curvature == pytest.approx(-(0.05**2) * n_weights, rel=0.02)


@pytest.mark.parametrize("expiries", [[0.5], [0.5, 0.25], [0.0, 1.0]])
def test_bucket_centres_are_checked(surface: SplineLocalVolatility, expiries: list[float]) -> None:
    with pytest.raises(AadValueError, match="expiries"):
        surface_buckets(surface, expiries=expiries)
