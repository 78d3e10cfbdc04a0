"""The spline local-volatility surface: its evaluations agree, its pieces are where they should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadValueError
from pricers.surfaces.bspline import uniform_basis
from pricers.surfaces.calibrated_volatility import CalibratedVolatility

EXPIRIES = np.array([0.1, 0.5, 2.0])


@pytest.fixture
def surface(rng: np.random.Generator) -> CalibratedVolatility:
    """Return a rough surface of 6 x 5 weights and three levels."""
    return CalibratedVolatility(
        strike_basis=uniform_basis(lower=-2.0, upper=1.5, size=6),
        time_basis=uniform_basis(lower=np.log(0.1), upper=np.log(2.0), size=5),
        expiries=EXPIRIES,
        atm_variance=0.04 * EXPIRIES,
        variance_offset=0.001,
        weights=np.log(0.2) + 0.3 * rng.normal(size=(5, 6)),
        levels=0.2 * rng.normal(size=3),
    )


def test_point_row_and_array_evaluations_agree(surface: CalibratedVolatility) -> None:
    """One point, one row at a shift, and the vectorised form give one surface, far wings and time 0 included."""
    x = np.array([-5.0, -0.4, 0.0, 0.1, 0.35, 4.0])
    for time in (0.0, 0.05, 0.1, 0.3, 1.9, 5.0):
        array = surface.local_volatility(log_moneyness=x + 0.03, time=time) ** 2
        row = surface.variance_row(log_moneyness=x, time=time, shift=0.03)
        points = [surface.local_variance(log_moneyness=float(a), time=time) for a in x + 0.03]
        assert np.abs(np.array(row, dtype=float) / array - 1.0).max() < 1e-13
        assert np.abs(np.array(points) / array - 1.0).max() < 1e-13


def test_derivatives_in_every_argument(surface: CalibratedVolatility) -> None:
    """Coordinate, weights and levels through the tape against central differences."""

    def variance(z: np.ndarray) -> object:
        weights, levels = surface.split(z[1:])
        return surface.local_variance(log_moneyness=z[0], time=0.3, weights=weights, levels=levels)

    at = np.concatenate([[-0.13], surface.parameters])
    gradient = ad.grad(variance)(at)
    steps = 1e-6 * np.eye(at.size)
    bumps = np.array([(variance(at + step) - variance(at - step)) / 2e-6 for step in steps])
    assert np.abs(gradient - bumps).max() < 1e-9


def test_levels_act_on_their_interval_alone(surface: CalibratedVolatility) -> None:
    """An expiry ends its interval; the last level goes on."""
    assert surface.interval(np.array([0.0, 0.1, 0.1001, 0.5, 1.0, 9.0])).tolist() == [0, 0, 1, 1, 2, 2]
    raised = replace(surface, levels=surface.levels + np.array([0.0, 0.5, 0.0]))
    for time, factor in ((0.05, 1.0), (0.2, np.exp(0.5)), (0.5, np.exp(0.5)), (1.0, 1.0)):
        before = surface.local_variance(log_moneyness=0.1, time=time)
        assert raised.local_variance(log_moneyness=0.1, time=time) == pytest.approx(factor * before)


def test_total_variance_is_linear_between_expiries(surface: CalibratedVolatility) -> None:
    """From zero at time zero, at its last rate after the last expiry."""
    assert surface.total_variance([0.0, 0.05, 0.3, 2.0, 4.0]) == pytest.approx(
        [0.0, 0.002, 0.012, 0.08, 0.16]
    )


def test_parameters_round_trip_and_bounds(surface: CalibratedVolatility) -> None:
    """A parameter vector is the weights row by row, then the levels; arrays cannot be written to."""
    again = surface.with_parameters(surface.parameters)
    assert np.array_equal(again.weights, surface.weights) and np.array_equal(again.levels, surface.levels)
    assert surface.n_parameters == 33
    with pytest.raises(ValueError, match="read-only"):
        surface.weights[0, 0] = 0.0
    low, high = np.exp(surface.weights.min()), np.exp(surface.weights.max())
    assert surface.bounds_hold(lower=0.999 * low, upper=1.001 * high)
    assert not surface.bounds_hold(lower=1.001 * low, upper=1.001 * high)


BAD = {
    "expiries": ({"expiries": EXPIRIES[::-1]}, "increasing"),
    "zero expiry": ({"expiries": np.array([0.0, 0.5, 2.0])}, "above zero"),
    "variance": ({"atm_variance": np.array([0.1, -0.1, 0.2])}, "atm_variance"),
    "variance length": ({"atm_variance": np.array([0.1])}, "shape"),
    "offset": ({"variance_offset": -1.0}, "variance_offset"),
    "weights shape": ({"weights": np.zeros((6, 5))}, "shape"),
    "nan weight": ({"weights": np.full((5, 6), np.nan)}, "weights"),
    "levels": ({"levels": np.zeros(2)}, "shape"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_construction_is_named(surface: CalibratedVolatility, case: str) -> None:
    """Every mistake has its own message."""
    change, message = BAD[case]
    with pytest.raises(AadValueError, match=message):
        replace(surface, **change)


def test_bad_points_are_named(surface: CalibratedVolatility) -> None:
    """NaN coordinates, negative times, crossed bounds and short parameter vectors are refused."""
    with pytest.raises(AadValueError, match="log_moneyness"):
        surface.local_variance(log_moneyness=np.nan, time=1.0)
    with pytest.raises(AadValueError, match="time"):
        surface.local_volatility(log_moneyness=0.0, time=-1.0)
    with pytest.raises(AadValueError, match="upper"):
        surface.bounds_hold(lower=0.3, upper=0.2)
    with pytest.raises(AadValueError, match="parameters"):
        surface.with_parameters(np.zeros(3))
