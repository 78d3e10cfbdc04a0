"""The contract of a volatility surface, over every kind: what engines take from it is the same function."""

from __future__ import annotations

import numpy as np
import pytest

import aadlib as ad
from aadlib.errors import AadTypeError, AadValueError
from pricers.surfaces import CalibratedVolatility, FlatVolatility, VolatilitySurface, uniform_basis
from pricers.surfaces.surface import TabulatedSurface, number_labels, require_surface

from .surfaces_list import CURVE, SURFACES, calibrated

SPOTS = np.array([45.0, 80.0, 100.0, 101.0, 130.0, 190.0])
NAMES = list(SURFACES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_surface(name):
    surface = SURFACES[name]
    assert isinstance(surface, VolatilitySurface)
    require_surface("surface", surface)
    again = surface.with_numbers(surface.numbers)
    np.testing.assert_array_equal(again(SPOTS, 0.3), surface(SPOTS, 0.3))
    assert again(100.0, 0.3) == pytest.approx(np.broadcast_to(surface(SPOTS, 0.3), SPOTS.shape)[2], rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("time", [0.1, 0.3, 0.8])
def test_along_paths_it_is_the_same_function(name, time):
    surface = SURFACES[name]
    wanted = np.broadcast_to(surface(SPOTS, time), SPOTS.shape)
    np.testing.assert_allclose(surface.along_paths(np.log(SPOTS), time), wanted, rtol=1e-12)
    program = ad.record(lambda x: surface.along_paths(x, time) + 0.0 * x, np.log(SPOTS), lanes=(0,))
    assert program.guards == ()  # every lane finds its own piece
    np.testing.assert_allclose(program.value(np.log(SPOTS)), wanted, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if isinstance(SURFACES[name], TabulatedSurface)])
def test_a_table_is_the_same_function(name):
    times = np.array([0.05, 0.3, 0.7, 0.95])
    surface = SURFACES[name]
    table = surface.tabulated(SPOTS, times)
    found = table.predictor.values(np.array(table.weights, dtype=np.float64))
    volatility = {"volatility": np.copy, "log_volatility": np.exp, "variance": np.sqrt}[table.link](found)
    for row, time in zip(np.broadcast_to(volatility, (4, SPOTS.size)), times, strict=True):
        np.testing.assert_allclose(row, surface(SPOTS, time), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if SURFACES[name].numbers])
def test_it_is_differentiated_in_its_numbers(name):
    """On a grid and along paths alike, and as differences say."""
    surface = SURFACES[name]
    x = np.array(surface.numbers, dtype=np.float64)
    on_grid = ad.record(lambda p: np.sum(surface.with_numbers(p)(SPOTS[1:4], 0.3)), x).gradient(x)
    along = ad.record(
        lambda p: sum(surface.with_numbers(p).along_paths(z, 0.3) for z in np.log(SPOTS[1:4]).tolist()), x
    ).gradient(x)
    scale = 3.0 if name in ("flat", "term structure") else 1.0  # one number on the grid for all spots
    np.testing.assert_allclose(scale * on_grid, along, rtol=1e-10, atol=1e-13)

    def total(p):
        return float(np.sum(np.broadcast_to(surface.with_numbers(p)(SPOTS[1:4], 0.3), 3)))

    steps = 1e-6 * np.eye(x.size)
    differences = [(total(x + h) - total(x - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(along, differences, rtol=1e-6, atol=1e-8)


def test_a_step_over_a_jump_takes_the_mean_of_its_levels():
    surface = calibrated()
    one = surface.along_paths(np.log(100.0), 0.2, 0.0) ** 2
    assert surface.mean_level(0.1, 0.2) == pytest.approx(
        np.log(0.5 * np.exp(0.2) + 0.5 * np.exp(-0.3)), rel=1e-12
    )
    assert surface.mean_level(0.25, 0.1) == -0.3
    assert surface.mean_level(1.5, 0.1) == 0.1
    over = surface.along_paths(np.log(100.0), 0.15, 0.1) ** 2
    assert over == pytest.approx(one * np.exp(surface.mean_level(0.15, 0.1) - 0.2), rel=1e-12)


def test_without_a_forward_curve_it_knows_no_spot():
    basis = uniform_basis(lower=-1.0, upper=1.0, size=4)
    one = np.ones(1)
    surface = CalibratedVolatility(basis, basis, one, 0.04 * one, 0.04, np.full((4, 4), -1.6), 0.0 * one)
    with pytest.raises(AadTypeError, match="forward_curve"):
        surface(SPOTS, 0.5)
    assert float(CURVE.forward(0.3)) > 0.0


def test_what_is_no_surface_is_refused():
    with pytest.raises(AadTypeError, match="VolatilitySurface"):
        require_surface("surface", 0.2)
    with pytest.raises(AadValueError, match="none of its own"):
        SURFACES["Dupire"].with_numbers([1.0])
    with pytest.raises(ValueError):
        FlatVolatility(0.2).with_numbers([0.1, 0.2])


@pytest.mark.parametrize("name", [name for name in NAMES if SURFACES[name].numbers])
def test_every_number_has_a_label_of_its_own(name):
    labels = number_labels(SURFACES[name], "weight")
    assert len(labels) == len(set(labels)) == len(SURFACES[name].numbers)


def test_labels_name_expiry_and_log_moneyness():
    """Where a number acts: a bump of it moves the surface there most."""
    assert number_labels(SURFACES["term structure"], "volatility") == [
        "volatility[0.2y]", "volatility[0.6y]", "volatility[1y]"
    ]  # fmt: skip
    bumped = SURFACES["bumped"]
    assert number_labels(bumped, "volatility")[:2] == ["volatility[0.25y,x=-0.1]", "volatility[0.25y,x=0]"]
    heights = np.zeros(6)
    heights[0] = 0.01
    at = float(np.exp(bumped.surface.log_forward(0.25) - 0.1))
    moved = bumped.with_numbers(heights)(at, 0.25) - bumped.with_numbers(np.zeros(6))(at, 0.25)
    assert moved == pytest.approx(0.01, rel=0.1)
    assert number_labels(SURFACES["spline in spot"], "weight")[0] == "weight[S=20]"
    assert number_labels(SURFACES["SVI"], "weight")[1] == "weight[0.5y,b]"
